"""What needs a look is told once for each thing and period, to those who answer for it, and can be dismissed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection
from tests.gateway.setting_up import provider
from tests.house import Doorway

from greenlane.catalog.actions import CreateApp
from greenlane.gateway import accounts
from greenlane.gateway.alerts.actions import DismissAlert, TellOfModels
from greenlane.gateway.alerts.queries import Alert, alerts
from greenlane.gateway.alerts.watching import Watching
from greenlane.gateway.budgets.account import Budget
from greenlane.gateway.budgets.actions import EndBudget, SetBudget
from greenlane.gateway.budgets.books import Lease, read_accounts, write_leases
from greenlane.gateway.budgets.messages import Key
from greenlane.gateway.budgets.period import window
from greenlane.gateway.prices.money import PICO
from greenlane.govern.actor import Actor
from greenlane.govern.decision import Lane
from greenlane.govern.errors import NotFound, WrongInput
from greenlane.identity.actions import RenamePerson
from greenlane.kit.clock import stamp
from greenlane.notices import queries as notices
from greenlane.notices.actions import AddWebhook


class Watched:
    """The platform, and somebody who looks after alerts. ``told`` is what stands there for a person."""

    def __init__(self, doorway: Doorway) -> None:
        self.doorway = doorway
        self.control = doorway.control
        self.watching = Watching(doorway.door, doorway.control.database, doorway.clock)

    def spends(self, dollars: float) -> None:
        """All budgets have so much spent in the period that runs."""

        def rows(connection: Connection) -> None:
            budgets, _ = read_accounts(connection)
            write_leases(connection, [(self._key(one), "w", _lease(dollars)) for one in budgets.values()])

        self.control.ledger.write(rows)

    def looks(self, *noticed: dict[str, Any]) -> None:
        """A round, long enough after the one before."""
        self.doorway.clock.forward(10)
        heard = stamp(self.doorway.clock.now())
        self.watching.round([{**one, "heard": heard} for one in noticed])

    def alerts(self, who: Actor) -> list[Alert]:
        with self.control.database.read() as connection:
            return alerts(connection, who.person or "", self.doorway.clock.now())

    def told(self, who: Actor) -> list[str]:
        return [one.says for one in self.alerts(who)]

    def budget(self) -> str:
        with self.control.database.read() as connection:
            ((name, _),) = read_accounts(connection)[0].items()
        return name

    def _key(self, one: Budget) -> Key:
        return Key(one.id, window(one.period, one.zone, self.doorway.clock.now()).since)


def _lease(dollars: float) -> Lease:
    spent = round(dollars * PICO)
    return Lease(granted=spent, spent=spent)


@pytest.fixture
def watched(doorway: Doorway) -> Watched:
    return Watched(doorway)


@pytest.fixture
def ben(doorway: Doorway) -> Actor:
    """Who owns an app that has a budget."""
    ben = doorway.hire("Ben Builder", "builder")
    doorway.does(ben, CreateApp("board"))
    doorway.does(doorway.owner, SetBudget(dollars="10", app="board", period="month"))
    return ben


def test_a_budget_is_told_when_it_is_nearly_spent_and_when_it_is_spent(watched: Watched, ben: Actor) -> None:
    watched.spends(7.9)
    watched.looks()
    assert watched.told(ben) == []
    watched.spends(8)
    watched.looks()
    watched.spends(8.5)
    watched.looks()
    (nearly,) = watched.told(ben)
    assert nearly.startswith("The budget of board is nearly spent, $8.00 of $10.00. It begins anew at ")
    watched.spends(10)
    watched.looks()
    assert [one.partition(", ")[0] for one in watched.told(ben)] == [
        "The budget of board is spent",
        "The budget of board is nearly spent",
    ]
    assert watched.told(watched.doorway.owner) == watched.told(ben), "whoever keeps the platform hears of it too"


def test_what_is_left_of_a_hard_budget_can_be_too_little_for_any_call(watched: Watched, ben: Actor) -> None:
    watched.spends(9.5)
    watched.looks({"notice": "budget-refuses", "about": watched.budget()})
    (says,) = watched.told(ben)
    assert says.startswith("The budget of board is spent, $9.50 of $10.00, and calls are refused.")


def test_a_budget_that_is_too_small_for_one_dear_call_is_not_said_to_be_spent(watched: Watched, ben: Actor) -> None:
    watched.spends(4)
    watched.looks({"notice": "budget-refuses", "about": watched.budget()})
    (says,) = watched.told(ben)
    assert says.startswith("A call could cost more than is left of the budget of board, $4.00 of $10.00 spent, and was")
    watched.spends(10)
    watched.looks()
    assert watched.told(ben)[0].startswith("The budget of board is spent, $10.00 of $10.00"), (
        "nobody was told of that yet"
    )


def test_a_soft_budget_says_that_calls_go_on(watched: Watched, ben: Actor) -> None:
    watched.doorway.does(watched.doorway.owner, SetBudget(dollars="10", app="board", period="month", soft=True))
    watched.spends(11)
    watched.looks()
    (says,) = watched.told(ben)
    assert "The soft budget of board is spent, $11.00 of $10.00, and calls go on." in says


def test_each_is_told_once_in_its_period_whoever_asks_and_however_often(watched: Watched, ben: Actor) -> None:
    watched.spends(10)
    for _ in range(3):
        watched.looks()
    Watching(watched.doorway.door, watched.control.database, watched.doorway.clock).round([])
    assert len(watched.told(ben)) == 1, "after a restart, too"
    watched.doorway.clock.forward(timedelta(days=32).total_seconds())
    assert watched.told(ben) == [], "its period is over"
    watched.spends(10)
    watched.looks()
    assert len(watched.told(ben)) == 1
    assert len([one for one in watched.doorway.receipts("tell-of-models") if one.half == "settled"]) == 2


def test_a_budget_that_was_raised_or_ended_is_not_told_as_spent(watched: Watched, ben: Actor) -> None:
    owner = watched.doorway.owner
    watched.spends(10)
    watched.looks()
    watched.doorway.does(owner, SetBudget(dollars="100", app="board", period="month"))
    assert watched.told(ben) == []
    watched.spends(100)
    watched.looks()
    assert "$100.00 of $100.00" in watched.told(ben)[0]
    watched.doorway.does(owner, EndBudget(app="board", period="month"))
    assert watched.told(ben) == []


def test_trouble_with_providers_reaches_those_who_keep_the_platform(watched: Watched, ben: Actor) -> None:
    watched.control.ledger.write(lambda connection: provider(connection, "openai"))
    met: Iterable[dict[str, Any]] = (
        {"notice": "provider-rests", "about": "openai", "status": 529},
        {"notice": "unpriced", "about": "openai/org/new"},
        {"notice": "somebody-else-s-business", "about": "x"},
    )
    watched.looks(*met)
    assert sorted(watched.told(watched.doorway.owner)) == [
        "openai is in trouble and is tried after all others for a while.",
        "org/new of openai has no price, so twice the dearest one there is set aside.",
    ]
    assert watched.told(ben) == []
    watched.doorway.clock.forward(timedelta(days=2).total_seconds())
    assert watched.told(watched.doorway.owner) == [
        "org/new of openai has no price, so twice the dearest one there is set aside."
    ]


def test_an_alert_is_dismissed_by_somebody_whom_it_reached(watched: Watched, ben: Actor) -> None:
    watched.spends(10)
    watched.looks()
    (alert,) = watched.alerts(ben)
    rita = watched.doorway.hire("Rita Reviewer", "reviewer")
    with pytest.raises(NotFound):
        watched.doorway.does(rita, DismissAlert(alert.id))
    watched.doorway.does(ben, DismissAlert(alert.id))
    watched.looks()
    assert watched.told(watched.doorway.owner) == []
    with pytest.raises(NotFound):
        watched.doorway.does(ben, DismissAlert("alert_x"))


def test_people_hear_of_it_by_mail_and_webhooks_are_told(watched: Watched, ben: Actor) -> None:
    doorway = watched.doorway
    doorway.does(doorway.owner, RenamePerson(ben.id, email="ben@example.com"))
    doorway.does(doorway.owner, AddWebhook("https://hooks.example.com/x", about=("models",)))
    watched.spends(10)
    watched.looks()
    doorway.control.notices.catch_up()
    with doorway.control.database.read() as connection:
        assert [one.kind for one in notices.notices(connection, ben.id)] == ["models"]
    doorway.control.postman.round()
    ((to, mail),) = doorway.control.mailer.sent
    assert to == "ben@example.com"
    assert mail["Subject"].startswith("The budget of board is spent, $10.00 of $10.00, and calls are refused.")
    with doorway.control.database.read() as connection:
        (hook,) = notices.webhooks(connection)
        assert notices.last_to(connection, hook.id) is not None


def test_a_person_s_own_budget_names_nobody(watched: Watched) -> None:
    bea = watched.doorway.hire("Bea Builder", "builder")
    watched.doorway.does(watched.doorway.owner, SetBudget(dollars="1", person=bea.id, period="day"))
    watched.spends(1)
    watched.looks()
    (alert,) = watched.alerts(bea)
    assert alert.account == accounts.of_person(bea.id)
    assert "Bea" not in alert.says


def test_nobody_but_the_platform_tells(watched: Watched) -> None:
    tell = TellOfModels("unpriced", "a/b", "x", "", "It is so.")
    _, decision = watched.doorway.door.explain(watched.doorway.owner, tell)
    assert decision.lane is Lane.CLOSED
    with pytest.raises(WrongInput):
        TellOfModels("else", "a/b", "x", "", "It is so.")
