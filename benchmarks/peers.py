"""Other gateways for models beside ours: LiteLLM from PyPI and Portkey from npm, each installed into a folder of its own.

They do less than ours: no budget, no durable record, and Portkey no key. Both are started with one process.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
WAYS = {"plain": "gpt-4o-mini", "slow": "slow", "paced": "paced"}
"""The model that a peer is asked for, by the manner in which the provider is to answer."""


@dataclass(frozen=True)
class Peer:
    """One that runs: its process, its port, and what a call of it says beside its body."""

    process: subprocess.Popen[bytes]
    port: int
    path: str
    headers: dict[str, dict[str, str]]
    """By the manner in which the provider is to answer."""
    models: dict[str, str]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def base(provider: int, which: str) -> str:
    """The provider's address for that manner of answering."""
    return f"http://127.0.0.1:{provider}{'' if which == 'plain' else '/' + which}/v1"


def litellm(folder: Path, provider: int, key: str) -> Peer:
    """LiteLLM's proxy with a master key and without a database. OSError or CalledProcessError where it does not install."""
    home = folder / "litellm"
    if not (home / "bin" / "litellm").exists():
        venv.create(home, with_pip=True)
        install = [home / "bin" / "pip", "install", "--quiet", "litellm[proxy]"]
        subprocess.run(install, check=True, timeout=900, **QUIET)
    models = [
        {
            "model_name": name,
            "litellm_params": {"model": "openai/gpt-4o-mini", "api_base": base(provider, which), "api_key": "sk-x"},
        }
        for which, name in WAYS.items()
    ]
    configuration = folder / "litellm.json"
    configuration.write_text(json.dumps({"model_list": models, "general_settings": {"master_key": key}}))
    port = free_port()
    command = [home / "bin" / "litellm", "--config", configuration, "--host", "127.0.0.1", "--port", str(port)]
    environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}
    process = subprocess.Popen([*command, "--num_workers", "1"], env=environment, **QUIET)
    return Peer(process, port, "/v1/chat/completions", {which: {} for which in WAYS}, WAYS)


def portkey(folder: Path, provider: int, key: str) -> Peer:
    """Portkey's open gateway. OSError or CalledProcessError where it does not install."""
    home = folder / "portkey"
    program = home / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    if not program.exists():
        home.mkdir(parents=True, exist_ok=True)
        install = ["npm", "install", "--no-audit", "--no-fund", "--prefix", home, "@portkey-ai/gateway"]
        subprocess.run(install, check=True, timeout=900, **QUIET)
    port = free_port()
    process = subprocess.Popen(["node", program, f"--port={port}", "--headless"], cwd=home, **QUIET)
    headers = {
        which: {"x-portkey-provider": "openai", "x-portkey-custom-host": base(provider, which)} for which in WAYS
    }
    return Peer(process, port, "/v1/chat/completions", headers, dict.fromkeys(WAYS, "gpt-4o-mini"))


PEERS: dict[str, Callable[[Path, int, str], Peer]] = {"litellm": litellm, "portkey": portkey}


def started(folder: Path, provider: int, key: str) -> dict[str, Peer]:
    """Those that install and begin; of the others it is said why not."""
    found: dict[str, Peer] = {}
    for name, start in PEERS.items():
        try:
            found[name] = start(folder, provider, key)
        except (OSError, subprocess.SubprocessError) as error:
            print(f"{name} is not measured: {error}", file=sys.stderr)
    return found
