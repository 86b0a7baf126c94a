"""A rollback shows an old version to those for whom somebody decided about that version, and to nobody else."""

from __future__ import annotations

import pytest
from tests.house import HOUR, PAGE, Doorway

from greenlane.catalog import queries as catalog
from greenlane.catalog.actions import CreateShareLink, SetAudience
from greenlane.deploys.actions import Publish, Rollback
from greenlane.govern.actions import Approve
from greenlane.govern.actor import Actor
from greenlane.govern.decision import Lane
from greenlane.insights.undoing import UNDOINGS
from greenlane.kit.clock import stamp

LIST = {**PAGE, "people.csv": b"name,mail\n" + b"".join(b"Person %d,person%d@corp.io\n" % (n, n) for n in range(40))}
CLEAN = {"index.html": b"<!doctype html><title>Board</title><h1>Vendors, without people</h1>"}
APP = "vendor-board"


@pytest.fixture
def ada(doorway: Doorway) -> Actor:
    """A builder whose app showed a list of people to the team, and is for the whole internet without it."""
    one = doorway.hire("Ada Builder", "builder")
    doorway.deploys(one, files=LIST)
    assert doorway.publishes(one, "team").state == "done"
    doorway.deploys(one, files=CLEAN)
    waits = doorway.publishes(one, "public")
    assert waits.state == "waiting"
    doorway.does(doorway.owner, Approve(str(waits.request), "nothing personal in it"))
    assert doorway.app().rung == "public"
    return one


def test_what_the_team_saw_is_not_shown_to_the_whole_internet(doorway: Doorway, ada: Actor) -> None:
    answer = doorway.does(ada, Rollback(APP))
    assert (answer.state, answer.decision.lane) == ("done", Lane.GREEN), "going back is always right"
    assert doorway.app().rung == "team"
    assert (answer.happened["audience"], answer.happened["narrowed_from"]) == ("team", "public")
    assert answer.answer["narrowed_from"] == "public"


def test_it_is_said_before(doorway: Doorway, ada: Actor) -> None:
    facts, decision = doorway.door.explain(ada, Rollback(APP))
    assert (facts.audience_now, facts.audience_wanted, decision.lane) == ("public", "team", Lane.GREEN)


def test_the_way_back_is_one_governed_step(doorway: Doorway, ada: Actor) -> None:
    answer = doorway.does(ada, Rollback(APP))
    undo = UNDOINGS["rollback"](answer.inputs, answer.happened, answer.facts.as_dict())
    assert undo is not None
    assert undo.inputs["audience"] == "public"
    wider = doorway.does(ada, SetAudience(APP, "public"))
    assert wider.state == "waiting", "a person looks at the list before the internet does"


def test_a_version_that_was_decided_for_as_many_goes_back_to_as_many(doorway: Doorway, ada: Actor) -> None:
    newer = doorway.deploys(ada, files={"index.html": b"<h1>Vendors, newer</h1>"})
    assert newer.state == "done"
    assert doorway.publishes(ada).state == "done"
    answer = doorway.does(ada, Rollback(APP))
    assert doorway.app().rung == "public"
    assert "narrowed_from" not in answer.happened


def test_what_was_opened_wider_while_it_was_live_counts(doorway: Doorway) -> None:
    one = doorway.hire("Ada Builder", "builder")
    doorway.deploys(one, files=CLEAN)
    doorway.publishes(one, "team")
    assert doorway.does(one, SetAudience(APP, "everyone")).state == "done"
    doorway.after(2 * HOUR)
    doorway.deploys(one, files=PAGE)
    assert doorway.publishes(one).state == "done"
    doorway.does(one, Rollback(APP))
    assert doorway.app().rung == "everyone"


def test_staging_is_for_the_team_whatever_it_shows(doorway: Doorway, ada: Actor) -> None:
    for files in (LIST, CLEAN):
        doorway.deploys(ada, files=files)
        staged = doorway.does(ada, Publish(APP, "staging"))
        assert staged.state == "done"
    doorway.does(ada, Rollback(APP, "staging"))
    assert doorway.app().rung == "public"


def test_share_links_end_where_personal_data_would_come_back_behind_them(doorway: Doorway) -> None:
    one = doorway.hire("Ada Builder", "builder")
    for files in (LIST, CLEAN):
        doorway.deploys(one, files=files)
        doorway.publishes(one, "team")
    assert doorway.does(one, CreateShareLink(APP, "the buyers")).state == "done"
    answer = doorway.does(one, Rollback(APP))
    assert answer.happened["share_links_ended"]
    with doorway.control.database.read() as connection:
        assert catalog.share_links(connection, stamp(doorway.clock.now()), APP) == []
