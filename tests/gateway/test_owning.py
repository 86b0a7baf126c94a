"""The gateway's processes ask for money over their line: it is leased, called back, counted, and never given twice."""

from __future__ import annotations

import queue
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection
from tests.gateway.recorded import written

from greenlane.gateway import owning
from greenlane.gateway.budgets import saying
from greenlane.gateway.budgets.account import Account, Budget, Kind
from greenlane.gateway.budgets.messages import Elsewhere, Key, Report
from greenlane.gateway.budgets.owner import Rows
from greenlane.gateway.budgets.period import EVER, Period
from greenlane.gateway.budgets.setting import put_accounts, put_budget
from greenlane.gateway.owning import Owning
from greenlane.gateway.queries.budgets import standings
from greenlane.kit.clock import FakeClock
from greenlane.kit.database import Database
from greenlane.kit.errors import Unavailable
from greenlane.kit.feed.authority import Follower

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
KEY = Key("b_1", EVER)


class Line(Follower):
    """A process of the gateway at the other end of a line that is plain memory."""

    def __init__(self, owning: Owning, worker: str) -> None:
        super().__init__()
        self.owning, self.worker = owning, worker
        self.heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.says({"type": "hello", "slot": 0, "worker": worker})

    def tell(self, message: Any) -> None:
        self.heard.put(message)

    def says(self, message: dict[str, Any]) -> None:
        self.owning.hear(self, message)

    def asks(self, want: int, number: int = 1, least: int | None = None) -> None:
        least = want if least is None else least
        self.says({"type": "ask", "number": number, **saying.of_key(KEY), "want": want, "least": least})

    def reports(self, spent: int, released: int, **more: Any) -> None:
        self.says({"type": "report", **saying.of_report(Report(self.worker, KEY, spent, released)), **more})

    def next(self) -> Any:
        return self.heard.get(timeout=5)

    @property
    def quiet(self) -> bool:
        return self.heard.empty()


class Bank:
    """A budget of 1,000 in the database, and its owner."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.away = False
        self.durably(lambda connection: put_accounts(connection, [Account("organisation", Kind.ORGANISATION)], NOW))
        self.sets(1_000)
        self.owning = self.opens()

    def opens(self) -> Owning:
        return Owning(self.database, self.durably, FakeClock(NOW))

    def sets(self, amount: int, *, hard: bool = True) -> None:
        budget = Budget("b_1", "organisation", amount, Period.TOTAL, hard=hard)
        self.durably(lambda connection: put_budget(connection, budget, "act_1", NOW))

    def durably(self, rows: Rows) -> None:
        if self.away:
            raise Unavailable("The database is away.")
        with self.database.engine.begin() as connection:
            rows(connection)


@pytest.fixture
def bank(database: Database) -> Bank:
    return Bank(database)


def test_money_is_leased_and_what_lies_idle_is_called_back(bank: Bank) -> None:
    one, two = Line(bank.owning, "w1"), Line(bank.owning, "w2")
    one.asks(600)
    assert one.next()["granted"] == 600
    two.asks(500, number=9)
    recall = one.next()
    assert (recall["type"], recall["missing"], recall["budget"]) == ("recall", 100, "b_1")
    assert two.quiet, "it waits until the other one has answered"
    one.reports(0, 0)
    assert two.quiet, "that was said before the question came, and answers nothing"
    one.reports(50, 400, recall=recall["recall"])
    answer = two.next()
    assert (answer["number"], answer["granted"], answer["elsewhere"]) == (9, 500, 50)


def test_who_is_asked_and_says_nothing_is_not_waited_for_longer_than_a_moment(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owning, "RECALL_WITHIN", 0.0)
    one, two = Line(bank.owning, "w1"), Line(bank.owning, "w2")
    one.asks(900)
    one.next()
    two.asks(500)
    bank.owning.go_on()
    answer = two.next()
    assert (answer["left"], answer["account"], answer["resets_at"]) == (100, "organisation", None)
    two.asks(500, number=2)
    bank.owning.go_on()
    two.next()
    (noticed,) = bank.owning.notices
    assert (noticed["notice"], noticed["about"]) == ("budget-refuses", "b_1"), "kept once, however often it is met"


def test_whose_line_breaks_keeps_what_it_holds_and_is_not_waited_for(bank: Bank) -> None:
    one, two = Line(bank.owning, "w1"), Line(bank.owning, "w2")
    one.asks(900)
    one.next()
    two.asks(500)
    bank.owning.left(one)
    assert two.next()["left"] == 100
    two.asks(500, number=2)
    assert two.next()["left"] == 100, "nobody can be asked, and it is answered at once"
    again = Line(bank.owning, "w1")
    again.reports(20, 880)
    two.asks(500, number=3)
    assert two.next()["granted"] == 500


def test_a_dead_process_gives_back_what_its_journal_leaves(bank: Bank) -> None:
    one, two = Line(bank.owning, "w1"), Line(bank.owning, "w2")
    one.asks(900)
    one.next()
    bank.owning.left(one)
    bank.owning.bury("w1", {KEY: 30})
    two.asks(970)
    assert two.next()["granted"] == 970
    two.asks(1, number=2)
    assert two.next()["left"] == 0


def test_what_was_reported_is_confirmed_once_it_is_written(bank: Bank) -> None:
    one = Line(bank.owning, "w1")
    one.asks(600)
    one.next()
    one.reports(70, 0)
    bank.away = True
    with pytest.raises(Unavailable):
        bank.owning.keep()
    assert one.quiet
    bank.away = False
    bank.owning.keep()
    assert one.next() == {"type": "confirmed", **saying.of_report(Report("w1", KEY, 70, 0))}
    again = Line(bank.opens(), "w2")
    again.asks(400)
    assert again.next()["elsewhere"] == 70, "a new owner begins with the books"


def test_what_others_spent_of_a_soft_budget_is_told_to_everybody(bank: Bank) -> None:
    bank.sets(1_000, hard=False)
    bank.owning.change()
    one, two = Line(bank.owning, "w1"), Line(bank.owning, "w2")
    one.reports(70, 0)
    bank.owning.keep()
    assert one.next()["type"] == "confirmed"
    assert two.next() == {"type": "elsewhere", **saying.of_elsewhere(Elsewhere(KEY, 70))}
    bank.owning.keep()
    assert one.quiet
    assert two.quiet, "what is known is not said again"
    assert Line(bank.owning, "w3").next()["spent"] == 70, "who comes later hears it first of all"


def test_a_new_budget_counts_what_its_period_has_cost_already(bank: Bank) -> None:
    month, other = (Budget(f"b_{app}", f"app:{app}", 1_000, Period.MONTH) for app in ("board", "desk"))

    def rows(connection: Connection) -> None:
        put_accounts(connection, [Account(f"app:{app}", Kind.APP, "organisation") for app in ("board", "desk")], NOW)
        written(connection, "call_1", NOW, app="board", pico=300)
        written(connection, "call_2", NOW - timedelta(days=40), app="board", pico=9_000)
        for one in (month, other):
            put_budget(connection, one, "act_2", NOW)

    bank.durably(rows)
    bank.owning.change()
    bank.owning.change()
    with bank.database.read() as connection:
        spent = {one.budget.id: one.spent for one in standings(connection, NOW)}
    assert spent == {"b_1": 0, "b_board": 300, "b_desk": 0}
    key = Key("b_board", datetime(2026, 11, 1, tzinfo=UTC))
    line = Line(bank.opens(), "w1")
    line.says({"type": "ask", "number": 1, **saying.of_key(key), "want": 701, "least": 701})
    assert line.next()["left"] == 700, "an owner that starts anew knows it too"


def test_nothing_is_granted_that_cannot_be_written(bank: Bank) -> None:
    one = Line(bank.owning, "w1")
    bank.away = True
    one.asks(10)
    assert one.quiet, "without an answer the gateway knows that control is away"
    bank.away = False
    one.asks(10, number=2)
    assert one.next()["number"] == 2


def test_a_smaller_budget_is_called_back_at_once(bank: Bank) -> None:
    one = Line(bank.owning, "w1")
    one.asks(800)
    one.next()
    bank.sets(100)
    bank.owning.change()
    recall = one.next()
    assert (recall["type"], recall["missing"]) == ("recall", 700)
    one.reports(0, 700, recall=recall["recall"])
    one.asks(50, number=2)
    assert one.next()["left"] == 0


def test_what_was_refused_before_a_budget_was_raised_is_not_told_of_the_new_one(bank: Bank) -> None:
    one = Line(bank.owning, "w1")
    one.asks(2_000)
    one.next()
    one.says({"type": "notice", "notice": "unpriced", "about": "openai/new"})
    noticed = [(said["notice"], said["about"]) for said in bank.owning.notices]
    assert noticed == [("budget-refuses", "b_1"), ("unpriced", "openai/new")]
    bank.owning.change()
    assert len(bank.owning.notices) == 2, "it is the same budget still"
    bank.sets(5_000)
    bank.owning.change()
    assert [said["notice"] for said in bank.owning.notices] == ["unpriced"]


def test_a_budget_that_ended_is_leased_to_nobody(bank: Bank) -> None:
    one = Line(bank.owning, "w1")
    one.says(
        {"type": "ask", "number": 1, "budget": "gone", "since": saying.of_key(KEY)["since"], "want": 1, "least": 1}
    )
    assert one.quiet


@pytest.mark.parametrize("nonsense", [{}, {"type": "ask"}, {"type": "report", "worker": "w1"}, {"type": "hello"}])
def test_nonsense_ends_the_conversation_and_nothing_else(bank: Bank, nonsense: dict[str, Any]) -> None:
    one = Line(bank.owning, "w1")
    with pytest.raises((KeyError, ValueError)):
        one.says(nonsense)
    one.asks(10)
    assert one.next()["granted"] >= 10


def test_many_processes_at_once_never_hold_more_than_there_is(bank: Bank) -> None:
    lines = [Line(bank.owning, f"w{n}") for n in range(8)]
    held = dict.fromkeys(lines, 0)
    over = threading.Event()

    def works(line: Line) -> None:
        for number in range(12):
            line.asks(40, number=number)
            while (said := line.next())["type"] == "recall":
                line.reports(0, 0, recall=said["recall"])
            held[line] = max(held[line], said.get("granted", 0))

    def looks_after() -> None:
        while not over.wait(0.05):
            bank.owning.go_on()

    threads = [threading.Thread(target=works, args=(line,)) for line in lines]
    caring = threading.Thread(target=looks_after)
    caring.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    over.set()
    caring.join()
    assert sum(held.values()) <= 1_000
