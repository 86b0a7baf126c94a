"""Waiting for a process that may be starting at this moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from greenlane.cli.starting import START_WITHIN
from greenlane.kit.errors import Unavailable

T = TypeVar("T")


def patiently(ask: Callable[[], T]) -> T:
    """Ask a process that may be starting at this moment. Raises its ``Unavailable`` after ``START_WITHIN``."""
    deadline = time.monotonic() + START_WITHIN
    while True:
        try:
            return ask()
        except Unavailable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
