"""A role held in one environment: less than the role, and nothing anywhere else."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.house import Doorway
from tests.identity.elevation.test_elevation import elevated
from tests.identity.reviews.grouping import empty_group, in_group
from tests.identity.reviews.test_reviews import line, started

from greenlane.catalog import queries as catalog
from greenlane.catalog.actions import CreateApp, Lock, SetAudience
from greenlane.deploys.actions import Deploy, Publish
from greenlane.govern.actor import Actor
from greenlane.govern.errors import Conflict, NotFound, WrongInput
from greenlane.identity import names, narrowing, queries, roles
from greenlane.identity.actions import AcceptInvitation, AddPerson, GrantRole, Invite, RemoveRole
from greenlane.identity.custom_roles import rights, trial
from greenlane.identity.custom_roles.actions import ChangeRole, CreateRole, DeleteRole
from greenlane.identity.custom_roles.queries import allowing, rights_by_role
from greenlane.identity.duties.actions import KeepApart
from greenlane.identity.duties.conflicts import conflicts
from greenlane.identity.elevation.actions import AskElevation
from greenlane.identity.groups import dry_run
from greenlane.identity.groups import queries as groups
from greenlane.identity.groups.actions import AddGroupRule
from greenlane.identity.held import RULE, Held, sort_out
from greenlane.identity.reviewers import reviewers
from greenlane.identity.reviews.actions import RemoveAccess
from greenlane.insights import duties, seeing_calls, sentences, standing
from greenlane.insights.why import why
from greenlane.secrets.actions import PutVariable

EVERY = sorted(roles.ALLOWED[roles.OWNER])
STAGING = Publish("vendor-board", environment="staging")
PRODUCTION = Publish("vendor-board")


@pytest.fixture
def here(doorway: Doorway) -> Doorway:
    """An app with something to publish."""
    doorway.deploys(doorway.owner)
    return doorway


def _may(doorway: Doorway, actor: Actor, action: Any) -> bool:
    return doorway.control.door.explain(actor, action)[0].may


def _held(doorway: Doorway, actor: Actor) -> list[str]:
    with doorway.control.database.read() as connection:
        return [one.role for one in queries.held(connection, actor.id, doorway.clock.now())]


# -- pure: what it allows ----------------------------------------------------------------------------------------------


def _lies_inside(whole: frozenset[roles.Right], environment: str) -> None:
    found = narrowing.narrowed(whole, environment)
    assert found <= whole
    for verb, place in found:
        assert place in {environment, f"shared {environment}"} or (place == "" and roles.VERBS[verb].reads)
    does = {right for right in whole if right[1] in {environment, f"shared {environment}"}}
    assert does <= found
    assert bool(found) == bool(does), "reading alone is not held in one environment"


@pytest.mark.parametrize(("role", "environment"), list(product(roles.ROLES, roles.ENVIRONMENTS)))
def test_a_role_in_one_environment_is_a_part_of_the_role(role: str, environment: str) -> None:
    _lies_inside(roles.ALLOWED[role], environment)
    known = narrowing.NARROWED.get(f"{role}:{environment}", frozenset())
    assert known == (narrowing.narrowed(roles.ALLOWED[role], environment) if role != roles.OWNER else frozenset())


@settings(max_examples=60, deadline=None)
@given(st.frozensets(st.sampled_from(EVERY)), st.sampled_from(roles.ENVIRONMENTS))
def test_so_is_a_role_of_one_s_own_whatever_it_allows(whole: frozenset[roles.Right], environment: str) -> None:
    _lies_inside(whole, environment)


@pytest.mark.parametrize("environment", ["", "mars", "shared", "shared staging"])
def test_in_an_environment_that_there_is_not_it_allows_nothing(environment: str) -> None:
    assert narrowing.narrowed(roles.ALLOWED[roles.DEVELOPER], environment) == frozenset()
    assert narrowing.as_held(f"developer:{environment}", roles.ALLOWED[roles.DEVELOPER]) == frozenset()


def test_which_roles_are_held_so_is_a_list_that_was_reviewed() -> None:
    assert sorted(narrowing.NARROWED) == [
        *("builder:dev", "builder:preview", "builder:production", "builder:staging"),
        *("developer:dev", "developer:preview", "developer:production", "developer:staging"),
        *("platform-engineer:dev", "platform-engineer:preview"),
        *("platform-engineer:production", "platform-engineer:staging"),
        *("publisher:production", "publisher:staging"),
    ]
    assert rights.write(narrowing.NARROWED["publisher:staging"]) == [
        *("publish:staging", "rollback:staging", "lock:staging", "unlock:staging"),
        *("read-receipts", "read-people", "read-policy", "read-spending", "read-model-calls"),
    ]
    assert ("put-variable", "shared staging") in narrowing.NARROWED["developer:staging"]
    assert ("put-variable", "shared staging") not in narrowing.NARROWED["builder:staging"]


def test_every_verb_of_reading_is_marked_in_the_table() -> None:
    marked = {line.verb for line in roles.TABLE if line.reads}
    assert marked == {verb for verb in roles.VERBS if verb.startswith(("read-", "export-"))}


def test_the_names_are_found_as_the_rights_are(here: Doorway) -> None:
    here.does(here.owner, CreateRole("stager", ("publish", "read-people")))
    with here.control.database.read() as connection:
        for verb, place in (("publish", "staging"), ("publish", "production"), ("read-people", ""), ("approve", "")):
            found = allowing(connection, verb, place)
            assert found == [name for name in found if (verb, place) in rights_by_role(connection, [name])[name]]
            every = [*roles.ROLES, *narrowing.NARROWED, *narrowing.ways_to_hold("stager")]
            known = rights_by_role(connection, every)
            assert set(found) == {name for name in every if (verb, place) in known[name]}
        nowhere = ["stager:", "developer:", "owner:staging", "stager:mars", "stager:staging:dev", "king:staging"]
        assert rights_by_role(connection, nowhere) == {}


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "says", "instead"),
    [
        ("auditor:staging", "auditor allows nothing that is done in staging", "Say auditor."),
        ("reviewer:production", "reviewer allows nothing that is done in production", "Say reviewer."),
        ("publisher:preview", "nothing that is done for previews", "publisher:staging, publisher:production"),
        ("stager:production", "nothing that is done in production", "Say stager, stager:staging."),
        ("owner:staging", "An owner is one everywhere", "platform-engineer:staging"),
        ("king:staging", "no role 'king'", "The roles are"),
    ],
)
def test_what_means_nothing_is_refused_with_what_to_say_instead(
    here: Doorway, role: str, says: str, instead: str
) -> None:
    here.does(here.owner, CreateRole("stager", ("publish:staging",)))
    group, vic = empty_group(here, "Sales"), here.hire("Vic", "visitor")
    for action in (
        GrantRole(vic.id, role),
        AddPerson("Kim", "home", role=role),
        Invite("home", role),
        AddGroupRule(group, role),
        AskElevation(role, "because"),
    ):
        with pytest.raises(WrongInput, match=says) as refused:
            here.does(vic if isinstance(action, AskElevation) else here.owner, action)
        assert instead in refused.value.next_step
    with here.control.database.read() as connection, pytest.raises(WrongInput, match=says):
        dry_run.if_added(connection, group, role, "organisation")


@pytest.mark.parametrize("role", ["developer:mars", "developer:", "developer:staging:dev"])
def test_an_environment_that_there_is_not_is_refused_by_name(role: str) -> None:
    with pytest.raises(WrongInput, match="no environment"):
        GrantRole("p_x", role)


def test_what_is_about_a_role_itself_names_no_environment() -> None:
    for make in (
        lambda: ChangeRole("stager:staging", ("publish",)),
        lambda: DeleteRole("stager:staging"),
        lambda: KeepApart("roles", "developer:staging", "reviewer"),
    ):
        with pytest.raises(WrongInput, match="about a role itself") as refused:
            make()
        assert refused.value.next_step in {"Say stager.", "Say developer."}
    with pytest.raises(WrongInput, match="cannot be the name of a new role"):
        names.check_new_role("stager:staging")


# -- what it allows, by every way --------------------------------------------------------------------------------------


def test_it_publishes_to_its_environment_and_to_no_other(here: Doorway) -> None:
    sue = here.hire("Sue Stager", "developer:staging")
    facts = here.control.door.explain(sue, STAGING)[0]
    assert (facts.may, facts.may_why) == (True, "developer in staging in the team home")
    assert facts.roles == ("developer:staging",)
    assert not facts.role_above_own
    assert here.does(sue, STAGING).state == "done"
    assert here.does(sue, PRODUCTION).state == "refused"
    for action in (
        *(Lock("vendor-board"), SetAudience("vendor-board", "team")),
        *(CreateApp("another"), Deploy("vendor-board", here.sends(sue))),
        PutVariable("KEY", "v", app="vendor-board", environment="production"),
    ):
        assert not _may(here, sue, action), action
    assert _may(here, sue, Lock("vendor-board", environment="staging"))
    for shared in ({"app": "vendor-board"}, {"team": "home"}):
        assert _may(here, sue, PutVariable("KEY", "v", environment="staging", **shared))
    with here.control.database.read() as connection:
        assert here.control.may(connection, sue, "read-receipts", "app:vendor-board")
        assert not here.control.may(connection, sue, "read-all-receipts", "organisation")
        seen = seeing_calls.seen(connection, sue.id, here.clock.now())
        assert seen is not None
        assert seen.teams, "the gateway's calls are read as the role reads them"


def test_publishing_to_staging_opens_the_app_to_nobody_else(here: Doorway) -> None:
    sue = here.hire("Sue Stager", "publisher:staging")
    before = here.app().rung
    assert here.does(sue, Publish("vendor-board", environment="staging", audience="public")).state == "done"
    assert here.app().rung == before


def test_it_comes_by_every_way_and_goes_as_it_came(here: Doorway) -> None:
    ivy, eve, rob = (here.hire(name, "visitor") for name in ("Ivy Invited", "Eve Elevated", "Rob Ruled"))
    link = str(here.does(here.owner, Invite("home", "publisher:staging")).answer["link"])
    assert here.does(ivy, AcceptInvitation(link.rpartition("/")[2])).state == "done"
    elevated(here, eve, AskElevation("publisher:staging", "The page hangs.", "team:home"))
    here.does(here.owner, AddGroupRule(in_group(here, "Stagers", rob), "publisher:staging", "team:home"))
    for one in (ivy, eve, rob):
        assert _held(here, one) == ["visitor", "publisher:staging"]
        assert (_may(here, one, STAGING), _may(here, one, PRODUCTION)) == (True, False)
    with pytest.raises(NotFound, match="does not have this role there"):
        here.does(here.owner, RemoveRole(ivy.id, "publisher", "team:home"))
    assert here.does(here.owner, RemoveRole(ivy.id, "publisher:staging", "team:home")).state == "done"
    assert _held(here, ivy) == ["visitor"]


def test_two_environments_add_up(here: Doorway) -> None:
    sue = here.hire("Sue", "publisher:staging")
    here.does(here.owner, GrantRole(sue.id, "publisher:production", "team:home"))
    assert _may(here, sue, STAGING)
    assert _may(here, sue, PRODUCTION)
    assert not _may(here, sue, SetAudience("vendor-board", "team")), "which the whole role would allow"


def test_nobody_gives_more_than_they_have_and_power_is_seen(here: Doorway) -> None:
    may = ("grant-role", "add-group-rule", *(f"{verb}:staging" for verb in ("publish", "rollback", "lock", "unlock")))
    reads = ("read-receipts", "read-people", "read-policy", "read-spending", "read-model-calls")
    here.does(here.owner, CreateRole("lead", (*may, *reads)))
    lea, ben = here.hire("Lea Lead", "lead"), here.hire("Ben", "visitor")
    assert here.does(lea, GrantRole(ben.id, "publisher:staging", "team:home")).state == "done"
    for more in ("publisher", "publisher:production", "developer:staging"):
        assert here.does(lea, GrantRole(ben.id, more, "team:home")).state == "refused", more
    facts = here.control.door.explain(here.owner, GrantRole(ben.id, "platform-engineer:staging"))[0]
    assert facts.role_powerful, "it reads everything"
    assert not here.control.door.explain(here.owner, GrantRole(ben.id, "developer:staging"))[0].role_powerful


def test_it_is_no_role_for_some_hours_beside_the_whole_one(here: Doorway) -> None:
    dee = here.hire("Dee", "developer")
    with pytest.raises(Conflict, match="You are developer there already"):
        here.does(dee, AskElevation("developer:staging", "because", "team:home"))
    sue = here.hire("Sue", "developer:staging")
    with pytest.raises(Conflict, match="You are developer in staging there already"):
        here.does(sue, AskElevation("developer:staging", "because", "team:home"))
    assert here.does(sue, AskElevation("developer:production", "because", "team:home")).state == "waiting"


def test_who_holds_it_works_on_no_app_for_having_created_it(here: Doorway) -> None:
    bea = here.hire("Bea Builder", "builder")
    here.deploys(bea, "pinboard")
    here.does(here.owner, GrantRole(bea.id, "builder:staging", "team:home"))
    here.does(here.owner, RemoveRole(bea.id, "builder", "team:home"))
    assert _held(here, bea) == ["builder:staging"]
    assert not _may(here, bea, Publish("pinboard"))
    assert _may(here, bea, Publish("pinboard", environment="staging"))


# -- who is found by it ------------------------------------------------------------------------------------------------


def test_who_may_is_found_by_the_environment(here: Doorway) -> None:
    sue = here.hire("Sue Stager", "developer:staging")
    here.does(here.owner, CreateRole("stager", ("publish", "approve")))
    rea = here.hire("Rea Release", "stager:production")
    now = here.clock.now()
    with here.control.database.read() as connection:
        found = {
            place: {one.person for one in standing.who_may(connection, "publish", "app:vendor-board", place, now)}
            for place in ("staging", "production")
        }
        assert found == {"staging": {here.owner.id, sue.id}, "production": {here.owner.id, rea.id}}
        ask = reviewers(catalog.team_of, catalog.owner_of)
        assert rea.id not in ask(connection, "app:vendor-board", None, 0), "who judges does it in no environment"


def test_who_keeps_the_platform_is_not_who_keeps_one_environment(here: Doorway) -> None:
    edda = here.hire("Edda Engineer", "platform-engineer:staging", everywhere=True)
    with here.control.database.read() as connection:
        assert queries.people_with(connection, roles.KEEPERS, (queries.ORGANISATION,)) == {here.owner.id}
        assert queries.people_allowed(connection, "publish", (queries.ORGANISATION,), "staging") >= {edda.id}
        assert queries.active_owners(connection) == {here.owner.id}


def test_why_says_the_environment(here: Doorway) -> None:
    sue = here.hire("Sue Stager", "publisher:staging")
    with here.control.database.read() as connection:
        told = why(connection, sue.id, "publish", "app:vendor-board")
        assert told.says == (
            "Sue Stager has publish on app:vendor-board, in staging alone, because of the role publisher in staging."
        )
        assert told.ways[0].says.startswith("Sue Stager is publisher in staging of team:home: given by Olga Owner")
        assert not why(connection, sue.id, "set-audience", "app:vendor-board").has
        assert ", because of" in why(connection, here.owner.id, "publish", "app:vendor-board").says


def test_the_ledger_says_it_in_words(here: Doorway) -> None:
    sue = here.hire("Sue Stager", "visitor")
    here.does(here.owner, GrantRole(sue.id, "developer:staging", "team:home"))
    with here.control.database.read() as connection:
        found = [one.document() for one in here.receipts("grant-role")]
        said = sentences.receipt(found[-1], sentences.Names.of(connection, found))
    assert said.startswith("Olga Owner made Sue Stager developer in staging of team:home")


# -- groups, reviews ---------------------------------------------------------------------------------------------------


def test_who_has_it_whole_gains_and_loses_nothing_by_one_environment(here: Doorway) -> None:
    dee, sue, new = here.hire("Dee", "developer"), here.hire("Sue", "developer:staging"), here.hire("Neo", "visitor")
    group = in_group(here, "Makers", dee, sue, new)
    with here.control.database.read() as connection:
        found = dry_run.if_added(connection, group, "developer:staging", "team:home")
        whole = dry_run.if_added(connection, group, "developer", "team:home")
    assert (found.gain, set(found.have)) == ((new.id,), {dee.id, sue.id})
    assert (set(whole.gain), whole.have) == ({sue.id, new.id}, (dee.id,))
    rule = AddGroupRule(group, "developer:staging", "team:home")
    assert here.control.door.explain(here.owner, rule)[0].people_gaining == 1
    done = here.does(here.owner, rule)
    with here.control.database.read() as connection:
        gone = dry_run.if_removed(connection, str(done.answer["rule"]))
        assert groups.rules(connection)[0].role == "developer:staging"
    assert (gone.role, gone.lose, set(gone.have)) == ("developer:staging", (new.id,), {dee.id, sue.id})
    with pytest.raises(Conflict, match="this very rule"):
        here.does(here.owner, rule)
    assert here.does(here.owner, AddGroupRule(group, "developer:production", "team:home")).state == "done"


def test_an_access_review_lists_it_and_takes_it_away(here: Doorway) -> None:
    sue = here.hire("Sue Stager", "developer:staging")
    review = started(here, here.owner)
    found = line(here, review, sue)
    assert (found.what, found.scope) == ("developer:staging", "team:home")
    assert here.does(here.owner, RemoveAccess(review, (found.id,), "She moved.")).state == "done"
    assert _held(here, sue) == []


# -- what is kept apart ------------------------------------------------------------------------------------------------


def test_a_role_is_kept_apart_in_every_environment(here: Doorway) -> None:
    pia = here.hire("Pia Publisher", "publisher:production")
    here.does(here.owner, KeepApart("roles", "publisher", "developer"))
    for role in ("developer", "developer:dev"):
        refused = here.does(here.owner, GrantRole(pia.id, role, "team:home"))
        assert refused.state == "refused"
        assert "and publisher in production, which they have already" in str(refused.decision.reasons)
    assert here.does(here.owner, GrantRole(pia.id, "publisher:staging", "team:home")).state == "done"
    group = in_group(here, "Makers", pia)
    assert here.does(here.owner, AddGroupRule(group, "developer:staging", "team:home")).state == "refused"
    other = empty_group(here, "Others")
    assert here.does(here.owner, AddGroupRule(other, "developer:staging", "team:home")).state == "done"
    assert here.does(here.owner, AddGroupRule(other, "publisher:staging", "team:home")).state == "refused"


def test_who_has_both_is_listed_and_what_a_rule_gives_is_withheld(here: Doorway) -> None:
    pia = here.hire("Pia Publisher", "publisher:production")
    dee = here.hire("Dee Both", "developer:staging")
    here.does(here.owner, GrantRole(dee.id, "publisher", "team:home"))
    group = empty_group(here, "Makers")
    here.does(here.owner, AddGroupRule(group, "developer:staging", "team:home"))
    here.does(here.owner, KeepApart("roles", "publisher", "developer"))
    assert in_group(here, "Makers", pia) == group
    with here.control.database.read() as connection:
        found = conflicts(connection, here.clock.now(), catalog.team_of)
        told = duties.told(connection, found)
        [says] = why(connection, pia.id).withheld
        around = queries.scopes_around(connection, "app:vendor-board", catalog.team_of)
        allowed = queries.people_allowed(connection, "publish", around, "staging")
    both, withheld = sorted(told)
    assert both == "Dee Both is developer in staging of team:home and publisher of team:home."
    assert withheld.startswith("Pia Publisher is developer in staging of team:home and publisher in production of team")
    assert withheld.endswith("; one of the two is withheld.")
    assert "would be developer in staging of team:home by a rule about a group, and is not" in says
    assert (pia.id in allowed, dee.id in allowed) == (False, True)


def test_what_was_given_in_one_environment_withholds_the_whole_role() -> None:
    given_ = Held("a:staging", "team:t", "act", "2", apart=frozenset({"b"}))
    ruled = Held("b", "team:t", "act", "1", "rul", by=RULE, apart=frozenset({"a"}))
    assert sort_out([ruled, given_])[0] == (given_,)


# -- roles of one's own ------------------------------------------------------------------------------------------------


def test_changing_and_deleting_a_role_touches_who_holds_it_in_one_environment(here: Doorway) -> None:
    here.does(here.owner, CreateRole("stager", ("publish", "read-people")))
    sue, both = here.hire("Sue", "stager:staging"), here.hire("Bo", "stager")
    here.does(here.owner, GrantRole(both.id, "stager:staging", "team:home"))
    link = str(here.does(here.owner, Invite("home", "stager:staging")).answer["link"])
    here.does(here.owner, AddGroupRule(in_group(here, "Stagers", sue), "stager:production", "team:home"))
    eve = here.hire("Eve", "visitor")
    elevated(here, eve, AskElevation("stager:staging", "The page hangs.", "team:home"))
    with here.control.database.read() as connection:
        after = rights.read(("publish:staging", "rollback:staging"))
        found = {one.name: (one.gains, one.loses) for one in trial.if_changed(connection, "stager", after).touched}
        assert found == {
            "Sue": (("rollback:staging",), ("publish:production", "read-people")),
            "Bo": (("rollback:staging",), ("publish:production", "read-people")),
            "Eve": (("rollback:staging",), ("read-people",)),
        }
        moved = trial.if_changed(connection, "stager", rights.read(("publish:production",))).touched
        assert {one.name: (one.gains, one.loses) for one in moved}["Eve"] == ((), ("publish:staging", "read-people"))
        gone = trial.if_deleted(connection, "stager")
        assert ({one.name: one.loses for one in gone.touched}, gone.rules) == (
            {
                "Sue": ("publish", "read-people"),
                "Bo": ("publish", "read-people"),
                "Eve": ("publish:staging", "read-people"),
            },
            1,
        )
    here.does(here.owner, ChangeRole("stager", ("publish:production",)))
    assert not _may(here, eve, STAGING)
    assert here.does(here.owner, RemoveRole(both.id, "stager:staging", "team:home")).state == "done", "idle, but theirs"
    here.does(here.owner, DeleteRole("stager"))
    assert [_held(here, one) for one in (sue, both, eve)] == [[], [], ["visitor"]]
    with here.control.database.read() as connection:
        assert queries.invitation(connection, link.rpartition("/")[2], here.clock.now()) is None
        assert groups.rules(connection) == []


def test_who_holds_a_role_twice_loses_both_with_it(here: Doorway) -> None:
    here.does(here.owner, CreateRole("stager", ("publish", "read-people")))
    sue = here.hire("Sue", "stager:staging")
    here.does(here.owner, GrantRole(sue.id, "stager", "organisation"))
    with here.control.database.read() as connection:
        gone = {one.scope.partition(":")[0]: one.loses for one in trial.if_deleted(connection, "stager").touched}
    assert gone == {"organisation": ("publish", "read-people"), "team": ("publish:staging", "read-people")}
