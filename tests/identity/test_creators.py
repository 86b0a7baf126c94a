"""Who created an app works on it as a builder, as long as it is theirs and they build anywhere at all."""

from __future__ import annotations

from tests.house import Doorway

from greenlane.catalog.actions import SetAudience, TransferApp
from greenlane.deploys.actions import Publish
from greenlane.identity import queries
from greenlane.identity.actions import CreateTeam, RemoveRole, RestorePerson, SuspendPerson
from greenlane.identity.reviewers import reviewers
from greenlane.insights.why import why


def _may(doorway: Doorway, actor, action=None) -> bool:
    return doorway.control.door.explain(actor, action or SetAudience("pinboard", "team"))[0].may


def _moved(doorway: Doorway):
    """Somebody whose app went to another team."""
    cy = doorway.hire("Cy Creator", "builder")
    doorway.deploys(cy, "pinboard")
    doorway.does(doorway.owner, CreateTeam("research"))
    doorway.does(doorway.owner, TransferApp("pinboard", team="research"))
    return cy


def test_it_is_a_right_of_its_own_and_says_so(doorway: Doorway) -> None:
    cy = _moved(doorway)
    facts = doorway.control.door.explain(cy, Publish("pinboard"))[0]
    assert facts.may
    assert facts.as_creator
    assert facts.may_why == "builder for pinboard, because you created it"
    with doorway.control.database.read() as connection:
        told = why(connection, cy.id, "publish", "app:pinboard")
    assert told.ways[0].says.startswith("Cy Creator is builder of app:pinboard: they created it on")
    assert told.ways[0].receipt is not None


def test_it_counts_beside_a_role_and_is_not_needed_there(doorway: Doorway) -> None:
    cy = doorway.hire("Cy Creator", "builder")
    doorway.deploys(cy, "pinboard")
    facts = doorway.control.door.explain(cy, Publish("pinboard"))[0]
    assert facts.may
    assert not facts.as_creator
    assert facts.may_why == "builder in the team home"


def test_it_ends_with_the_last_role_that_builds_and_comes_back_with_it(doorway: Doorway) -> None:
    cy = _moved(doorway)
    assert _may(doorway, cy)
    doorway.does(doorway.owner, RemoveRole(cy.id, "builder", "team:home"))
    assert not _may(doorway, cy)
    with doorway.control.database.read() as connection:
        assert queries.held(connection, cy.id) == ()


def test_it_rests_while_they_are_shut_out(doorway: Doorway) -> None:
    cy = _moved(doorway)
    doorway.does(doorway.owner, SuspendPerson(cy.id))
    assert not _may(doorway, cy)
    doorway.does(doorway.owner, RestorePerson(cy.id))
    assert _may(doorway, cy)


def test_it_ends_when_the_app_is_somebody_elses_and_lives_again_when_it_is_theirs(doorway: Doorway) -> None:
    cy = _moved(doorway)
    doorway.does(doorway.owner, TransferApp("pinboard", owner=doorway.owner.id))
    assert not _may(doorway, cy)
    doorway.does(doorway.owner, TransferApp("pinboard", owner=cy.id))
    assert _may(doorway, cy)


def test_it_makes_nobody_a_judge_and_says_nothing_about_other_apps(doorway: Doorway) -> None:
    cy = _moved(doorway)
    doorway.deploys(doorway.owner, "vendor-board")
    doorway.does(doorway.owner, TransferApp("vendor-board", team="research"))
    assert not _may(doorway, cy, SetAudience("vendor-board", "team"))
    control = doorway.control
    with control.database.read() as connection:
        asked = reviewers(lambda _connection, _app: None, lambda _connection, _subject: None)
        assert cy.id not in asked(connection, "organisation", None, 0)
