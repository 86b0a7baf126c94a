"""The one writer of all budgets' books: leases slices to workers, hears what they spent, buries the dead.

It answers at once and waits for nobody: where slices have to be called back first, it says from whom, and is asked again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from greenlane.gateway.budgets.account import Budget
from greenlane.gateway.budgets.books import Book, Lease, write_hours, write_leases
from greenlane.gateway.budgets.messages import Elsewhere, Grant, Key, Recall, Report, Spent
from greenlane.gateway.budgets.period import window
from greenlane.kit.clock import Clock, stamp

BEFORE = "before"
"""As whose slice it counts what was spent before a budget was set."""

Rows = Callable[[Connection], None]
"""Writes rows within somebody else's transaction; ``Ledger.write`` takes it and returns when they are durable."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A budget in the period that runs now, in pico-dollars: ``spent`` as far as workers said, ``held`` by their slices."""

    budget: Budget
    spent: int
    held: int
    resets_at: datetime | None

    @property
    def left(self) -> int:
        """What nobody spent or holds; negative where more was spent than there is."""
        return self.budget.amount - self.spent - self.held


class Owner:
    """``books`` is what ``read_books`` found; ``write`` makes rows durable before it returns, or raises.

    What cannot be written is not granted. Reports are kept in memory and written with the next grant or by ``keep``: until
    then the books hold what was reported spent, so that a crash in between gives nothing away.
    """

    def __init__(
        self, budgets: Mapping[str, Budget], books: dict[Key, Book], write: Callable[[Rows], None], clock: Clock
    ) -> None:
        self._budgets = dict(budgets)
        self._books = books
        self._write = write
        self._clock = clock
        self._unwritten: dict[tuple[Key, str], None] = {}
        self._hours: Counter[tuple[str, str]] = Counter()

    def ask(
        self, worker: str, key: Key, want: int, *, least: int | None = None, recalled: bool = False
    ) -> Grant | Recall | Spent:
        """Lease ``want`` more to a worker, with something on top while there is plenty.

        Without enough that is free the answer is first whom to recall from; after that (``recalled``) as much as there is
        if it is at least ``least``, else that it is spent. KeyError for a budget that nobody set.
        """
        budget = self._budgets[key.budget]
        book = self._book(key)
        lease = book.leases.get(worker, Lease())
        free = budget.amount - book.spent - book.held if budget.hard else want
        holders = book.holders(worker)
        if free >= want:
            size = max(want, free // (2 * (len(holders) + 1))) if budget.hard else 0
        elif holders and not recalled:
            return Recall(key, holders, want - max(0, free))
        elif free > 0 and free >= (want if least is None else least):
            size = free
        else:
            return Spent(key, budget.account, max(0, free), window(budget.period, budget.zone, key.since).until)
        if lease.buried:
            raise ValueError(f"{worker} was buried and asks for money")
        if size:
            self._keep([(key, worker, replace(lease, granted=lease.granted + size))])
        lease = book.leases.get(worker, lease)
        return Grant(worker, key, lease.granted, book.spent - lease.spent)

    def heard(self, report: Report) -> None:
        """What a worker said of a slice. The highest total of each kind counts; who is buried is not heard any more."""
        book = self._book(report.key)
        lease = book.leases.get(report.worker, Lease())
        if lease.buried:
            return
        spent, released = max(lease.spent, report.spent), max(lease.released, report.released)
        if (spent, released) == (lease.spent, lease.released):
            return
        self._count(report.key, spent - lease.spent)
        book.put(report.worker, replace(lease, spent=spent, released=released))
        self._unwritten[report.key, report.worker] = None

    def bury(self, worker: str, totals: Mapping[Key, int]) -> None:
        """A worker is dead and its journal was read: ``totals`` is all that it spent (``Replay``). Its slices come back.

        Durable when it returns. Nothing of that life is heard afterwards; burying twice changes nothing.
        """
        keys = {key for key, book in self._books.items() if worker in book.leases} | totals.keys()
        buried: list[tuple[Key, str, Lease]] = []
        for key in keys:
            lease = self._book(key).leases.get(worker, Lease())
            if not lease.buried:
                spent = max(lease.spent, totals.get(key, 0))
                buried.append((key, worker, replace(lease, spent=spent, buried=True)))
        before = {key: self._book(key).leases.get(worker, Lease()).spent for key, _, _ in buried}
        self._keep(buried)
        for key, _, lease in buried:
            self._count(key, lease.spent - before[key])
        self._forget()

    def begin(self, key: Key, spent: int) -> None:
        """A budget is set in the middle of a period in which ``spent`` was spent already. Durable; once for each period."""
        if spent and BEFORE not in self._book(key).leases:
            self._keep([(key, BEFORE, Lease(granted=spent, spent=spent, buried=True))])

    def keep(self) -> None:
        """Write what was heard since the last time."""
        self._keep([])

    def change(self, budgets: Mapping[str, Budget]) -> list[Recall]:
        """Other budgets hold from now on. Where one became smaller than what is out, that has to be called back."""
        self._budgets = dict(budgets)
        recalls: list[Recall] = []
        for key, book in self._books.items():
            budget = budgets.get(key.budget)
            over = book.spent + book.held - budget.amount if budget is not None and budget.hard else 0
            if over > 0 and book.holders(""):
                recalls.append(Recall(key, book.holders(""), over))
        return recalls

    def standing(self, budget: str) -> Standing:
        """How a budget stands in the period that runs now. KeyError for one that nobody set."""
        one = self._budgets[budget]
        within = window(one.period, one.zone, self._clock.now())
        book = self._books.get(Key(budget, within.since), Book())
        return Standing(one, book.spent, book.held, within.until)

    def elsewhere(self, worker: str) -> list[Elsewhere]:
        """What others than a worker spent of each soft budget in the period that runs now, where they spent anything."""
        found: list[Elsewhere] = []
        for one in self._budgets.values():
            if one.hard:
                continue
            key = Key(one.id, window(one.period, one.zone, self._clock.now()).since)
            book = self._books.get(key)
            if book is not None and (spent := book.spent - book.leases.get(worker, Lease()).spent):
                found.append(Elsewhere(key, spent))
        return found

    def workers(self) -> frozenset[str]:
        """Every life of a worker that something is out with; those of them that are dead have to be buried."""
        return frozenset(
            worker for book in self._books.values() for worker, lease in book.leases.items() if not lease.buried
        )

    def _book(self, key: Key) -> Book:
        return self._books.setdefault(key, Book())

    def _count(self, key: Key, spent: int) -> None:
        if spent:
            hour = self._clock.now().replace(minute=0, second=0, microsecond=0)
            self._hours[key.budget, stamp(hour)] += spent

    def _keep(self, changed: Iterable[tuple[Key, str, Lease]]) -> None:
        """Make changes durable together with all that was heard, and only then true."""
        changed = list(changed)
        heard = [(key, worker, self._books[key].leases[worker]) for key, worker in self._unwritten]
        hours = dict(self._hours)
        if not changed and not heard and not hours:
            return

        def rows(connection: Connection) -> None:
            write_leases(connection, [*heard, *changed])
            write_hours(connection, hours)

        self._write(rows)
        for key, worker, lease in changed:
            self._book(key).put(worker, lease)
        self._unwritten.clear()
        self._hours.clear()

    def _forget(self) -> None:
        """Let go of periods that are over and in which everybody was buried."""
        now = self._clock.now()
        for key, book in list(self._books.items()):
            budget = self._budgets.get(key.budget)
            over = budget is None or not window(budget.period, budget.zone, now).since <= key.since
            if over and all(lease.buried for lease in book.leases.values()):
                del self._books[key]
