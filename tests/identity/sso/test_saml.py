"""Coming in by SAML through the real door: what binds an answer to a browser, what is kept, and leaving both ways."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.house import Doorway
from tests.identity.saml.provider import PROVIDER, Said, Way, answer, known, rsa_signer, wire
from tests.identity.sso.arriving import CALLER
from tests.identity.sso.described import described

from greenlane.govern.errors import Refused, SignInNeeded
from greenlane.identity import queries
from greenlane.identity.actions import SuspendPerson
from greenlane.identity.arriving import Opened
from greenlane.identity.oidc.refusals import OidcRefused
from greenlane.identity.saml import logout
from greenlane.identity.saml.form import unwrapped
from greenlane.identity.saml.parties import Key, ServiceProvider, Subject
from greenlane.identity.saml.redirecting import inflated
from greenlane.identity.saml.refusals import SamlRefused
from greenlane.identity.sso import pending, self_test
from greenlane.identity.sso.actions import AddIdentityProvider, ChangeIdentityProvider
from greenlane.identity.sso.pending import Wish


class Desk:
    """A company whose SAML provider says what it is told to."""

    def __init__(self, doorway: Doorway, **settings: object) -> None:
        self.doorway, self.control, self.clock = doorway, doorway.control, doorway.clock
        metadata = described(known())
        said = AddIdentityProvider("acme", "saml", metadata=metadata, creates=True, **settings)
        self.doorway.does(self.doorway.owner, said)
        self.saml = self.control.coming_in.company.saml

    def out(self, wish: Wish | None = None) -> tuple[str, str, str]:
        """The id of our question, the state that goes along, and the browser's own secret."""
        browser = pending.browser_secret()
        query = parse_qs(urlsplit(self.saml.begin("acme", wish or Wish(), browser)).query)
        question = inflated(unwrapped(query["SAMLRequest"][0]))
        return question.split(b' ID="')[1].split(b'"')[0].decode(), query["RelayState"][0], browser

    def says(self, request: str | None, way: Way | None = None, **said: object) -> str:
        """An answer of the provider, as a form carries it."""
        now = self.clock.now()
        here = f"{self.control.addresses.console}/sso/saml/acme"
        basic = Said(
            destination=f"{here}/acs",
            recipient=f"{here}/acs",
            audience=f"{here}/metadata",
            in_response_to=request,
            confirmed_in_response_to=request,
            not_before=now - timedelta(seconds=30),
            not_on_or_after=now + timedelta(minutes=5),
            confirmed_until=now + timedelta(minutes=5),
            issued=now,
            authenticated=now,
        )
        return wire(answer(replace(basic, **said), way=way))

    def comes_in(self, wish: Wish | None = None, **said: object) -> Opened:
        request, state, browser = self.out(wish)
        landed = self.saml.answered("acme", self.says(request, **said), state, browser)
        return self.control.coming_in.arrivals.by_company(landed.secret, CALLER)

    def who(self, opened: Opened) -> queries.Signed | None:
        with self.control.database.read() as connection:
            return queries.who_is(connection, opened.secret, self.clock.now())


@pytest.fixture
def desk(doorway: Doorway) -> Desk:
    return Desk(doorway)


def test_somebody_comes_in_and_is_known_again(desk: Desk) -> None:
    first = desk.comes_in()
    again = desk.comes_in(assertion_id="_another")
    assert first.person == again.person
    receipt = desk.doorway.receipts("sign-in")[-1]
    assert receipt.happened["provider"] == "acme"
    assert "7f3c9a51-ada" not in receipt.encode().decode()


def test_an_assertion_counts_once_and_in_one_browser(desk: Desk) -> None:
    request, state, browser = desk.out()
    said = desk.says(request)
    with pytest.raises(SignInNeeded, match="was not begun in this browser"):
        desk.saml.answered("acme", said, state, pending.browser_secret())
    desk.control.coming_in.arrivals.by_company(desk.saml.answered("acme", said, state, browser).secret, CALLER)
    with pytest.raises(SignInNeeded, match="was used already"):
        desk.saml.answered("acme", said, state, browser)
    with pytest.raises(OidcRefused, match="used already"):
        desk.comes_in()


def test_an_answer_to_another_question_is_refused(desk: Desk) -> None:
    other, _, _ = desk.out()
    _, state, browser = desk.out()
    with pytest.raises(SamlRefused) as error:
        desk.saml.answered("acme", desk.says(other), state, browser)
    assert error.value.reason == "request"


def test_a_stranger_signs_nobody_in(desk: Desk) -> None:
    request, state, browser = desk.out()
    with pytest.raises(SamlRefused):
        desk.saml.answered("acme", desk.says(request, way=Way(rsa_signer("other"))), state, browser)


def test_who_is_suspended_is_refused_on_the_record(desk: Desk) -> None:
    opened = desk.comes_in()
    desk.doorway.does(desk.doorway.owner, SuspendPerson(opened.person))
    with pytest.raises(Refused, match="suspended"):
        desk.comes_in(assertion_id="_another")


def test_nobody_begins_at_the_provider_unless_that_was_allowed(desk: Desk) -> None:
    with pytest.raises(SignInNeeded):
        desk.saml.answered("acme", desk.says(None), "", "")
    desk.doorway.does(desk.doorway.owner, ChangeIdentityProvider("acme", begins=True))
    landed = desk.saml.answered("acme", desk.says(None), "", "")
    opened = desk.control.coming_in.arrivals.by_company(landed.secret, CALLER)
    assert desk.who(opened) is not None
    with pytest.raises(OidcRefused, match="used already"):
        desk.control.coming_in.arrivals.by_company(desk.saml.answered("acme", desk.says(None), "", "").secret, CALLER)
    request, state, _ = desk.out()
    with pytest.raises(SignInNeeded):
        desk.saml.answered("acme", desk.says(request), state, pending.browser_secret())


def test_certificates_roll_over_without_anybody_turned_away(desk: Desk) -> None:
    desk.comes_in()
    both = described(known(rsa_signer(), rsa_signer("next")))
    desk.doorway.does(desk.doorway.owner, ChangeIdentityProvider("acme", metadata=both))
    desk.comes_in(assertion_id="_old-key")
    desk.comes_in(way=Way(rsa_signer("next")), assertion_id="_new-key")
    desk.doorway.does(desk.doorway.owner, ChangeIdentityProvider("acme", metadata=described(known(rsa_signer("next")))))
    with pytest.raises(SamlRefused):
        desk.comes_in(assertion_id="_too-late")


def test_signing_in_anew_is_asked_for_and_checked(desk: Desk) -> None:
    desk.comes_in(Wish(fresh=True))
    with pytest.raises(SamlRefused) as error:
        desk.comes_in(Wish(fresh=True), authenticated=desk.clock.now() - timedelta(hours=1), assertion_id="_old")
    assert error.value.reason == "stale"


def test_signing_out_here_leads_to_the_provider(desk: Desk) -> None:
    opened = desk.comes_in()
    found = desk.who(opened)
    assert found is not None
    url = desk.saml.leaving(found.actor.credential or "")
    assert url.startswith("https://sign-in.example.com/slo?SAMLRequest=")
    assert "Signature=" in url
    assert desk.saml.leaving("ses_nothing") == ""


def test_a_session_ends_when_the_provider_wants_it_to(desk: Desk) -> None:
    ends = desk.clock.now() + timedelta(hours=2)
    opened = desk.comes_in(session_until=ends)
    desk.clock.forward(3600)
    assert desk.who(opened) is not None
    desk.clock.forward(3660)
    assert desk.who(opened) is None


def test_the_provider_signs_somebody_out(desk: Desk) -> None:
    one, other = desk.comes_in(session="_s1"), desk.comes_in(session="_s2", assertion_id="_another")
    said = _asks_to_leave(desk, "_s1")
    back = desk.saml.logged_out("acme", said, "", "where", desk.control.door.govern)
    assert back.startswith("https://sign-in.example.com/slo?SAMLResponse=")
    assert desk.who(one) is None
    assert desk.who(other) is not None
    with pytest.raises(SamlRefused):
        desk.saml.logged_out("acme", said.replace("SAMLRequest=", "SAMLRequest=x"), "", "", desk.control.door.govern)


def test_metadata_of_ours_hold_no_private_key_and_the_self_test_speaks_plainly(desk: Desk) -> None:
    ours = desk.saml.metadata("acme")
    assert b"AssertionConsumerService" in ours
    assert b"PRIVATE" not in ours
    checks = {one.what: one for one in self_test.of(desk.control.coming_in.company.parts, "acme")}
    assert checks["Its metadata were read"].says == f"It calls itself {PROVIDER}."
    assert checks["People can use it"].good


def _asks_to_leave(desk: Desk, session: str) -> str:
    """The provider's own question to us, in the query of an address."""
    signer = rsa_signer()
    pem = _pem(signer.private)
    them = ServiceProvider(PROVIDER, "", "", (Key(pem, signer.certificate),))
    here = f"{desk.control.addresses.console}/sso/saml/acme"
    us = replace(known(), slo=f"{here}/slo")
    asked = logout.ask_logout(them, us, desk.clock.now(), Subject(name_id="7f3c9a51-ada", session_index=session))
    return urlsplit(asked.url).query


def _pem(private: object) -> str:
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
