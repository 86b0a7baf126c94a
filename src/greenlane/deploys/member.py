"""One entry of an archive while it is read, and the meter that counts what comes out of the archive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from greenlane.deploys.bundle import too_much
from greenlane.deploys.limits import Limits
from greenlane.govern.errors import TooLarge, WrongInput

CHUNK = 256 * 1024
"""Bytes that are read or unpacked at a time."""

SETUID_WORDS = "a program that would run with somebody else's rights (setuid)"

_RATIO_FROM = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Member:
    """A file or folder of an archive. ``chunks`` can be read until the next member is asked for, or left alone.

    ``size`` is what the archive says; a reader raises as soon as the real bytes differ from it. ``wrong`` is why the
    entry cannot be taken although its name may be fine: a link, a device. It matters unless the entry is set aside.
    """

    name: str
    folder: bool
    size: int
    chunks: Iterator[bytes]
    wrong: WrongInput | None = None


class Meter:
    """Counts the bytes that an archive really unpacks to."""

    def __init__(self, packed: int, limits: Limits) -> None:
        self.limits = limits
        self.packed = packed
        self._unpacked = 0

    def count(self, size: int) -> None:
        """Note that so many bytes came out. Raises ``TooLarge`` when it is too much in all, or for so small an archive."""
        self._unpacked += size
        if self._unpacked > self.limits.unpacked:
            raise too_much(self.limits.unpacked)
        if self._unpacked > _RATIO_FROM and self._unpacked > self.packed * self.limits.ratio:
            raise TooLarge(
                f"The archive becomes more than {self.limits.ratio} times larger than it is when it is unpacked.",
                next_step="Deploy the folder itself, or leave out files that are mostly empty.",
            )


def damaged(why: str, detail: str = "") -> WrongInput:
    """The error for an archive that is broken, or made so that two programs would read it differently."""
    return WrongInput(
        f"The archive cannot be trusted. {why}", next_step="Pack the folder again and deploy that.", detail=detail
    )


def cut_short() -> WrongInput:
    """The error for an archive whose end is missing."""
    return WrongInput("The archive is cut short: its end is missing.", next_step="Copy or pack it again.")


def not_a_file(name: str, what: str) -> WrongInput:
    """The error for links, devices and the like; ``name`` is already fit to be printed."""
    return WrongInput(
        f"{name} is {what}; only files and folders are taken.",
        next_step="Put the file itself in its place, or leave it out.",
    )
