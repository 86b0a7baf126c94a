"""Hostile uploads, sent to a real Greenlane by whoever may upload: refused in words, nothing written outside, all goes on."""

from __future__ import annotations

import hashlib
import io
import json
import os
import socket
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.deploys import test_hostile_tars as tars
from tests.deploys import test_hostile_zips as zips
from tests.stories.browser import Answered, ask
from tests.stories.running import Running, until
from tests.stories.terminal import Typist

REFUSED = {400: "wrong-input", 413: "too-large"}
"""What the errors' page promises for input that cannot be taken: what it means is wrong, or there is too much of it."""


class Door:
    """The upload's addresses, as somebody writes to them by hand."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self._token = running.token_file.read_text().strip()

    def asks(self, method: str, path: str, body: Any = None) -> Answered:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/octet-stream"}
        if body is not None and not isinstance(body, bytes):
            headers["Content-Type"], body = "application/json", json.dumps(body).encode()
        return ask(f"{self.running.url}/v1/{path}", method, headers, body)

    def begins(self, files: Mapping[str, bytes]) -> str:
        named = {path: {"sha256": digest(data), "size": len(data)} for path, data in files.items()}
        return self.asks("POST", "uploads", {"files": named}).document["upload"]

    def puts(self, upload: str, data: bytes, named: str = "") -> Answered:
        return self.asks("PUT", f"uploads/{upload}/blobs/{named or digest(data)}", data)

    def sends_archive(self, data: bytes, name: str = "site.zip") -> Answered:
        """An archive from its name to its unpacking; the last answer."""
        archive = {"sha256": digest(data), "size": len(data), "name": name}
        begun = self.asks("POST", "uploads", {"archive": archive})
        assert begun.status == 201, begun.text
        upload = begun.document["upload"]
        if begun.document["missing"]:
            assert self.puts(upload, data).status == 204
        return self.asks("POST", f"uploads/{upload}/complete")


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture(scope="module")
def door(typist: Typist) -> Iterator[Door]:
    """A Greenlane, watched: when all is over nothing lies around it, and it is the same processes that answer."""
    with tempfile.TemporaryDirectory(prefix="gl-") as folder:
        running = Running(typist, Path(folder))
        try:
            around = _around(running)
            processes = running.processes()
            yield Door(running)
            assert _around(running) == around, "something was written outside of the data folder"
            assert list((running.data / "uploads").iterdir()) == [], "half a file was left behind"
            assert running.processes() == processes, "something had to be started again"
            assert running.owner.does("ledger", "verify")["ok"]
            assert running.owner.does("apps")["items"] == []
        finally:
            running.stop()


def _around(running: Running) -> set[str]:
    """Everything beside the data folder, and what is in it but for its stores; where the hostile names lead; by path."""
    near = {str(one) for one in running.folder.rglob("*") if not one.is_relative_to(running.data)}
    near = {one for one in near if not one.startswith(str(running.folder / "home-"))}
    inside = {one.name for one in running.data.iterdir()}
    names = ("evil", "evil.html", "x", "d", "link", "a.html", "index.html")
    far = {
        path for place in ("/", "/tmp/", "/etc/") for path in (place + name for name in names) if Path(path).exists()
    }
    return near | inside | far


def says_what_to_do(answer: Answered) -> None:
    assert answer.status in REFUSED, answer.text
    assert answer["content-type"] == "application/problem+json"
    assert answer.document["code"] == REFUSED[answer.status]
    assert answer.document["next_step"].endswith(".")


# -- archives


def test_every_hostile_archive_is_refused_at_the_door(door: Door):
    for kind, cases in (("site.zip", zips.HOSTILE), ("site.tar", tars.HOSTILE)):
        for case, (data, sentence) in cases.items():
            answer = door.sends_archive(data, kind)
            says_what_to_do(answer)
            assert sentence in answer.document["title"], (kind, case)
    assert door.sends_archive(zips.valid()).document["files"] == 3, "an ordinary one is taken as before"


def test_an_archives_own_name_leads_nowhere(door: Door):
    answer = door.sends_archive(zips.make(zips.Entry(b"named.html")), "../../../../evil.zip")
    assert answer.status == 200


def test_a_bomb_is_stopped(door: Door):
    bomb = zips.make(zips.Entry(b"a.txt", bytes(40_000_000), 8))
    for data in (bomb, _packed_tar(60_000_000)):
        answer = door.sends_archive(data)
        assert answer.status == 413
        says_what_to_do(answer)
    nested = zips.make(zips.Entry(b"bomb.zip", bomb), zips.Entry(b"index.html"))
    assert door.sends_archive(nested).document["files"] == 2, "an archive in an archive is a file and stays packed"


def _packed_tar(size: int) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as archive:
        one = tarfile.TarInfo("a")
        one.size = size
        archive.addfile(one, io.BytesIO(bytes(size)))
    return file.getvalue()


def test_two_hundred_thousand_files_are_too_many_in_an_archive_and_in_a_list(door: Door):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(200_000):
            archive.writestr(zipfile.ZipInfo(f"{number}.txt"), b"")
    packed = door.sends_archive(file.getvalue())
    one = {"sha256": digest(b""), "size": 0}
    listed = door.asks("POST", "uploads", {"files": {f"{number}.txt": one for number in range(200_000)}})
    for answer in (packed, listed):
        assert answer.status == 413
        says_what_to_do(answer)


# -- lists of files


@pytest.mark.parametrize(
    "path",
    ["../evil.html", "/etc/evil", "a/../../evil", "C:\\evil", "a\\..\\..\\evil", "a\u202eb", "nul.txt", "a\0b", ""],
)
def test_a_list_is_held_to_the_same_names(door: Door, path: str):
    answer = door.asks("POST", "uploads", {"files": {path: {"sha256": digest(b"x"), "size": 1}}})
    assert answer.status == 400
    says_what_to_do(answer)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"files": {}},
        {"files": {"a": {"sha256": "x", "size": 1}}},
        {"files": {"a": {"sha256": digest(b"x"), "size": -1}}},
        {"files": {"a": {"sha256": digest(b"x"), "size": 1, "mode": 2541}}},
        {"files": {"a": None}},
        {"files": {"a": {"sha256": digest(b"x"), "size": 1}}, "archive": {"sha256": digest(b"x"), "size": 1}},
        [],
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_a_list_that_cannot_be_meant_is_refused(door: Door, body: Any):
    headers = {"Authorization": f"Bearer {door._token}", "Content-Type": "application/json"}
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = ask(f"{door.running.url}/v1/uploads", "POST", headers, sent)
    assert answer.status == 400
    says_what_to_do(answer)


def test_a_document_without_end_is_not_read_and_nobody_is_asked_who_sends_it(door: Door):
    """Its length said beforehand, and in pieces of a length that nobody knows."""
    url = f"{door.running.url}/v1/actions/lock"
    answer = ask(url, "POST", {"Content-Type": "application/json"}, b" " * (2 * 1024 * 1024))
    assert answer.status == 413
    says_what_to_do(answer)
    pieces = (b" " * 65536 for _ in range(64))
    answer = ask(url, "POST", {"Content-Type": "application/json"}, pieces)
    assert answer.status == 413


# -- bytes


def test_bytes_are_what_was_named_or_they_are_refused(door: Door):
    data = os.urandom(5000)
    upload = door.begins({"index.html": data})
    other = bytes(reversed(data))
    cases = {
        "others of the same length": (door.puts(upload, other, digest(data)), 400),
        "fewer": (door.puts(upload, data[:-1], digest(data)), 400),
        "more": (door.puts(upload, data + b"x", digest(data)), 413),
        "far more": (door.puts(upload, data * 2000, digest(data)), 413),
    }
    for case, (answer, status) in cases.items():
        assert answer.status == status, case
        says_what_to_do(answer)
    assert door.puts(upload, other).status == 404, "what was never named"
    assert door.puts("upl_00000000000000000000000000", data).status == 404, "an upload that is not there"
    for wrong in ("..%2f..%2fevil", "evil", digest(data).upper(), "0" * 63):
        assert door.puts(upload, data, wrong).status in (400, 404)
    unfinished = door.asks("POST", f"uploads/{upload}/complete")
    assert unfinished.status == 400
    says_what_to_do(unfinished)
    assert door.puts(upload, data).status == 204
    assert door.asks("POST", f"uploads/{upload}/complete").document["files"] == 1


def test_an_upload_goes_on_after_the_line_broke(door: Door):
    data = {f"{number}.bin": os.urandom(20_000) for number in range(5)}
    upload = door.begins(data)
    first, second, *rest = data.values()
    assert door.puts(upload, first).status == 204
    _hangs_up_halfway(door, upload, second)
    missing = set(door.asks("GET", f"uploads/{upload}").document["missing"])
    assert missing == {digest(one) for one in (second, *rest)}
    until(lambda: list((door.running.data / "uploads").iterdir()) == [], "the end of half a file")
    for one in (second, *rest):
        assert door.puts(upload, one).status == 204
    assert door.asks("GET", f"uploads/{upload}").document["missing"] == []
    whole = door.asks("POST", f"uploads/{upload}/complete").document
    assert whole["files"] == 5
    assert door.asks("POST", f"uploads/{upload}/complete").document == whole, "asked again it says the same"


def _hangs_up_halfway(door: Door, upload: str, data: bytes) -> None:
    with socket.create_connection(("127.0.0.1", door.running.port)) as line:
        head = (
            f"PUT /v1/uploads/{upload}/blobs/{digest(data)} HTTP/1.1\r\nHost: localhost:{door.running.port}\r\n"
            f"Authorization: Bearer {door._token}\r\nContent-Length: {len(data)}\r\n\r\n"
        )
        line.sendall(head.encode() + data[: len(data) // 2])


# -- who uploads


def test_an_upload_is_its_senders_alone(door: Door):
    upload = door.begins({"index.html": b"mine"})
    stranger = Door(door.running)
    stranger._token = "glt_nobody"
    assert stranger.asks("GET", f"uploads/{upload}").status == 401
    other = door.running.joins("Bea Builder")
    theirs = Door(door.running)
    theirs._token = other.does("token", "create", "mine", "--scopes", "deploy")["answer"]["token"]
    for answer in (
        theirs.asks("GET", f"uploads/{upload}"),
        theirs.puts(upload, b"mine"),
        theirs.asks("POST", f"uploads/{upload}/complete"),
    ):
        assert answer.status == 404
