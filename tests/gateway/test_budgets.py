"""No order of calls, messages, deaths and restarts spends more than there is; and what is there can be spent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import StaticPool

from greenlane.gateway import bounds, tables
from greenlane.gateway.bounds import Bound
from greenlane.gateway.budgets.account import MOST, Account, Accounts, Budget, Kind
from greenlane.gateway.budgets.books import Lease, read_accounts, read_books, read_hours, write_leases
from greenlane.gateway.budgets.messages import Grant, Key, Recall, Report, Spent
from greenlane.gateway.budgets.owner import Owner, Rows
from greenlane.gateway.budgets.period import Period, window
from greenlane.gateway.budgets.purse import Purse, Reservation, Short
from greenlane.gateway.budgets.replay import Replay
from greenlane.gateway.budgets.securing import Ask, Secured, secure
from greenlane.gateway.budgets.setting import end_budget, put_accounts, put_budget
from greenlane.gateway.prices.rates import Rates
from greenlane.gateway.wires.asked import Asked
from greenlane.govern.errors import WrongInput
from greenlane.kit.clock import FakeClock
from greenlane.kit.database import Database

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass
class Worker:
    """One life of a worker: its purse, its journal, and the calls that it has open."""

    purse: Purse
    journal: Replay = field(default_factory=Replay)
    open: dict[str, Reservation] = field(default_factory=dict)
    alive: bool = True


class House:
    """An owner and its workers, with the messages between them carried by hand."""

    def __init__(self, budgets: list[Budget], write: object, clock: FakeClock) -> None:
        self.budgets = {one.id: one for one in budgets}
        self.clock = clock
        self.write = write
        self.owner = Owner(self.budgets, {}, write, clock)  # type: ignore[arg-type]
        self.workers: dict[str, Worker] = {}
        self.calls = 0

    def worker(self, name: str) -> Worker:
        return self.workers.setdefault(name, Worker(Purse(name)))

    def reserve(self, name: str, pico: int, *, least: int | None = None) -> str | Short:
        """Money for a call that costs ``pico`` with a whole answer, and ``least`` with the shortest one."""
        worker = self.worker(name)
        shortest = pico if least is None else min(least, pico)
        steps = secure(
            worker.purse,
            list(self.budgets.values()),
            Bound(pico, pico, False, (), 0),
            shortest,
            lambda left: Bound(min(left, pico) if left >= shortest else pico, left, True, (), 0),
            self.clock.now,
        )
        found = self.drive(name, steps)
        if isinstance(found, Short):
            return found
        self.calls += 1
        call = f"call {self.calls}"
        worker.open[call] = found.reservation
        worker.journal.reserved(call, found.reservation.keys, found.reservation.pico)
        return call

    def drive(self, name: str, steps: Generator[Ask, Grant | Spent, Secured | Short]) -> Secured | Short:
        """Carry what a worker asks to the owner, and back."""
        try:
            ask = next(steps)
            while True:
                ask = steps.send(self.ask(name, ask))
        except StopIteration as end:
            return end.value

    def ask(self, name: str, ask: Ask) -> Grant | Spent:
        """What control does with a question: call back what lies idle elsewhere, then ask again."""
        answer = self.owner.ask(name, ask.key, ask.want, least=ask.least)
        if isinstance(answer, Recall):
            for other in answer.workers:
                report = (
                    self.workers[other].purse.release(ask.key, answer.missing) if self.workers[other].alive else None
                )
                if report is not None:
                    self.owner.heard(report)
            answer = self.owner.ask(name, ask.key, ask.want, least=ask.least, recalled=True)
        assert not isinstance(answer, Recall), "it is recalled once"
        return answer

    def settle(self, name: str, call: str, pico: int) -> None:
        worker = self.worker(name)
        worker.purse.settle(worker.open.pop(call), pico)
        worker.journal.settled(call, pico)

    def report(self, name: str) -> None:
        for report in self.worker(name).purse.reports():
            self.owner.heard(report)
            self.owner.keep()
            self.worker(name).purse.confirmed(report)

    def bury(self, name: str) -> None:
        self.owner.bury(name, self.worker(name).journal.totals())
        del self.workers[name]


def in_memory(rows: Rows) -> None:
    """Nobody restarts in these tests."""


def total(amount: int, name: str = "all", period: Period = Period.TOTAL, *, hard: bool = True) -> Budget:
    return Budget(name, "organisation", amount, period, hard=hard)


class Anything(RuleBasedStateMachine):
    """Workers reserve, settle, report, die and are buried in any order; messages come late, twice or never."""

    @initialize(amounts=some.tuples(some.integers(0, 400), some.integers(0, 400)))
    def begin(self, amounts: tuple[int, int]) -> None:
        self.engine = create_engine("sqlite://", poolclass=StaticPool)
        self.clock = FakeClock(NOW)
        budgets = [total(amounts[0]), total(amounts[1], "daily", Period.DAY), total(100, "soft", hard=False)]
        made = [tables.ACCOUNT, tables.BUDGET, tables.LEASE, tables.HOUR]
        tables.LEASE.metadata.create_all(self.engine, tables=made)
        with self.engine.begin() as connection:
            write_budgets(connection, budgets)
        self.house = House(budgets, self.durably, self.clock)
        self.late: list[Report] = []
        self.lives = 0
        self.gone: Counter[Key] = Counter()

    def durably(self, rows: Rows) -> None:
        with self.engine.begin() as connection:
            rows(connection)

    def names(self, *, alive: bool) -> list[str]:
        return [name for name, one in self.house.workers.items() if one.alive is alive]

    @rule()
    def a_worker_starts(self) -> None:
        if len(self.names(alive=True)) < 4:
            self.lives += 1
            self.house.worker(f"worker {self.lives}")

    @precondition(lambda self: self.names(alive=True))
    @rule(
        data=some.data(),
        calls=some.lists(some.integers(1, 80), min_size=1, max_size=6),
        least=some.none() | some.just(9),
    )
    def somebody_calls(self, data: some.DataObject, calls: list[int], least: int | None) -> None:
        for pico in calls:
            self.somebody_calls_once(data, pico, least)

    def somebody_calls_once(self, data: some.DataObject, pico: int, least: int | None) -> None:
        answer = self.house.reserve(data.draw(some.sampled_from(self.names(alive=True))), pico, least=least)
        if not isinstance(answer, str) and not self.names(alive=False):
            now = self.clock.now()
            left = min(
                budget.amount - self.out()[key]
                for name, budget in self.house.budgets.items()
                if budget.hard
                for key in [Purse("looking")._current(budget, now).key]
                if key.budget == name
            )
            assert left < (pico if least is None else min(least, pico)), "what is there can be had, wherever it lies"

    @precondition(lambda self: any(one.open and one.alive for one in self.house.workers.values()))
    @rule(data=some.data())
    def a_call_ends(self, data: some.DataObject) -> None:
        name = data.draw(some.sampled_from([n for n in self.names(alive=True) if self.house.workers[n].open]))
        call = data.draw(some.sampled_from(sorted(self.house.workers[name].open)))
        self.house.settle(name, call, data.draw(some.integers(0, self.house.workers[name].open[call].pico)))

    @precondition(lambda self: self.names(alive=True))
    @rule(data=some.data(), arrives=some.booleans(), confirmed=some.booleans())
    def a_worker_reports(self, data: some.DataObject, arrives: bool, confirmed: bool) -> None:
        worker = self.house.workers[data.draw(some.sampled_from(self.names(alive=True)))]
        for report in worker.purse.reports():
            self.late.append(report)
            if arrives:
                self.house.owner.heard(report)
                if confirmed:
                    self.house.owner.keep()
                    worker.purse.confirmed(report)

    @precondition(lambda self: self.late)
    @rule(data=some.data())
    def an_old_message_comes_again(self, data: some.DataObject) -> None:
        self.house.owner.heard(data.draw(some.sampled_from(self.late)))

    @precondition(lambda self: self.names(alive=True))
    @rule(data=some.data())
    def a_worker_is_killed(self, data: some.DataObject) -> None:
        self.house.workers[data.draw(some.sampled_from(self.names(alive=True)))].alive = False

    @precondition(lambda self: self.names(alive=False))
    @rule(data=some.data())
    def a_dead_worker_is_buried(self, data: some.DataObject) -> None:
        name = data.draw(some.sampled_from(self.names(alive=False)))
        self.gone.update(self.house.workers[name].journal.totals())
        self.house.bury(name)

    @precondition(lambda self: self.names(alive=True))
    @rule(data=some.data(), missing=some.integers(0, 400))
    def a_release_is_lost_on_its_way(self, data: some.DataObject, missing: int) -> None:
        worker = self.house.workers[data.draw(some.sampled_from(self.names(alive=True)))]
        for key in {one.key for one in worker.purse._slices.values() if one.budget.hard}:
            report = worker.purse.release(key, missing)
            assert report is not None
            self.late.append(report)
        self.reported_again()

    def reported_again(self) -> None:
        """What a worker gave back and nobody heard is said again with its next report, as everything is."""
        for name in self.names(alive=True):
            self.house.report(name)

    @rule()
    def the_owner_starts_again(self) -> None:
        with self.engine.connect() as connection:
            budgets, _ = read_accounts(connection)
            books = read_books(connection, budgets, self.clock.now())
        assert budgets == self.house.budgets
        self.house.owner = Owner(budgets, books, self.durably, self.clock)
        self.reported_again()

    @rule(hours=some.integers(1, 30))
    def time_passes(self, hours: int) -> None:
        self.clock.forward(hours * 3_600)

    def out(self) -> Counter[Key]:
        """What was spent, by the journals alone, with open calls in full."""
        spent = self.gone.copy()
        for worker in self.house.workers.values():
            spent.update(worker.journal.totals())
        return spent

    @invariant()
    def nothing_is_overspent(self) -> None:
        for key, spent in self.out().items() if hasattr(self, "house") else ():
            budget = self.house.budgets[key.budget]
            assert spent <= budget.amount or not budget.hard

    def teardown(self) -> None:
        if not hasattr(self, "house"):
            return
        for name in list(self.house.workers):
            self.gone.update(self.house.workers[name].journal.totals())
            self.house.bury(name)
        for name in self.house.budgets:
            standing = self.house.owner.standing(name)
            key = Purse("looking")._current(standing.budget, self.clock.now()).key
            assert (standing.spent, standing.held) == (self.gone[key], 0), "the books say what the journals say"
        self.engine.dispose()


Anything.TestCase.settings = settings(
    max_examples=60, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)
)
TestAnything = Anything.TestCase


def write_budgets(connection: Connection, budgets: list[Budget]) -> None:
    put_accounts(connection, [Account(one, Kind.ORGANISATION) for one in {one.account for one in budgets}], NOW)
    for one in budgets:
        put_budget(connection, one, "act_1", NOW)


def test_a_small_budget_is_spent_to_the_last_call_by_many_workers() -> None:
    house = House([total(1_000)], in_memory, FakeClock(NOW))
    done = 0
    for turn in range(200):
        name = f"worker {turn % 16}"
        answer = house.reserve(name, 60)
        if isinstance(answer, str):
            house.settle(name, answer, 7)
            done += 1
    assert done == (1_000 - 60) // 7 + 1, "the last call is the one after which no worst case fits any more"


def test_whoever_comes_late_gets_what_lies_idle_elsewhere() -> None:
    house = House([total(1_000)], in_memory, FakeClock(NOW))
    first = house.reserve("early", 10)
    assert isinstance(first, str)
    assert house.worker("early").purse.left(house.budgets.values(), NOW) == 490, "half of it came with the first call"
    assert isinstance(house.reserve("late", 990), str)
    assert isinstance(house.reserve("early", 1), Short)


def test_what_is_left_is_told_with_the_moment_of_more() -> None:
    house = House([total(100, period=Period.DAY)], in_memory, FakeClock(NOW))
    assert isinstance(house.reserve("one", 80), str)
    answer = house.reserve("two", 30)
    assert isinstance(answer, Short)
    assert (answer.left, answer.account) == (20, "organisation")
    assert answer.resets_at == datetime(2026, 11, 23, tzinfo=UTC)
    house.clock.forward(12 * 3_600)
    assert isinstance(house.reserve("two", 30), str)


def test_as_much_as_there_is_can_be_asked_for() -> None:
    house = House([total(100)], in_memory, FakeClock(NOW))
    assert isinstance(house.reserve("one", 80), str)
    answer = house.owner.ask("two", Key("all", datetime(1970, 1, 1, tzinfo=UTC)), 50, least=20, recalled=True)
    assert isinstance(answer, Grant)
    assert answer.granted == 20


def test_a_dead_worker_s_slice_is_out_until_its_journal_was_read() -> None:
    house = House([total(1_000)], in_memory, FakeClock(NOW))
    call = house.reserve("one", 400)
    lost = house.reserve("one", 100)
    assert isinstance(call, str)
    assert isinstance(lost, str)
    house.settle("one", call, 50)
    house.workers["one"].alive = False
    assert isinstance(house.reserve("two", 600), Short)
    assert house.owner.workers() == {"one"}
    assert house.workers["one"].journal.unfinished() == {lost: 100}
    house.bury("one")
    assert house.owner.standing("all").spent == 150, "the call without an end is charged in full"
    assert isinstance(house.reserve("two", 850), str)
    house.owner.heard(Report("one", Key("all", datetime(1970, 1, 1, tzinfo=UTC)), 999, 0))
    assert house.owner.standing("all").spent == 150, "the dead are not heard"


def test_what_cannot_be_written_is_not_granted() -> None:
    def away(rows: Rows) -> None:
        raise ConnectionError

    house = House([total(1_000)], away, FakeClock(NOW))
    for _ in range(3):
        try:
            house.reserve("one", 10)
        except ConnectionError:
            assert house.owner.standing("all").held == 0
        else:
            raise AssertionError("a lease was given that nobody wrote down")


def test_a_small_budget_gives_shorter_answers_before_it_gives_none() -> None:
    house = House([total(10_000 * 15)], in_memory, FakeClock(NOW))
    rates = Rates(input=3, output=15)
    asked = Asked("openai-chat", "gpt-5", False, 4_096, 1, None, 200, 1, 0, (), (), None)
    answers: list[int] = []
    for turn in range(12):
        name = f"worker {turn % 3}"
        whole = bounds.bound(asked, rates)
        assert isinstance(whole, Bound)

        def clamped(left: int) -> Bound:
            found = bounds.bound(asked, rates, clamp_to=left)
            assert isinstance(found, Bound)
            return found

        worker = house.worker(name)
        steps = secure(
            worker.purse, list(house.budgets.values()), whole, bounds.least(whole, rates, 1), clamped, house.clock.now
        )
        found = house.drive(name, steps)
        if isinstance(found, Secured):
            Purse.settle(found.reservation, found.bound.pico)
            answers.append(found.bound.most)
    read = 728 * 3
    assert answers[:2] == [4_096, 4_096]
    assert 16 <= answers[2] < 4_096
    assert len(answers) == 3
    for name in house.workers:
        house.report(name)
    left = house.owner.standing("all").budget.amount - house.owner.standing("all").spent
    assert left < read + 16 * 15, "what is unused is less than the smallest useful call"


def test_one_short_budget_takes_nothing_from_the_others() -> None:
    house = House([total(1_000), total(5, "tiny")], in_memory, FakeClock(NOW))
    assert isinstance(house.reserve("one", 10), Short)
    assert isinstance(house.reserve("one", 5), str)
    assert house.owner.standing("all").held >= 5


def test_a_soft_budget_stops_nobody_and_says_that_it_is_spent() -> None:
    house = House([total(10, "soft", hard=False)], in_memory, FakeClock(NOW))
    first, second = house.reserve("one", 8), house.reserve("one", 8)
    assert isinstance(first, str)
    assert isinstance(second, str)
    assert house.worker("one").open[first].beyond == ()
    assert house.worker("one").open[second].beyond == ("soft",)
    house.settle("one", first, 3)
    house.report("one")
    assert house.owner.standing("soft").spent == 3


def test_a_call_that_cost_more_than_its_bound_is_owed() -> None:
    house = House([total(100)], in_memory, FakeClock(NOW))
    call = house.reserve("one", 90)
    assert isinstance(call, str)
    house.settle("one", call, 120)
    house.report("one")
    assert house.owner.standing("all").left == -20
    assert isinstance(house.reserve("one", 1), Short)


def test_a_call_is_settled_once() -> None:
    house = House([total(100)], in_memory, FakeClock(NOW))
    call = house.reserve("one", 90)
    assert isinstance(call, str)
    reservation = house.worker("one").open[call]
    Purse.settle(reservation, 1)
    with pytest.raises(ValueError, match="once"):
        Purse.settle(reservation, 1)


def test_a_smaller_budget_calls_back_what_is_out() -> None:
    house = House([total(1_000)], in_memory, FakeClock(NOW))
    assert isinstance(house.reserve("one", 100), str)
    smaller = {"all": total(200)}
    (recall,) = house.owner.change(smaller)
    assert recall == Recall(Key("all", datetime(1970, 1, 1, tzinfo=UTC)), ("one",), 300)
    report = house.worker("one").purse.release(recall.key, recall.missing)
    assert report is not None
    house.owner.heard(report)
    assert house.owner.standing("all").left == 0
    assert house.owner.change(smaller) == []


def test_books_are_kept_on_both_databases(database: Database) -> None:
    def durably(rows: Rows) -> None:
        with database.engine.begin() as connection:
            rows(connection)

    clock = FakeClock(NOW)
    budgets = [total(10**15), total(MOST, "daily", Period.DAY)]
    with database.engine.begin() as connection:
        write_budgets(connection, budgets)
    house = House(budgets, durably, clock)
    for cost in (10**12, 10**13, 7):
        call = house.reserve("one", 10**14)
        assert isinstance(call, str)
        house.settle("one", call, cost)
    house.report("one")
    clock.forward(3_600)
    with database.read() as connection:
        known, accounts = read_accounts(connection)
        again = Owner(known, read_books(connection, known, clock.now()), durably, clock)
        assert read_hours(connection, "all", clock.now(), 24) == [11 * 10**12 + 7]
    assert set(accounts.concerned("organisation")) == set(budgets)
    for name in known:
        assert again.standing(name) == house.owner.standing(name)
    assert again.standing("all").spent == 11 * 10**12 + 7


def test_books_are_read_of_as_many_budgets_as_apps_have_environments(database: Database) -> None:
    budgets = {f"b_{number}": total(10**12, f"b_{number}", Period.MONTH) for number in range(5_000)}
    now = NOW
    began = window(Period.MONTH, budgets["b_7"].zone, now).since
    with database.engine.begin() as connection:
        write_budgets(connection, [budgets["b_7"]])
        write_leases(connection, [(Key("b_7", began), "w_1", Lease(9, 4, 1, True))])
        write_leases(connection, [(Key("b_7", began - timedelta(days=400)), "w_2", Lease(3, 3, 0, True))])
        write_leases(connection, [(Key("b_7", began - timedelta(days=31)), "w_3", Lease(5, 2, 0, False))])
    with database.read() as connection:
        books = read_books(connection, budgets, now)
    assert sorted(key.since for key in books) == [began - timedelta(days=31), began]


def test_another_amount_leaves_what_was_spent(database: Database) -> None:
    team = Account("team:t_1", Kind.TEAM, "organisation")
    first = Budget("b_1", "team:t_1", 500, Period.MONTH, "Europe/Berlin")

    def durably(rows: Rows) -> None:
        with database.engine.begin() as connection:
            rows(connection)

    def known() -> dict[str, Budget]:
        with database.read() as connection:
            return read_accounts(connection)[0]

    durably(lambda connection: put_accounts(connection, [Account("organisation", Kind.ORGANISATION), team], NOW))
    durably(lambda connection: put_budget(connection, first, "act_1", NOW))
    house = House([first], durably, FakeClock(NOW))
    call = house.reserve("one", 300)
    assert isinstance(call, str)
    house.settle("one", call, 250)
    house.report("one")
    larger = replace(first, amount=900, hard=False)
    durably(lambda connection: put_budget(connection, larger, "act_2", NOW))
    assert known() == {"b_1": larger}
    with database.read() as connection:
        again = Owner(known(), read_books(connection, known(), NOW), durably, FakeClock(NOW))
    assert again.standing("b_1").spent == 250
    with pytest.raises(WrongInput, match="keeps its account, its period and its time zone"):
        durably(lambda connection: put_budget(connection, replace(first, period=Period.DAY), "act_3", NOW))
    durably(lambda connection: end_budget(connection, "b_1", "act_4", NOW))
    assert known() == {}


def test_an_account_may_move_to_another_parent(database: Database) -> None:
    accounts = [Account("organisation", Kind.ORGANISATION), Account("team:t_1", Kind.TEAM, "organisation")]
    app = Account("app:board", Kind.APP, "organisation")
    with database.engine.begin() as connection:
        put_accounts(connection, [*accounts, app], NOW)
        put_accounts(connection, [replace(app, parent="team:t_1")], NOW)
        for one in (*accounts, app):
            put_budget(connection, Budget(one.id, one.id, 1, Period.TOTAL), "act_1", NOW)
    with database.read() as connection:
        _, tree = read_accounts(connection)
    assert [one.account for one in tree.concerned("app:board")] == ["app:board", "team:t_1", "organisation"]


def test_a_call_concerns_every_account_above_its_spenders_once() -> None:
    accounts = [
        Account("organisation", Kind.ORGANISATION),
        Account("team:t_1", Kind.TEAM, "organisation"),
        Account("app:board", Kind.APP, "team:t_1"),
        Account("environment:board/staging", Kind.ENVIRONMENT, "app:board"),
        Account("person:p_1", Kind.PERSON, "organisation"),
    ]
    budgets = [Budget(one.id, one.id, 1, Period.MONTH) for one in accounts if one.kind is not Kind.TEAM]
    tree = Accounts(accounts, budgets)
    named = [one.account for one in tree.concerned("environment:board/staging", "person:p_1", "run:nobody")]
    assert named == ["environment:board/staging", "app:board", "organisation", "person:p_1"]


@pytest.mark.parametrize("amount", [-1, MOST + 1])
def test_a_budget_has_an_amount_that_can_be_counted(amount: int) -> None:
    with pytest.raises(WrongInput, match="between nothing and 9,000,000 dollars"):
        total(amount)


def test_a_journal_that_settles_what_it_never_began_is_not_whole() -> None:
    with pytest.raises(ValueError, match="never began"):
        Replay().settled("call 9", 1)


def test_time_in_a_purse_moves_on_while_calls_are_open() -> None:
    budget = total(100, period=Period.DAY)
    house = House([budget], in_memory, FakeClock(NOW))
    call = house.reserve("one", 60)
    assert isinstance(call, str)
    house.clock.forward(timedelta(days=1).total_seconds())
    assert isinstance(house.reserve("one", 100), str), "a new day has its own money"
    house.settle("one", call, 10)
    spent = {report.key.since.day: report.spent for report in house.worker("one").purse.reports()}
    assert spent == {22: 10}
    house.report("one")
    assert house.worker("one").purse.reports() == []
