"""What a provider says is believed only when everything about it holds; each thing that can be wrong has its own words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.identity.sso.arriving import Desk
from tests.identity.sso.issuer import HERE, another_key, curve, shared_secret

from greenlane.govern.errors import WrongInput
from greenlane.identity.oidc import believing
from greenlane.identity.oidc.driver import NotReached
from greenlane.identity.oidc.refusals import REFUSALS, OidcRefused
from greenlane.identity.sso.actions import AddIdentityProvider
from greenlane.identity.sso.pending import Wish


def refused(desk: Desk, **claims: Any) -> str:
    with pytest.raises(OidcRefused) as error:
        desk.comes_in("u-1", **claims)
    assert error.value.reason in REFUSALS
    return error.value.reason


def swapped(token: str) -> str:
    """The claims of somebody else behind a signature that was made for these."""
    head, _, mark = token.split(".")
    return f"{head}.eyJzdWIiOiJhZG1pbiJ9.{mark}"


def unsigned(token: str) -> str:
    return f"eyJhbGciOiJub25lIn0.{token.split('.')[1]}."


SAID = {
    "another issuer": ({"iss": "https://id.example.com/"}, "issuer-wrong"),
    "no issuer": ({"iss": None}, "issuer-wrong"),
    "another audience": ({"aud": "somebody-else"}, "audience-wrong"),
    "an empty audience": ({"aud": []}, "audience-wrong"),
    "no audience": ({"aud": None}, "audience-wrong"),
    "several audiences without saying for whom": ({"aud": ["greenlane", "other"]}, "audience-wrong"),
    "several audiences, for another": ({"aud": ["greenlane", "other"], "azp": "other"}, "audience-wrong"),
    "for another client": ({"azp": "other"}, "audience-wrong"),
    "another nonce": ({"nonce": "another"}, "nonce-wrong"),
    "no nonce": ({"nonce": None}, "nonce-wrong"),
    "no end": ({"exp": None}, "expired"),
    "no beginning": ({"iat": None}, "expired"),
    "an end that is no number": ({"exp": "tomorrow"}, "expired"),
    "another access token": ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, "access-token-swapped"),
    "nobody": ({"sub": ""}, "subject-missing"),
    "somebody who is true": ({"sub": True}, "subject-missing"),
    "an event": ({"events": {}}, "kind-wrong"),
}


@pytest.mark.parametrize(("claims", "reason"), SAID.values(), ids=SAID)
def test_a_token_that_says_something_else_is_refused(desk: Desk, claims: dict[str, Any], reason: str) -> None:
    desk.adds()
    desk.comes_in("u-1")
    desk.issuer.claims = claims
    assert refused(desk) == reason
    desk.issuer.claims = {}
    desk.comes_in("u-1")


@pytest.mark.parametrize(("seconds", "reason"), [(-361, "expired"), (-400, "expired"), (61, "from-the-future")])
def test_clocks_may_differ_by_a_minute_and_no_more(desk: Desk, seconds: int, reason: str) -> None:
    desk.adds()
    now = int(desk.clock.now().timestamp()) + 1
    near = seconds + (10 if seconds < 0 else -10)
    if seconds == -361:
        desk.comes_in("u-1", iat=now + near, exp=now + near + 300)
    assert refused(desk, iat=now + seconds + 1, exp=now + seconds + 300) == reason


def test_a_token_that_never_ends_ends_after_a_day(desk: Desk) -> None:
    desk.adds()
    now = int(desk.clock.now().timestamp())
    assert refused(desk, iat=now - 90_000, exp=now + 10**9) == "expired"


@pytest.mark.parametrize("bend", [swapped, lambda token: token[:-8] + "AAAAAAAA"], ids=["claims", "signature"])
def test_what_was_changed_on_the_way_is_refused(desk: Desk, bend: Callable[[str], str]) -> None:
    desk.adds()
    desk.issuer.bend = bend
    assert refused(desk) == "signature-wrong"


def test_an_unsigned_token_is_refused_though_the_provider_allows_it(desk: Desk) -> None:
    desk.adds()
    desk.issuer.bend = unsigned
    assert refused(desk) == "algorithm-refused"


def test_a_shared_secret_signs_nothing_here(desk: Desk) -> None:
    desk.adds()
    desk.issuer.sign_with, desk.issuer.header = shared_secret(), {"alg": "HS256"}
    assert refused(desk) == "algorithm-refused"


def test_somebody_elses_key_under_the_same_name_is_refused(desk: Desk) -> None:
    desk.adds()
    desk.issuer.sign_with = another_key()
    assert refused(desk) == "signature-wrong"


def test_a_key_of_another_kind_is_not_confused(desk: Desk) -> None:
    desk.adds()
    desk.issuer.sign_with, desk.issuer.header = curve(), {"alg": "ES256"}
    assert refused(desk) == "key-unknown"


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c.d", "....", "%%%.b.c", "bnVsbA.b.c", "x" * 300_000])
def test_what_is_no_token_is_refused(desk: Desk, token: str) -> None:
    desk.adds()
    desk.issuer.bend = lambda _: token
    with pytest.raises(OidcRefused):
        desk.comes_in("u-1")


def test_a_logout_token_signs_nobody_in(desk: Desk) -> None:
    desk.adds()
    desk.issuer.header = {"typ": "logout+jwt"}
    assert refused(desk) == "kind-wrong"


# keys change


def test_keys_may_change_at_any_moment_and_nobody_is_turned_away(desk: Desk) -> None:
    desk.adds()
    desk.comes_in("u-1")
    desk.issuer.shown = (0, 1)
    desk.comes_in("u-1")
    desk.clock.forward(60)
    desk.issuer.shown = (2,)
    desk.comes_in("u-1")


def test_a_token_without_a_key_id_is_tried_with_every_key(desk: Desk) -> None:
    desk.adds()
    desk.issuer.shown, desk.issuer.header = (0, 1, 2), {"kid": None}
    desk.comes_in("u-1")


def test_unknown_keys_do_not_make_us_ask_and_ask(desk: Desk) -> None:
    desk.adds()
    desk.issuer.header = {"kid": "made-up"}
    for _ in range(5):
        assert refused(desk) == "key-unknown"
    assert desk.issuer.asked.count("GET /keys") <= 3


def test_a_provider_that_is_away_is_remembered_for_a_day(desk: Desk) -> None:
    desk.adds()
    desk.clock.forward(3600)
    desk.issuer.away = True
    desk.goes_out()
    desk.clock.forward(90_000)
    with pytest.raises(NotReached):
        desk.goes_out()


# what a provider says of itself


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"issuer": "https://id.example.com/other"}, "issuer-other"),
        ({"token_endpoint": None}, "address-missing"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "address-missing"),
        ({"id_token_signing_alg_values_supported": ["HS256", "none"]}, "no-algorithm"),
        ({"code_challenge_methods_supported": ["plain"]}, "no-pkce"),
    ],
)
def test_a_provider_that_cannot_be_believed_is_not_added(desk: Desk, document: dict[str, Any], reason: str) -> None:
    desk.issuer.document = document
    with pytest.raises(OidcRefused) as error:
        desk.adds()
    assert error.value.reason == reason


def test_a_wrong_secret_is_said_in_plain_words(desk: Desk) -> None:
    desk.adds(client_secret="wrong")
    assert refused(desk) == "client-refused"


def test_google_signs_in_nobody_without_a_domain(desk: Desk) -> None:
    with pytest.raises(WrongInput, match="everybody in the world"):
        AddIdentityProvider("google", issuer="https://accounts.google.com", client_id="x")


def test_a_claim_that_must_be_there_is_asked_for(desk: Desk) -> None:
    desk.adds(requires=("hd=example.com",))
    assert refused(desk) == "claim-missing"
    assert refused(desk, hd="evil.example") == "claim-missing"
    desk.comes_in("u-1", hd="example.com")


def test_what_is_told_beside_the_token_is_about_the_same_person(desk: Desk) -> None:
    desk.adds(groups="groups")
    desk.issuer.tells = {"groups": ["sales"], "name": "Ada"}
    assert desk.lands("u-1", Wish(purpose="test", person=desk.doorway.owner.id)).told["groups"] == ["sales"]
    desk.issuer.tells = {"sub": "somebody-else"}
    assert refused(desk) == "person-other"


def test_an_answer_of_another_provider_is_refused(desk: Desk) -> None:
    desk.issuer.document = {"authorization_response_iss_parameter_supported": True}
    desk.adds()
    for said in ({}, {"iss": "https://evil.example"}):
        address, browser = desk.goes_out()
        with pytest.raises(OidcRefused) as error:
            desk.company.oidc.answered("okta", {**desk.issuer.signs_in(address), **said}, browser)
        assert error.value.reason == "other-provider"
    address, browser = desk.goes_out()
    assert desk.company.oidc.answered("okta", {**desk.issuer.signs_in(address), "iss": HERE}, browser).secret


# step-up


def test_a_fresh_sign_in_is_asked_for_and_checked(desk: Desk) -> None:
    desk.adds(strong="phr")
    address, _ = desk.goes_out(Wish(fresh=True))
    assert "max_age=60" in address
    assert "prompt=login" in address
    assert "acr_values=phr" in address
    now = int(desk.clock.now().timestamp())
    with pytest.raises(OidcRefused) as error:
        desk.comes_in("u-1", Wish(fresh=True), auth_time=now - 600, acr="phr")
    assert error.value.reason == "not-fresh"
    with pytest.raises(OidcRefused) as error:
        desk.comes_in("u-1", Wish(fresh=True), auth_time=None, acr="phr")
    assert error.value.reason == "not-fresh"
    with pytest.raises(OidcRefused) as error:
        desk.comes_in("u-1", Wish(fresh=True), acr="pwd")
    assert error.value.reason == "not-strong"
    desk.comes_in("u-1", Wish(fresh=True), acr="phr")


# the back channel


def test_a_logout_at_the_provider_ends_the_session_that_it_opened(desk: Desk) -> None:
    desk.adds()
    one, other = desk.comes_in("u-1", sid="s-1"), desk.comes_in("u-1", sid="s-2")
    somebody = desk.comes_in("u-2", sid="s-3")
    said = desk.issuer.logout_token(sub="u-1", sid="s-1")
    assert desk.company.oidc.logged_out("okta", said, desk.control.door.govern) == 1
    assert desk.who(one) is None
    assert desk.who(other) is not None
    desk.company.oidc.logged_out("okta", desk.issuer.logout_token(sub="u-1"), desk.control.door.govern)
    assert desk.who(other) is None
    assert desk.who(somebody) is not None
    receipt = desk.doorway.receipts("end-provider-sessions")[0]
    assert receipt.action["inputs"]["provider"] == "okta"
    assert "s-1" not in receipt.encode().decode()


def test_a_logout_counts_once(desk: Desk) -> None:
    desk.adds()
    said = desk.issuer.logout_token(sub="u-1")
    desk.comes_in("u-1")
    desk.company.oidc.logged_out("okta", said, desk.control.door.govern)
    again = desk.comes_in("u-1")
    with pytest.raises(OidcRefused) as error:
        desk.company.oidc.logged_out("okta", said, desk.control.door.govern)
    assert error.value.reason == "spent"
    assert desk.who(again) is not None


LOGOUTS = {
    "with a nonce": ({"nonce": "n"}, "kind-wrong"),
    "without its event": ({"events": {}}, "kind-wrong"),
    "for nobody": ({"sub": None}, "subject-missing"),
    "without an id": ({"jti": None}, "subject-missing"),
    "for another client": ({"aud": "other"}, "audience-wrong"),
    "of another issuer": ({"iss": "https://evil.example"}, "issuer-wrong"),
    "too old": ({"iat": 1_000_000, "exp": 1_000_300}, "expired"),
}


@pytest.mark.parametrize(("claims", "reason"), LOGOUTS.values(), ids=LOGOUTS)
def test_a_logout_that_does_not_hold_ends_nothing(desk: Desk, claims: dict[str, Any], reason: str) -> None:
    desk.adds()
    opened = desk.comes_in("u-1")
    desk.issuer.claims = claims
    with pytest.raises(OidcRefused) as error:
        desk.company.oidc.logged_out("okta", desk.issuer.logout_token(sub="u-1"), desk.control.door.govern)
    assert error.value.reason == reason
    assert desk.who(opened) is not None


def test_an_id_token_is_no_logout(desk: Desk) -> None:
    desk.adds()
    opened = desk.comes_in("u-1")
    with pytest.raises(OidcRefused):
        desk.company.oidc.logged_out("okta", desk.issuer.id_token("u-1"), desk.control.door.govern)
    assert desk.who(opened) is not None


def test_every_reason_says_what_to_do() -> None:
    for says, instead in REFUSALS.values():
        assert says.endswith(".")
        assert instead.endswith(".")
    assert believing.SKEW.total_seconds() == 60


def test_the_page_lists_every_reason() -> None:
    page = (Path(__file__).parents[3] / "docs" / "identity.md").read_text()
    for reason, (says, instead) in REFUSALS.items():
        assert f"| `{reason}` | {says} | {instead} |\n" in page
