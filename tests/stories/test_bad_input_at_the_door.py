"""Bad input: a clear error with the next step, nothing lost, nothing written outside."""

from __future__ import annotations

import io
import json
import socket
import tarfile
import zipfile
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from tests.stories.browser import PAGES, Answered, ask
from tests.stories.conftest import Writes
from tests.stories.running import Running
from tests.stories.terminal import Ended, Terminal

pytestmark = pytest.mark.xdist_group("bad-input")


def says_what_to_do(ended: Ended, code: int) -> None:
    """It ended with this code, with a sentence and the next step, and without a trace of what is inside."""
    assert ended.code == code, (ended.typed, ended.code, ended.out, ended.err)
    assert "Next: " in ended.err or "--help" in ended.err or "Usage" in ended.err, ended.err
    for inside in ("Traceback", "sqlalchemy", "KeyError", "went wrong that should not"):
        assert inside not in ended.err + ended.out


# -- hosts and requests --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["no-such-app.localhost", "a.b.c.localhost", "evil.example", "xn--80ak6aa92e.localhost", "-.localhost"]
)
def test_an_unknown_host_is_nobodys(greenlane: Running, host: str):
    machine = _raw(greenlane, host, {"Accept": "application/json"})
    assert machine.status == 404
    assert machine["content-type"] == "application/problem+json"
    browser = _raw(greenlane, host, {"Accept": PAGES})
    assert browser.status == 404
    assert "There is no app here" in browser.text


def test_an_unknown_deploy_of_a_known_app_is_not_the_app(greenlane: Running, owner: Terminal, name: str, site: Path):
    owner.does("deploy", site, "--app", name)
    assert greenlane.ask(f"abcdefgh12--{name}", token=owner.token).status == 404
    assert greenlane.ask(f"x.{name}", token=owner.token).status == 404


@pytest.mark.parametrize(
    "text",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a.localhost\r\nHost: b.localhost\r\n\r\n",
        b"GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ids=["no-host", "two-hosts", "traversal", "tls", "large-header", "two-lengths"],
)
def test_what_is_no_proper_request_is_refused_and_the_next_visitor_is_served(greenlane: Running, text: bytes):
    with socket.create_connection(("127.0.0.1", greenlane.port), timeout=10) as line:
        line.sendall(text)
        answer = line.recv(65536)
    assert b" 200 " not in answer.split(b"\r\n", 1)[0]
    assert b"root:" not in answer
    assert greenlane.ready()


def _raw(greenlane: Running, host: str, headers: dict[str, str]) -> Answered:
    connection = HTTPConnection("127.0.0.1", greenlane.port, timeout=10)
    try:
        connection.request("GET", "/", headers={"Host": f"{host}:{greenlane.port}", **headers})
        answer = connection.getresponse()
        return Answered(answer.status, [(n.lower(), v) for n, v in answer.getheaders()], answer.read())
    finally:
        connection.close()


# -- names ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "app",
    [
        "x" * 41,
        "x" * 300,
        "ab",
        "Vendor-Board",
        "vendor board",
        "vendor_board",
        "-vendor",
        "vendor-",
        "a--b-board",
        "www",
        "api",
        "localhost",
        "pаypal",  # a Cyrillic a
        "vendor.board",
        "../../etc",
        "vendor\nboard",
        "",
    ],
)
def test_a_name_that_cannot_be_is_refused_before_anything_is_kept(owner: Terminal, site: Path, app: str):
    before = len(owner.does("apps")["items"])
    made = owner.types("apps", "create", app)
    says_what_to_do(made, 2)
    if app:  # without a name one is guessed
        deployed = owner.types("deploy", site, "--app", app)
        says_what_to_do(deployed, 2)
    assert len(owner.does("apps")["items"]) == before


def test_names_that_look_alike_are_not_both_given(owner: Terminal, site: Path):
    owner.does("deploy", site, "--app", "vendor-board")
    ended = owner.types("apps", "create", "vend0r-board")
    says_what_to_do(ended, ended.code)
    assert ended.code in (1, 2, 3)


def test_the_longest_name_still_has_a_preview(greenlane: Running, owner: Terminal, site: Path):
    app = "l" + "o" * 38 + "ng"
    assert len(app) == 41
    deploy = owner.does("deploy", site, "--app", app[:40])["answer"]["deploy"]
    assert len(f"{deploy}--{app[:40]}") <= 63
    assert greenlane.ask(f"{deploy}--{app[:40]}", token=owner.token).status == 200


# -- two at once ---------------------------------------------------------------------------------------------------


def test_of_two_publishes_at_once_each_is_told_the_truth(
    greenlane: Running, owner: Terminal, name: str, version: Writes
):
    deploys = [owner.does("deploy", version(number), "--app", name)["answer"]["deploy"] for number in (1, 2)]
    for _round in range(4):
        typing = [owner.begins("publish", name, "--deploy", one, "--json") for one in deploys]
        ended = [one.ended() for one in typing]
        won = [one for one in ended if one.code == 0]
        assert won, [one.err for one in ended]
        for lost in (one for one in ended if one.code):
            assert lost.document["next_step"], lost.out
            assert lost.document["code"] == "conflict"
        live = greenlane.ask(name, token=owner.token)["greenlane-deploy"]
        assert live in [one.document["answer"]["deploy"] for one in won]
        if len(won) == 2:  # one after the other: the later one names the earlier one as its predecessor
            assert sorted(one.document["answer"]["previous"] or "" for one in won)[1] in deploys


# -- the API -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'"publish"', 400),
        (b"", 400),
        (b"\xff\xfe", 400),
        (b"{}", 400),
        (b'{"app": 5}', 400),
        (b'{"app": ["vendor-board"]}', 400),
        (b'{"app": "vendor-board", "colour": "green"}', 400),
        (b'{"app": "vendor-board", "audience": "the-moon"}', 400),
        (b'{"app": "vendor-board", "environment": "preview"}', 400),
        (b'{"app": "no-such-app-at-all"}', 404),
        (b'{"app": "vendor-board", "deploy": "nosuchdeploy"}', 404),
        (b"[" * 100_000, 400),
        (b'{"app": "' + b"x" * 1_000_000 + b'"}', (400, 404, 413)),
    ],
)
def test_wrong_json_is_a_problem_that_says_what_to_do(
    owner: Terminal, greenlane: Running, site: Path, body: bytes, status: Any
):
    owner.types("deploy", site, "--app", "vendor-board")
    answer = _post(greenlane, owner, "/v1/actions/publish", body)
    assert answer.status in (status if isinstance(status, tuple) else (status,)), answer.text[:500]
    assert answer["content-type"] == "application/problem+json"
    problem = answer.document
    assert problem["title"]
    assert problem["next_step"]
    assert problem["status"] == answer.status


def test_wrong_verbs_methods_and_addresses_are_problems(owner: Terminal, greenlane: Running):
    assert _post(greenlane, owner, "/v1/actions/destroy-everything", b"{}").status == 404
    bearer = {"Authorization": f"Bearer {owner.token}"}
    assert ask(f"{greenlane.url}/v1/actions/publish", headers=bearer).status == 405
    assert ask(f"{greenlane.url}/v1/nothing-here", headers=bearer).status == 404
    assert ask(f"{greenlane.url}/v1/apps").status == 401
    for address in ("/v1/apps?limit=0", "/v1/apps?limit=x", "/v1/receipts?after=-7", "/v1/receipts?limit=100000"):
        answer = ask(greenlane.url + address, headers=bearer)
        assert (answer.status, answer.document["code"]) == (400, "wrong-input")


def _post(greenlane: Running, who: Terminal, path: str, body: bytes) -> Answered:
    headers = {"Authorization": f"Bearer {who.token}", "Content-Type": "application/json"}
    return ask(greenlane.url + path, "POST", headers, body)


# -- the terminal --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (("pubish", "vendor-board"), 2),
        (("publish",), 2),
        (("publish", "vendor-board", "--audience", "the-moon"), 2),
        (("publish", "vendor-board", "--no-such-flag"), 2),
        (("deploy", "/no/such/folder"), 2),
        (("publish", "no-such-app"), 5),
        (("apps", "show", "no-such-app"), 5),
        (("rollback", "no-such-app"), 5),
        (("approve", "req_nothing", "--because", "why"), 5),
        (("approvals", "show", "req_nothing"), 5),
        (("people", "suspend", "p_nobody"), 5),
        (("team", "join", "no-such-team", "Olga Owner"), 5),
        (("passport", "get", "no-such-app"), 5),
        (("ledger", "proof", "99999999"), 5),
        (("lock", "vendor-board", "--until", "yesterday-ish"), 2),
        (("token", "create", "x", "--scopes", "everything"), 2),
        (("token", "create", "x", "--days", "100000"), 2),
        (("invite", "--team", "home", "--role", "emperor"), 2),
        (("hosts", "add", "vendor-board", "not a host"), 2),
        (("receipts", "--limit", "0"), 2),
        (("do", "no-such-verb"), 2),
    ],
)
def test_a_wrong_command_says_what_to_do_with_the_right_code(
    owner: Terminal, site: Path, typed: tuple[str, ...], code: int
):
    owner.types("deploy", site, "--app", "vendor-board")
    says_what_to_do(owner.types(*typed), code)
    as_json = owner.types(*typed, "--json")
    assert as_json.code == code
    assert as_json.document["exit_code"] == code
    assert as_json.document["message"]


def test_without_a_token_or_a_server_it_says_so(greenlane: Running, site: Path):
    says_what_to_do(greenlane.terminal().types("deploy", site), 1)
    says_what_to_do(greenlane.terminal(token="glt_wrong").types("apps"), 1)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        there = greenlane.terminal(token="glt_wrong")
        away = Terminal(there.typist, there.home, f"http://localhost:{nobody.getsockname()[1]}", "glt_wrong")
        says_what_to_do(away.types("apps"), 1)


# -- archives ------------------------------------------------------------------------------------------------------


def _zip(**files: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return file.getvalue()


def _tar(member: tarfile.TarInfo) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        page = tarfile.TarInfo("index.html")
        page.size = 2
        archive.addfile(page, io.BytesIO(b"hi"))
        archive.addfile(member, io.BytesIO(b"x" * member.size))
    return file.getvalue()


def _link(kind: bytes, name: str, to: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, to
    return member


@pytest.mark.parametrize(
    "given",
    [
        _zip(**{"index.html": b"hi", "../../outside.html": b"out"}),
        _zip(**{"index.html": b"hi", "/etc/outside.html": b"out"}),
        _zip(**{"index.html": b"hi", "C:\\outside.html": b"out"}),
        _zip(**{"index.html": b"hi"})[:-20],
        _zip(**{"index.html": b"\0" * 300_000_000}),
        _tar(_link(tarfile.SYMTYPE, "etc", "/etc")),
        _tar(_link(tarfile.LNKTYPE, "passwd", "/etc/passwd")),
        _tar(_link(tarfile.FIFOTYPE, "pipe", "")),
        _tar(_link(tarfile.CHRTYPE, "null", "")),
        b"\x00\x01\x02 nothing that anybody knows",
        b"",
    ],
    ids=["dots", "absolute", "windows", "truncated", "bomb", "symlink", "hardlink", "fifo", "device", "noise", "empty"],
)
def test_a_hostile_archive_is_refused_and_nothing_of_it_is_kept(
    greenlane: Running, owner: Terminal, name: str, given: bytes
):
    ended = owner.types("deploy", "-", "--app", name, stdin=given)
    says_what_to_do(ended, ended.code)
    assert ended.code in (1, 2)
    assert owner.types("apps", "show", name).code == 5, "the app was not even made"
    assert not list(greenlane.folder.rglob("*outside*"))
    assert list((greenlane.data / "uploads").iterdir()) == []


def test_an_empty_folder_says_what_to_do(owner: Terminal, name: str, tmp_path: Path):
    says_what_to_do(owner.types("deploy", tmp_path, "--app", name), 2)


def test_a_source_tree_that_was_not_built_is_recognised(owner: Terminal, name: str, tmp_path: Path):
    (tmp_path / "package.json").write_text(json.dumps({"name": "board", "scripts": {"build": "vite build"}}))
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.jsx").write_text("export default () => <h1>Board</h1>")
    (tmp_path / "index.html").write_text('<div id="root"></div><script type="module" src="/src/main.jsx"></script>')
    ended = owner.types("deploy", tmp_path, "--app", name)
    assert "build" in (ended.out + ended.err).lower(), ended.out + ended.err
