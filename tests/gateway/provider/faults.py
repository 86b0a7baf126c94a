"""What can go wrong at a provider, and how a test brings it about.

A fault is put in line for the next request, set for all of them, or named in the prompt itself, which goes through any
gateway and any translation: ``Say hello. <<fault reset after 3>>``. ``once`` spares the same prompt the second time.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal[
    "status",
    "error",
    "reset",
    "cut",
    "hang",
    "longer",
    "shorter",
    "slow",
    "trickle",
    "garbage",
    "page",
    "redirect",
    "uncounted",
    "gzip",
]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    ``status``: answered with that status before anything else. Of a stream, after so many events: ``error`` says so in the
    wire's own event, ``reset`` resets the connection, ``cut`` ends it in good order before its end, ``hang`` says nothing
    more. ``longer`` and ``shorter`` lie about ``Content-Length``; ``slow`` waits ``seconds`` before each event;
    ``trickle`` sends seven bytes at a time; ``garbage`` is no JSON; ``page`` is a load balancer's HTML with status 502;
    ``redirect`` points elsewhere; ``uncounted`` leaves out the usage; ``gzip`` is compressed whether asked for or not.
    """

    kind: Kind
    status: int = 0
    after: int = 0
    seconds: float = 0.05
    once: bool = False


_CUE = re.compile(r"<<fault (\w+)(?: (\d{3}))?(?: after (\d+))?(?: for ([\d.]+))?( once)?>>")


def in_words(text: str) -> Fault | None:
    """The fault that a prompt names: ``<<fault status 529>>``, ``<<fault error after 3 once>>``, ``<<fault slow for 0.1>>``."""
    found = _CUE.search(text)
    if found is None:
        return None
    kind, status, after, seconds, once = found.groups()
    if kind not in KINDS:
        raise ValueError(f"there is no fault called {kind}")
    return Fault(kind, int(status or 0), int(after or 0), float(seconds or 0.05), bool(once))


class Faults:
    """Faults in line for the next requests. Safe to fill from another thread."""

    def __init__(self) -> None:
        self.every: Fault | None = None
        self._line: deque[Fault] = deque()
        self._had: set[str] = set()
        self._lock = threading.Lock()

    def put(self, *faults: Fault) -> None:
        """For the next requests, one each."""
        with self._lock:
            self._line.extend(faults)

    def clear(self) -> None:
        with self._lock:
            self._line.clear()
            self._had.clear()
            self.every = None

    def take(self, prompt: str) -> Fault | None:
        """What goes wrong with this request, if anything does."""
        with self._lock:
            if self._line:
                return self._line.popleft()
            named = in_words(prompt)
            if named is None or (named.once and prompt in self._had):
                return self.every
            self._had.add(prompt)
            return named
