"""A full disk: nothing new is taken, what runs goes on, and room again is all it needs."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.robustness.conftest import Starts
from tests.stories.browser import Answered, ask
from tests.stories.running import Running, until
from tests.stories.terminal import Terminal

ROOM = 96 * 1024 * 1024
"""Bytes of the disk that is filled."""


@contextmanager
def _mounted(place: Path) -> Iterator[None]:
    """A disk of its own at that place, in memory (mount(2)); a skip where the machine lets nobody mount."""
    library = ctypes.CDLL(None, use_errno=True)
    place.mkdir()
    if library.mount(b"none", bytes(place), b"tmpfs", 0, f"size={ROOM},mode=0700".encode()) != 0:
        pytest.skip(f"NOT TESTED: a full disk needs root, to mount a small one ({os.strerror(ctypes.get_errno())})")
    try:
        yield
    finally:
        assert library.umount2(bytes(place), 2) == 0  # MNT_DETACH: whoever still has a file there may finish


@pytest.fixture
def small(starts: Starts) -> Iterator[Running]:
    """A Greenlane whose data folder is a small disk."""
    with tempfile.TemporaryDirectory(prefix="gl-") as folder, _mounted(Path(folder) / "data"):
        running = starts(place=Path(folder))
        yield running
        running.stop()


def _fill(disk: Path) -> Path:
    """Take every byte that is left."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for piece in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(bytes(piece))
            except OSError:
                continue
    return ballast


def _asks(terminal: Terminal, method: str, path: str, body: bytes) -> Answered:
    headers = {"Authorization": f"Bearer {terminal.token}", "Content-Type": "application/json"}
    return ask(f"{terminal.url}{path}", method, headers, body)


def _says_that_it_is_full(problem: dict) -> None:
    assert problem["status"] == 507, problem
    assert problem["code"] == "storage-full"
    assert "room" in problem["title"]
    assert "space" in problem["next_step"]


def test_a_full_disk_stops_writing_and_nothing_else(small: Running, site: Path):
    owner: Terminal = small.owner
    owner.does("deploy", site, "--app", "board")
    owner.does("publish", "board")
    visitor = small.browser(owner)
    assert "version 1" in visitor.open(small.address("board")).text
    receipts = owner.does("ledger", "verify")["receipts"]

    photo = os.urandom(300_000)
    named = {"sha256": hashlib.sha256(photo).hexdigest(), "size": len(photo)}
    begun = _asks(owner, "POST", "/v1/uploads", json.dumps({"files": {"photo.bin": named}}).encode()).document["upload"]

    ballast = _fill(small.data)

    # what would be written is refused, in words, whichever way it comes
    (site / "index.html").write_text("<!doctype html><title>Vendor board</title><h1>Vendors, version 2</h1>")
    (site / "photo.bin").write_bytes(photo)
    for typed in (("deploy", site, "--app", "board"), ("lock", "board", "--why", "full"), ("publish", "board")):
        _says_that_it_is_full(owner.gets(1, *typed))
    sent = _asks(owner, "PUT", f"/v1/uploads/{begun}/blobs/{named['sha256']}", photo)
    assert sent["content-type"] == "application/problem+json"
    _says_that_it_is_full(sent.document)

    # what was published is served, to those who were here and to those who come in with a token
    assert "version 1" in visitor.open(small.address("board")).text
    assert "version 1" in small.ask("board", token=owner.token).text
    # reading and verifying work
    assert owner.does("apps", "show", "board")["environments"][0]["lock"] is None
    verified = owner.does("ledger", "verify")
    assert verified["ok"]
    assert verified["receipts"] >= receipts
    before = small.processes()

    ballast.unlink()

    # room again: everything goes on by itself
    until(lambda: owner.types("lock", "board", "--why", "room again").code == 0, "a write after there was room")
    owner.does("unlock", "board")
    assert _asks(owner, "PUT", f"/v1/uploads/{begun}/blobs/{named['sha256']}", photo).status == 204
    again = owner.does("deploy", site, "--app", "board")["upload"]
    assert (again["files"], again["sent"]) == (2, 1), "what arrived is not sent again"
    assert list((small.data / "uploads").iterdir()) == [], "half a file was left behind"
    owner.does("publish", "board")
    assert "version 2" in visitor.open(small.address("board")).text
    assert small.processes() == before, "something had to be started again"
    assert owner.does("ledger", "verify")["ok"]
    until(lambda: _unsettled(small) == 0, "the end of everything that was begun", within=30)


def _unsettled(running: Running) -> int:
    """Actions that were decided and not settled."""
    with sqlite3.connect(f"file:{running.data / 'greenlane.db'}?mode=ro", uri=True) as database:
        return database.execute("SELECT count(*) FROM action WHERE state = 'decided'").fetchone()[0]
