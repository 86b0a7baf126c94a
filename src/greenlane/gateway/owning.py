"""The owner of all budgets, as the gateway's processes reach it: they ask, it leases, calls back, and hears what was spent.

An answer that has to wait for others is kept in mind, and nobody's line is held meanwhile.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError

from greenlane.gateway.budgets import saying
from greenlane.gateway.budgets.account import Budget
from greenlane.gateway.budgets.books import read_books, read_budgets
from greenlane.gateway.budgets.messages import Elsewhere, Key, Recall, Report, Spent
from greenlane.gateway.budgets.owner import Owner, Rows
from greenlane.gateway.budgets.period import window
from greenlane.gateway.queries.calls import spent_since
from greenlane.kit.clock import Clock, stamp
from greenlane.kit.database import Database
from greenlane.kit.errors import GreenlaneError
from greenlane.kit.feed.authority import Follower

log = structlog.get_logger()

REFUSES, BEYOND, CHEAPER = "budget-refuses", "budget-spent", "went-cheaper"
OF_BUDGETS = (REFUSES, BEYOND, CHEAPER)
"""What is noticed of budgets: what is left of a hard one is too little for a call; a call went beyond a soft one; it went to
a cheaper name, because a soft one is spent.
"""
RECALL_WITHIN = 0.5
"""Seconds that a process has to give back what lies idle; after that it keeps it."""


@dataclass(slots=True)
class _Waiting:
    """A question that waits until others have given back what they do not need."""

    follower: Follower
    message: Mapping[str, Any]
    until: float
    workers: set[str] = field(default_factory=set)


class Owning:
    """Answers the gateway's processes. Thread-safe. ``write`` makes rows durable before it returns, or raises."""

    def __init__(self, database: Database, write: Callable[[Rows], None], clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._changing = threading.Lock()
        self._workers: dict[str, Follower] = {}
        self._waiting: dict[int, _Waiting] = {}
        self._recalls = 0
        self._told: dict[str, list[Elsewhere]] = {}
        self._unconfirmed: list[tuple[Follower, Report]] = []
        self.notices: list[Mapping[str, Any]] = []
        """What processes of the gateway said that somebody should hear of, each with when it was ``heard``; the oldest first."""
        with database.read() as connection:
            budgets = read_budgets(connection)
            self._known: Mapping[str, Budget] = budgets
            self._owner = Owner(budgets, read_books(connection, budgets, clock.now()), write, clock)

    def hear(self, follower: Follower, message: Mapping[str, Any]) -> None:
        """What a process says. One that makes no sense ends the conversation with a KeyError, TypeError or ValueError."""
        with self._lock:
            match message["type"]:
                case "hello":
                    self._workers[str(message["worker"])] = follower
                    self._told.pop(str(message["worker"]), None)
                    self._tell_of_others()
                case "ask":
                    self._answer(_Waiting(follower, message, 0.0), recalled=False)
                case "report":
                    self._hear_report(follower, message)
                case "notice":
                    told = {name: value for name, value in message.items() if name not in ("type", "notice")}
                    log.warning("the gateway noticed something", what=message["notice"], **told)
                    self._noticed(message)

    def _noticed(self, message: Mapping[str, Any]) -> None:
        """The same thing about the same is kept once, as it was heard last."""
        which = (message["notice"], message["about"])
        others = [one for one in self.notices if (one["notice"], one["about"]) != which]
        self.notices = [*others[-99:], {**message, "heard": stamp(self._clock.now())}]

    def _forget_of(self, changed: Collection[str]) -> None:
        """What was noticed of a budget as it was says nothing of it as it is now."""
        self.notices = [one for one in self.notices if one["notice"] not in OF_BUDGETS or one["about"] not in changed]

    def left(self, follower: Follower) -> None:
        """A process went, or only its line did. What it holds stays out until its journal says what became of it."""
        with self._lock:
            gone = {worker for worker, one in self._workers.items() if one is follower}
            for worker in gone:
                del self._workers[worker]
                self._told.pop(worker, None)
            for number, waiting in list(self._waiting.items()):
                waiting.workers -= gone
                if waiting.follower is follower:
                    del self._waiting[number]
            self._go_on()

    def change(self) -> None:
        """Other budgets may hold than before. Where one became smaller than what is out, that is called back.

        What was spent since its period began counts in a new one too: who sets so much for a month means that month.
        One change is whole before the next one reads, so that what was read first is never what holds last.
        """
        with self._changing:
            self._change()

    def _change(self) -> None:
        with self._database.read() as connection:
            budgets = read_budgets(connection)
            new = [one for name, one in budgets.items() if name not in self._known]
            since = {one: window(one.period, one.zone, self._clock.now()).since for one in new}
            before = {Key(one.id, at): spent_since(connection, one.account, at) for one, at in since.items()}
        with self._lock:
            self._forget_of({name for name, one in budgets.items() if one != self._known.get(name)})
            self._known = budgets
            recalls = self._owner.change(budgets)
            for key, spent in before.items():
                self._owner.begin(key, spent)
            for recall in recalls:
                self._call_back(recall, 0)

    def bury(self, worker: str, totals: Mapping[Key, int]) -> None:
        """A process is dead, and these are all its records. What it held comes back."""
        with self._lock:
            self._workers.pop(worker, None)
            self._owner.bury(worker, totals)

    def go_on(self) -> None:
        """To be called a few times a second: nobody waits for ever."""
        with self._lock:
            self._go_on()

    def keep(self) -> None:
        """To be called each second: what was heard is written down and confirmed, and others are told of it."""
        with self._lock:
            heard, self._unconfirmed = self._unconfirmed, []
            try:
                self._owner.keep()
            except (GreenlaneError, DBAPIError):
                self._unconfirmed = heard
                raise
            for follower, report in heard:
                follower.tell({"type": "confirmed", **saying.of_report(report)})
            self._tell_of_others()

    def _tell_of_others(self) -> None:
        """Tell every process what others spent of soft budgets, where it changed: nobody asks for money of those."""
        for worker, follower in self._workers.items():
            found = self._owner.elsewhere(worker)
            before = self._told.get(worker, [])
            for one in found:
                if one not in before:
                    follower.tell({"type": "elsewhere", **saying.of_elsewhere(one)})
            self._told[worker] = found

    def _hear_report(self, follower: Follower, message: Mapping[str, Any]) -> None:
        report = saying.report(message)
        self._owner.heard(report)
        self._unconfirmed.append((follower, report))
        waiting = self._waiting.get(int(message.get("recall") or 0))
        if waiting is not None:
            waiting.workers.discard(report.worker)
            self._go_on()

    def _go_on(self) -> None:
        """Answer those who need not wait any longer."""
        now = time.monotonic()
        for number, one in list(self._waiting.items()):
            if not one.workers or one.until <= now:
                del self._waiting[number]
                self._answer(one, recalled=True)

    def _answer(self, asked: _Waiting, *, recalled: bool) -> None:
        message, key = asked.message, saying.key(asked.message)
        worker = next((name for name, one in self._workers.items() if one is asked.follower), None)
        if worker is None:
            raise ValueError("a process asks for money before it said who it is")
        try:
            found = self._owner.ask(worker, key, int(message["want"]), least=int(message["least"]), recalled=recalled)
        except (GreenlaneError, DBAPIError) as error:  # without an answer the gateway says that control is away
            log.warning("nothing can be leased while the database is away", error=repr(error))
            return
        except KeyError:  # it ended a moment ago; the gateway hears so, and the caller may try again
            log.info("a budget was asked for that holds no longer", budget=key.budget)
            return
        if isinstance(found, Recall):
            self._recalls += 1
            asked.until = time.monotonic() + RECALL_WITHIN
            self._waiting[self._recalls] = asked
            asked.workers = self._call_back(found, self._recalls)
            self._go_on()
            return
        if isinstance(found, Spent):
            self._noticed({"notice": REFUSES, "about": found.key.budget})
        asked.follower.tell({"type": "answer", "number": message["number"], **saying.of_answer(found)})

    def _call_back(self, recall: Recall, number: int) -> set[str]:
        """Ask these workers for what lies idle; which of them can be asked."""
        there = {worker for worker in recall.workers if worker in self._workers}
        for worker in there:
            said = {"type": "recall", "recall": number, **saying.of_key(recall.key), "missing": recall.missing}
            self._workers[worker].tell(said)
        return there
