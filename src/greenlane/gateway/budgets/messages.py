"""What workers and the owner say to each other. All amounts are running totals in pico-dollars, never differences.

Whoever hears one twice, late or not at all knows as much as before: the highest total counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class Key(NamedTuple):
    """A budget in one of its periods."""

    budget: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """What a worker did with one slice: ``spent`` on settled calls, ``released`` back to the owner.

    ``worker`` is one life of a worker: a new process has a new name.
    """

    worker: str
    key: Key
    spent: int
    released: int


@dataclass(frozen=True, slots=True)
class Grant:
    """What the owner leased to a worker so far, and what all others spent as far as it knows."""

    worker: str
    key: Key
    granted: int
    elsewhere: int


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What all others than the worker that hears it spent of a soft budget, as far as the owner knows."""

    key: Key
    spent: int


@dataclass(frozen=True, slots=True)
class Recall:
    """The owner needs what lies idle: each of these workers releases up to ``missing`` and reports, then one asks again."""

    key: Key
    workers: tuple[str, ...]
    missing: int


@dataclass(frozen=True, slots=True)
class Spent:
    """Nobody has as much as was asked for: ``left`` is free, until the budget begins anew at ``resets_at``."""

    key: Key
    account: str
    left: int
    resets_at: datetime | None
