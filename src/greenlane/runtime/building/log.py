"""The log of a build: lines that people can read, bounded, with every known value masked before it touches a disk.

A build may print ten gigabytes, or bytes that are no text. What is kept is the beginning, as it comes, and the end;
what lies between is counted. Escape sequences and control characters are dropped, so a log cannot drive a terminal.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

FIRST, LAST = 2 * 1024 * 1024, 256 * 1024
"""Bytes that are kept of the beginning and of the end."""

LONGEST_LINE = 4_000
"""Letters of one line."""

MOST = 512 * 1024 * 1024
"""Bytes after which a build that goes on printing is ended."""

RECENT = 200
"""Lines that are remembered to see why a step failed."""

MASK = "[secret]"
SHORTEST = 4
"""Letters below which a value is not looked for: it would blacken half of every log."""

_PENDING = 4 * LONGEST_LINE
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


class Masks:
    """Known values in the ways in which programs write them."""

    def __init__(self, values: Iterable[str]) -> None:
        forms = {form for value in values for form in _forms(value) if len(form) >= SHORTEST}
        self._pattern = (
            re.compile("|".join(re.escape(one) for one in sorted(forms, key=len, reverse=True))) if forms else None
        )

    def hide(self, text: str) -> str:
        """The text with each known value replaced."""
        return text if self._pattern is None else self._pattern.sub(MASK, text)


def _forms(value: str) -> Iterator[str]:
    """A value as it is, line by line, escaped for URLs and JSON, in hexadecimal, in base64 at each of its three places."""
    if len(value) < SHORTEST:
        return
    yield value
    yield from (line.strip() for line in value.splitlines())
    yield value[::-1]
    yield quote(value, safe="")
    yield json.dumps(value)[1:-1]
    raw = value.encode()
    yield raw.hex()
    yield raw.hex().upper()
    for place in range(3):
        told = base64.b64encode(b"\0" * place + raw).decode()
        # the letters that depend on the value alone: those before and after also hold bits of its neighbours
        inner = told[(place * 8 + 5) // 6 : (place + len(raw)) * 8 // 6]
        if len(inner) >= 2 * SHORTEST:
            yield inner
            yield inner.replace("+", "-").replace("/", "_")


class BuildLog:
    """Takes what a build prints and writes what is kept, line by line. Safe to use from several threads."""

    def __init__(self, path: Path, masks: Masks) -> None:
        self._masks = masks
        self._file = path.open("w", encoding="utf-8", buffering=1)
        self._lock = threading.Lock()
        self._pending = b""
        self._skipping = False
        self._kept = 0
        self._end: deque[str] = deque()
        self._end_size = 0
        self._left_out = 0
        self._recent: deque[str] = deque(maxlen=RECENT)
        self.printed = 0
        """Bytes that came, kept or not."""

    @property
    def recent(self) -> str:
        """The newest lines, to see why a step failed."""
        with self._lock:
            return "".join(self._recent)

    @property
    def too_much(self) -> bool:
        """Whether it is time to end whoever prints."""
        return self.printed > MOST

    def write(self, data: bytes) -> None:
        """What a build printed, in any pieces."""
        with self._lock:
            self.printed += len(data)
            *lines, rest = (self._pending + data).split(b"\n")
            for line in lines:
                self._line(line)
            self._pending = rest
            if len(rest) > _PENDING:
                self._line(rest)
                self._pending, self._skipping = b"", True

    def say(self, words: str) -> None:
        """A line of the platform's own."""
        with self._lock:
            if self._pending:
                self._line(self._pending)
                self._pending = b""
            self._skipping = False
            self._keep(f"greenlane: {words}\n")

    def close(self) -> None:
        """Write the end of a long log."""
        with self._lock:
            if self._pending:
                self._line(self._pending)
            if self._left_out:
                self._file.write(f"greenlane: {self._left_out:,} letters are left out here\n")
            self._file.writelines(self._end)
            self._file.close()

    def _line(self, line: bytes) -> None:
        if self._skipping:
            self._skipping = False
            return
        text = _ESCAPES.sub("", line.decode("utf-8", "replace")).rstrip("\r")
        text = self._masks.hide(_CONTROL.sub("", text.rpartition("\r")[2]))
        self._keep((text if len(text) <= LONGEST_LINE else f"{text[:LONGEST_LINE]}…") + "\n")

    def _keep(self, text: str) -> None:
        self._recent.append(text)
        if self._kept + len(text) <= FIRST and not self._end:
            self._kept += len(text)
            self._file.write(text)
            return
        self._end.append(text)
        self._end_size += len(text)
        while self._end_size > LAST:
            gone = self._end.popleft()
            self._end_size -= len(gone)
            self._left_out += len(gone)
