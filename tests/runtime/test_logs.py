"""Logs of releases: whole lines, masked, bounded, found again."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from greenlane.kit.clock import SystemClock
from greenlane.runtime.logs import LONGEST, MASK, ROOM, Log, Logs
from greenlane.runtime.release import Key

KEY = Key("board", "production", "d1")


@pytest.fixture
def logs(tmp_path: Path) -> Logs:
    return Logs(tmp_path, SystemClock())


@pytest.fixture
def log(logs: Logs) -> Log:
    return logs.of(KEY)


def texts(log: Log) -> list[str]:
    return [line.text for line in log.lines()]


def test_chunks_become_lines_wherever_they_are_cut(log: Log) -> None:
    for chunk in (b"one\ntw", b"o\r\nthr", b"ee"):
        log.hear(chunk)
    assert texts(log) == ["one", "two"]
    log.end()
    assert texts(log) == ["one", "two", "three"]


def test_a_secret_is_masked_before_it_reaches_the_disk(log: Log, tmp_path: Path) -> None:
    log.hide(["hunter2-hunter2", "first line of a key\nsecond line of a key", "no"])
    log.hear(b"password hunter2-hun")
    log.tell("something happens meanwhile")
    log.hear(b"ter2 and\nfirst line of a key\nsecond line of a key\nno\n")
    assert texts(log) == ["something happens meanwhile", f"password {MASK} and", MASK, MASK, "no"]
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert b"hunter2" not in file.read_bytes()


def test_a_secret_is_masked_where_a_long_line_is_cut(log: Log) -> None:
    secret = "a-rather-long-secret"
    log.hide([secret])
    for shift in range(len(secret) + 2):
        log.hear(b"x" * (LONGEST - shift) + secret.encode() + b"y" * 200 + b"\n")
    whole = "".join(texts(log))
    assert secret not in whole
    assert all(len(text) <= LONGEST for text in texts(log))


def test_bytes_that_are_no_text_are_shown_as_such(log: Log) -> None:
    log.hear(b"\xff\x00\x1b[31mred\n")
    assert texts(log) == ["\N{REPLACEMENT CHARACTER}" * 3 + "[31mred"]


def test_a_log_keeps_the_newest_and_has_a_bound(log: Log, tmp_path: Path) -> None:
    line = b"z" * 1000 + b"\n"
    for _ in range(3 * ROOM // (100 * len(line))):
        log.hear(line * 100)
    log.hear(b"last\n")
    assert texts(log)[-1] == "last"
    assert sum(file.stat().st_size for file in tmp_path.rglob("*") if file.is_file()) < 2.2 * ROOM


def test_a_log_goes_on_counting_after_a_restart_and_past_a_torn_line(log: Log, tmp_path: Path) -> None:
    log.hear(b"before\n")
    file = next(one for one in tmp_path.rglob("*.log"))
    with file.open("ab") as opened:
        opened.write(b'{"seq": 2, "at"')
    again = Logs(tmp_path, SystemClock()).of(KEY)
    again.hear(b"\nafter\n")
    assert [line.seq for line in again.lines()] == sorted({line.seq for line in again.lines()})
    assert "before" in texts(again)


def test_lines_are_found_by_what_they_contain_and_what_came_before(log: Log) -> None:
    log.hear(b"Alpha\nbeta\nalphabet\n")
    assert [line.text for line in log.lines(contains="ALPHA")] == ["Alpha", "alphabet"]
    assert [line.text for line in log.lines(after=1, contains="alpha")] == ["alphabet"]
    assert [line.text for line in log.lines(limit=2)] == ["beta", "alphabet"]


def test_whoever_follows_hears_at_once(logs: Logs, log: Log) -> None:
    heard: list[str] = []
    waiting = threading.Thread(target=lambda: heard.extend(line.text for line in logs.wait(KEY, 0, "", 10, 20.0)))
    waiting.start()
    log.hear(b"here\n")
    waiting.join(5)
    assert heard == ["here"]
    assert logs.wait(KEY, 1, "", 10, 0.0) == []


def test_a_log_that_rested_goes_on_where_it_was(tmp_path: Path) -> None:
    logs = Logs(tmp_path, SystemClock())
    key = Key("app", "production", "d1")
    for number in range(300):
        logs.of(key).hear(f"line {number} {'é' * 9000}\n".encode() if number % 100 == 0 else b"short\n")
    last = logs.of(key).lines()[-1].seq
    logs.rest(key)
    with (tmp_path / "app" / "production.d1.log").open("ab") as file:
        file.write(b'{"seq": 9999, "at": "cut of\n')
    logs.of(key).tell("and on")
    assert logs.of(key).lines()[-1].seq == last + 1
