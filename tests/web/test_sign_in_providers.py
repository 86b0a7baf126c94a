"""The page on which an administrator sets the company's own sign-in up, and the way through it in a browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from tests.house import Doorway
from tests.identity.saml.provider import known
from tests.identity.sso.described import described
from tests.identity.sso.issuer import HERE, SECRET, Issuer
from tests.web.conftest import Visitor

from greenlane.identity.oidc.driver import Answered
from greenlane.identity.provisioning.actions import ConnectDirectory
from greenlane.identity.sso.actions import AddIdentityProvider, ClaimMailDomain, VerifyMailDomain


@pytest.fixture
def issuer(doorway: Doorway) -> Issuer:
    found = Issuer(doorway.clock)
    doorway.control.coming_in.books.wire = found
    return found


def adds(doorway: Doorway, **more: Any) -> None:
    said = AddIdentityProvider("okta", issuer=HERE, client_id="greenlane", client_secret=SECRET, creates=True, **more)
    doorway.does(doorway.owner, said)


@pytest.mark.parametrize("guide", ["okta", "entra", "google", "keycloak", "other", "saml"])
def test_each_guide_has_its_steps_and_the_values_to_copy(console: Visitor, doorway: Doorway, guide: str) -> None:
    page = console.as_(doorway.owner).get(f"/sign-in-providers?for={guide}").text
    assert "/sso/" in page
    assert 'action="/do/add-identity-provider"' in page


def test_an_administrator_adds_a_provider_and_sees_that_it_works(
    console: Visitor, doorway: Doorway, issuer: Issuer
) -> None:
    browser = console.as_(doorway.owner)
    typed = {"name": "okta", "title": "Okta", "kind": "oidc", "issuer": HERE, "client_id": "greenlane"}
    made = browser.post(
        "/do/add-identity-provider", data={**typed, "client_secret": SECRET, "back": "/sign-in-providers/okta"}
    )
    assert made.headers["location"] == "/sign-in-providers/okta"
    page = browser.get("/sign-in-providers/okta").text
    assert "Client id and secret are right." in page
    assert SECRET not in page
    issuer.secret = "another"
    assert "client id or client secret are wrong" in browser.get("/sign-in-providers/okta").text


def test_who_may_not_read_settings_sees_neither_page(console: Visitor, doorway: Doorway, issuer: Issuer) -> None:
    adds(doorway)
    builder = console.as_(doorway.hire("Ben Okafor", "builder"))
    assert builder.get("/sign-in-providers").status_code == 404
    assert builder.get("/sign-in-providers/okta").status_code == 404
    assert builder.post("/sign-in-providers/okta/try").status_code == 404


def test_somebody_comes_in_through_the_browser_and_a_stolen_answer_opens_nothing(
    console: Visitor, doorway: Doorway, issuer: Issuer
) -> None:
    adds(doorway)
    browser, thief = console.nobody, console.nobody
    out = browser.get("/sso/oidc/okta/begin?next=/inbox")
    assert out.status_code == 303
    back = f"/sso/oidc/okta/callback?{urlencode(issuer.signs_in(out.headers['location'], name='Ada'))}"
    stolen = thief.get(back)
    assert stolen.status_code == 403
    assert "was not begun in this browser" in stolen.text
    came = browser.get(back)
    assert (came.status_code, came.headers["location"]) == (303, "/inbox")
    assert browser.get("/inbox").status_code == 200


def test_trying_a_provider_shows_what_it_says_and_signs_nobody_in(
    console: Visitor, doorway: Doorway, issuer: Issuer
) -> None:
    adds(doorway)
    browser = console.as_(doorway.owner)
    out = browser.post("/sign-in-providers/okta/try")
    address = out.headers["refresh"].partition("url=")[2]
    before = doorway.receipts("sign-in")
    shown = browser.get(f"/sso/oidc/okta/callback?{urlencode(issuer.signs_in(address, name='Ada <b>'))}")
    assert shown.status_code == 200
    assert "Ada &lt;b&gt;" in shown.text
    assert doorway.receipts("sign-in") == before


def test_a_person_connects_and_disconnects_their_account(console: Visitor, doorway: Doorway, issuer: Issuer) -> None:
    adds(doorway)
    browser = console.as_(doorway.hire("Ana Costa", "builder"))
    assert "Connect my account at" in browser.get("/account").text
    out = browser.post("/account/company", data={"provider": "okta"})
    address = out.headers["refresh"].partition("url=")[2]
    linked = browser.get(f"/sso/oidc/okta/callback?{urlencode(issuer.signs_in(address))}")
    assert linked.headers["location"] == "/account"
    assert "Disconnect Okta" in browser.get("/account").text


def test_a_person_joins_the_directory_from_their_account_page_and_leaves_it(
    console: Visitor, doorway: Doorway, issuer: Issuer
) -> None:
    doorway.does(doorway.owner, ConnectDirectory("okta"))
    adds(doorway, directory="okta")
    ana = doorway.hire("Ana Costa", "builder")
    browser = console.as_(ana)
    assert "to join its directory" in browser.get("/account").text
    out = browser.post("/account/company", data={"provider": "okta", "join": "yes"})
    address = out.headers["refresh"].partition("url=")[2]
    assert dict(parse_qsl(urlsplit(address).query))["prompt"] == "login", (
        "a sign-in there that is under way is not enough"
    )
    back = browser.get(f"/sso/oidc/okta/callback?{urlencode(issuer.signs_in(address))}")
    assert back.headers["location"] == "/account"
    page = browser.get("/account").text
    assert "You joined the company" in page
    assert "to join its directory" not in page
    assert "by their own sign-in with" in console.as_(doorway.owner).get("/directories").text
    browser.post("/do/leave-directory", data={"person": ana.id})
    assert "to join its directory" in browser.get("/account").text


def test_a_keeper_reads_how_they_are_joined(console: Visitor, doorway: Doorway, issuer: Issuer) -> None:
    doorway.does(doorway.owner, ConnectDirectory("okta"))
    adds(doorway, directory="okta")
    doorway.hire("Ana Costa", "builder")
    page = console.as_(doorway.owner).get("/account").text
    assert "You cannot join the company" in page
    assert "a second person looks" in page


def test_no_other_page_begins_connecting_an_account(console: Visitor, doorway: Doorway, issuer: Issuer) -> None:
    adds(doorway)
    browser = console.as_(doorway.owner)
    sent = browser.post("/account/company", data={"provider": "okta"}, headers={"sec-fetch-site": "cross-site"})
    assert sent.status_code == 403
    assert "refresh" not in sent.headers


def test_a_mail_address_of_a_proven_domain_leads_home_and_no_other(
    console: Visitor, doorway: Doorway, issuer: Issuer
) -> None:
    adds(doorway)
    claimed = doorway.does(doorway.owner, ClaimMailDomain("okta", "Example.com")).answer
    assert "Work e-mail address" not in console.nobody.get("/sign-in").text
    doorway.control.dns.records[claimed["record"]] = [claimed["value"]]
    doorway.does(doorway.owner, VerifyMailDomain("example.com"))
    browser = console.nobody
    assert "Work e-mail address" in browser.get("/sign-in").text
    led = browser.post("/sign-in", data={"mail": "ada@EXAMPLE.com"})
    address = urlsplit(led.headers["refresh"].partition("url=")[2])
    assert address.path == "/sso/oidc/okta/begin"
    out = browser.get(f"{address.path}?{address.query}")
    assert dict(parse_qsl(urlsplit(out.headers["location"]).query))["login_hint"] == "ada@EXAMPLE.com"
    for other in ("ada@sub.example.com", "ada@example.com.evil.example", "ada", ""):
        refused = browser.post("/sign-in", data={"mail": other})
        assert refused.status_code == 422
        assert "refresh" not in refused.headers


def test_a_logout_of_the_provider_is_answered_for_machines(console: Visitor, doorway: Doorway, issuer: Issuer) -> None:
    adds(doorway)
    elsewhere = console.nobody
    said = issuer.logout_token(sub="u-1")
    told = elsewhere.post(
        "/sso/oidc/okta/logout", data={"logout_token": said}, headers={"sec-fetch-site": "cross-site"}
    )
    assert (told.status_code, told.headers["cache-control"]) == (200, "no-store")
    wrong = elsewhere.post("/sso/oidc/okta/logout", data={"logout_token": "x.y.z"})
    assert (wrong.status_code, wrong.json()) == (400, {"error": "invalid_request"})


def test_the_page_says_that_metadata_from_http_are_never_read_again(console: Visitor, doorway: Doorway) -> None:
    browser = console.as_(doorway.owner)
    assert "From an http address they are never read again." in browser.get("/sign-in-providers?for=saml").text
    there = "http://sign-in.example.com/metadata"
    doorway.control.coming_in.books.wire = Metadata(there)
    doorway.does(doorway.owner, AddIdentityProvider("acme", "saml", metadata=there))
    page = browser.get("/sign-in-providers/acme").text
    assert "came over http, so they are never read again by themselves" in page
    assert "Give their https address" in page


class Metadata:
    """A SAML provider's metadata at one address."""

    def __init__(self, address: str) -> None:
        self._address = address

    def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes, networks: Sequence[str]) -> Answered:
        assert url == self._address
        return Answered(200, described(known()).encode())
