"""Machines use it too: a token in a file, raw links, one JSON document, exit codes that mean something."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from tests.stories.browser import ask
from tests.stories.running import Running, until
from tests.stories.terminal import Terminal, bare_environment

pytestmark = pytest.mark.xdist_group("automation")

CONSOLE_SCRIPT = Path(sys.executable).with_name("greenlane")


def test_up_writes_the_owners_token_before_it_is_ready_and_keeps_it_over_a_restart(tmp_path: Path):
    """The console script itself, as a service manager starts it: nothing but the command and its output in a file."""
    token_file, out = tmp_path / "token", tmp_path / "out"
    environment = {**bare_environment(tmp_path), **_bytecode()}
    tokens, port = [], "0"
    for _start in range(2):
        with out.open("wb") as output:
            up = subprocess.Popen(
                [CONSOLE_SCRIPT, "up", "--data", "data", "--port", port, "--owner-token-file", token_file],
                cwd=tmp_path,
                env=environment,
                stdout=output,
                stderr=subprocess.DEVNULL,
            )
        try:
            link = until(lambda: re.search(r"^http://localhost:(\d+)/$", out.read_text(), re.MULTILINE), "a start", 60)
            port = link.group(1)
            until(partial(_ready, port), "readiness")
            assert stat.S_IMODE(token_file.stat().st_mode) == 0o600
            tokens.append(token_file.read_text().strip())
            me = ask(f"http://localhost:{port}/v1/me", headers={"Authorization": f"Bearer {tokens[0]}"})
            assert me.status == 200
            assert "visit" in me.document["scopes"]
        finally:
            up.send_signal(signal.SIGTERM)
            assert up.wait(30) == 0
        token_file.unlink()
    assert tokens[0] == tokens[1]
    lines = out.read_text().splitlines()
    assert any(re.fullmatch(rf"http://localhost:{port}/sign-in/\w+", line) for line in lines), "raw, alone on its line"


def _ready(port: str) -> bool:
    try:
        return ask(f"http://localhost:{port}/readyz").status == 200
    except OSError:
        return False


def _bytecode() -> dict[str, str]:
    """Where this machine keeps compiled modules, if it says so: a start is faster by that."""
    return {name: os.environ[name] for name in ("PYTHONPYCACHEPREFIX", "PYTHONPATH") if name in os.environ}


def test_the_token_is_there_before_readyz_answers_200(fresh: Running):
    assert fresh.token_file.exists()
    fresh.stop()
    fresh.token_file.unlink()
    fresh.start(wait=False)
    until(fresh.ready, "readiness", 45)
    assert stat.S_IMODE(fresh.token_file.stat().st_mode) == 0o600
    until(lambda: "Ctrl-C" in fresh.printed, "the welcome")


def test_a_stopped_server_leaves_its_database_in_one_file(fresh: Running):
    fresh.owner.does("whoami")
    fresh.stop()
    left = {file.name for file in fresh.data.glob("greenlane.db*")}
    assert left <= {"greenlane.db", "greenlane.db.writer"}, "whoever copies greenlane.db has everything"


def test_a_one_time_sign_in_link_works_once(fresh: Running):
    (link,) = [line for line in fresh.printed.splitlines() if "/sign-in/" in line]
    browser = fresh.browser()
    page = browser.open(link)
    assert page.status == 200
    assert "<button" in page.text, "opening it alone signs nobody in, so that a mail scanner does not use it up"
    home = browser.send(link)
    assert (home.status, browser.at) == (200, f"{fresh.url}/welcome")
    assert "Olga Owner" in home.text
    assert "ask" in fresh.browser().send(link).text.lower()


def test_everything_that_can_be_asked_answers_in_json(greenlane: Running, owner: Terminal, site: Path):
    owner.does("deploy", site, "--app", "vendor-board")
    owner.does("publish", "vendor-board")
    request = owner.gets(4, "publish", "vendor-board", "--audience", "public")["request"]
    for typed in (
        ("whoami",),
        ("apps",),
        ("apps", "list"),
        ("apps", "show", "vendor-board"),
        ("hosts", "list", "vendor-board"),
        ("variables", "list", "--app", "vendor-board"),
        ("approvals",),
        ("approvals", "show", request),
        ("receipts",),
        ("ledger", "verify"),
        ("ledger", "replay"),
        ("trust", "export"),
        ("passport", "get", "vendor-board"),
        ("people",),
        ("team",),
        ("token", "list"),
        ("policy", "show"),
        ("logs",),
        ("friction",),
        ("notices",),
        ("looks",),
        ("explain", "publish", "vendor-board"),
        ("version",),
    ):
        ended = owner.types(*typed, "--json")
        assert ended.code == 0, (typed, ended.err)
        json.loads(ended.out)
        assert owner.types(*typed).code == 0, typed


def test_addresses_are_raw_lines_also_in_a_file_and_on_a_narrow_terminal(owner: Terminal, site: Path):
    narrow = Terminal(
        owner.typist, owner.home, owner.url, owner.token, more={"COLUMNS": "20", "FORCE_COLOR": "1", "TERM": "xterm"}
    )
    for typed in (
        ("deploy", site, "--app", "a-name-of-exactly-forty-characters-here1"),
        ("publish", "a-name-of-exactly-forty-characters-here1"),
        ("invite", "--team", "home"),
        ("preview-token", "create", "a-name-of-exactly-forty-characters-here1"),
        ("people", "link", "Olga Owner"),
    ):
        ended = narrow.types(*typed)
        assert ended.code == 0, ended.err
        links = [line for line in ended.lines if "http://" in line]
        assert links
        assert all(re.fullmatch(r"http://\S+", link) for link in links), links


@pytest.mark.parametrize("as_json", [False, True])
def test_exit_codes(greenlane: Running, owner: Terminal, site: Path, name: str, as_json: bool):
    tail = ("--json",) if as_json else ()
    (site / "board.js").write_text("fetch('https://api.exchangerates.example/latest').then(show)")
    assert owner.types("deploy", site, "--app", name, *tail).code == 0, "amber is done"
    assert owner.types("publish", name, "--audience", "everyone", *tail).code == 0
    assert owner.types("publish", name, "--audience", "public", *tail).code == 4
    assert owner.types("explain", "publish", name, "--audience", "public", *tail).code == 0
    owner.does("lock", name)
    assert owner.types("publish", name, *tail).code == 3
    assert owner.types("publish", "no-such-app", *tail).code == 5
    assert owner.types("publish", *tail).code == 2
    assert greenlane.terminal().types("apps", *tail).code == 1


def test_health_readiness_and_metrics_answer(greenlane: Running, owner: Terminal):
    assert ask(f"{greenlane.url}/healthz").status == 200
    ready = ask(f"{greenlane.url}/readyz")
    assert ready.status == 200
    assert all(ready.document.values())
    metrics = ask(f"{greenlane.url}/metrics")
    assert metrics.status == 200
    assert "# TYPE" in metrics.text


def test_the_log_holds_no_personal_data_and_no_secret(greenlane: Running, owner: Terminal, site: Path, name: str):
    link = owner.does("invite", "--team", "home")["answer"]["url"]
    ana = greenlane.terminal()
    ana.does("login", link, "--name", "Ana Anonymous")
    ana.does("deploy", site, "--app", name, "-m", "a very private remark")
    owner.types("publish", "no-such-app")
    written = greenlane.log + owner.types("logs", "--limit", "1000").out
    for personal in ("Ana Anonymous", "Olga Owner", "a very private remark", owner.token, link.rpartition("/")[2]):
        assert personal not in written


def test_the_same_key_is_the_same_act(greenlane: Running, owner: Terminal, site: Path, name: str):
    owner.does("deploy", site, "--app", name)
    headers = {
        "Authorization": f"Bearer {owner.token}",
        "Content-Type": "application/json",
        "Idempotency-Key": "nightly-17",
    }
    first, second = (
        ask(f"{greenlane.url}/v1/actions/publish", "POST", headers, json.dumps({"app": name}).encode())
        for _ in range(2)
    )
    assert (first.status, second.status) == (200, 200)
    assert first.document["action"] == second.document["action"]
    done = owner.does("receipts", "--app", name, "--verb", "publish")["receipts"]
    assert [one["half"] for one in done] == ["decided", "settled"]
