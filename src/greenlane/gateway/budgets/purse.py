"""A worker's slices: what it may spend without asking anybody.

Everything here is plain memory, and nothing waits between looking and taking.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from greenlane.gateway.budgets.account import Budget
from greenlane.gateway.budgets.messages import Elsewhere, Grant, Key, Report
from greenlane.gateway.budgets.period import Window, window
from greenlane.kit.clock import stamp


class Slice:
    """A worker's part of one budget in one of its periods. All numbers are pico-dollars.

    ``left`` is what may still be reserved: granted, less what was spent, released or is reserved just now. Of a soft
    budget nothing is granted; its slice only counts.
    """

    __slots__ = (
        *("budget", "confirmed", "elsewhere", "granted", "left"),
        *("noted", "released", "reserved", "spent", "window"),
    )

    def __init__(self, budget: Budget, within: Window) -> None:
        self.budget = budget
        self.window = within
        self.granted = self.left = self.reserved = self.spent = self.released = self.elsewhere = 0
        self.confirmed = (0, 0)
        self.noted = [budget.id, stamp(within.since)]
        """The key as the journal writes it."""

    @property
    def key(self) -> Key:
        """Which budget, and which of its periods."""
        return Key(self.budget.id, self.window.since)

    def gone(self) -> bool:
        """Whether what was settled is as much as there is, as far as this worker knows."""
        return self.elsewhere + self.spent >= self.budget.amount

    def exceeded(self) -> bool:
        """Whether a soft budget is spent, as far as this worker knows."""
        return self.elsewhere + self.spent + self.reserved > self.budget.amount


@dataclass(slots=True)
class Reservation:
    """``pico`` taken from each of the slices until it is settled. ``beyond`` names soft budgets that are spent."""

    pico: int
    slices: tuple[Slice, ...]
    beyond: tuple[str, ...] = ()
    settled: bool = False

    @property
    def keys(self) -> tuple[Key, ...]:
        """The budgets and their periods."""
        return tuple(one.key for one in self.slices)

    @property
    def noted(self) -> list[list[str]]:
        """What the journal notes beside the amount, so that a dead worker's spending can be told."""
        return [one.noted for one in self.slices]


@dataclass(frozen=True, slots=True)
class Short:
    """A slice is too small; nothing was taken. ``left`` is the least that any of the budgets has here.

    ``lacking`` says for each slice that is too small how much has to be asked for; ``account`` and ``resets_at`` are of
    the one that lacks most.
    """

    left: int
    account: str
    resets_at: datetime | None
    lacking: tuple[tuple[Key, int], ...]


class Purse:
    """All slices of one life of a worker."""

    def __init__(self, worker: str) -> None:
        self.worker = worker
        self._slices: dict[str, Slice] = {}
        self._ended: list[Slice] = []

    def reserve(self, budgets: Iterable[Budget], pico: int, now: datetime) -> Reservation | Short:
        """Take ``pico`` from every budget, or nothing from any. ``now`` is aware."""
        slices: list[Slice] = []
        enough = True
        for budget in budgets:
            one = self._current(budget, now)
            slices.append(one)
            if one.left < pico and budget.hard:
                enough = False
        if not enough:
            return self._short([each for each in slices if each.budget.hard], pico)
        beyond: list[str] = []
        for one in slices:
            one.left -= pico
            one.reserved += pico
            if not one.budget.hard and one.exceeded():
                beyond.append(one.budget.id)
        return Reservation(pico, tuple(slices), tuple(beyond))

    @staticmethod
    def settle(reservation: Reservation, pico: int) -> None:
        """Pay ``pico`` instead of what was reserved. ValueError for a reservation that is settled already.

        More than was reserved is paid as well: it is owed. The bound was wrong then, and the budget's books say so.
        """
        if reservation.settled:
            raise ValueError("a call is settled once")
        reservation.settled = True
        back = reservation.pico - pico
        for one in reservation.slices:
            one.left += back
            one.reserved -= reservation.pico
            one.spent += pico

    def left(self, budgets: Iterable[Budget], now: datetime) -> int | None:
        """What a call can reserve here at most; None where no hard budget concerns it."""
        return min((self._current(one, now).left for one in budgets if one.hard), default=None)

    def soft_spent(self, budgets: Iterable[Budget], now: datetime) -> Budget | None:
        """The nearest soft budget that is spent, None where none is."""
        return next((one for one in budgets if not one.hard and self._current(one, now).gone()), None)

    def others(self, told: Elsewhere, budget: Budget) -> None:
        """Hear what all others spent of a soft budget. Of a period that is over it is of no use."""
        one = self._current(budget, told.key.since)
        if one.window.since == told.key.since:
            one.elsewhere = max(one.elsewhere, told.spent)

    def take(self, grant: Grant) -> None:
        """Hear what was granted so far. A grant for a period that is over, or for another life, is of no use."""
        one = self._slices.get(grant.key.budget)
        if one is None or one.window.since != grant.key.since or grant.worker != self.worker:
            return
        one.left += max(0, grant.granted - one.granted)
        one.granted = max(one.granted, grant.granted)
        one.elsewhere = max(one.elsewhere, grant.elsewhere)

    def release(self, key: Key, missing: int) -> Report | None:
        """Give back what lies idle, up to ``missing``; None where the worker has no such slice."""
        one = self._slices.get(key.budget)
        if one is None or one.window.since != key.since:
            return next((self._report(old) for old in self._ended if old.key == key), None)
        given = max(0, min(one.left, missing))
        one.left -= given
        one.released += given
        return self._report(one)

    def reports(self) -> list[Report]:
        """What the owner has not confirmed yet. Saying it twice does no harm."""
        slices = [*self._ended, *self._slices.values()]
        return [self._report(one) for one in slices if (one.spent, one.released) != one.confirmed]

    def confirmed(self, report: Report) -> None:
        """The owner wrote it down. A period that is over is kept in mind until its last call is settled and confirmed."""
        for one in [*self._ended, *self._slices.values()]:
            if one.key == report.key:
                one.confirmed = (report.spent, report.released)
        self._ended = [one for one in self._ended if one.reserved or one.confirmed != (one.spent, one.released)]

    def _report(self, one: Slice) -> Report:
        return Report(self.worker, one.key, one.spent, one.released)

    def _current(self, budget: Budget, now: datetime) -> Slice:
        one = self._slices.get(budget.id)
        if one is not None and (one.window.until is None or now < one.window.until):
            one.budget = budget
            return one
        if one is not None:
            self._ended.append(one)
        one = self._slices[budget.id] = Slice(budget, window(budget.period, budget.zone, now))
        return one

    @staticmethod
    def _short(hard: list[Slice], pico: int) -> Short:
        most = min(hard, key=lambda one: one.left)
        return Short(
            most.left,
            most.budget.account,
            most.window.until,
            tuple((one.key, pico - one.left) for one in hard if one.left < pico),
        )
