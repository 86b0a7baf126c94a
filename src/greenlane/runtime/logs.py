"""What an app writes, kept a deploy at a time: lines with their moment, the newest few MiB, secrets masked before the disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import orjson

from greenlane.kit.clock import Clock, stamp
from greenlane.runtime.release import Key

LONGEST = 8 * 1024
"""Bytes of one line; a longer one goes on in the next."""
ROOM = 4 * 1024 * 1024
"""Bytes of a file; there are two, and the older one is given up when the newer is full."""
RATE, BURST = 1024 * 1024, 4.0
"""Bytes a second that are taken from one release, and for how many seconds it may be ahead of that."""
MASK = "••••••"
_TAIL = 128 * 1024
"""Bytes at the end of a file in which there is at least one whole line: letters may take six bytes each as JSON."""
_LOOK_EVERY = 0.5
_SHORTEST = 6
"""Letters under which a value is too common a word to be masked: it would tear every line."""


@dataclass(frozen=True, slots=True)
class Line:
    """``seq`` counts on over restarts; ``at`` is a stamp; ``ours`` when the platform says it, not the app."""

    seq: int
    at: str
    text: str
    ours: bool = False

    def as_dict(self) -> dict[str, object]:
        """As JSON values."""
        return {"seq": self.seq, "at": self.at, "text": self.text, "ours": self.ours}


class Mask:
    """Hides values. A value of several lines is hidden line by line, because lines are what a log has."""

    def __init__(self, values: Sequence[str]) -> None:
        parts = {part.strip() for value in values for part in (value, *value.splitlines())}
        self._parts = sorted((part for part in parts if len(part) >= _SHORTEST), key=len, reverse=True)
        self.longest = max((len(part.encode()) for part in self._parts), default=0)

    def __call__(self, text: str) -> str:
        """The text without them."""
        for part in self._parts:
            text = text.replace(part, MASK)
        return text


class Log:
    """The log of one release. Thread-safe. ``heard`` is called after each addition."""

    def __init__(self, file: Path, clock: Clock, heard: Callable[[], None]) -> None:
        self._file = file
        self._clock = clock
        self._heard = heard
        self._lock = threading.Lock()
        self._rest = b""
        self._ahead = 0.0
        self._mask = Mask(())
        self._seq = self._newest()

    def hide(self, values: Sequence[str]) -> None:
        """Mask these values from now on."""
        self._mask = Mask(values)

    def hear(self, chunk: bytes) -> None:
        """What the app wrote, cut anywhere. Takes its time with one that never stops, so that the others have theirs."""
        self._pace(len(chunk))
        with self._lock:
            *whole, rest = (self._rest + chunk).split(b"\n")
            # A line that is too long is cut where no masked value can lie across the cut.
            while len(rest) >= LONGEST + self._mask.longest:
                shown = self._shown(rest).encode()
                whole.append(shown[:LONGEST])
                rest = shown[LONGEST:]
            self._rest = rest
            self._add([piece for line in whole for piece in _pieces(self._shown(line))], ours=False)

    def tell(self, text: str) -> None:
        """A line of the platform's own; what the app has begun to say goes on after it."""
        with self._lock:
            self._add([self._mask(text)], ours=True)

    def end(self) -> None:
        """What came without a line's end was a line."""
        with self._lock:
            self._flush()

    def lines(self, after: int = 0, contains: str = "", limit: int | None = None) -> list[Line]:
        """The lines behind an index that contain some words, in any case of letters; the newest of them if too many."""
        wanted = contains.casefold()
        found = [line for line in self._read() if line.seq > after and wanted in line.text.casefold()]
        return found if limit is None else found[-limit:]

    def _pace(self, size: int) -> None:
        now = time.monotonic()
        self._ahead = max(now, self._ahead) + size / RATE
        if self._ahead - now > BURST:
            time.sleep(min(self._ahead - now - BURST, 1.0))

    def _newest(self) -> int:
        """The index of the newest line; only the end of a file is looked at."""
        for file in (self._file, self._file.with_suffix(".older")):
            with suppress(FileNotFoundError), file.open("rb") as opened:
                opened.seek(max(0, file.stat().st_size - _TAIL))
                for line in reversed(opened.read().splitlines()):
                    with suppress(orjson.JSONDecodeError, TypeError):  # cut off, here or when the process was killed
                        return Line(**orjson.loads(line)).seq
        return 0

    def _read(self) -> Iterator[Line]:
        for file in (self._file.with_suffix(".older"), self._file):
            try:
                content = file.read_bytes()
            except FileNotFoundError:
                continue
            for line in content.splitlines():
                try:
                    yield Line(**orjson.loads(line))
                except (orjson.JSONDecodeError, TypeError):
                    continue  # cut off when the process was killed

    def _shown(self, line: bytes) -> str:
        text = line.decode("utf-8", "replace").rstrip("\r")
        return self._mask(
            "".join(
                letter if letter.isprintable() or letter == "\t" else "\N{REPLACEMENT CHARACTER}" for letter in text
            )
        )

    def _flush(self) -> None:
        if self._rest:
            rest, self._rest = self._rest, b""
            self._add(_pieces(self._shown(rest)), ours=False)

    def _add(self, texts: Sequence[str], *, ours: bool) -> None:
        if not texts:
            return
        at = stamp(self._clock.now())
        lines = []
        for text in texts:
            self._seq += 1
            lines.append(orjson.dumps(Line(self._seq, at, text, ours).as_dict()) + b"\n")
        if self._file.exists() and self._file.stat().st_size > ROOM:
            self._file.rename(self._file.with_suffix(".older"))
        try:
            with self._file.open("ab") as file:
                file.write(b"".join(lines[-ROOM // LONGEST :]))
        except OSError:
            return  # a full disk must not end an app: what it says is lost until there is room
        self._heard()


def _pieces(text: str) -> list[str]:
    return [text[at : at + LONGEST] for at in range(0, max(1, len(text)), LONGEST)]


class Logs:
    """The logs of all releases, in ``folder``: one folder an app, one file a deploy and environment."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._known: dict[Key, Log] = {}
        self._news = threading.Condition()
        self._lock = threading.Lock()

    def of(self, key: Key) -> Log:
        """The log of a release."""
        with self._lock:
            if key not in self._known:
                folder = self._folder / key.app
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                file = folder / f"{key.environment}.{key.deploy}.log"
                self._known[key] = Log(file, self._clock, self._heard)
            return self._known[key]

    def rest(self, key: Key) -> None:
        """Let go of the log of a release that sleeps; it is taken up again where it was. Nobody may be writing to it."""
        with self._lock:
            self._known.pop(key, None)

    def wait(self, key: Key, after: int, contains: str, limit: int, within: float) -> list[Line]:
        """The lines behind an index, as soon as there are any, none after ``within`` seconds."""
        log = self.of(key)
        deadline = time.monotonic() + within
        while not (found := log.lines(after, contains, limit)) and (left := deadline - time.monotonic()) > 0:
            with self._news:
                self._news.wait(min(left, _LOOK_EVERY))
        return found

    def _heard(self) -> None:
        with self._news:
            self._news.notify_all()
