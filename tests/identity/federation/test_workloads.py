"""Builds elsewhere come with their platform's own token, and get what their rule says: no more, and once."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from tests.identity.delegation.lending import Lending
from tests.identity.federation.issuer import CLUSTER, DOMAIN, GITHUB, GITLAB, Issuer
from tests.identity.household import Household

from greenlane.deploys.actions import Deploy, Publish
from greenlane.govern.actor import Actor
from greenlane.govern.errors import Conflict, SignInNeeded, WrongInput
from greenlane.identity.actions import RemoveRole, SuspendPerson
from greenlane.identity.delegation.exchange import ID_TOKEN, NotExchanged, Wanted
from greenlane.identity.delegation.proving import Shown
from greenlane.identity.federation import effects
from greenlane.identity.federation.actions import EndTrust, TrustWorkload
from greenlane.identity.federation.issuers import AGAIN_AFTER, Issuers

CONSOLE = "https://console.example.com"
EXACT = {
    GITHUB: ("repository_id=123456", "ref=refs/heads/main", "environment=production"),
    GITLAB: ("project_id=42", "ref=main", "ref_protected=true"),
    CLUSTER: ("sub=system:serviceaccount:ci:deployer",),
    DOMAIN: (f"sub={DOMAIN}/ci/deployer",),
}


class Trusting(Lending):
    """Somebody who trusts builds elsewhere, and the issuers of their tokens."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.house.handlings |= effects.handlings(CONSOLE)
        self.dana = self.house.hire(self.owner, "Dana Developer", "developer", "sales")

    def issuer(self, name: str = GITHUB) -> Issuer:
        issuer = Issuer(name, self.house.clock.now)
        self.exchange = replace(self.exchange, issuers=Issuers(issuer.fetch, self.house.clock))
        return issuer

    def trusts(self, issuer: Issuer, workload: str = "ci-board", **more: Any) -> None:
        by_file = issuer.name == DOMAIN
        keys = issuer.key_set if by_file else ""
        given = {"claims": EXACT[issuer.name], "keys": keys, **more}
        self.house.does(self.dana, TrustWorkload(workload, issuer.name, **given))

    def comes(self, token: str, name: str = "") -> Actor:
        return self.who(self.exchange.give(Wanted(token, ID_TOKEN, Shown(name))).token)

    def refused(self, token: str, name: str = "") -> str:
        with pytest.raises(NotExchanged) as error:
            self.exchange.give(Wanted(token, ID_TOKEN, Shown(name)))
        return error.value.oauth


@pytest.fixture
def trusting(household: Household) -> Trusting:
    return Trusting(household)


@pytest.mark.parametrize("name", [GITHUB, GITLAB, CLUSTER, DOMAIN])
def test_a_workload_comes_with_its_platforms_token_and_acts_for_the_rules_person(trusting: Trusting, name: str) -> None:
    issuer = trusting.issuer(name)
    trusting.trusts(issuer, apps=("vendor-board",))
    given = trusting.exchange.give(Wanted(issuer.token(), ID_TOKEN, Shown()))
    assert (given.seconds, given.scopes) == (600, ("read", "deploy"))
    actor = trusting.who(given.token)
    assert (actor.kind, actor.id, actor.person) == ("agent", "ci-board", trusting.dana.id)
    assert actor.credential is not None
    assert actor.credential.startswith("wkl_")
    assert trusting.may(actor, Deploy("vendor-board", "upl_x")) == ""
    assert "covers vendor-board alone" in trusting.may(actor, Deploy("price-list", "upl_x"))
    assert "does not cover publish" in trusting.may(actor, Publish("vendor-board"))


@pytest.mark.parametrize(
    "other",
    [
        {"repository_id": "123457"},
        {"repository_id": None},
        {"repository_id": ["123456"]},
        {"ref": "refs/heads/main2"},
        {"ref": "refs/pull/1/merge"},
        {"environment": "Production"},
        {"aud": "https://elsewhere.example.com"},
        {"aud": None},
        {"exp": 1},
        {"exp": None},
        {"nbf": 99_999_999_999},
        {"iss": "https://issuer.example.com"},
        {"iss": f"{GITHUB}/"},
    ],
    ids=str,
)
def test_a_token_that_differs_in_anything_is_refused(trusting: Trusting, other: dict[str, Any]) -> None:
    issuer = trusting.issuer()
    trusting.trusts(issuer)
    assert trusting.refused(issuer.token(**other)) == "invalid_grant"
    assert trusting.comes(issuer.token()).id == "ci-board", "the control: the same token untouched is taken"


def test_a_token_that_somebody_else_signed_is_refused(trusting: Trusting) -> None:
    issuer = trusting.issuer()
    trusting.trusts(issuer)
    assert trusting.refused(Issuer(GITHUB, trusting.house.clock.now).token()) == "invalid_grant"
    said = jwt.decode(issuer.token(), issuer.key, algorithms=["RS256"]).claims
    forged = jwt.encode({"alg": "HS256", "kid": "k1"}, said, OctKey.import_key(b"x" * 32), ["HS256"])
    assert trusting.refused(forged) == "invalid_grant"
    for nothing in ("", "a.b.c", issuer.token()[:-6] + "AAAAAA"):
        assert trusting.refused(nothing) == "invalid_grant"


def test_each_token_is_taken_once(trusting: Trusting) -> None:
    issuer = trusting.issuer()
    trusting.trusts(issuer)
    token = issuer.token()
    trusting.comes(token)
    with pytest.raises(SignInNeeded, match="used already"):
        trusting.comes(token)


def test_what_a_workload_has_ends_with_the_rule_and_with_its_person(trusting: Trusting) -> None:
    issuer = trusting.issuer()
    trusting.trusts(issuer)
    actor = trusting.comes(issuer.token())
    trusting.house.does(trusting.owner, RemoveRole(trusting.dana.id, "developer", "team:sales"))
    assert "takes the role" in trusting.may(actor, Deploy("vendor-board", "upl_x"))
    trusting.house.does(trusting.dana, EndTrust("ci-board"))
    assert trusting.may(actor, Deploy("vendor-board", "upl_x")) == "it was ended"
    assert trusting.refused(issuer.token()) == "invalid_grant"
    trusting.trusts(issuer, "second")
    again = trusting.comes(issuer.token())
    trusting.house.does(trusting.owner, SuspendPerson(trusting.dana.id))
    assert trusting.may(again, Deploy("vendor-board", "upl_x")) == "only active people act here"
    assert trusting.refused(issuer.token()) == "invalid_grant"


def test_an_issuer_changes_its_keys_and_is_asked_again_but_not_all_the_time(trusting: Trusting) -> None:
    issuer = trusting.issuer()
    trusting.trusts(issuer)
    trusting.comes(issuer.token())
    asked = len(issuer.asked)
    trusting.comes(issuer.token())
    assert len(issuer.asked) == asked
    issuer.turn()
    assert trusting.refused(issuer.token()) == "invalid_grant", "it was asked a moment ago"
    trusting.house.clock.forward(AGAIN_AFTER)
    assert trusting.comes(issuer.token()).id == "ci-board"


def test_of_two_rules_that_fit_the_caller_says_which(trusting: Trusting) -> None:
    issuer = trusting.issuer()
    trusting.trusts(issuer)
    trusting.trusts(issuer, "ci-prices", apps=("price-list",))
    assert trusting.refused(issuer.token()) == "invalid_grant"
    assert trusting.comes(issuer.token(), "ci-prices").id == "ci-prices"
    assert trusting.refused(issuer.token(), "ci-others") == "invalid_grant"


def test_a_token_of_another_trust_domain_without_an_issuer_is_refused(trusting: Trusting) -> None:
    issuer = trusting.issuer(DOMAIN)
    trusting.trusts(issuer, claims=("sub=spiffe://example.org.evil/ci/deployer",))
    assert trusting.refused(issuer.token(sub="spiffe://example.org.evil/ci/deployer")) == "invalid_grant"
    assert trusting.refused(issuer.token(iss=GITHUB)) == "invalid_grant"


@pytest.mark.parametrize(
    "wrong",
    [
        {"claims": ()},
        {"claims": ("repository_id",)},
        {"claims": ("=1",)},
        {"issuer": "http://issuer.example.com"},
        {"issuer": DOMAIN},
        {"keys": "{}"},
        {"environments": ("everywhere",)},
        {"scopes": ("everything",)},
    ],
    ids=str,
)
def test_a_rule_that_says_too_little_is_refused(wrong: dict[str, Any]) -> None:
    given = {"workload": "ci-board", "issuer": GITHUB, "claims": EXACT[GITHUB], **wrong}
    with pytest.raises(WrongInput):
        TrustWorkload(**given)


def test_a_name_is_one_agents_or_one_workloads(trusting: Trusting) -> None:
    issuer = trusting.issuer()
    trusting.trusts(issuer)
    with pytest.raises(Conflict):
        trusting.trusts(issuer)
    with pytest.raises(Conflict):
        trusting.agent("ci-board")
    trusting.agent("codex")
    with pytest.raises(Conflict):
        trusting.trusts(issuer, "codex")


def test_who_may_trust_and_end_trust(trusting: Trusting) -> None:
    issuer = trusting.issuer()
    rule = TrustWorkload("ci-board", GITHUB, EXACT[GITHUB])
    assert trusting.may(trusting.dana, rule) == ""
    assert "takes the role" in trusting.may(trusting.ben, rule)
    trusting.trusts(issuer)
    assert "never for an agent" in trusting.may(trusting.comes(issuer.token()), rule)
    assert trusting.may(trusting.dana, EndTrust("ci-board")) == ""
    assert trusting.may(trusting.ben, EndTrust("ci-board")) != ""
    assert trusting.may(trusting.owner, EndTrust("ci-board")) == ""


def test_an_issuer_whose_keys_are_of_no_use_lets_nobody_in(trusting: Trusting) -> None:
    issuer = trusting.issuer()
    trusting.trusts(issuer)
    token = issuer.token()
    issuer.name = "https://elsewhere.example.com"
    assert trusting.refused(token) == "invalid_grant"
    assert json.loads(issuer.key_set)["keys"]
