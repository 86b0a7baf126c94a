"""Two sign-in providers that are not ours, PHP over xmlseclibs and Perl over Lasso, and what may happen with each."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lxml import etree
from tests.identity.peers import lemonldap, simplesamlphp
from tests.identity.peers.browser import Arrived, Browser
from tests.identity.peers.simplesamlphp import SimpleSamlPhp
from tests.identity.saml.provider import CONSOLE, NS, our_key, rsa_signer, service, wire

from greenlane.identity.saml.logout import Logout, answer_logout, ask_logout, read_logout
from greenlane.identity.saml.metadata import read_metadata
from greenlane.identity.saml.parties import Expected, SamlProvider, ServiceProvider
from greenlane.identity.saml.redirecting import Asked
from greenlane.identity.saml.refusals import SamlRefused
from greenlane.identity.saml.request import request
from greenlane.identity.saml.response import Assertion, accept

SEALED = replace(service(), entity_id=f"{CONSOLE}/sso/saml/sealed/metadata")
STRONG = "urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken"


@dataclass(frozen=True)
class Company:
    """A company whose provider knows us, and one of its people."""

    name: str
    peer: SimpleSamlPhp | lemonldap.LemonLdap
    provider: SamlProvider
    typed: dict[str, str]
    email: str

    def ask(self, us: ServiceProvider | None = None, **how: bool | tuple[str, ...]) -> Asked:
        return request(us or service(), self.provider, now(), state="where to", **how)

    def expects(self, asked: Asked, us: ServiceProvider | None = None, **more: object) -> Expected:
        return replace(Expected(us or service(), self.provider, asked.id), **more)

    def sign_in(self, browser: Browser, us: ServiceProvider | None = None) -> tuple[Asked, Arrived]:
        asked = self.ask(us)
        arrived = browser.go(asked.url, self.typed)
        assert arrived.url == service().acs
        assert arrived.fields["RelayState"] == "where to"
        return asked, arrived

    def signed_in(self, browser: Browser) -> Assertion:
        asked, arrived = self.sign_in(browser)
        return accept(arrived.fields["SAMLResponse"], self.expects(asked), now())


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module", params=["simplesamlphp", "lemonldap"])
def company(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    folder: Path = tmp_path_factory.mktemp("peer") / "peer"
    with ExitStack() as ends:
        if request.param == "simplesamlphp":
            php = ends.enter_context(simplesamlphp.running(folder))
            php.knows(service())
            php.knows(SEALED, **{"assertion.encryption": True})
            typed = {"username": "ada", "password": "ada's password"}
            yield Company(request.param, php, read_metadata(php.metadata, now()), typed, "ada@example.com")
        else:
            sealed: dict[str, object] = {"samlSPMetaDataOptionsEncryptionMode": "assertion"}
            perl = ends.enter_context(lemonldap.running(folder, {"us": (service(), {}), "sealed": (SEALED, sealed)}))
            typed = {"user": "dwho", "password": "dwho"}
            yield Company(request.param, perl, read_metadata(perl.metadata, now()), typed, "dwho@badwolf.org")


@pytest.fixture
def browser() -> Iterator[Browser]:
    opened = Browser(CONSOLE)
    yield opened
    opened.close()


def refused(arrived: Arrived, expected: Expected, at: datetime | None = None) -> str:
    with pytest.raises(SamlRefused) as why:
        accept(arrived.fields["SAMLResponse"], expected, at or now())
    return why.value.reason


def test_a_person_signs_in(company: Company, browser: Browser) -> None:
    said = company.signed_in(browser)
    assert said.provider == company.provider.entity_id
    assert said.attributes["mail"] == (company.email,)
    assert said.person("uid") in {"ada-0001", "dwho"}
    assert abs(said.at - now()) < timedelta(minutes=5)


def test_the_same_person_comes_again_without_typing_anything(company: Company, browser: Browser) -> None:
    first = company.signed_in(browser)
    asked = company.ask()
    again = accept(browser.go(asked.url).fields["SAMLResponse"], company.expects(asked), now())
    assert again.name_id == first.name_id
    assert again.digest != first.digest


def test_a_message_that_comes_twice_has_the_same_digest_and_fits_no_other_question(
    company: Company, browser: Browser
) -> None:
    asked, arrived = company.sign_in(browser)
    both = {accept(arrived.fields["SAMLResponse"], company.expects(asked), now()).digest for _ in range(2)}
    assert len(both) == 1
    assert refused(arrived, company.expects(company.ask())) == "request"
    assert refused(arrived, replace(company.expects(asked), request=None)) == "unasked"


def test_a_message_for_another_service_is_refused(company: Company, browser: Browser) -> None:
    asked, arrived = company.sign_in(browser)
    assert refused(arrived, company.expects(asked, SEALED)) == "audience"
    elsewhere = replace(service(), acs=f"{CONSOLE}/sso/saml/other/acs")
    assert refused(arrived, company.expects(asked, elsewhere)) == "destination"
    stranger = replace(company.provider, entity_id="https://elsewhere.example.com")
    assert refused(arrived, replace(company.expects(asked), provider=stranger)) == "issuer"


def test_clocks_may_differ_by_so_much_and_no_more(company: Company, browser: Browser) -> None:
    asked, arrived = company.sign_in(browser)
    message, wanted, at = arrived.fields["SAMLResponse"], company.expects(asked), now()
    assert accept(message, wanted, at - timedelta(seconds=100)).attributes["mail"] == (company.email,)
    assert refused(arrived, wanted, at - timedelta(minutes=10)) == "early"
    said = accept(message, wanted, at)
    assert refused(arrived, wanted, said.not_after + timedelta(seconds=1)) == "late"
    none = replace(wanted, skew=timedelta())
    assert refused(arrived, none, at - timedelta(minutes=5)) == "early"


def test_one_of_several_certificates_is_enough_and_a_strangers_is_not(company: Company, browser: Browser) -> None:
    asked, arrived = company.sign_in(browser)
    message, other = arrived.fields["SAMLResponse"], rsa_signer("other").certificate
    both = replace(company.provider, certificates=(other, *company.provider.certificates))
    assert accept(message, replace(company.expects(asked), provider=both), now())
    alone = replace(company.provider, certificates=(other,))
    assert refused(arrived, replace(company.expects(asked), provider=alone)) == "signature"


def test_a_changed_name_is_refused(company: Company, browser: Browser) -> None:
    asked, arrived = company.sign_in(browser)
    tree = etree.fromstring(b64decode(arrived.fields["SAMLResponse"]))
    (name,) = tree.iter(f"{{{NS['saml']}}}NameID")
    name.text = "owner-1"
    changed = replace(arrived, fields={"SAMLResponse": wire(tree)})
    assert refused(changed, company.expects(asked)) == "signature"


def test_the_provider_takes_our_signed_questions_and_no_others(company: Company, browser: Browser) -> None:
    assert company.provider.signed_requests
    with pytest.raises(SamlRefused):
        company.ask(replace(service(), keys=()))
    asked = request(replace(service(), keys=()), replace(company.provider, signed_requests=False), now())
    try:
        arrived = browser.go(asked.url, company.typed)
    except AssertionError:
        return  # it showed a page of its own, and sent nobody to us
    assert refused(arrived, company.expects(asked)) == "status"


def test_an_encrypted_assertion_of_an_old_kind_is_refused_in_words(company: Company, browser: Browser) -> None:
    asked, arrived = company.sign_in(browser, SEALED)
    with pytest.raises(SamlRefused) as why:
        accept(arrived.fields["SAMLResponse"], company.expects(asked, SEALED), now())
    assert why.value.reason == "encryption"
    assert why.value.about.endswith("aes128-cbc")
    assert "AES-GCM" in why.value.next_step


def test_an_encrypted_assertion_is_opened(company: Company, browser: Browser) -> None:
    if not isinstance(company.peer, SimpleSamlPhp):
        return  # Lasso 2.8 has no AES-GCM
    asked, arrived = company.sign_in(browser)
    tree = etree.fromstring(b64decode(arrived.fields["SAMLResponse"]))
    tree.remove(tree.find("ds:Signature", NS))  # it was over the message as it was before
    assertion = tree.find("saml:Assertion", NS)
    sealed = company.peer.seal(etree.tostring(assertion, with_tail=False), our_key().certificate)
    envelope = etree.SubElement(tree, f"{{{NS['saml']}}}EncryptedAssertion")
    envelope.append(etree.fromstring(sealed))
    tree.remove(assertion)
    said = accept(wire(tree), company.expects(asked), now())
    assert said.attributes["mail"] == (company.email,)


def asked_to_sign_in_anew(company: Company, browser: Browser) -> Asked:
    """The question at which the provider shows its form again, though it knows who is there."""
    for _ in range(500):  # LemonLDAP::NG takes a sign-in of this very second for a fresh one
        asked = company.ask(fresh=True)
        try:
            browser.go(asked.url)
        except AssertionError:
            return asked
    raise AssertionError("it never asked")


def test_a_step_up_asks_the_person_again(company: Company, browser: Browser) -> None:
    before = company.signed_in(browser)
    since = now()
    asked = asked_to_sign_in_anew(company, browser)
    arrived = browser.go(asked.url, company.typed)
    said = accept(arrived.fields["SAMLResponse"], company.expects(asked, since=since, skew=timedelta(seconds=2)), now())
    assert said.name_id == before.name_id
    later = company.expects(asked, since=since + timedelta(minutes=10))
    assert refused(arrived, later) == "stale"


def test_a_way_of_signing_in_that_the_provider_does_not_have_is_refused(company: Company, browser: Browser) -> None:
    asked = company.ask(contexts=(STRONG,))
    arrived = browser.go(asked.url, company.typed)
    assert refused(arrived, company.expects(asked, contexts=frozenset({STRONG}))) in {"strength", "status"}


def test_somebody_signs_out_here_and_is_signed_out_there(company: Company, browser: Browser) -> None:
    said = company.signed_in(browser)
    leaving = ask_logout(service(), company.provider, now(), said, state="back")
    arrived = browser.go(leaving.url, {"confirm": "1"})
    assert arrived.url == service().slo
    assert read_logout(company.expects(leaving), now(), query=arrived.query) is None
    with pytest.raises(SamlRefused, match="another question"):
        read_logout(company.expects(company.ask()), now(), query=arrived.query)
    with pytest.raises(AssertionError, match="nothing leads on"):
        browser.go(company.ask().url)


def test_somebody_signs_out_there_and_we_hear_of_it(company: Company, browser: Browser) -> None:
    said = company.signed_in(browser)
    arrived = browser.go(company.peer.logout, {"confirm": "1"})
    told = read_logout(Expected(service(), company.provider, None), now(), query=arrived.query)
    assert isinstance(told, Logout)
    assert (told.name_id, told.session_indexes) == (said.name_id, (said.session_index,))
    answered = answer_logout(service(), company.provider, now(), request=told.id)
    assert browser.client.get(answered.url).status_code < 400


def test_a_certificate_rolls_over_without_anybody_noticing(tmp_path: Path, browser: Browser) -> None:
    with simplesamlphp.running(tmp_path / "peer") as php:
        php.knows(service())
        typed = {"username": "bob", "password": "bob's password"}
        company = Company("rolling", php, read_metadata(php.metadata, now()), typed, "bob@example.com")
        assert len(company.provider.certificates) == 2
        before = company.signed_in(browser)
        php.signs_with("second", "first")
        assert company.signed_in(browser).name_id == before.name_id
        php.signs_with("second")
        anew = read_metadata(php.metadata, now())
        assert len(anew.certificates) == 1
        assert set(anew.certificates) < set(company.provider.certificates)


def test_what_installs_the_providers_names_all_of_their_packages() -> None:
    installs = (Path(__file__).parents[3] / ".ci" / "run").read_text().replace("(", " ").replace(")", " ").split()
    assert set(f"{simplesamlphp.PACKAGES} {lemonldap.PACKAGES}".split()) <= set(installs)
