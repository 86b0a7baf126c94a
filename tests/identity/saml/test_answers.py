"""Answers of a provider that mean what they say are believed, however they are signed; and say what was signed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from lxml import etree
from tests.identity.saml.provider import (
    NOW,
    NS,
    PERSISTENT,
    Said,
    Sealing,
    Way,
    answer,
    assertion_of,
    at,
    ec_signer,
    encrypt,
    expected,
    known,
    make,
    our_key,
    plain,
    rsa_signer,
    service,
    sign,
    wire,
)

from greenlane.identity.saml.parties import Key
from greenlane.identity.saml.refusals import SamlRefused
from greenlane.identity.saml.response import accept

MORE = "http://www.w3.org/2001/04/xmldsig-more#"
XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"


@pytest.mark.parametrize(
    "answered",
    [
        answer,
        lambda: answer(sign_assertion=False, sign_response=True),
        lambda: answer(sign_response=True),
        lambda: encrypt(answer()),
        lambda: sign(encrypt(answer())),
        lambda: sign(encrypt(answer(sign_assertion=False))),
    ],
    ids=["assertion", "response", "both", "encrypted", "encrypted, both", "encrypted, response"],
)
def test_an_answer_is_believed_whichever_part_of_it_is_signed(answered) -> None:
    believed = accept(wire(answered()), expected(), NOW)
    assert believed.person() == "7f3c9a51-ada"
    assert believed.attributes == {"email": ("ada@example.com",), "groups": ("engineering", "reviewers")}
    assert believed.at == NOW


@pytest.mark.parametrize("size", [256, 384, 512])
@pytest.mark.parametrize("family", ["rsa", "pss", "ecdsa"])
def test_every_sound_algorithm_is_taken(family: str, size: int) -> None:
    signer = ec_signer() if family == "ecdsa" else rsa_signer()
    method = (
        f"http://www.w3.org/2007/05/xmldsig-more#sha{size}-rsa-MGF1" if family == "pss" else f"{MORE}{family}-sha{size}"
    )
    digest = f"{MORE}sha384" if size == 384 else f"{XENC}sha{size}"
    tree = answer(way=Way(signer, method=method, digest=digest))
    assert accept(wire(tree), expected(provider=known(signer)), NOW).person()


@pytest.mark.parametrize("bits", [128, 192, 256])
def test_every_size_of_aes_is_opened(bits: int) -> None:
    assert accept(wire(encrypt(answer(), Sealing(content=f"{XENC11}aes{bits}-gcm"))), expected(), NOW)


@pytest.mark.parametrize(
    "how",
    [
        Sealing(beside=True),
        Sealing(digest="http://www.w3.org/2000/09/xmldsig#sha1"),
        Sealing(digest=f"{XENC}sha256"),
        Sealing(wrap=f"{XENC11}rsa-oaep", digest=f"{XENC}sha256", mask=f"{XENC11}mgf1sha256"),
        Sealing(wrap=f"{XENC11}rsa-oaep", digest=f"{XENC}sha512", mask=f"{XENC11}mgf1sha1"),
        Sealing(wrap=f"{XENC11}rsa-oaep"),
    ],
)
def test_every_way_to_wrap_a_key_by_oaep_is_opened(how: Sealing) -> None:
    assert accept(wire(encrypt(answer(), how)), expected(), NOW).person() == Said().name_id


def test_our_own_keys_roll_over_too() -> None:
    new = Key.made("greenlane.example.com", NOW)
    both = replace(service(), keys=(new, our_key()))
    for certificate in (new.certificate, our_key().certificate):
        assert accept(wire(encrypt(answer(), Sealing(certificate=certificate))), expected(service=both), NOW)
    with pytest.raises(SamlRefused):
        accept(wire(encrypt(answer())), expected(service=replace(service(), keys=(new,))), NOW)


def test_two_certificates_are_believed_while_one_follows_the_other() -> None:
    both = known(rsa_signer(), rsa_signer("next"), ec_signer())
    for signer in (rsa_signer(), rsa_signer("next")):
        assert accept(wire(answer(way=Way(signer))), expected(provider=both), NOW)
    for pinned, signer in ((rsa_signer("next"), rsa_signer()), (rsa_signer(), rsa_signer("next"))):
        with pytest.raises(SamlRefused):
            accept(wire(answer(way=Way(signer))), expected(provider=known(pinned)), NOW)


def test_a_provider_may_begin_where_an_administrator_lets_it() -> None:
    begun = wire(answer(Said(in_response_to=None, confirmed_in_response_to=None)))
    assert accept(begun, expected(request=None, started_by_provider=True), NOW).person() == Said().name_id


def test_groups_may_come_as_several_attributes_where_an_administrator_says_so() -> None:
    many = Said(attributes=(("Role", ("builder",)), ("email", ("ada@example.com",)), ("Role", ("reviewer",))))
    said = accept(wire(answer(many)), expected(repeating=frozenset({"Role"})), NOW)
    assert said.attributes["Role"] == ("builder", "reviewer")


def test_a_step_up_is_believed_when_it_was_fresh_and_strong() -> None:
    wanted = expected(since=NOW - timedelta(seconds=30), contexts=frozenset({Said().context, "urn:x"}))
    assert accept(wire(answer()), wanted, NOW).context == Said().context


def test_what_providers_add_does_no_harm() -> None:
    """As Okta, Entra ID, Keycloak, Shibboleth and ADFS write their answers."""
    tree = plain(Said(attributes=(("email", ("ada@example.com",)),)))
    tree.set("Consent", "urn:oasis:names:tc:SAML:2.0:consent:unspecified")
    tree.find(".//samlp:Status", NS).append(make("samlp:StatusMessage", "fine"))
    assertion = assertion_of(tree)
    assertion.find("saml:Conditions", NS).append(make("saml:OneTimeUse"))
    assertion.find("saml:AuthnStatement", NS).insert(0, make("saml:SubjectLocality", Address="192.0.2.1"))
    assertion.find(".//saml:AuthnContext", NS).append(make("saml:AuthenticatingAuthority", "https://up.example.com"))
    assertion.find(".//saml:SubjectConfirmationData", NS).set("Address", "192.0.2.1")
    assertion.find(".//saml:NameID", NS).set("NameQualifier", "https://sign-in.example.com")
    assertion.find(".//saml:NameID", NS).set("SPNameQualifier", service().entity_id)
    other = make("saml:SubjectConfirmation", Method="urn:oasis:names:tc:SAML:2.0:cm:sender-vouches")
    assertion.find(".//saml:Subject", NS).insert(1, other)
    assertion.find(".//saml:AudienceRestriction", NS).insert(0, make("saml:Audience", "https://also.example.com"))
    value = assertion.find(".//saml:AttributeValue", NS)
    value.set("{http://www.w3.org/2001/XMLSchema-instance}type", "xs:string")
    named = make("saml:Attribute", None, make("saml:AttributeValue"), Name="urn:oid:1.3.6.1.4.1.5923.1.1.1.10")
    named[0].append(make("saml:NameID", "opaque", NameQualifier="https://sign-in.example.com"))
    assertion.find(".//saml:AttributeStatement", NS).append(named)
    sign(assertion)
    sign(tree)
    document = (
        b'\xef\xbb\xbf<?xml version="1.0" encoding="UTF-8"?>\r\n' + etree.tostring(tree, encoding="utf-8") + b"\n"
    )
    said = accept(wire(document), expected(), NOW)
    assert said.attributes["urn:oid:1.3.6.1.4.1.5923.1.1.1.10"] == ("opaque",)
    assert said.qualifiers == ("https://sign-in.example.com", service().entity_id)


def test_a_message_may_come_in_lines_and_in_letters_of_every_script() -> None:
    said = Said(name_id="Ада-ß-愛", attributes=(("name", ("Ада Лавлейс", "", " as typed ")),))
    text = wire(answer(said))
    lines = "\r\n".join(text[start : start + 76] for start in range(0, len(text), 76))
    believed = accept(lines, expected(), NOW)
    assert believed.person() == "Ада-ß-愛"
    assert believed.attributes["name"] == ("Ада Лавлейс", "", " as typed ")


def test_who_somebody_is_stays_the_same_or_is_refused() -> None:
    def person(said: Said, attribute: str = "") -> str:
        return accept(wire(answer(said)), expected(), NOW).person(attribute)

    def why(said: Said, attribute: str = "") -> str:
        with pytest.raises(SamlRefused) as refused:
            person(said, attribute)
        return refused.value.reason

    two = (("id", ("7", "8")), ("one", ("7",)), ("none", ()), ("empty", ("",)), ("wide", (" 7",)))
    assert person(Said(attributes=two), "one") == "7"
    assert person(Said(format=TRANSIENT, attributes=two), "one") == "7"
    assert person(Said(format=None)) == Said().name_id
    assert why(Said(format=TRANSIENT)) == "passing"
    assert {why(Said(attributes=two), name) for name in ("id", "none", "empty", "wide", "absent")} == {"name"}
    assert why(Said(name_id=f" {Said().name_id}")) == "name", "a name with space around it is another name"
    assert accept(wire(answer()), expected(), NOW).format == PERSISTENT


@pytest.mark.parametrize("far", ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59-14:00"])
def test_a_message_that_never_ends_is_remembered_for_ever(far: str) -> None:
    tree = plain(Said())
    tree.find(".//saml:Conditions", NS).set("NotOnOrAfter", far)
    tree.find(".//saml:AuthnStatement", NS).set("SessionNotOnOrAfter", far)
    sign(tree)
    assert accept(wire(tree), expected(), NOW).not_after > NOW + timedelta(days=365_000)


@pytest.mark.parametrize("name", ["NotBefore", "NotOnOrAfter"])
@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00+14:00", "0000-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-01T24:00:00Z"]
)
def test_impossible_times_are_refused_and_break_nothing(name: str, text: str) -> None:
    tree = plain(Said())
    tree.find(".//saml:Conditions", NS).set(name, text)
    sign(tree)
    if name == "NotBefore" and text.startswith("0001"):
        assert accept(wire(tree), expected(), NOW)
    else:
        with pytest.raises(SamlRefused):
            accept(wire(tree), expected(), NOW)


def test_times_may_be_of_another_zone_and_as_fine_as_they_like() -> None:
    tree = plain(Said())
    tree.find(".//saml:Conditions", NS).set("NotBefore", "2026-11-01T11:29:00.1234567+02:00")
    sign(tree)
    assert accept(wire(tree), expected(), NOW)


@pytest.mark.parametrize(
    ("seconds", "believed"), [(-150, True), (-149, True), (-151, False), (419, True), (420, False)]
)
def test_the_skew_is_counted_to_the_second(seconds: int, believed: bool) -> None:
    """Valid from 30 seconds before ``NOW`` to five minutes after, and two minutes more on both sides."""
    now: datetime = NOW + timedelta(seconds=seconds)
    said = wire(answer(Said(issued=NOW - timedelta(seconds=30), authenticated=NOW - timedelta(seconds=30))))
    if believed:
        assert accept(said, expected(), now).not_after == NOW + timedelta(seconds=420)
    else:
        with pytest.raises(SamlRefused):
            accept(said, expected(), now)


def test_a_used_message_has_one_digest_however_it_is_packed() -> None:
    def digest(tree: Any) -> str:
        return accept(wire(tree), expected(), NOW).digest

    assert len({digest(answer()), digest(answer(sign_response=True)), digest(encrypt(answer()))}) == 1
    assert digest(answer(Said(assertion_id="_another"))) != digest(answer())
    assert at(NOW) == "2026-11-01T09:30:00Z"
