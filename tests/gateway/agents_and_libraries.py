"""Programs of others that call models, told key and address by their environment alone."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.gateway import npm

HELLO = "You said: Say hello, wörld."
BERN = {"city": "Bern"}
EVERYTHING = {
    "openai": {
        "whole": HELLO,
        "streamed": HELLO,
        "responded": HELLO,
        "called": BERN,
        "counted": True,
        "numbers": 1536,
        "models": True,
    },
    "anthropic": {"whole": HELLO, "streamed": HELLO, "called": BERN, "after": True, "counted": True},
    "google": {"whole": HELLO, "streamed": HELLO, "called": BERN, "counted": True, "numbers": 3072},
}
"""What ``libraries/every.mjs`` says where every library gets on."""


def run(command: list[str], folder: Path, environment: Mapping[str, str]) -> str:
    """What a program says; it has to end well."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-2000:]
    return done.stdout


def libraries(environment: Mapping[str, str]) -> object:
    """What the libraries of Node say."""
    return json.loads(run(["node", "main.mjs"], npm.installed("libraries"), environment))


def _agent(name: str) -> str:
    """The program of a coding agent, for this machine's kind of processor."""
    folder = npm.installed("agents") / "node_modules"
    found = folder.glob(f"@*/{name}-linux-*/**/{name.split('-', maxsplit=1)[0]}")
    return next(str(one) for one in found if one.is_file() and os.access(one, os.X_OK))


def anthropics_agent(work: Path, environment: Mapping[str, str], home: Path) -> str:
    """Has Anthropic's agent write ``hello.txt`` into ``work``."""
    told = json.dumps({"file_path": str(work / "hello.txt"), "content": "hello from a model"})
    more = {"HOME": str(home), "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
    options = ["--model", "claude-sonnet-4-6", "--permission-mode", "acceptEdits", "--allowedTools", "Write"]
    asked = f"Write hello.txt. <<call Write {told}>>"
    return run([_agent("claude-code"), "-p", asked, *options], work, {**environment, **more})


def openais_agent(work: Path, environment: Mapping[str, str], home: Path) -> str:
    """Has OpenAI's agent write ``hello.txt`` into ``work``. Searches by the provider, which nobody can bound, are off."""
    told = json.dumps({"cmd": f"printf 'hello from a model' > {work}/hello.txt"})
    here = f'base_url="{environment["OPENAI_BASE_URL"]}",env_key="OPENAI_API_KEY",wire_api="responses"'
    settings = [f'model_providers.here={{name="here",{here}}}', 'model_provider="here"', 'web_search="disabled"']
    options = ["--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "-m", "gpt-5.1"]
    options += [word for one in settings for word in ("-c", one)]
    asked = f"Write hello.txt. <<call exec_command {told}>>"
    more = {"HOME": str(home), "CODEX_HOME": str(home)}
    return run([_agent("codex"), "exec", *options, asked], work, {**environment, **more})
