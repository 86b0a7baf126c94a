"""What an agent may is a part of what its person may, at every moment."""

from __future__ import annotations

import pytest
from tests.identity.delegation.lending import Lending

from greenlane.catalog.actions import SetAudience
from greenlane.deploys.actions import Deploy, Publish
from greenlane.govern.actor import Actor
from greenlane.govern.errors import Conflict, SignInNeeded, WrongInput
from greenlane.identity import reading
from greenlane.identity.actions import (
    CreateSignInLink,
    CreateToken,
    GrantRole,
    RemoveRole,
    RestorePerson,
    RevokeToken,
    SignOut,
    SuspendPerson,
)
from greenlane.identity.delegation.actions import (
    Delegate,
    EndDelegation,
    RegisterAgent,
    ReplaceAgentKey,
    RetireAgent,
)
from greenlane.secrets.actions import TakeValues

DEPLOY = Deploy("vendor-board", "upl_x")
EVERYWHERE = ("preview", "staging", "production")


def test_an_agent_does_what_it_was_lent_and_nothing_else(lending: Lending) -> None:
    codex = lending.who(lending.token(lending.lend(lending.agent())).token)
    assert lending.may(codex, DEPLOY) == ""
    assert "does not cover publish" in lending.may(codex, Publish("vendor-board", environment="production"))


def test_the_ceiling_of_an_agent_holds_whatever_is_lent(lending: Lending) -> None:
    lending.agent(scopes=("read", "deploy", "publish"), verbs=("deploy", "read-receipts"))
    codex = lending.who(lending.token(lending.lend(scopes=("deploy", "publish"), environments=EVERYWHERE)).token)
    assert lending.may(codex, DEPLOY) == ""
    assert "the agent codex does not cover publish" in lending.may(codex, Publish("vendor-board"))


def test_a_grant_holds_for_its_apps_and_environments_alone(lending: Lending) -> None:
    lending.agent(scopes=("read", "deploy", "publish"))
    scopes = ("read", "deploy", "publish")
    grant = lending.lend(scopes=scopes, apps=("vendor-board",), environments=("preview", "staging"))
    codex = lending.who(lending.token(grant).token)
    assert lending.may(codex, Publish("vendor-board", environment="staging")) == ""
    assert "does not cover production" in lending.may(codex, Publish("vendor-board", environment="production"))
    assert "covers vendor-board alone" in lending.may(codex, Deploy("price-list", "upl_x"))
    assert "does not cover production" in lending.may(codex, SetAudience("vendor-board", "team")), (
        "what concerns all of an app concerns what people use of it"
    )


def test_an_agent_never_has_a_right_that_its_person_lacks(lending: Lending) -> None:
    lending.agent(scopes=("admin",))
    codex = lending.who(lending.token(lending.lend(scopes=("admin",), environments=EVERYWHERE)).token)
    assert lending.may(codex, Publish("vendor-board")) == ""
    lending.house.does(lending.owner, RemoveRole(lending.ben.id, "builder", "team:sales"))
    assert "takes the role" in lending.may(codex, Publish("vendor-board"))


def test_nor_one_that_its_person_has_in_another_environment(lending: Lending) -> None:
    lending.agent(scopes=("admin",))
    codex = lending.who(lending.token(lending.lend(scopes=("admin",), environments=EVERYWHERE)).token)
    lending.house.does(lending.owner, RemoveRole(lending.ben.id, "builder", "team:sales"))
    lending.house.does(lending.owner, GrantRole(lending.ben.id, "builder:staging", "team:sales"))
    assert lending.may(codex, Publish("vendor-board", environment="staging")) == ""
    for action in (Publish("vendor-board"), DEPLOY, SetAudience("vendor-board", "team")):
        assert "takes the role" in lending.may(codex, action)


@pytest.mark.parametrize(
    "action",
    [
        GrantRole("p_x", "owner"),
        RegisterAgent("another"),
        Delegate("codex", minutes=480),
        CreateToken("more"),
        EndDelegation("dlg_x"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_what_is_lent_to_nobody(lending: Lending, action: object) -> None:
    lending.agent(scopes=("admin",))
    codex = lending.who(lending.token(lending.lend(scopes=("admin",), environments=EVERYWHERE, by=lending.owner)).token)
    assert "never for an agent" in lending.may(codex, action)


def test_reading_secrets_is_lent_to_nobody(lending: Lending) -> None:
    lending.agent(scopes=("admin",))
    codex = lending.who(lending.token(lending.lend(scopes=("admin",), environments=EVERYWHERE)).token)
    assert lending.may(lending.ben, TakeValues("vendor-board")) == ""
    assert "does not cover take-values" in lending.may(codex, TakeValues("vendor-board"))


def test_reading_is_bounded_like_acting(lending: Lending) -> None:
    lending.agent()
    codex = lending.who(lending.token(lending.lend(scopes=("read",), apps=("vendor-board",))).token)
    with lending.house.database.read() as connection:

        def may(subject: str) -> bool:
            return reading.may(connection, codex, "read-receipts", subject, lending.house.team_of_app)

        assert may("app:vendor-board")
        assert not may("app:price-list")
        assert not may("organisation")


def test_suspending_the_person_ends_it_at_once_and_for_good(lending: Lending) -> None:
    token = lending.token(lending.lend(lending.agent())).token
    codex = lending.who(token)
    lending.house.does(lending.owner, SuspendPerson(lending.ben.id))
    assert lending.may(codex, DEPLOY) == "only active people act here"
    with pytest.raises(SignInNeeded):
        lending.who(token)
    lending.house.does(lending.owner, RestorePerson(lending.ben.id))
    assert "ended" in lending.may(codex, DEPLOY)
    with pytest.raises(SignInNeeded, match="ended"):
        lending.who(token)


def test_suspending_whoever_answers_for_an_agent_ends_what_others_lent_it(lending: Lending) -> None:
    lending.agent()
    token = lending.token(lending.lend(by=lending.owner)).token
    lending.house.does(lending.owner, SuspendPerson(lending.ben.id))
    with pytest.raises(SignInNeeded):
        lending.who(token)


@pytest.mark.parametrize("ends", [EndDelegation, RetireAgent])
def test_ending_a_grant_or_retiring_the_agent_ends_it_at_once(lending: Lending, ends: type) -> None:
    lending.agent()
    grant = lending.lend()
    token = lending.token(grant).token
    codex = lending.who(token)
    lending.house.does(lending.ben, ends(grant if ends is EndDelegation else "codex"))
    assert lending.may(codex, DEPLOY) in {"it was ended", "the agent codex was retired"}
    with pytest.raises(SignInNeeded):
        lending.who(token)


def test_a_grant_ends_with_the_sign_in_that_it_was_given_in(lending: Lending) -> None:
    made = lending.house.does(lending.ben, CreateToken("laptop", ("admin",))).answer
    lending.agent()
    grant = lending.lend(by=Actor("person", lending.ben.id, credential=made["id"]))
    codex = lending.who(lending.token(grant).token)
    assert codex.signed_in == made["id"]
    lending.house.does(lending.ben, RevokeToken(made["id"]))
    assert "the sign-in that it was given in has ended" in lending.may(codex, DEPLOY)


def test_a_grant_expires_and_lasts_no_longer_than_the_platform_allows(lending: Lending) -> None:
    lending.agent()
    with pytest.raises(WrongInput, match="too long"):
        lending.lend(minutes=481)
    codex = lending.who(lending.token(lending.lend(minutes=30)).token)
    lending.house.clock.forward(1801)
    assert lending.may(codex, DEPLOY) == "the grant has expired"


def test_another_key_ends_what_was_made_with_the_one_before(lending: Lending) -> None:
    lending.agent()
    grant = lending.lend()
    token = lending.token(grant).token
    lending.secrets["codex"] = lending.house.does(lending.ben, ReplaceAgentKey("codex")).answer["secret"]
    with pytest.raises(SignInNeeded, match="another key"):
        lending.who(token)
    assert lending.who(lending.token(grant).token).id == "codex"


def test_an_api_token_that_names_a_registered_agent_has_its_ceiling_and_ends_with_it(lending: Lending) -> None:
    lending.agent(scopes=("read",))
    secret = lending.house.does(lending.ben, CreateToken("desk", ("deploy",), agent="codex")).answer["token"]
    signed = lending.house.who(secret)
    assert signed is not None
    assert "the agent codex does not cover deploy" in lending.may(signed.actor, DEPLOY)
    lending.house.does(lending.ben, RetireAgent("codex"))
    assert lending.house.who(secret) is None
    with pytest.raises(Conflict, match="was retired"):
        lending.house.does(lending.ben, CreateToken("again", ("deploy",), agent="codex"))


def test_nobody_registers_an_agent_that_others_have_tokens_for(lending: Lending) -> None:
    lending.house.does(lending.owner, CreateToken("mine", ("deploy",), agent="codex"))
    with pytest.raises(Conflict, match="Others here have API tokens"):
        lending.agent()


def test_a_name_is_given_once(lending: Lending) -> None:
    lending.agent()
    lending.house.does(lending.ben, RetireAgent("codex"))
    with pytest.raises(Conflict, match="was retired"):
        lending.agent()


def test_everybody_lends_and_takes_back_what_is_their_own(lending: Lending) -> None:
    lending.agent()
    eve = lending.house.hire(lending.owner, "Eve Elsewhere", "builder", "research")
    visitor = lending.house.hire(lending.owner, "Vera Visitor", "visitor", "research")
    grant = lending.lend()
    assert lending.may(eve, Delegate("codex")) == ""
    assert lending.may(visitor, RegisterAgent("mine")) != ""
    assert lending.may(lending.ben, EndDelegation(grant)) == ""
    assert lending.may(eve, EndDelegation(grant)) != ""
    assert lending.may(eve, RetireAgent("codex")) != ""
    assert lending.may(eve, ReplaceAgentKey("codex")) != ""
    assert lending.may(lending.owner, EndDelegation(grant)) == ""
    assert lending.may(lending.owner, RetireAgent("codex")) == ""


def test_a_token_lends_no_more_than_its_own_scopes(lending: Lending) -> None:
    lending.agent()
    made = lending.house.does(lending.ben, CreateToken("narrow", ("admin",))).answer
    with_token = Actor("person", lending.ben.id, credential=made["id"])
    assert not lending.house.facts(with_token, Delegate("codex", ("deploy",))).role_above_own
    assert lending.house.facts(with_token, Delegate("codex", ("visit",))).role_above_own


def test_signing_out_ends_what_was_lent_in_that_session(lending: Lending) -> None:
    link = lending.house.does(lending.owner, CreateSignInLink(lending.ben.id)).answer["link"]
    signed = lending.house.who(lending.house.sign_in(link)["session"])
    assert signed is not None
    lending.agent()
    codex = lending.who(lending.token(lending.lend(by=signed.actor)).token)
    lending.house.does(signed.actor, SignOut())
    assert "the sign-in that it was given in has ended" in lending.may(codex, DEPLOY)
