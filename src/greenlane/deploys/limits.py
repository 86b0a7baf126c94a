"""How much one upload may be. Sizes are bytes that were really read, never what an archive says about itself."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one upload. All sizes in bytes."""

    total: int = 500 * MIB
    """What an artifact may hold, all files together."""
    file: int = 100 * MIB
    """One file."""
    files: int = 54_000
    """Files that would be served (the count at which other platforms stop as well)."""
    members: int = 150_000
    """Entries of an archive, folders and set-aside files included."""
    unpacked: int = 1024 * MIB
    """What an archive may unpack to, set-aside files included."""
    ratio: int = 200
    """How many times larger than itself an archive may become, once it is past 16 MiB. Text reaches 50."""
    depth: int = 32
    """Folders within folders."""
    path: int = 1024
    """Bytes of a path in UTF-8."""
    name: int = 255
    """Bytes of one part of a path in UTF-8: what common file systems take."""


DEFAULT_LIMITS = Limits()
"""The limits of an installation that set none."""
