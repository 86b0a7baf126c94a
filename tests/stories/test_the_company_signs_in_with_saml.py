"""A company whose provider speaks SAML: set up from its metadata, colleagues come in, and a message works once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lxml import etree
from tests.identity.peers import lemonldap, simplesamlphp
from tests.identity.peers.simplesamlphp import SimpleSamlPhp
from tests.identity.peers.visitor import Page, Visitor
from tests.identity.saml.provider import our_key
from tests.stories.running import Running, until
from tests.stories.terminal import Terminal

from greenlane.identity.saml.parties import Key, ServiceProvider

SPACES = {"md": "urn:oasis:names:tc:SAML:2.0:metadata", "ds": "http://www.w3.org/2000/09/xmldsig#"}


def as_told(document: bytes) -> ServiceProvider:
    """What a provider's administrator takes from our metadata."""
    tree = etree.fromstring(document)
    (acs,) = {one.get("Location") for one in tree.iterfind(".//md:AssertionConsumerService", SPACES)}
    (slo,) = {one.get("Location") for one in tree.iterfind(".//md:SingleLogoutService", SPACES)}
    (certificate,) = {one.text for one in tree.iterfind(".//ds:X509Certificate", SPACES)}
    return ServiceProvider(str(tree.get("entityID")), str(acs), str(slo), (Key("", certificate),))


@pytest.fixture(scope="module")
def php(greenlane: Running, owner: Terminal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleSamlPhp]:
    """SimpleSAMLphp, and the two administrators who told each other of themselves."""
    with simplesamlphp.running(tmp_path_factory.mktemp("php") / "peer") as peer:
        added = owner.types(
            *(
                "sso",
                "add",
                "acme",
                "--kind",
                "saml",
                "--title",
                "Acme",
                "--metadata",
                f"{peer.address}saml2/idp/metadata.php",
            ),
            *("--creates", "--network", "127.0.0.0/8", "--groups", "groups", "--id-claim", "uid"),
        )
        assert added.code == 0, added.err
        peer.knows(as_told(Visitor().open(f"{greenlane.url}/sso/saml/acme/metadata").body))
        yield peer


def comes_in(visitor: Visitor, greenlane: Running, who: str = "ada", path: str = "/sso/saml/acme/begin") -> Page:
    """To the provider's form and as far as the page that brings the message back."""
    form = visitor.open(greenlane.url + path)
    return visitor.send(form, username=who, password=f"{who}'s password")


def test_an_administrator_sees_that_it_is_set_up(greenlane: Running, owner: Terminal, php: SimpleSamlPhp) -> None:
    checks = {one["what"]: one for one in owner.does("sso", "check", "acme")["items"]}
    assert checks["Its metadata were read"]["good"]
    assert checks["Its certificates last"]["good"]
    assert checks["It tells when somebody signs out there"]["good"]
    values = {one["what"]: one["value"] for one in owner.does("sso", "values", "acme")["items"]}
    assert values["Reply address (ACS, by POST)"] == f"{greenlane.url}/sso/saml/acme/acs"


def test_a_colleague_comes_in_and_the_message_works_once(
    greenlane: Running, owner: Terminal, php: SimpleSamlPhp
) -> None:
    visitor = Visitor()
    message = comes_in(visitor, greenlane)
    assert "SAMLResponse" in message.text
    home = visitor.send(message)
    assert (home.status, home.at) == (200, f"{greenlane.url}/")
    again = visitor.send(message)
    assert again.status in {401, 403}
    thief = Visitor()
    assert thief.send(message).status in {401, 403}
    assert "/sign-in" in thief.open(f"{greenlane.url}/account").at
    told = [one["receipt"]["happened"] for one in owner.does("receipts", "--verb", "sign-in", "--newest")["receipts"]]
    came = next(one for one in told if one.get("provider") == "acme")
    assert came["message"].startswith("sha256:")


def test_who_is_switched_off_is_refused_at_the_door(greenlane: Running, owner: Terminal, php: SimpleSamlPhp) -> None:
    visitor = Visitor()
    assert visitor.send(comes_in(visitor, greenlane, "bob")).status == 200
    bob = next(one for one in owner.does("people")["items"] if one["email"] == "bob@example.com")
    owner.does("people", "suspend", bob["id"])
    assert "/sign-in" in visitor.open(f"{greenlane.url}/account").at
    refused = visitor.send(visitor.open(f"{greenlane.url}/sso/saml/acme/begin"))
    assert refused.status == 403
    assert "suspended" in refused.text
    owner.does("people", "restore", bob["id"])
    assert visitor.send(visitor.open(f"{greenlane.url}/sso/saml/acme/begin")).status == 200


def test_a_step_up_asks_the_person_at_the_provider(greenlane: Running, php: SimpleSamlPhp) -> None:
    visitor = Visitor()
    visitor.send(comes_in(visitor, greenlane))
    asked = visitor.open(f"{greenlane.url}/sso/saml/acme/begin?again=yes&next=/account")
    assert "password" in asked.text, "the provider shows its form though it knows who is there"
    message = visitor.send(asked, username="ada", password="ada's password")
    assert visitor.send(message).at == f"{greenlane.url}/account"


def test_signing_out_at_the_company_signs_out_here(greenlane: Running, owner: Terminal, php: SimpleSamlPhp) -> None:
    visitor = Visitor()
    assert visitor.send(comes_in(visitor, greenlane)).status == 200
    assert visitor.open(f"{greenlane.url}/account").at == f"{greenlane.url}/account"
    visitor.open(php.logout)
    until(lambda: "/sign-in" in visitor.open(f"{greenlane.url}/account").at, "the end of the session")
    assert owner.does("receipts", "--verb", "end-provider-sessions")["receipts"]


def test_a_certificate_rolls_over_and_metadata_are_read_anew(
    greenlane: Running, owner: Terminal, php: SimpleSamlPhp
) -> None:
    php.signs_with("second", "first")
    visitor = Visitor()
    assert visitor.send(comes_in(visitor, greenlane)).at == f"{greenlane.url}/"
    php.signs_with("second")
    changed = owner.types("sso", "change", "acme", "--metadata", f"{php.address}saml2/idp/metadata.php")
    assert changed.code == 0, changed.err
    later = Visitor()
    assert later.send(comes_in(later, greenlane)).at == f"{greenlane.url}/"
    php.signs_with("first")
    refused = Visitor()
    page = refused.send(comes_in(refused, greenlane))
    assert page.status in {401, 403}
    assert "was not made by this provider" in page.text


def test_a_provider_on_another_stack_works_as_well(
    greenlane: Running, owner: Terminal, tmp_path_factory: pytest.TempPathFactory
) -> None:
    here = f"{greenlane.url}/sso/saml/perl"
    us = ServiceProvider(f"{here}/metadata", f"{here}/acs", f"{here}/slo", (our_key(),))
    unchecked: dict[str, object] = {
        "samlSPMetaDataOptionsCheckSSOMessageSignature": 0
    }  # it starts before we have a key
    with lemonldap.running(tmp_path_factory.mktemp("perl") / "peer", {"us": (us, unchecked)}) as peer:
        added = owner.types(
            *(
                "sso",
                "add",
                "perl",
                "--kind",
                "saml",
                "--title",
                "Perl",
                "--metadata",
                f"{peer.address}saml/metadata/idp",
            ),
            *("--creates", "--network", "127.0.0.0/8", "--id-claim", "uid"),
        )
        assert added.code == 0, added.err
        visitor = Visitor()
        form = visitor.open(f"{here}/begin")
        home = visitor.send(visitor.send(form, user="dwho", password="dwho"))
        assert (home.status, home.at) == (200, f"{greenlane.url}/")
        assert "dwho@badwolf.org" in {one["email"] for one in owner.does("people")["items"]}
