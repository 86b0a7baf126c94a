"""Looking for receipts: each filter alone and together, page by page, and what somebody may see."""

from __future__ import annotations

import pytest
from tests.house import CALLS_OUT, DAY, HOUR, Doorway

from greenlane.catalog.actions import SetAudience
from greenlane.deploys.actions import Deploy
from greenlane.govern.actor import Actor
from greenlane.govern.errors import NotFound, Refused, WrongInput
from greenlane.insights import search
from greenlane.insights.search import Told, Wanted
from greenlane.insights.veiling import Sight
from greenlane.kit.clock import stamp
from greenlane.ledger import queries as ledger

ALL = Sight("", lambda right, subject: True)
"""Somebody from whom nothing is hidden."""


@pytest.fixture
def busy(doorway: Doorway) -> tuple[Doorway, Actor, Actor]:
    """Two builders, two apps, an agent, and a week between the first and the last day."""
    ben, nora = doorway.hire("Ben Builder", "builder"), doorway.hire("Nora Newcomer", "builder")
    doorway.deploys(ben)
    doorway.publishes(ben, "team")
    doorway.clock.forward(7 * DAY)
    agent = Actor("agent", "claude", on_behalf_of=nora.id)
    doorway.deploys(nora, "numbers", CALLS_OUT)
    doorway.does(agent, Deploy("numbers", doorway.sends(agent)))
    doorway.does(nora, SetAudience("numbers", "team"))
    doorway.control.tallies.catch_up()
    return doorway, ben, nora


def found(doorway: Doorway, wanted: Wanted, **asked: int | bool) -> list[Told]:
    with doorway.control.database.read() as connection:
        return search.tell(connection, search.find(connection, wanted, limit=500, **asked), ALL)


def test_each_filter_finds_what_everything_holds_of_it(busy: tuple[Doorway, Actor, Actor]):
    doorway, ben, nora = busy
    everything = found(doorway, Wanted())
    assert len(everything) > 20
    for wanted, fits in (
        (Wanted(person=ben.id), lambda one: one.person == ben.id),
        (Wanted(agent="claude"), lambda one: one.agent == "claude"),
        (Wanted(app="numbers"), lambda one: one.subject == "app:numbers"),
        (Wanted(verb="deploy"), lambda one: one.verb == "deploy"),
        (Wanted(lane="amber"), lambda one: one.lane == "amber"),
        (Wanted(lane="green"), lambda one: one.lane == "green"),
        (Wanted(lane="amber", verb="deploy"), lambda one: one.lane == "amber" and one.verb == "deploy"),
        (
            Wanted(agent="claude", lane="green", verb="deploy", outcomes=True),
            lambda one: one.agent == "claude" and one.half == "settled",
        ),
        (Wanted(outcomes=True), lambda one: one.half != "decided"),
        (Wanted(since="2026-01-05"), lambda one: one.at >= "2026-01-05"),
        (Wanted(until="2026-01-05"), lambda one: one.at < "2026-01-06"),
        (
            Wanted(person=nora.id, agent="claude", verb="deploy", app="numbers", lane="green", since="2026-01-02"),
            lambda one: one.agent == "claude",
        ),
    ):
        expected = [one for one in everything if fits(one)]
        assert expected
        assert found(doorway, wanted) == expected, wanted


def test_what_is_newer_than_the_tallies_is_found_as_well(busy: tuple[Doorway, Actor, Actor]):
    doorway, _ben, nora = busy
    agent = Actor("agent", "claude", on_behalf_of=nora.id)
    for turn in range(2):
        doorway.does(agent, Deploy("numbers", doorway.sends(agent)))
        doorway.deploys(nora, "numbers", CALLS_OUT)
        for wanted in (Wanted(agent="claude"), Wanted(lane="amber", verb="deploy")):
            oldest_first = found(doorway, wanted)
            assert found(doorway, wanted, newest_first=True) == oldest_first[::-1]
            assert oldest_first[-1].at > "2026-01-08"
            assert [one.seq for one in oldest_first] == sorted({one.seq for one in oldest_first})
        assert len(found(doorway, Wanted(agent="claude", outcomes=True))) == 2 + turn
        doorway.control.tallies.catch_up()


def test_the_last_day_counts_and_a_moment_cuts_within_a_day(busy: tuple[Doorway, Actor, Actor]):
    doorway, _ben, _nora = busy
    everything = found(doorway, Wanted())
    last = everything[-1]
    assert found(doorway, Wanted(until=last.at[:10])) == everything
    assert found(doorway, Wanted(since=last.at))[-1] == last
    assert last not in found(doorway, Wanted(until=last.at))
    assert found(doorway, Wanted(since=stamp(doorway.clock.now()).replace("2026", "2027"))) == []


def test_a_time_that_cannot_be_read_is_said(busy: tuple[Doorway, Actor, Actor]):
    doorway, _ben, _nora = busy
    for words in ("yesterday", "2026-13-01", "0001-01-01T00:00+14:00"):
        with pytest.raises(WrongInput, match="is no time"):
            found(doorway, Wanted(since=words))
    with pytest.raises(WrongInput):
        found(doorway, Wanted(until="9999-12-31"))


def test_pages_follow_one_another_without_a_gap(busy: tuple[Doorway, Actor, Actor]):
    doorway, _ben, nora = busy
    wanted = Wanted(person=nora.id)
    whole = list(reversed(found(doorway, wanted)))
    pages: list[Told] = []
    with doorway.control.database.read() as connection:
        before = None
        while page := search.find(connection, wanted, before=before, limit=3, newest_first=True):
            pages += search.tell(connection, page, ALL)
            before = page[-1].seq
    assert pages == whole


def test_an_export_holds_just_what_the_filter_shows(
    busy: tuple[Doorway, Actor, Actor], monkeypatch: pytest.MonkeyPatch
):
    doorway, ben, _nora = busy
    monkeypatch.setattr(search, "PAGE", 4)
    wanted = Wanted(person=ben.id, outcomes=True)
    told = list(search.each(doorway.control.database.read, wanted, lambda connection: ALL))
    assert told == list(reversed(found(doorway, wanted)))
    assert len(told) > 2


def test_without_the_right_to_everything_one_sees_what_one_did(busy: tuple[Doorway, Actor, Actor]):
    doorway, ben, nora = busy
    control = doorway.control
    with control.database.read() as connection:

        def may(actor: Actor) -> search.MayRead:
            return lambda right, subject: control.may(connection, actor, right, subject)

        assert search.within_rights(Wanted(), doorway.owner.id, may(doorway.owner)) == (Wanted(), search.EVERYTHING)
        own = search.within_rights(Wanted(person=nora.id), ben.id, may(ben))
        assert own == (Wanted(person=ben.id), search.OWN)
        of_app = search.within_rights(Wanted(app="numbers"), ben.id, may(ben))
        assert of_app == (Wanted(app="numbers"), search.ONE_APP)
        visitor = doorway.hire("Vera Visitor", "visitor")
    with control.database.read() as connection, pytest.raises(Refused):
        search.within_rights(Wanted(app="numbers"), visitor.id, may(visitor))


def test_one_receipt_is_for_whom_it_concerns(busy: tuple[Doorway, Actor, Actor]):
    doorway, ben, _nora = busy
    control = doorway.control
    vera = doorway.hire("Vera Visitor", "visitor")
    (seq, *_) = [one.seq for one in found(doorway, Wanted(person=ben.id, verb="publish"))]
    with control.database.read() as connection:

        def may(actor: Actor) -> search.MayRead:
            return lambda right, subject: control.may(connection, actor, right, subject)

        assert search.readable(connection, seq, ben.id, may(ben)).seq == seq
        with pytest.raises(Refused):
            search.readable(connection, seq, vera.id, may(vera))
        with pytest.raises(NotFound):
            search.readable(connection, 10**6, ben.id, may(ben))


def test_the_place_of_a_moment_is_found_among_many(doorway: Doorway):
    ben = doorway.hire("Ben Builder", "builder")
    for _ in range(5):
        doorway.clock.forward(HOUR)
        doorway.deploys(ben)
    with doorway.control.database.read() as connection:
        stamps = [one.receipt.at for one in ledger.entries(connection, limit=500)]
        for at in ("", *stamps, "9999"):
            assert ledger.place_at(connection, at) == sum(one < at for one in stamps)
