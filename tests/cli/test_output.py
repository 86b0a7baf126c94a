"""How the terminal speaks, in a real process where it matters."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli import typed
from tests.cli.conftest import Types
from tests.cli.fake_control import TOKEN, FakeControl

LINK = "http://localhost:4180/invitation/" + "x" * 200


def run(control: FakeControl, home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    known = {"PATH": os.environ["PATH"], "XDG_CONFIG_HOME": str(home.parent), "GREENLANE_URL": control.url}
    return subprocess.run(
        [sys.executable, str(Path(typed.__file__)), *arguments],
        env={**known, "GREENLANE_TOKEN": TOKEN, **environment},
        capture_output=True,
        check=False,
        timeout=60,
    )


def test_a_link_is_alone_on_its_line_and_unwrapped_in_a_file(control: FakeControl, home: Path):
    control.answers["invite"] = {"url": LINK, "expires": "2026-12-24T08:00:00Z"}
    ended = run(control, home, "invite", "--team", "sales", "--role", "builder", COLUMNS="40")
    assert ended.returncode == 0
    assert LINK.encode() in ended.stdout.split(b"\n")
    assert b"\x1b" not in ended.stdout
    assert control.sent("invite") == [{"team": "sales", "role": "builder"}]


def test_a_link_stays_raw_where_colours_are_forced(control: FakeControl, home: Path):
    control.answers["invite"] = {"url": LINK}
    ended = run(control, home, "invite", "--team", "sales", FORCE_COLOR="1", COLUMNS="40")
    assert LINK.encode() in ended.stdout.split(b"\n")
    assert b"\x1b[32m" in ended.stdout
    assert b"\x1b" not in run(control, home, "invite", "--team", "sales", FORCE_COLOR="1", NO_COLOR="1").stdout


def test_a_reader_that_goes_away_is_no_error(control: FakeControl, home: Path):
    control.reads["/v1/receipts"] = {
        "receipts": [
            {"seq": n, "at": "2026-01-01T00:00:00Z", "lane": "green", "sentence": "x" * 200} for n in range(500)
        ],
        "next": None,
    }
    pipe = f"{sys.executable} {typed.__file__} receipts | head -n 1"
    environment = {**os.environ, "XDG_CONFIG_HOME": str(home.parent), "GREENLANE_URL": control.url}
    ended = subprocess.run(
        ["bash", "-o", "pipefail", "-c", pipe],
        env={**environment, "GREENLANE_TOKEN": TOKEN},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_what_others_wrote_cannot_steer_the_terminal(types: Types, control: FakeControl):
    control.reads["/v1/apps"] = {
        "items": [
            {"name": "a\x1b[2Jb", "owner": {"name": "\u202eevil"}, "team": "t", "audience": "me", "state": "live"}
        ],
        "next": None,
    }
    out = types("apps").out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "a\ufffd[2Jb" in out


@pytest.mark.parametrize(
    ("lane", "line", "code"),
    [
        ("green", "● went through", 0),
        ("amber", "◆ went through, with safeguards", 0),
        ("red", "⬣ needs a person", 4),
        ("closed", "■ not possible", 3),
    ],
)
def test_each_lane_has_its_shape_its_words_and_its_exit_code(
    types: Types, control: FakeControl, lane: str, line: str, code: int
):
    control.lanes["publish"] = lane
    ended = types("publish", "vendor-board")
    assert line in (ended.out + ended.err).splitlines()
    assert ended.code == code
    assert types("publish", "vendor-board", "--json").document["exit_code"] == code
    assert types("explain", "publish", "vendor-board").code == 0


def test_red_names_the_request_alone_on_a_line_and_what_to_type(types: Types, control: FakeControl):
    control.lanes["publish"] = "red"
    ended = types("publish", "vendor-board", "--audience", "public")
    assert "req_1" in ended.lines
    assert "    Instead: Ask for less." in ended.lines
    assert ended.lines[-1] == "Next: `greenlane approvals show req_1` says who is asked, and by when."
    assert control.sent("publish") == [{"app": "vendor-board", "audience": "public"}]


def test_an_error_says_what_happened_and_what_to_do(types: Types):
    ended = types("apps", "show", "nowhere")
    assert (ended.code, ended.out) == (5, "")
    assert ended.err == "There is no app called nowhere.\nNext: `greenlane apps` lists them.\n"


def test_an_error_is_one_json_document_too(types: Types):
    document = types("apps", "show", "nowhere", "--json").document
    assert document["code"] == "not-found"
    assert document["exit_code"] == 5
    assert document["next_step"]


def test_wrong_usage_ends_with_2_and_names_the_help(types: Types):
    ended = types("publish")
    assert ended.code == 2
    assert "Next: `greenlane publish --help` shows how it is typed." in ended.err
    assert types("publish", "--json").document["code"] == "usage"
    assert types("nonsense").code == 2
    assert types("publish", "x", "--audience", "martians").code == 2


def test_nobody_sees_a_stack_trace(types: Types, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("greenlane.cli.client.Client.get", broken)
    ended = types("whoami")
    assert ended.code == 1
    assert "Traceback" not in ended.err
    assert "GREENLANE_DEBUG=1" in ended.err
    monkeypatch.setenv("GREENLANE_DEBUG", "1")
    with pytest.raises(RuntimeError, match="a bug"):
        types("whoami")


@pytest.mark.parametrize("verb", ["add", "change"])
def test_metadata_that_are_never_read_again_are_told_with_what_to_do(control: FakeControl, home: Path, verb: str):
    told = {"provider": "acme", "metadata_says": "They are never read again.", "metadata_next": "Give https."}
    control.answers[f"{verb}-identity-provider"] = told
    kind = ["--kind", "saml"] if verb == "add" else []
    ended = run(control, home, "sso", verb, "acme", *kind, "--metadata", "http://idp.example.com/metadata")
    assert ended.returncode == 0, ended.stderr
    assert b"They are never read again." in ended.stdout + ended.stderr
    assert b"Give https." in ended.stdout + ended.stderr
