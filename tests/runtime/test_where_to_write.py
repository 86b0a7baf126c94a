"""An app that writes where it cannot is told where it can, once in each run."""

from __future__ import annotations

from pathlib import Path

import pytest

from greenlane.kit.clock import FakeClock
from greenlane.runtime.logs import Log
from greenlane.runtime.where_to_write import HINT, Hint

PYTHON = b"OSError: [Errno 30] Read-only file system: '/app/notes.txt'\n"
DENO = b'error: Uncaught (in promise) NotCapable: Requires write access to "/app/notes.txt"\n'
SQLITE = b"sqlite3.OperationalError: attempt to write a readonly database\n"
NODE = b"Error: EROFS: read-only file system, open '/app/notes.txt'\n"
FORBIDDEN = b"PermissionError: [Errno 13] Permission denied: '/usr/lib/x'\n"


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "production.d1.log", FakeClock(), lambda: None)


def said(log: Log) -> list[tuple[str, bool]]:
    return [(line.text, line.ours) for line in log.lines()]


@pytest.mark.parametrize("line", [PYTHON, DENO, SQLITE, NODE, FORBIDDEN])
def test_it_is_told_behind_its_own_words(log: Log, line: bytes) -> None:
    Hint(log).hear(b"hello\n" + line)
    assert said(log) == [("hello", False), (line.decode().rstrip("\n"), False), (HINT, True)]


def test_once_is_enough_until_it_is_started_again(log: Log) -> None:
    hint = Hint(log)
    for _ in range(3):
        hint.hear(PYTHON)
    assert [text for text, ours in said(log) if ours] == [HINT]
    Hint(log).hear(PYTHON)
    assert [text for text, ours in said(log) if ours] == [HINT, HINT]


def test_what_comes_in_pieces_is_understood(log: Log) -> None:
    hint = Hint(log)
    for at in range(len(PYTHON)):
        hint.hear(PYTHON[at : at + 1])
    assert [ours for _, ours in said(log)].count(True) == 1


def test_nothing_is_said_where_something_else_was(log: Log) -> None:
    Hint(log, needed=False).hear(PYTHON)
    assert not any(ours for _, ours in said(log))


def test_whoever_writes_nothing_forbidden_hears_nothing(log: Log) -> None:
    Hint(log).hear(b"GET / 200\nI read a file in the system\n" * 100)
    assert not any(ours for _, ours in said(log))
