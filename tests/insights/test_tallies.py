"""What is counted from the receipts: each once, whatever happens in between."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from tests.house import CALLS_OUT, DAY, HOUR, PAGE, Doorway

from greenlane.deploys.actions import Deploy, Rollback
from greenlane.govern.actions import Approve, Confirm, Decline
from greenlane.govern.actor import Actor
from greenlane.insights import figures, tallying
from greenlane.insights.reading import Tallies, counted_to
from greenlane.insights.tables import SPOT, STREAK, TALLY
from greenlane.ledger import queries as ledger

LEAKING = {**PAGE, "app.js": b"const key = 'ghp_" + b"aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3hJ6" + b"'"}
CUSTOMERS = {
    **PAGE,
    "people.html": b"<table>" + b"".join(b"<tr><td>person%d@corp.io</td></tr>" % n for n in range(9)),
}


@pytest.fixture
def ben(doorway: Doorway) -> Actor:
    return doorway.hire("Ben Builder", "builder")


@pytest.fixture
def rita(doorway: Doorway) -> Actor:
    return doorway.hire("Rita Reviewer", "reviewer")


def looked(doorway: Doorway, days: int = 30) -> figures.Overview:
    doorway.control.tallies.catch_up()
    with doorway.control.database.read() as connection:
        return figures.overview(connection, doorway.clock.now(), days, counted_to(connection))


def every_tally(doorway: Doorway) -> list[Any]:
    with doorway.control.database.read() as connection:
        return list(connection.execute(select(TALLY).order_by(TALLY.c.kind, TALLY.c.day, TALLY.c.name)))


def streaks(doorway: Doorway) -> dict[str, int]:
    doorway.control.tallies.catch_up()
    with doorway.control.database.read() as connection:
        return {row.policy: row.approved for row in connection.execute(select(STREAK))}


def asks_and_gets(doorway: Doorway, ben: Actor, rita: Actor, answer: Any = Approve) -> None:
    request = doorway.publishes(ben, "public").request
    assert request is not None
    doorway.clock.forward(HOUR)
    doorway.does(rita, answer(request, "looked at it"))


def test_each_receipt_is_counted_once_however_often_one_looks(doorway: Doorway, ben: Actor):
    doorway.deploys(ben)
    doorway.control.tallies.catch_up()
    before = every_tally(doorway)
    doorway.control.tallies.catch_up()
    assert every_tally(doorway) == before
    doorway.publishes(ben, "team")
    assert looked(doorway).published == 1


def test_what_was_counted_and_how_far_are_kept_together_or_not_at_all(doorway: Doorway, ben: Actor):
    doorway.deploys(ben)
    control = doorway.control
    control.tallies.catch_up()
    before = every_tally(doorway)
    doorway.publishes(ben, "team")

    def breaks(rows: Any) -> None:
        def and_then_the_power_fails(connection: Any) -> None:
            rows(connection)
            raise ZeroDivisionError

        control.ledger.write(and_then_the_power_fails)

    with pytest.raises(ZeroDivisionError):
        Tallies(control.database, breaks).catch_up()
    assert every_tally(doorway) == before
    Tallies(control.database, control.ledger.write).catch_up()  # a restart
    assert looked(doorway).published == 1


def test_much_is_counted_bit_by_bit(doorway: Doorway, ben: Actor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("greenlane.insights.reading.AT_ONCE", 3)
    doorway.deploys(ben)
    assert doorway.control.tallies.catch_up(pages=1) is True
    with doorway.control.database.read() as connection:
        assert counted_to(connection) == 2
    assert doorway.control.tallies.catch_up() is False
    with doorway.control.database.read() as connection:
        assert counted_to(connection) == ledger.size(connection) - 1


def test_lanes_count_decisions_about_apps_and_an_approved_one_once(doorway: Doorway, ben: Actor, rita: Actor):
    doorway.deploys(ben)  # two: the app, the deploy
    asks_and_gets(doorway, ben, rita)
    doorway.deploys(ben, files=LEAKING)
    found = looked(doorway)
    assert {lane: found.lane(lane) for lane in figures.LANES} == {"green": 2, "amber": 0, "red": 1, "closed": 1}
    assert len(found.days) == len(found.lanes["green"]) == 30
    assert found.elsewhere > 0
    assert found.outcomes == {"approved": 1}
    assert found.asked_by == {"public-first-time": 1}


def test_the_time_from_a_wish_to_live_counts_the_waiting(doorway: Doorway, ben: Actor, rita: Actor):
    doorway.deploys(ben)
    doorway.clock.forward(2 * HOUR)
    asks_and_gets(doorway, ben, rita)
    found = looked(doorway)
    assert found.live.number == 1
    assert found.live.within(0.5) == 4 * 3600
    assert found.waited.within(0.9) == 7200
    doorway.publishes(ben)  # the same work again is not another wish
    assert looked(doorway).live.number == 1


def test_what_waits_now_is_told_with_its_age(doorway: Doorway, ben: Actor, rita: Actor):
    doorway.deploys(ben)
    doorway.publishes(ben, "public")
    found = looked(doorway)
    assert (found.waiting, found.waiting_since) == (1, found.days[-1] + found.waiting_since[10:])


def test_older_days_are_not_in_a_shorter_range(doorway: Doorway, ben: Actor):
    doorway.deploys(ben)
    doorway.clock.forward(8 * DAY)
    assert looked(doorway, 7).deploys == 0
    assert looked(doorway, 30).deploys == 1


def test_agents_and_people_are_told_apart(doorway: Doorway, ben: Actor):
    doorway.deploys(ben)
    agent = Actor("agent", "claude", on_behalf_of=ben.id)
    doorway.does(agent, Deploy("vendor-board", doorway.sends(agent)))
    found = looked(doorway)
    assert (found.deploys, found.deploys_by_agents) == (2, 1)
    assert found.owners == (("Ben Builder", 1),)


def test_a_row_of_approvals_grows_and_a_decline_or_a_rollback_ends_it(doorway: Doorway, ben: Actor, rita: Actor):
    doorway.deploys(ben)
    asks_and_gets(doorway, ben, rita)
    assert streaks(doorway) == {"public-first-time": 1}
    doorway.deploys(ben, files=CALLS_OUT)
    asks_and_gets(doorway, ben, rita)
    assert streaks(doorway) == {"public-first-time": 1, "public-beyond-approval": 1}
    doorway.does(ben, Rollback("vendor-board"))
    assert streaks(doorway) == {"public-first-time": 1}
    doorway.deploys(ben, "second")
    request = doorway.publishes(ben, "public", "second").request
    assert request is not None
    doorway.does(rita, Decline(request, "no"))
    assert streaks(doorway) == {}


def test_an_app_is_a_risk_spot_when_two_things_come_together(doorway: Doorway, ben: Actor, rita: Actor):
    doorway.deploys(ben)
    doorway.publishes(ben, "team")
    assert looked(doorway).spots == ()
    doorway.deploys(ben, "customers", CUSTOMERS)
    request = doorway.publishes(ben, "public", "customers").request
    assert request is not None
    doorway.does(rita, Approve(request, "they are all invented"))
    (spot,) = looked(doorway).spots
    assert (spot.app, spot.marks) == ("customers", ("public", "personal"))
    doorway.deploys(ben, "customers", LEAKING)
    assert looked(doorway).spots[0].marks == ("public", "personal", "credential")


def test_what_went_live_unreviewed_is_marked(doorway: Doorway):
    doorway.deploys(doorway.owner)
    request = doorway.publishes(doorway.owner, "public").request
    assert request is not None
    doorway.does(doorway.owner, Confirm(request, "nobody else is here"))
    assert looked(doorway).spots[0].marks == ("public", "unreviewed")
    with doorway.control.database.read() as connection:
        assert connection.execute(select(SPOT.c.rung)).scalar_one() == "public"


def test_durations_say_within_what_a_share_of_them_lies():
    found = figures.Durations(((60, 3), (120, 0), (300, 1), (0, 1)))
    assert [found.within(share) for share in (0.5, 0.75, 0.8, 0.9)] == [60, 300, 300, 0]
    assert figures.Durations(()).within(0.5) is None
    assert tallying.step_of(60) == "60"
    assert tallying.step_of(61) == "120"
    assert tallying.step_of(10**9) == "0"
