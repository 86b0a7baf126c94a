"""`greenlane deploy` against a control on a real port."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response
from tests.cli.conftest import Types
from tests.cli.fake_control import FakeControl, problem
from tests.cli.typed import LOCAL

from greenlane.cli import app

PREVIEW = "http://k7q2m9x0aa--vendor-board.localhost:4180/"
PASSPORT = "sha256:" + "ab" * 32


@pytest.fixture(autouse=True)
def _deploys(control: FakeControl) -> None:
    control.answers["deploy"] = {
        "deploy": "k7q2m9x0aa",
        "url": PREVIEW,
        "passport": PASSPORT,
        "app": "vendor-board",
        "set_aside": [],
        "variables": [],
        "hosts": [],
        "notes": [],
    }


def test_a_folder_becomes_a_new_app_with_a_preview(types: Types, control: FakeControl, site: Path):
    ended = types("deploy", str(site), "--app", "vendor-board", "-m", "first version")
    assert ended.code == 0
    assert PREVIEW in ended.lines
    assert PASSPORT in ended.lines
    assert "● went through" in ended.lines
    assert "  - Nothing new." in ended.lines
    assert "Next: `greenlane publish vendor-board`" in ended.lines
    assert control.sent("create-app") == [{"app": "vendor-board", "title": "Vendor board"}]
    assert control.sent("deploy") == [{"app": "vendor-board", "upload": "upl_0", "message": "first version"}]


def test_an_app_that_is_there_is_not_created_again(types: Types, control: FakeControl, site: Path):
    control.apps["vendor-board"] = {"name": "vendor-board"}
    assert types("deploy", str(site), "--app", "vendor-board").code == 0
    assert control.sent("create-app") == []


def test_creating_and_deploying_are_one_piece_of_work_under_two_keys(types: Types, control: FakeControl, site: Path):
    types("deploy", str(site))
    acts = [one["headers"] for one in control.asked if one["path"].startswith("/v1/actions/")]
    assert len({one["greenlane-process"] for one in acts}) == 1
    assert len({one["idempotency-key"] for one in acts}) == 2


def test_only_what_the_server_lacks_is_sent(types: Types, control: FakeControl, site: Path):
    types("deploy", str(site))
    first = len(control.paths("PUT"))
    (site / "index.html").write_text("<h1>Corrected</h1>")
    ended = types("deploy", str(site))
    changed = hashlib.sha256(b"<h1>Corrected</h1>").hexdigest()
    assert first == 2
    assert control.paths("PUT")[first:] == [f"/v1/uploads/upl_1/blobs/{changed}"]
    assert "Sending 1 file" in ended.err


def test_an_interrupted_upload_goes_on_where_it_stood(types: Types, control: FakeControl, site: Path):
    for number in range(20):
        (site / f"{number}.txt").write_text(f"page {number}")
    arrived: list[str] = []

    def full_after_five() -> Response:
        return problem(507, "storage-full", "There is no room.", "Make room.")

    def trouble(request):
        if request.method != "PUT":
            return None
        arrived.append(request.url.path)
        return full_after_five() if len(arrived) > 5 else None

    control.trouble.append(trouble)
    ended = types("deploy", str(site))
    assert (ended.code, ended.err.splitlines()[-2:]) == (1, ["There is no room.", "Next: Make room."])
    control.trouble.clear()
    kept = len(control.blobs)
    before = len(control.paths("PUT"))
    assert types("deploy", str(site)).code == 0
    assert 0 < kept <= 5
    assert len(control.paths("PUT")) - before == 22 - kept


def _meanwhile(control: FakeControl, change: Callable[[], object]) -> None:
    """Let something happen between the look at a folder and the sending of it."""

    def trouble(request: Request) -> None:
        if request.url.path == "/v1/uploads":
            change()

    control.trouble.append(trouble)


@pytest.mark.parametrize(
    "now",
    [
        pytest.param("", id="empty"),
        pytest.param("<h1>Hello</h1>", id="shorter"),
        pytest.param("<title>Vendor BOARD</title><h1>Hello</h1>", id="as-long"),
        pytest.param("<title>Another board</title><h1>Hello</h1>", id="longer"),
    ],
)
def test_a_file_that_changes_while_it_is_sent_is_named(types: Types, control: FakeControl, site: Path, now: str):
    page = site / "index.html"
    _meanwhile(control, lambda: page.write_text(now))
    ended = types("deploy", str(site))
    assert ended.code == 1
    assert ended.err.splitlines()[-2:] == [
        f"{page} changed while it was sent.",
        "Next: Type the same again once it stays as it is.",
    ]
    assert control.sent("deploy") == []
    control.trouble.clear()
    assert types("deploy", str(site)).code == 0


def test_a_file_that_goes_while_it_is_sent_is_named(types: Types, control: FakeControl, site: Path):
    page = site / "index.html"
    _meanwhile(control, page.unlink)
    ended = types("deploy", str(site))
    assert (ended.code, ended.err.splitlines()[-2]) == (1, f"{page} changed while it was sent.")


def test_a_file_that_grows_while_it_is_sent_goes_as_it_was(types: Types, control: FakeControl, site: Path):
    page = site / "index.html"
    seen = page.read_bytes()
    _meanwhile(control, lambda: page.write_bytes(seen + b"<p>one more line</p>"))
    assert types("deploy", str(site)).code == 0
    assert control.blobs[hashlib.sha256(seen).hexdigest()] == seen


def test_git_and_env_stay_at_home_and_are_named(types: Types, control: FakeControl, site: Path):
    ended = types("deploy", str(site))
    assert set(control.uploads["upl_0"]["files"]) == {"index.html", "css/main.css"}
    assert "  .git/: the history of the source code" in ended.lines
    assert any(line.startswith("  .env: ") for line in ended.lines)
    assert "  greenlane variables import .env --app vendor-board" in ended.lines
    assert "API_KEY, REGION" in ended.out
    assert not any(b"very-secret" in content for content in control.blobs.values())
    assert "very-secret" not in ended.out + ended.err


def test_links_are_not_followed_out_of_the_folder(types: Types, control: FakeControl, site: Path, tmp_path: Path):
    (tmp_path / "private.txt").write_text("not for the world")
    (site / "out.txt").symlink_to(tmp_path / "private.txt")
    (site / "inside.html").symlink_to(site / "index.html")
    (site / "config.txt").symlink_to(site / ".env")
    (site / "loop").symlink_to(site)
    os.mkfifo(site / "pipe")
    ended = types("deploy", str(site), "--json")
    aside = {one["path"]: one["why"] for one in ended.document["left_at_home"]["set_aside"]}
    assert set(control.uploads["upl_0"]["files"]) == {"index.html", "inside.html", "css/main.css"}
    assert aside["out.txt"] == "a link that leads out of the folder"
    assert aside["loop"] == "a link that leads to no file"
    assert aside["pipe"] == "neither a file nor a folder"
    assert aside["config.txt"].startswith("a link to")


def test_a_private_key_stays_at_home(types: Types, control: FakeControl, site: Path):
    (site / "server.pem").write_text("-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n")
    (site / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n")
    types("deploy", str(site))
    assert "server.pem" not in control.uploads["upl_0"]["files"]
    assert "ca.pem" in control.uploads["upl_0"]["files"]


def test_a_name_that_no_server_takes_is_refused_before_anything_is_sent(types: Types, control: FakeControl, site: Path):
    (site / "a\\b.txt").write_text("x")
    ended = types("deploy", str(site))
    assert ended.code == 2
    assert "backslash" in ended.err
    assert control.paths("PUT") == []


def test_an_archive_goes_as_it_is(types: Types, control: FakeControl, tmp_path: Path):
    archive = tmp_path / "Vendor Board.zip"
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("index.html", "<h1>Hello</h1>")
    ended = types("deploy", str(archive))
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert ended.code == 0
    assert control.uploads["upl_0"] == {
        "archive": {"sha256": digest, "size": archive.stat().st_size, "name": "Vendor Board.zip"}
    }
    assert control.blobs[digest] == archive.read_bytes()
    assert "The app is vendor-board, a guess" in ended.err


def test_standard_input_is_named_after_its_title(types: Types, control: FakeControl):
    ended = types("deploy", "-", stdin=b"<!doctype html><title>Off-site 2026</title>")
    assert ended.code == 0
    assert control.sent("deploy")[0]["app"] == "off-site-2026"
    assert list(control.blobs.values()) == [b"<!doctype html><title>Off-site 2026</title>"]


def test_what_tells_no_name_needs_one(types: Types):
    ended = types("deploy", "-", stdin=b"PK\x03\x04")
    assert (ended.code, ended.err) == (
        2,
        "This tells no name for the app.\nNext: Say one with --app, such as --app vendor-board.\n",
    )


def test_a_name_that_cannot_be_one_is_refused_before_anything_is_sent(types: Types, control: FakeControl, site: Path):
    for name in ("admin", "Vendor Board", "\u0430pple"):
        assert types("deploy", str(site), "--app", name).code == 2
    assert "/v1/uploads" not in control.paths("POST")


def test_a_folder_whose_name_says_nothing_is_named_after_its_page(types: Types, control: FakeControl, tmp_path: Path):
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "index.html").write_text("<title>Off-site &amp; travel</title>")
    types("deploy", str(tmp_path / "dist"))
    assert control.sent("deploy")[0]["app"] == "off-site-amp-travel"


def test_a_folder_remembers_its_app_and_keeps_the_note_to_itself(types: Types, control: FakeControl, site: Path):
    types("deploy", str(site), "--app", "board-of-vendors")
    ended = types("deploy", str(site))
    assert "The app is board-of-vendors, as before" in ended.err
    assert set(control.uploads["upl_1"]["files"]) == {"index.html", "css/main.css"}


def test_a_refused_app_is_not_deployed(types: Types, control: FakeControl, site: Path):
    control.lanes["create-app"] = "closed"
    ended = types("deploy", str(site))
    assert ended.code == 3
    assert "could not be created. A key leaked." in ended.err
    assert control.sent("deploy") == []


def test_amber_says_its_safeguards_and_ends_with_0(types: Types, control: FakeControl, site: Path):
    control.lanes["deploy"] = "amber"
    ended = types("deploy", str(site))
    assert ended.code == 0
    assert "◆ went through, with safeguards" in ended.lines
    assert "  + whoever answers for it is told" in ended.lines


def test_a_leaked_key_is_refused_with_what_to_do_instead(types: Types, control: FakeControl, site: Path):
    control.lanes["deploy"] = "closed"
    leak = {"weight": "leaked", "file": "index.html", "line": 3, "kind": "a GitHub token", "hint": "ghp_… (40)"}
    control.findings = [leak, {**leak, "weight": "random", "line": 4}]
    ended = types("deploy", str(site))
    assert ended.code == 3
    assert ended.out == ""
    assert "    index.html, line 3: a GitHub token (ghp_… (40))" in ended.err.splitlines()
    assert "line 4" not in ended.err
    assert "■ not possible" in ended.err
    assert ended.err.splitlines()[-1] == "Next: Ask for less."


def test_json_is_one_document_with_the_upload(types: Types, site: Path):
    ended = types("deploy", str(site), "--json")
    document = ended.document
    assert document["lane"] == "green"
    assert document["answer"]["url"] == PREVIEW
    assert document["upload"] == {"files": 2, "bytes": 60, "sent": 2, "sent_bytes": 60}
    assert document["exit_code"] == ended.code == 0
    assert ended.err == ""


def test_explaining_a_deploy_creates_nothing(types: Types, control: FakeControl, site: Path):
    control.lanes["deploy"] = "closed"
    ended = types("explain", "deploy", str(site), "--json")
    assert (ended.code, ended.document["lane"]) == (0, "closed")
    assert not [path for path in control.paths("POST") if path.startswith("/v1/actions")]
    assert not (site / ".greenlane").exists()


def test_nothing_there_is_wrong_usage(types: Types):
    ended = types("deploy", "./nowhere", "--json")
    assert ended.document["code"] == "wrong-input"
    assert ended.code == ended.document["exit_code"] == 2


def test_ctrl_c_says_that_it_can_be_typed_again(
    types: Types, control: FakeControl, site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("greenlane.cli.deploy.send", interrupted)
    assert app(LOCAL, ["deploy", str(site)]) == 1
    assert "Stopped." in capsys.readouterr().err
