"""Tokens for agents: for one address, for minutes, and never for more than what they were exchanged for."""

from __future__ import annotations

import json

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from tests.identity.delegation.lending import BOARD, CONSOLE, Lending

from greenlane.deploys.actions import Deploy, Publish
from greenlane.govern.errors import SignInNeeded, WrongInput
from greenlane.identity.actions import CreateToken
from greenlane.identity.delegation.actions import EndDelegation, RegisterAgent, ReplaceAgentKey
from greenlane.identity.delegation.exchange import ACCESS_TOKEN, GRANT, NotExchanged, Wanted
from greenlane.identity.delegation.issuing import Issuer
from greenlane.identity.delegation.proving import Shown

DEPLOY = Deploy("vendor-board", "upl_x")
HOW_LONG = 300


def refused(lending: Lending, wanted: Wanted) -> str:
    with pytest.raises(NotExchanged) as error:
        lending.exchange.give(wanted)
    return error.value.oauth


def test_a_token_names_person_agent_grant_audience_and_lasts_five_minutes(lending: Lending) -> None:
    grant = lending.lend(lending.agent())
    given = lending.token(grant)
    said = lending.claims(given.token)
    assert (said["iss"], said["sub"], said["aud"]) == (CONSOLE, lending.ben.id, CONSOLE)
    assert said["act"] == {"sub": "codex", "epoch": 1}
    assert (said["grant"], said["client_id"], said["epoch"]) == (grant, "codex", 1)
    assert said["exp"] - said["iat"] == given.seconds == HOW_LONG
    assert given.scopes == ("read", "deploy")


def test_a_token_ends_with_its_grant_where_that_is_sooner(lending: Lending) -> None:
    grant = lending.lend(lending.agent(), minutes=1)
    assert lending.token(grant).seconds <= 60


def test_a_token_is_over_after_five_minutes(lending: Lending) -> None:
    token = lending.token(lending.lend(lending.agent())).token
    lending.house.clock.forward(HOW_LONG + 1)
    with pytest.raises(SignInNeeded):
        lending.who(token)


def test_a_token_for_an_app_does_not_open_the_api_and_the_other_way_round(lending: Lending) -> None:
    lending.agent()
    grant = lending.lend(scopes=("visit", "deploy"))
    token = lending.token(grant, resource=BOARD).token
    assert lending.claims(token)["aud"] == BOARD
    with pytest.raises(SignInNeeded):
        lending.who(token)
    wanted = Wanted(grant, GRANT, lending.shown("codex"), "https://elsewhere.example.com")
    assert refused(lending, wanted) == "invalid_target"


def test_a_token_for_models_takes_a_grant_with_money(lending: Lending) -> None:
    lending.agent()
    models = f"{CONSOLE}/ai"
    grant = lending.lend(dollars="0.50")
    assert lending.budgets == {grant: 500_000_000_000}
    assert lending.claims(lending.token(grant, resource=models).token)["aud"] == models
    without = Wanted(lending.lend(), GRANT, lending.shown("codex"), models)
    assert refused(lending, without) == "invalid_target"


def test_scopes_only_shrink(lending: Lending) -> None:
    grant = lending.lend(lending.agent())
    given = lending.token(grant, scopes=("read",))
    assert given.scopes == ("read",)
    assert "this token does not cover deploy" in lending.may(lending.who(given.token), DEPLOY)
    for more in ("publish", "admin", "nothing"):
        wanted = Wanted(grant, GRANT, lending.shown("codex"), scopes=(more,))
        assert refused(lending, wanted) == "invalid_scope"


def test_a_sub_agent_gets_the_same_grant_with_one_more_in_the_chain(lending: Lending) -> None:
    lending.agent()
    lending.agent("linter", scopes=("read",))
    grant = lending.lend(depth=2)
    given = lending.passed_on(lending.token(grant).token, "linter")
    assert lending.claims(given.token)["act"] == {"sub": "linter", "epoch": 1, "act": {"sub": "codex", "epoch": 1}}
    assert given.scopes == ("read",)
    linter = lending.who(given.token)
    assert linter.agents == ("codex", "linter")
    assert [(link["kind"], link["id"]) for link in linter.chain()] == [
        ("person", lending.ben.id),
        ("agent", "codex"),
        ("agent", "linter"),
    ]
    assert linter.chain()[-1]["credential"] == grant
    assert "the agent linter does not cover deploy" in lending.may(linter, DEPLOY)


def test_a_chain_is_as_deep_as_the_grant_says_and_names_nobody_twice(lending: Lending) -> None:
    for name in ("codex", "linter", "tester", "fourth"):
        lending.agent(name)
    flat = lending.token(lending.lend()).token
    assert refused(lending, Wanted(flat, ACCESS_TOKEN, lending.shown("linter"))) == "invalid_grant"
    second = lending.passed_on(lending.token(lending.lend(depth=3)).token, "linter").token
    assert refused(lending, Wanted(second, ACCESS_TOKEN, lending.shown("codex"))) == "invalid_grant"
    third = lending.passed_on(second, "tester").token
    assert refused(lending, Wanted(third, ACCESS_TOKEN, lending.shown("fourth"))) == "invalid_grant"
    with pytest.raises(WrongInput):
        lending.lend(depth=4)


def test_what_was_passed_on_ends_with_the_grant_and_with_every_agent_of_the_chain(lending: Lending) -> None:
    lending.agent()
    lending.agent("linter")
    grant = lending.lend(depth=2)
    first = lending.token(grant).token
    token = lending.passed_on(first, "linter").token
    lending.house.does(lending.ben, ReplaceAgentKey("codex"))
    with pytest.raises(SignInNeeded, match="another key"):
        lending.who(token)
    assert refused(lending, Wanted(first, ACCESS_TOKEN, lending.shown("linter"))) == "invalid_grant"
    lending.house.does(lending.ben, EndDelegation(grant))
    with pytest.raises(SignInNeeded, match="ended"):
        lending.who(token)


def test_a_persons_token_is_exchanged_for_what_they_lent_and_no_wider_than_itself(lending: Lending) -> None:
    lending.agent(scopes=("read", "deploy"))
    lending.lend()
    secret = lending.house.does(lending.ben, CreateToken("laptop", ("read",))).answer["token"]
    given = lending.exchange.give(Wanted(secret, ACCESS_TOKEN, lending.shown("codex")))
    assert given.scopes == ("read",)
    lending.agent("stranger")
    assert refused(lending, Wanted(secret, ACCESS_TOKEN, lending.shown("stranger"))) == "invalid_grant"


def test_a_grant_is_worth_nothing_to_another_agent(lending: Lending) -> None:
    grant = lending.lend(lending.agent())
    lending.agent("thief")
    assert refused(lending, Wanted(grant, GRANT, lending.shown("thief"))) == "invalid_grant"


@pytest.mark.parametrize("shown", [Shown(), Shown("codex"), Shown("codex", "gln_nothing"), Shown("", "", "a.b.c")])
def test_whoever_proves_nothing_gets_nothing(lending: Lending, shown: Shown) -> None:
    grant = lending.lend(lending.agent())
    assert refused(lending, Wanted(grant, GRANT, shown)) == "invalid_client"


def test_a_secret_is_its_own_agents_alone(lending: Lending) -> None:
    grant = lending.lend(lending.agent())
    lending.agent("other")
    assert refused(lending, Wanted(grant, GRANT, Shown("codex", lending.secrets["other"]))) == "invalid_client"


def test_an_agent_with_a_key_signs_a_proof_that_is_taken_once(lending: Lending) -> None:
    grant = lending.lend(lending.signing_agent())
    proof = lending.proof("signer")
    assert lending.exchange.give(Wanted(grant, GRANT, Shown(proof=proof))).scopes == ("read", "deploy")
    with pytest.raises(SignInNeeded, match="used already"):
        lending.exchange.give(Wanted(grant, GRANT, Shown(proof=proof)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "https://elsewhere.example.com"},
        {"iss": "another"},
        {"sub": "another"},
        {"exp": 1},
        {"exp": 99_999_999_999},
        {"jti": None},
    ],
    ids=str,
)
def test_a_proof_is_for_us_from_the_agent_and_short(lending: Lending, wrong: dict[str, object]) -> None:
    grant = lending.lend(lending.signing_agent())
    assert refused(lending, Wanted(grant, GRANT, Shown(proof=lending.proof("signer", **wrong)))) == "invalid_client"


def test_a_proof_with_the_public_key_as_a_password_is_refused(lending: Lending) -> None:
    grant = lending.lend(lending.signing_agent())
    claims = jwt.decode(lending.proof("signer"), lending.keys["signer"], algorithms=["ES256"]).claims
    forged = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(b"x" * 32), ["HS256"])
    assert refused(lending, Wanted(grant, GRANT, Shown(proof=forged))) == "invalid_client"


def test_nobody_elses_token_is_taken_for_ours(lending: Lending) -> None:
    token = lending.token(lending.lend(lending.agent())).token
    other = Issuer(CONSOLE, b"y" * 32)
    with pytest.raises(SignInNeeded):
        other.read(token, CONSOLE, lending.house.clock.now())
    head, body, signature = token.split(".")
    for changed in (f"{head}.{body}x.{signature}", f"{head}.{body}.{signature[:-4]}AAAA", f"{head}.{body}."):
        with pytest.raises(SignInNeeded):
            lending.who(changed)


@pytest.mark.parametrize("key", ["", "{", '{"kty":"oct","k":"AAAA"}', '{"kty":"EC"}', "[]"])
def test_what_is_no_public_key_is_refused(lending: Lending, key: str) -> None:
    if not key:
        assert RegisterAgent("with-a-secret", public_key=key)
        return
    with pytest.raises(WrongInput):
        RegisterAgent("codex", public_key=key)


def test_a_private_key_is_refused(lending: Lending) -> None:
    lending.signing_agent()
    with pytest.raises(WrongInput, match="private"):
        RegisterAgent("codex", public_key=json.dumps(lending.keys["signer"].as_dict(private=True)))


def test_a_publish_needs_the_environment(lending: Lending) -> None:
    lending.agent(scopes=("publish",))
    codex = lending.who(lending.token(lending.lend(scopes=("publish",), environments=("staging",))).token)
    assert lending.may(codex, Publish("vendor-board", environment="staging")) == ""
