"""Roles that an organisation makes for itself: never more than their maker has, and counting from the next moment on."""

from __future__ import annotations

import pytest
from tests.house import Doorway

from greenlane.catalog.actions import SetAudience
from greenlane.deploys.actions import Publish
from greenlane.govern.actions import Approve
from greenlane.govern.errors import WrongInput
from greenlane.identity import queries
from greenlane.identity.actions import AddPerson, ErasePerson, GrantRole, Invite, RemoveRole
from greenlane.identity.custom_roles import rights, trial
from greenlane.identity.custom_roles.actions import ChangeRole, CreateRole, DeleteRole


@pytest.fixture
def here(doorway: Doorway) -> Doorway:
    """An app with something to publish, and a role that publishes it."""
    doorway.deploys(doorway.owner)
    doorway.does(doorway.owner, CreateRole("release-manager", ("publish", "rollback:production"), "Brings things out"))
    return doorway


def _may(doorway: Doorway, actor, action) -> bool:
    return doorway.control.door.explain(actor, action)[0].may


def test_rights_are_written_as_people_write_them() -> None:
    both = rights.read(("publish",))
    assert both == {("publish", "staging"), ("publish", "production")}
    assert rights.write(both | {("rollback", "production")}) == ["publish", "rollback:production"]
    with pytest.raises(WrongInput, match="no right called 'fly'"):
        rights.read(("fly",))
    with pytest.raises(WrongInput, match="cannot be allowed for 'preview'"):
        rights.read(("publish:preview",))
    with pytest.raises(WrongInput, match="no right called 'sign-in'"):
        rights.read(("sign-in",))


@pytest.mark.parametrize("name", ["owner", "member", "Two Words", "x", "-a"])
def test_a_name_that_means_something_already_is_refused(name: str) -> None:
    with pytest.raises(WrongInput, match="cannot be the name of a new role"):
        CreateRole(name, ("publish",))


def test_it_allows_what_it_says_where_it_is_held(here: Doorway) -> None:
    rea = here.hire("Rea Release", "release-manager")
    assert _may(here, rea, Publish("vendor-board"))
    assert _may(here, rea, Publish("vendor-board", environment="staging"))
    assert not _may(here, rea, SetAudience("vendor-board", "team"))
    facts = here.control.door.explain(rea, Publish("vendor-board"))[0]
    assert facts.may_why == "release-manager in the team home"
    assert facts.roles == ("release-manager",)


def test_a_change_counts_at_once_and_can_be_taken_back(here: Doorway) -> None:
    rea = here.hire("Rea Release", "release-manager")
    done = here.does(here.owner, ChangeRole("release-manager", ("set-audience",)))
    assert done.state == "done"
    assert _may(here, rea, SetAudience("vendor-board", "team"))
    assert not _may(here, rea, Publish("vendor-board"))
    assert done.answer == {}
    here.does(here.owner, ChangeRole("release-manager", ("publish", "rollback:production"), "Brings things out"))
    assert _may(here, rea, Publish("vendor-board"))


def test_nobody_makes_a_role_that_allows_more_than_they_may(here: Doorway) -> None:
    engineer = here.hire("Edda Engineer", "platform-engineer", everywhere=True)
    assert here.does(engineer, CreateRole("eraser", ("erase-person",))).state == "refused"
    assert here.does(here.owner, CreateRole("eraser", ("erase-person",))).state == "done"
    assert here.does(engineer, ChangeRole("eraser", ("publish",))).state == "refused", "nor takes from one that does"
    assert here.does(engineer, DeleteRole("eraser")).state == "refused"
    assert here.does(engineer, GrantRole(engineer.id, "eraser")).state == "refused"
    builder = here.hire("Ben Builder", "builder")
    assert here.does(builder, CreateRole("mine", ("publish",))).state == "refused"


def test_power_over_others_is_seen_whatever_the_role_is_called(here: Doorway) -> None:
    edda = here.hire("Edda Engineer", "platform-engineer", everywhere=True)
    assert here.does(here.owner, CreateRole("judge", ("approve",))).decision.lane == "amber"
    ben = here.hire("Ben Builder", "builder")
    assert here.does(edda, GrantRole(ben.id, "judge")).decision.lane == "amber"
    assert here.does(edda, GrantRole(ben.id, "release-manager")).decision.lane == "green"
    change = ChangeRole("judge", ("approve", "grant-role"))
    assert here.does(edda, change).state == "waiting", "people would become keepers by it"


def test_who_judges_by_a_role_of_our_own_is_asked(here: Doorway) -> None:
    here.does(here.owner, CreateRole("judge", ("approve", "decline")))
    jo = here.hire("Jo Judge", "judge")
    ben = here.hire("Ben Builder", "builder")
    waits = here.publishes(ben, "public")
    assert waits.state == "waiting"
    with here.control.database.read() as connection:
        assert jo.id in here.control.reviewers(connection, "app:vendor-board", ben.id, 0)
    assert waits.request is not None
    assert here.does(jo, Approve(waits.request, "fine")).state == "done"


def test_a_dry_run_says_who_gains_and_loses_what(here: Doorway) -> None:
    rea = here.hire("Rea Release", "release-manager")
    ben = here.hire("Ben Builder", "builder")
    here.does(here.owner, GrantRole(ben.id, "release-manager", "team:home"))
    with here.control.database.read() as connection:
        found = trial.if_changed(connection, "release-manager", rights.read(("lock", "rollback:production")))
        gone = trial.if_deleted(connection, "release-manager")
    assert (found.gains, found.loses) == (("lock",), ("publish",))
    assert {(one.person, one.gains, one.loses) for one in found.touched} == {(rea.id, ("lock",), ("publish",))}
    assert [one.person for one in gone.touched] == [rea.id], "who has all of it another way loses nothing"


def test_deleting_a_role_takes_it_from_everybody_with_rules_and_invitations(here: Doorway) -> None:
    rea = here.hire("Rea Release", "release-manager")
    link = here.does(here.owner, Invite("home", "release-manager")).answer["link"]
    done = here.does(here.owner, DeleteRole("release-manager"))
    assert done.state == "done"
    assert not _may(here, rea, Publish("vendor-board"))
    with here.control.database.read() as connection:
        assert queries.held(connection, rea.id) == ()
        secret = str(link).rpartition("/")[2]
        assert queries.invitation(connection, secret, here.clock.now()) is None
    with pytest.raises(WrongInput, match="no role 'release-manager'"):
        here.does(here.owner, GrantRole(rea.id, "release-manager"))


def test_a_role_that_there_is_not_is_given_to_nobody(here: Doorway) -> None:
    for action in (GrantRole(here.owner.id, "king"), AddPerson("Kim", "home", role="king"), Invite("home", "king")):
        with pytest.raises(WrongInput, match="no role 'king'"):
            here.does(here.owner, action)
    with pytest.raises(WrongInput, match="no role 'owner' that was made here"):
        here.does(here.owner, DeleteRole("owner"))


def test_who_rules_over_a_holder_must_have_what_it_allows(here: Doorway) -> None:
    engineer = here.hire("Edda Engineer", "platform-engineer", everywhere=True)
    here.does(here.owner, CreateRole("eraser", ("erase-person",)))
    ed = here.hire("Ed Eraser", "eraser", everywhere=True)
    assert here.does(engineer, RemoveRole(ed.id, "eraser")).state == "refused"
    victim = here.hire("Vic", "builder")
    assert _may(here, ed, ErasePerson(victim.id)) is False, "a builder may more than an eraser"
