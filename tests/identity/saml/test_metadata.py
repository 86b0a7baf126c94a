"""What a provider says of itself, as providers write it; what we say of ourselves; and our question."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree
from tests.identity.saml.provider import (
    NOW,
    NS,
    PASSWORD,
    PROVIDER,
    Signer,
    Way,
    answer,
    at,
    ec_signer,
    expected,
    known,
    our_key,
    rsa_signer,
    service,
    wire,
)

from greenlane.identity.saml.metadata import metadata, read_metadata
from greenlane.identity.saml.redirecting import inflated
from greenlane.identity.saml.refusals import SamlRefused
from greenlane.identity.saml.request import request
from greenlane.identity.saml.response import accept

REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"


def key(signer: Signer, use: str = ' use="signing"') -> str:
    lines = "\n".join(signer.certificate[at : at + 64] for at in range(0, len(signer.certificate), 64))
    return (
        f'<KeyDescriptor{use}><ds:KeyInfo xmlns:ds="{NS["ds"]}"><ds:X509Data><ds:X509Certificate>\n{lines}\n'
        "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>"
    )


def written(
    keys: str | None = None,
    sso: str = "https://sign-in.example.com/sso",
    slo: str = "https://sign-in.example.com/slo",
    head: str = "",
    more: str = "",
    binding: str = REDIRECT,
) -> bytes:
    """As Entra ID writes it: a signature, another role before, foreign elements and comments between."""
    return f"""<?xml version="1.0" encoding="utf-8"?>
<!-- kept by the people of IT -->
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{PROVIDER}" ID="_m" {head}>
  <RoleDescriptor xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="fed:SecurityTokenServiceType"
    xmlns:fed="http://docs.oasis-open.org/wsfed/federation/200706" protocolSupportEnumeration="fed">
    {key(rsa_signer("other"))}<fed:ClaimTypesOffered/>
  </RoleDescriptor>
  <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    {key(rsa_signer()) if keys is None else keys}
    <SingleLogoutService Binding="{binding}" Location="{slo}"/>
    <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://x.example/post"/>
    <SingleSignOnService Binding="{binding}" Location="{sso}"/>
  </IDPSSODescriptor>{more}
</EntityDescriptor>""".encode()


def reason(document: bytes) -> str:
    with pytest.raises(SamlRefused) as refused:
        read_metadata(document, NOW)
    return refused.value.reason


def test_metadata_of_a_provider_are_read_and_nothing_of_its_other_roles() -> None:
    assert read_metadata(written(), NOW) == known()


def test_every_certificate_that_signs_is_kept_once() -> None:
    keys = key(rsa_signer()) + key(rsa_signer("next"), "") + key(ec_signer(), ' use="encryption"') + key(rsa_signer())
    assert read_metadata(written(keys), NOW).certificates == (rsa_signer().certificate, rsa_signer("next").certificate)
    assert read_metadata(written(key(ec_signer())), NOW).certificates == (ec_signer().certificate,)


def test_an_expired_certificate_is_still_believed() -> None:
    """The pin is the trust: nobody is locked out at midnight because a date in an envelope has passed."""
    assert accept(wire(answer(way=Way(rsa_signer("past")))), expected(provider=known(rsa_signer("past"))), NOW)


def test_a_document_of_a_role_alone_breaks_nothing() -> None:
    role = written().partition(b"<IDPSSODescriptor")
    alone = (
        b'<IDPSSODescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"' + role[2].partition(b"</EntityDescriptor>")[0]
    )
    assert reason(alone) == "metadata"
    assert reason(written(sso="https:// x")) == "redirect"


def test_short_keys_and_strange_ones_are_refused() -> None:
    short = Signer.made(rsa.generate_private_key(65537, 1024))
    assert reason(written(key(short))) == "certificate"
    assert reason(written("")) == "certificate"
    assert reason(written(key(replace(rsa_signer(), certificate="QUJD")))) == "certificate"
    assert reason(written(key(replace(rsa_signer(), certificate="*")))) == "encoding"
    assert read_metadata(written(key(Signer.made(ec.generate_private_key(ec.SECP384R1())))), NOW)


def test_browsers_are_sent_over_https_alone_but_on_this_machine() -> None:
    assert reason(written(sso="http://sign-in.example.com/sso")) == "redirect"
    assert reason(written(sso="javascript:alert(1)")) == "redirect"
    assert reason(written(sso="")) == "redirect"
    assert reason(written(binding="urn:oasis:names:tc:SAML:2.0:bindings:SOAP")) == "redirect"
    assert read_metadata(written(sso="http://127.0.0.1:8080/sso"), NOW).sso == "http://127.0.0.1:8080/sso"
    assert read_metadata(written(slo="http://sign-in.example.com/slo"), NOW).slo == ""


def test_metadata_end() -> None:
    soon = NOW + timedelta(days=1)
    assert read_metadata(written(head=f'validUntil="{at(soon)}"'), NOW).until == soon.isoformat()
    assert reason(written(head=f'validUntil="{at(NOW)}"')) == "expired-metadata"
    assert reason(written(head='validUntil="soon"')) == "time"


def test_what_is_no_metadata_of_one_provider_is_refused() -> None:
    assert reason(metadata(service())) == "metadata"
    assert reason(b"<html/>") == "metadata"
    assert reason(b"no XML") == "xml"
    assert reason(b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>" + written().partition(b"?>")[2]) == "markup"
    assert reason(b" " * 600_000) == "size"
    many = b"<EntitiesDescriptor>" + written().partition(b"-->")[2] * 2 + b"</EntitiesDescriptor>"
    assert reason(many) == "metadata"
    assert reason(written().replace(PROVIDER.encode(), b"")) == "metadata"


def test_ours_say_where_we_are_and_what_we_open() -> None:
    tree = etree.fromstring(metadata(service()))
    spaces = {"md": "urn:oasis:names:tc:SAML:2.0:metadata", **NS}
    (role,) = tree.findall("md:SPSSODescriptor", spaces)
    assert tree.get("entityID") == service().entity_id
    assert role.get("WantAssertionsSigned") == role.get("AuthnRequestsSigned") == "true"
    assert role.find("md:AssertionConsumerService", spaces).get("Location") == service().acs
    assert {one.get("Location") for one in role.findall("md:SingleLogoutService", spaces)} == {service().slo}
    assert {one.get("use") for one in role.findall("md:KeyDescriptor", spaces)} == {"signing", "encryption"}
    assert not [one for one in tree.iter() if "cbc" in one.get("Algorithm", "")]
    with_two = replace(service(), keys=(our_key(), our_key()))
    assert len(etree.fromstring(metadata(with_two)).findall(".//md:KeyDescriptor", spaces)) == 4


def test_our_question_says_what_is_wanted() -> None:
    asked = request(service(), known(), NOW, state="s", fresh=True, contexts=(PASSWORD,))
    fields = dict(parse_qsl(urlsplit(asked.url).query))
    tree = etree.fromstring(inflated(b64decode(fields["SAMLRequest"])))
    assert (tree.get("ID"), tree.get("Destination"), tree.get("ForceAuthn")) == (asked.id, known().sso, "true")
    assert tree.get("AssertionConsumerServiceURL") == service().acs
    assert tree.findtext("saml:Issuer", namespaces=NS) == service().entity_id
    assert tree.findtext(".//saml:AuthnContextClassRef", namespaces=NS) == PASSWORD
    assert tree.find("samlp:NameIDPolicy", NS).get("Format") is None, "the provider chooses what lasts"
    assert {"RelayState", "SigAlg", "Signature"} < set(fields)


def test_no_two_questions_have_the_same_identifier() -> None:
    assert len({request(service(), known(), NOW).id for _ in range(50)}) == 50


def test_without_a_key_a_question_is_not_signed_and_some_providers_do_not_take_it() -> None:
    keyless = replace(service(), keys=())
    assert "Signature" not in request(keyless, known(), NOW).url
    with pytest.raises(SamlRefused):
        request(keyless, replace(known(), signed_requests=True), NOW)
