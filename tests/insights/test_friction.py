"""Where the path rubs, told from what was counted of the receipts."""

from __future__ import annotations

import pytest
from tests.house import CALLS_OUT, DAY, HOUR, PAGE, Doorway

from greenlane.catalog.actions import Lock
from greenlane.deploys.actions import Publish
from greenlane.govern.actions import Approve, SendBack
from greenlane.govern.actor import Actor
from greenlane.insights import friction


@pytest.fixture
def ben(doorway: Doorway) -> Actor:
    return doorway.hire("Ben Builder", "builder")


def felt(doorway: Doorway) -> friction.Friction:
    doorway.control.tallies.catch_up()
    with doorway.control.database.read() as connection:
        return friction.of(connection, doorway.clock.now())


def test_a_smooth_path_says_so(doorway: Doorway, ben: Actor):
    doorway.deploys(ben)
    doorway.publishes(ben, "team")
    assert felt(doorway).sentence() == "Nobody had to be asked."
    assert felt(doorway).as_dict()["waits"] == []


def test_each_request_tells_how_long_it_waited_and_how_it_ended(doorway: Doorway, ben: Actor):
    rita = doorway.hire("Rita Reviewer", "reviewer")
    doorway.deploys(ben)
    request = doorway.publishes(ben, "public").request
    assert request is not None
    doorway.clock.forward(HOUR)
    assert [one.outcome for one in felt(doorway).waits] == ["waiting"]
    doorway.does(rita, SendBack(request, "take the phone numbers out"))
    doorway.deploys(ben, files={**PAGE, "about.html": b"<h1>About</h1>"})
    doorway.publishes(ben, "public")
    doorway.clock.forward(2 * HOUR)
    doorway.does(rita, Approve(request, "fine"))
    found = felt(doorway)
    assert [(one.outcome, round(one.seconds / HOUR)) for one in found.waits] == [("approved", 2), ("sent-back", 1)]
    assert {one.about for one in found.waits} == {"app:vendor-board"}
    assert found.sentence() == "People were asked twice; half of the answers came within 2 hours."
    assert found.asked_by == {"public-first-time": 2}


def test_what_people_do_after_a_refusal_is_told(doorway: Doorway, ben: Actor):
    doorway.deploys(ben)
    doorway.does(ben, Lock("vendor-board"))
    assert doorway.publishes(ben, "team").state == "refused"
    doorway.clock.forward(60)
    doorway.does(ben, Publish("vendor-board", audience="team", unlock=True))
    (one,) = felt(doorway).refusals
    assert (one.verb, one.next, one.seconds, one.gave_up) == ("publish", "publish", 61, False)


def test_whoever_does_nothing_for_a_day_has_given_up(doorway: Doorway, ben: Actor):
    leaking = {**PAGE, "app.js": b"const key = 'ghp_" + b"aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3hJ6" + b"'"}
    assert doorway.deploys(ben, files=leaking).state == "refused"
    doorway.clock.forward(HOUR)
    assert felt(doorway).as_dict()["gave_up"] == 0
    doorway.clock.forward(DAY)
    assert felt(doorway).as_dict()["gave_up"] == 1


def test_abandoned_uploads_are_counted(doorway: Doorway, ben: Actor):
    doorway.sends(ben)
    doorway.sends(ben, CALLS_OUT)
    doorway.after(25 * HOUR)
    assert felt(doorway).sentence() == "Nobody had to be asked. 2 uploads never became a deploy."
