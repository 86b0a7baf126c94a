"""Who may do what, asked as the door asks: with the real facts on a real database."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from sqlalchemy import insert
from tests.identity.household import Household

from greenlane.catalog.actions import ClaimDomain, CreateApp, SetAudience
from greenlane.deploys.actions import Publish, Rollback
from greenlane.govern import tables
from greenlane.govern.actions import Approve, Withdraw
from greenlane.govern.actor import PLATFORM, Actor
from greenlane.govern.errors import NotFound, WrongInput
from greenlane.identity import queries, reading
from greenlane.identity.actions import (
    AddPerson,
    CreateSignInLink,
    CreateToken,
    ErasePerson,
    FoundOrganisation,
    GrantRole,
    Invite,
    JoinTeam,
    LeaveTeam,
    RemoveRole,
    RevokeToken,
    SuspendPerson,
)
from greenlane.identity.reviewers import reviewers


@dataclass
class Cast:
    """Two teams with an app each, and one person for every role that matters."""

    house: Household
    owner: Actor
    engineer: Actor
    builder: Actor
    reviewer: Actor
    auditor: Actor
    stranger: Actor


@pytest.fixture
def cast(household: Household) -> Cast:
    owner = household.found()
    sales = household.team(owner, "sales")
    household.team(owner, "research")
    household.teams = {"vendor-board": sales}
    return Cast(
        household,
        owner,
        household.hire(owner, "Edda Engineer", "platform-engineer", everywhere=True),
        household.hire(owner, "Ben Builder", "builder", "sales"),
        household.hire(owner, "Rudi Reviewer", "reviewer", "sales"),
        household.hire(owner, "Ada Auditor", "auditor", everywhere=True),
        household.hire(owner, "Sam Stranger", "builder", "research"),
    )


def test_a_builder_publishes_what_their_team_has(cast: Cast) -> None:
    facts = cast.house.facts(cast.builder, Publish("vendor-board"))
    assert facts.may
    assert facts.may_why == "builder in the team sales"
    assert facts.roles == ("builder",)
    assert facts.members_active == 6


def test_a_builder_may_ask_the_public_in_because_the_policy_decides_about_it(cast: Cast) -> None:
    assert cast.house.facts(cast.builder, SetAudience("vendor-board", "public")).may


@pytest.mark.parametrize(
    "action", [Publish("vendor-board"), Rollback("vendor-board"), SetAudience("vendor-board", "me")]
)
def test_a_role_in_one_team_says_nothing_about_another(cast: Cast, action: object) -> None:
    facts = cast.house.facts(cast.stranger, action)
    assert not facts.may
    assert "takes the role publisher or builder or developer or platform-engineer or owner here" in facts.may_why


def test_a_builder_does_not_claim_domains(cast: Cast) -> None:
    assert not cast.house.facts(cast.builder, ClaimDomain("vendor-board", "board.example.com")).may


def test_an_auditor_changes_nothing_and_reads_everything(cast: Cast) -> None:
    assert not cast.house.facts(cast.auditor, Publish("vendor-board")).may
    for right in ("read-receipts", "read-all-receipts", "read-people", "read-policy", "export-ledger"):
        assert _reads(cast, cast.auditor, right)


def _reads(cast: Cast, actor: Actor, right: str, subject: str = "app:vendor-board") -> bool:
    with cast.house.database.read() as connection:
        return reading.may(connection, actor, right, subject, cast.house.team_of_app)


def test_a_builder_reads_the_receipts_of_their_own_apps_alone(cast: Cast) -> None:
    assert _reads(cast, cast.builder, "read-receipts")
    assert not _reads(cast, cast.stranger, "read-receipts")
    assert not _reads(cast, cast.builder, "read-all-receipts")
    assert not _reads(cast, cast.builder, "read-receipts", "app:nothing")
    assert _reads(cast, cast.stranger, "read-people", "organisation")


def test_reading_ends_with_the_scope_of_the_token_and_with_the_person(cast: Cast) -> None:
    for scopes, reads in ((("read",), True), (("visit", "deploy"), False)):
        signed = cast.house.who(cast.house.does(cast.builder, CreateToken("ci", scopes)).answer["token"])
        assert signed is not None
        assert _reads(cast, signed.actor, "read-receipts") is reads
    cast.house.does(cast.owner, SuspendPerson(cast.builder.id))
    assert not _reads(cast, cast.builder, "read-people", "organisation")


def test_a_new_app_belongs_to_the_first_team_of_its_maker(cast: Cast) -> None:
    assert cast.house.facts(cast.builder, CreateApp("offsite")).may
    assert not cast.house.facts(cast.builder, CreateApp("offsite", team="research")).may


def test_an_app_that_does_not_exist_is_not_found(cast: Cast) -> None:
    with pytest.raises(NotFound, match="no app called 'nothing'"):
        cast.house.facts(cast.builder, Publish("nothing"))


def test_an_environment_that_a_verb_cannot_concern_is_wrong_input(cast: Cast) -> None:
    with pytest.raises(WrongInput, match="cannot concern"):
        cast.house.facts(cast.builder, Publish("vendor-board", environment="preview"))


def test_an_agent_has_its_persons_rights_without_the_judging(cast: Cast) -> None:
    agent = Actor("agent", "codex", on_behalf_of=cast.owner.id)
    assert cast.house.facts(agent, Publish("vendor-board")).may
    for action in (
        Approve(_request(cast, cast.builder), "fine"),
        GrantRole(cast.builder.id, "owner"),
        CreateToken("more"),
        Invite("sales"),
        JoinTeam("research", cast.builder.id),
        SuspendPerson(cast.builder.id),
    ):
        facts = cast.house.facts(agent, action)
        assert not facts.may
        allowed_once = isinstance(action, SuspendPerson)
        why = "only once its person has allowed it" if allowed_once else "never for an agent"
        assert why in facts.may_why, action


def test_an_agent_never_has_a_right_that_its_person_lacks(cast: Cast) -> None:
    assert not cast.house.facts(Actor("agent", "codex", on_behalf_of=cast.stranger.id), Publish("vendor-board")).may


def test_an_agent_stops_with_its_person(cast: Cast) -> None:
    cast.house.does(cast.owner, SuspendPerson(cast.builder.id))
    facts = cast.house.facts(Actor("agent", "codex", on_behalf_of=cast.builder.id), Publish("vendor-board"))
    assert facts.suspended
    assert not facts.may


def test_the_platform_founds_once_and_never_judges(household: Household) -> None:
    found = FoundOrganisation("Olga")
    assert household.facts(PLATFORM, found).may
    owner = household.found()
    assert not household.facts(PLATFORM, found).may
    assert not household.facts(owner, found).may
    assert not household.facts(PLATFORM, Approve("req_1", "because")).may


def test_a_token_does_only_what_its_scopes_say(cast: Cast) -> None:
    token = cast.house.does(cast.builder, CreateToken("ci", ("deploy", "visit"))).answer["token"]
    signed = cast.house.who(token)
    assert signed is not None
    assert cast.house.facts(signed.actor, CreateApp("offsite")).may
    facts = cast.house.facts(signed.actor, Publish("vendor-board"))
    assert not facts.may
    assert facts.may_why == "the API token lacks a scope that has publish"


def test_a_token_never_does_more_than_its_person(cast: Cast) -> None:
    token = cast.house.does(cast.stranger, CreateToken("all", ("admin", "publish"))).answer["token"]
    signed = cast.house.who(token)
    assert signed is not None
    assert not cast.house.facts(signed.actor, Publish("vendor-board")).may


def test_a_token_makes_no_token_with_more_scopes_than_its_own(cast: Cast) -> None:
    token = cast.house.does(cast.owner, CreateToken("admin", ("admin",))).answer["token"]
    signed = cast.house.who(token)
    assert signed is not None
    assert not cast.house.facts(signed.actor, CreateToken("same", ("admin",))).role_above_own
    assert cast.house.facts(signed.actor, CreateToken("more", ("admin", "visit"))).role_above_own


def test_rights_are_looked_up_when_they_are_used(cast: Cast) -> None:
    assert cast.house.facts(cast.builder, Publish("vendor-board")).may
    cast.house.does(cast.owner, LeaveTeam("sales", cast.builder.id))
    assert not cast.house.facts(cast.builder, Publish("vendor-board")).may


def test_a_role_for_one_app_counts_there_alone(cast: Cast) -> None:
    cast.house.teams["secret-board"] = cast.house.teams["vendor-board"]
    cast.house.does(cast.owner, GrantRole(cast.stranger.id, "developer", "app:vendor-board"))
    assert cast.house.facts(cast.stranger, Publish("vendor-board")).may_why == "developer for vendor-board"
    assert not cast.house.facts(cast.stranger, Publish("secret-board")).may


def test_nobody_gives_a_role_that_allows_more_than_their_own(cast: Cast) -> None:
    facts = cast.house.facts(cast.engineer, GrantRole(cast.builder.id, "owner"))
    assert facts.may
    assert facts.role_above_own
    assert not cast.house.facts(cast.engineer, GrantRole(cast.builder.id, "developer")).role_above_own
    assert not cast.house.facts(cast.owner, GrantRole(cast.builder.id, "owner")).role_above_own
    assert cast.house.facts(cast.engineer, AddPerson("Ghost", "sales", role="owner")).role_above_own
    assert cast.house.facts(cast.engineer, Invite("sales", "owner")).role_above_own


@pytest.mark.parametrize("verb", [SuspendPerson, CreateSignInLink])
def test_nobody_rules_over_somebody_who_may_more(cast: Cast, verb: type) -> None:
    facts = cast.house.facts(cast.engineer, verb(cast.owner.id))
    assert not facts.may
    assert facts.may_why == "that person may do more than you"
    assert cast.house.facts(cast.engineer, verb(cast.builder.id)).may
    assert not cast.house.facts(cast.engineer, RemoveRole(cast.owner.id, "owner")).may


def test_the_last_active_owner_stays(cast: Cast) -> None:
    for action in (
        SuspendPerson(cast.owner.id),
        ErasePerson(cast.owner.id),
        RemoveRole(cast.owner.id, "owner"),
    ):
        assert cast.house.facts(cast.owner, action).last_owner
    cast.house.does(cast.owner, GrantRole(cast.builder.id, "owner"))
    assert not cast.house.facts(cast.owner, SuspendPerson(cast.owner.id)).last_owner
    cast.house.does(cast.owner, SuspendPerson(cast.builder.id))
    assert cast.house.facts(cast.owner, SuspendPerson(cast.owner.id)).last_owner


def test_changing_ones_own_rights_is_told(cast: Cast) -> None:
    assert cast.house.facts(cast.owner, GrantRole(cast.owner.id, "reviewer")).target_self
    assert not cast.house.facts(cast.owner, GrantRole(cast.builder.id, "reviewer")).target_self


def test_everybody_manages_what_is_their_own(cast: Cast) -> None:
    token = cast.house.does(cast.builder, CreateToken("mine")).answer["id"]
    assert cast.house.facts(cast.builder, CreateToken("another")).may
    assert cast.house.facts(cast.builder, RevokeToken(token)).may
    assert cast.house.facts(cast.builder, CreateSignInLink(cast.builder.id)).may
    assert cast.house.facts(cast.builder, LeaveTeam("sales", cast.builder.id)).may
    assert not cast.house.facts(cast.stranger, RevokeToken(token)).may
    assert not cast.house.facts(cast.stranger, CreateSignInLink(cast.builder.id)).may
    assert cast.house.facts(cast.engineer, RevokeToken(token)).may


def _request(cast: Cast, author: Actor, subject: str = "app:vendor-board") -> str:
    request = f"req_{author.id}"
    with cast.house.database.engine.begin() as connection:
        connection.execute(
            insert(tables.request).values(
                id=request,
                action="act_1",
                verb="publish",
                subject=subject,
                process="prc_1",
                author=author.person,
                made_by_agent=False,
                state="waiting",
                digest="sha256:1",
                reasons=[],
                asked=[],
                escalated=0,
                created_at="2026-01-01T00:00:00.000000Z",
                due_at="2026-01-02T00:00:00.000000Z",
                expires_at="2026-01-03T00:00:00.000000Z",
                unreviewed=False,
            )
        )
    return request


def test_a_reviewer_approves_inside_their_scope_and_not_outside(cast: Cast) -> None:
    request = _request(cast, cast.builder)
    outside = cast.house.hire(cast.owner, "Otto Outside", "reviewer", "research")
    assert cast.house.facts(cast.reviewer, Approve(request, "fine")).may_why == "reviewer in the team sales"
    assert not cast.house.facts(outside, Approve(request, "fine")).may
    assert not cast.house.facts(cast.auditor, Approve(request, "fine")).may


def test_a_request_is_withdrawn_by_its_author_alone(cast: Cast) -> None:
    request = _request(cast, cast.builder)
    assert cast.house.facts(cast.builder, Withdraw(request)).may
    assert not cast.house.facts(cast.owner, Withdraw(request)).may


def test_an_author_does_not_approve_through_a_link_that_they_made_for_a_reviewer(cast: Cast) -> None:
    request = _request(cast, cast.owner)
    link = cast.house.does(cast.owner, CreateSignInLink(cast.reviewer.id)).answer["link"]
    session = cast.house.sign_in(link)["session"]
    borrowed = cast.house.who(session)
    assert borrowed is not None
    assert cast.house.facts(borrowed.actor, Approve(request, "fine")).let_in_by_author

    token = cast.house.does(borrowed.actor, CreateToken("around", ("admin",))).answer["token"]
    own_link = cast.house.does(borrowed.actor, CreateSignInLink(cast.reviewer.id)).answer["link"]
    for secret in (token, cast.house.sign_in(own_link)["session"]):
        signed = cast.house.who(secret)
        assert signed is not None
        assert cast.house.facts(signed.actor, Approve(request, "fine")).let_in_by_author

    assert cast.house.facts(cast.reviewer, Approve(request, "fine")).may
    other = _request(cast, cast.builder)
    assert cast.house.facts(borrowed.actor, Approve(other, "fine")).may


def test_whoever_was_added_by_the_author_judges_with_their_first_link(cast: Cast) -> None:
    request = _request(cast, cast.owner)
    link = cast.house.does(cast.owner, AddPerson("Rita", "sales", role="reviewer")).answer["link"]
    signed = cast.house.who(cast.house.sign_in(link)["session"])
    assert signed is not None
    assert cast.house.facts(signed.actor, Approve(request, "fine")).may


def test_a_right_says_where_it_comes_from(cast: Cast) -> None:
    with cast.house.database.read() as connection:
        (right,) = queries.rights(connection, cast.builder.id, "app:vendor-board", cast.house.team_of_app)
        assert (right.role, right.scope) == ("builder", f"team:{cast.house.teams['vendor-board']}")
        giver = connection.execute(
            tables.action.select().with_only_columns(tables.action.c.person).where(tables.action.c.id == right.action)
        ).scalar_one()
        assert giver == cast.owner.id
        assert queries.rights(connection, cast.stranger.id, "app:vendor-board", cast.house.team_of_app) == ()


def test_the_nearest_reviewers_are_asked_first_and_the_owners_last(cast: Cast) -> None:
    ask = reviewers(cast.house.team_of_app, lambda _connection, _subject: None)
    with cast.house.database.read() as connection:
        steps = [list(ask(connection, "app:vendor-board", cast.builder.id, step)) for step in range(4)]
    assert steps == [[cast.reviewer.id], [cast.engineer.id], [cast.owner.id], [cast.owner.id]]


def test_an_author_is_never_asked_about_their_own_request(cast: Cast) -> None:
    ask = reviewers(cast.house.team_of_app, lambda _connection, _subject: None)
    with cast.house.database.read() as connection:
        assert list(ask(connection, "app:vendor-board", cast.reviewer.id, 0)) == [cast.engineer.id]


def test_an_ended_session_acts_no_more(cast: Cast) -> None:
    gone = cast.house.does(cast.builder, CreateToken("ci", ("publish",))).answer
    signed = cast.house.who(gone["token"])
    assert signed is not None
    cast.house.does(cast.builder, RevokeToken(gone["id"]))
    facts = cast.house.facts(replace(signed.actor), Publish("vendor-board"))
    assert facts.may_why == "the session or API token has ended"
