"""What is kept apart: no one person is given both roles, and no one person does both to the same app."""

from __future__ import annotations

import pytest
from sqlalchemy import insert
from tests.house import Doorway

from greenlane.catalog import queries as catalog
from greenlane.catalog.actions import Lock, Unlock
from greenlane.deploys.actions import Publish
from greenlane.govern.actions import Approve
from greenlane.govern.errors import Conflict, WrongInput
from greenlane.identity import queries
from greenlane.identity.actions import GrantRole, RemoveRole
from greenlane.identity.custom_roles.actions import ChangeRole, CreateRole
from greenlane.identity.duties.actions import KeepApart, StopKeepingApart
from greenlane.identity.duties.conflicts import conflicts
from greenlane.identity.groups.actions import AddGroupRule
from greenlane.identity.groups.tables import DIRECTORY_GROUP, GROUP_MEMBER
from greenlane.identity.held import GRANT, RULE, Held, counting, sort_out
from greenlane.identity.reviewers import reviewers
from greenlane.insights import duties
from greenlane.insights.why import why
from greenlane.kit.clock import stamp


@pytest.fixture
def here(doorway: Doorway) -> Doorway:
    """An app, which its owner deployed."""
    doorway.deploys(doorway.owner)
    return doorway


def _keeps(doorway: Doorway, kind: str, one: str, other: str, days: int = 0) -> str:
    return str(doorway.does(doorway.owner, KeepApart(kind, one, other, days)).answer["pair"])


def _told(doorway: Doorway) -> list[str]:
    with doorway.control.database.read() as connection:
        return duties.told(connection, conflicts(connection, doorway.clock.now(), catalog.team_of))


def _group(doorway: Doorway, name: str, *people: str) -> str:
    """A group of the directory, as it stands after a push."""
    group = f"grp_{name}"
    now = stamp(doorway.clock.now())

    def rows(connection) -> None:
        values = {"source": "dir_x", "external_id": name, "version": 1, "created": now, "changed": now}
        connection.execute(insert(DIRECTORY_GROUP).values(id=group, name=name, **values))
        for one in people:
            connection.execute(insert(GROUP_MEMBER).values(group=group, member=one, kind="person", since=now))

    doorway.control.ledger.write(rows)
    return group


def _joins(doorway: Doorway, group: str, person: str) -> None:
    values = {"group": group, "member": person, "kind": "person", "since": stamp(doorway.clock.now())}
    doorway.control.ledger.write(lambda connection: connection.execute(insert(GROUP_MEMBER).values(**values)))


# -- pure: which roles count -------------------------------------------------------------------------------------------


def _held(role: str, scope: str, by: str = RULE, since: str = "1", apart: str = "") -> Held:
    return Held(role, scope, "act", since, "rul" if by == RULE else "", "", by, frozenset(), frozenset({apart} - {""}))


def test_what_was_given_counts_and_what_a_rule_gives_yields() -> None:
    given = _held("reviewer", "organisation", GRANT, "2", "builder")
    ruled = _held("builder", "team:t", RULE, "1", "reviewer")
    assert sort_out([ruled, given]) == ((given,), sort_out([ruled, given])[1])
    assert sort_out([ruled, given])[1][0].one == ruled


def test_of_two_rules_the_older_one_counts_and_an_owner_stays_one() -> None:
    old, new = _held("a", "team:t", since="1", apart="b"), _held("b", "team:t", since="2", apart="a")
    assert sort_out([new, old])[0] == (old,)
    owner = _held("owner", "organisation", since="9", apart="auditor")
    auditor = _held("auditor", "organisation", since="1", apart="owner")
    assert sort_out([auditor, owner])[0] == (owner,)


def test_different_places_are_no_conflict_until_they_meet() -> None:
    team, app = _held("a", "team:t", GRANT, apart="b"), _held("b", "app:x", apart="a")
    assert sort_out([team, app])[1] == ()
    assert counting([team, app], ("organisation", "team:t", "app:x")) == (team,)
    assert counting([team, app], ("organisation", "team:u", "app:x")) == (app,)


# -- roles -------------------------------------------------------------------------------------------------------------


def test_nobody_is_given_a_role_beside_one_that_it_is_kept_apart_from(here: Doorway) -> None:
    ben = here.hire("Ben Builder", "builder")
    _keeps(here, "roles", "reviewer", "builder")
    for scope in ("team:home", "organisation", "app:vendor-board"):
        answer = here.does(here.owner, GrantRole(ben.id, "reviewer", scope))
        assert answer.state == "refused", scope
        assert "reviewer and builder" in str(answer.decision.reasons)
    here.does(here.owner, RemoveRole(ben.id, "builder", "team:home"))
    assert here.does(here.owner, GrantRole(ben.id, "reviewer", "team:home")).state == "done"


def test_who_has_both_already_is_listed_and_keeps_both(here: Doorway) -> None:
    ben = here.hire("Ben Builder", "builder")
    here.does(here.owner, GrantRole(ben.id, "reviewer", "app:vendor-board"))
    _keeps(here, "roles", "reviewer", "builder")
    assert _told(here) == ["Ben Builder is builder of team:home and reviewer of app:vendor-board."]
    with here.control.database.read() as connection:
        assert {one.role for one in queries.held(connection, ben.id)} == {"builder", "reviewer"}


def test_what_a_directory_gives_beside_it_is_withheld_and_the_person_is_told_why(here: Doorway) -> None:
    ben = here.hire("Ben Builder", "builder")
    group = _group(here, "Judges")
    here.does(here.owner, AddGroupRule(group, "reviewer", "team:home"))
    pair = _keeps(here, "roles", "reviewer", "builder")
    _joins(here, group, ben.id)
    with here.control.database.read() as connection:
        assert {one.role for one in queries.held(connection, ben.id)} == {"builder"}
        assert queries.held_by(connection, [ben.id])[ben.id] == queries.held(connection, ben.id)
        told = why(connection, ben.id, "approve", "app:vendor-board")
        ask = reviewers(catalog.team_of, catalog.owner_of)
        assert ben.id not in ask(connection, "app:vendor-board", None, 0)
    assert not told.has
    [says] = told.withheld
    assert says.startswith("Ben Builder would be reviewer of team:home by a rule about a group, and is not: ")
    assert says.endswith("they are builder of team:home, and the two are kept apart.")
    assert _told(here) == ["Ben Builder is builder of team:home and reviewer of team:home; one of the two is withheld."]

    here.hire("Rita Reviewer", "reviewer", everywhere=True)
    waits = here.does(here.owner, StopKeepingApart(pair))
    assert waits.state == "waiting", "nobody ends a separation of duties alone"


def test_a_rule_about_a_group_is_not_made_over_what_its_people_have(here: Doorway) -> None:
    ben = here.hire("Ben Builder", "builder")
    _keeps(here, "roles", "reviewer", "builder")
    group = _group(here, "Judges", ben.id)
    refused = here.does(here.owner, AddGroupRule(group, "reviewer", "organisation"))
    assert refused.state == "refused"
    assert "which 1 in the group have already" in str(refused.decision.reasons)
    other = _group(here, "Newcomers")
    assert here.does(here.owner, AddGroupRule(other, "builder", "team:home")).state == "done"
    assert here.does(here.owner, AddGroupRule(other, "reviewer", "team:home")).state == "refused"


# -- verbs -------------------------------------------------------------------------------------------------------------


def test_who_did_one_is_refused_the_other_on_the_same_app(here: Doorway) -> None:
    ben, bea = here.hire("Ben Builder", "builder"), here.hire("Bea Builder", "builder")
    here.deploys(ben)
    _keeps(here, "verbs", "deploy", "publish")
    refused = here.does(ben, Publish("vendor-board"))
    assert refused.state == "refused"
    assert "publish and deploy, and you did deploy there" in str(refused.decision.reasons)
    assert here.does(bea, Publish("vendor-board")).state == "done"
    here.deploys(ben, "pinboard")
    here.deploys(bea, "pinboard-two")
    assert here.does(bea, Publish("pinboard")).state == "done", "another app is another thing"


def test_it_counts_as_far_back_as_it_says(here: Doorway) -> None:
    ben = here.hire("Ben Builder", "builder")
    here.does(ben, Lock("vendor-board"))
    _keeps(here, "verbs", "lock", "unlock", 2)
    assert here.does(ben, Unlock("vendor-board")).state == "refused"
    here.after(3 * 86_400)
    assert here.does(ben, Unlock("vendor-board")).state == "done"


def test_who_deployed_does_not_approve_what_is_asked_about_the_app(here: Doorway) -> None:
    rita = here.hire("Rita Reviewer", "reviewer", everywhere=True)
    here.does(here.owner, GrantRole(rita.id, "builder", "team:home"))
    here.deploys(rita)
    ben = here.hire("Ben Builder", "builder")
    waits = here.publishes(ben, "public")
    assert waits.request is not None
    _keeps(here, "verbs", "deploy", "approve")
    assert here.does(rita, Approve(waits.request, "fine")).state == "refused"
    assert here.does(here.hire("Rob Reviewer", "reviewer"), Approve(waits.request, "fine")).state == "done"
    assert _told(here) == []


def test_who_did_both_before_is_listed(here: Doorway) -> None:
    here.publishes(here.owner, "team")
    _keeps(here, "verbs", "publish", "deploy")
    assert _told(here) == ["Olga Owner did both deploy and publish to app:vendor-board."]


def test_no_role_of_our_own_allows_both(here: Doorway) -> None:
    here.does(here.owner, CreateRole("old", ("lock", "unlock")))
    _keeps(here, "verbs", "lock", "unlock")
    assert here.does(here.owner, CreateRole("new", ("lock", "unlock"))).state == "refused"
    assert here.does(here.owner, ChangeRole("old", ("unlock", "lock", "publish"))).state == "refused"
    assert _told(here) == ["The role old allows both lock and unlock."]
    assert here.does(here.owner, ChangeRole("old", ("lock",))).state == "done"
    assert _told(here) == []


# -- what can be kept apart --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("people", "a", "b"), "are not kept apart"),
        (("verbs", "publish", "fly"), "takes a role"),
        (("verbs", "publish", "sign-in"), "takes a role"),
        (("verbs", "publish", "publish"), "the same"),
        (("roles", "builder", "reviewer", 5), "not possible"),
        (("verbs", "publish", "deploy", -1), "not possible"),
    ],
)
def test_what_means_nothing_is_refused(given, says: str) -> None:
    with pytest.raises(WrongInput, match=says):
        KeepApart(*given)


def test_a_pair_is_made_once_of_roles_that_there_are(here: Doorway) -> None:
    _keeps(here, "roles", "reviewer", "builder")
    with pytest.raises(Conflict, match="kept apart already"):
        _keeps(here, "roles", "builder", "reviewer")
    with pytest.raises(WrongInput, match="no role 'king'"):
        _keeps(here, "roles", "builder", "king")
