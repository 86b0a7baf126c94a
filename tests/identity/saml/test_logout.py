"""Signing out, both ways: each message is signed by who sends it, about one person, for us, and fresh."""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from lxml import etree
from tests.identity.saml.provider import (
    NOW,
    NS,
    PERSISTENT,
    PROVIDER,
    Signer,
    at,
    ec_signer,
    known,
    make,
    our_key,
    rsa_signer,
    service,
    sign,
    wire,
)

from greenlane.identity.saml.logout import Logout, answer_logout, ask_logout, read_logout
from greenlane.identity.saml.parties import Expected, Subject
from greenlane.identity.saml.redirecting import inflated
from greenlane.identity.saml.refusals import SamlRefused

MORE = "http://www.w3.org/2001/04/xmldsig-more#"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"


def leave(**changes: str) -> Any:
    """A provider's wish, unsigned."""
    said = {"ID": "_q1", "Version": "2.0", "IssueInstant": at(NOW), "Destination": service().slo, **changes}
    return make(
        "samlp:LogoutRequest",
        None,
        make("saml:Issuer", PROVIDER),
        make("saml:NameID", "ada-0001", Format=PERSISTENT),
        make("samlp:SessionIndex", "_s1"),
        **said,
    )


def left(**changes: str) -> Any:
    """A provider's answer, unsigned."""
    said = {
        "ID": "_q2",
        "Version": "2.0",
        "IssueInstant": at(NOW),
        "Destination": service().slo,
        "InResponseTo": "_ours",
    }
    status = make("samlp:Status", None, make("samlp:StatusCode", Value=changes.pop("status", SUCCESS)))
    return make("samlp:LogoutResponse", None, make("saml:Issuer", PROVIDER), status, **{**said, **changes})


def packed(tree: Any) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(etree.tostring(tree)) + packer.flush()


def query(
    tree: Any,
    field: str = "SAMLRequest",
    signer: Signer | None = None,
    algorithm: str = f"{MORE}rsa-sha256",
    raw: bytes | None = None,
    state: str = "&RelayState=to+here",
) -> str:
    text = f"{field}={quote(b64encode(packed(tree) if raw is None else raw), '')}{state}&SigAlg={quote(algorithm, '')}"
    private = (signer or rsa_signer()).private
    if isinstance(private, ec.EllipticCurvePrivateKey):
        made = private.sign(text.encode(), ec.ECDSA(hashes.SHA256()))
    else:
        made = private.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{text}&Signature={quote(b64encode(made), '')}"


def reads(**how: Any) -> Logout | None:
    expected = Expected(service(), how.pop("provider", known()), how.pop("request", None))
    return read_logout(expected, NOW, **how)


def reason(**how: Any) -> str:
    with pytest.raises(SamlRefused) as refused:
        reads(**how)
    return refused.value.reason


def test_control_what_the_provider_signed_is_believed_however_it_comes() -> None:
    wanted = Logout("_q1", "ada-0001", ("_s1",))
    assert reads(query=query(leave())) == wanted
    assert reads(query=query(leave(), state="")) == wanted
    assert reads(posted=wire(sign(leave()))) == wanted
    assert reads(query=query(leave(), signer=ec_signer(), algorithm=f"{MORE}ecdsa-sha256"), provider=known(ec_signer()))
    assert reads(query=query(left(), "SAMLResponse"), request="_ours") is None
    assert reads(posted=wire(sign(left())), request="_ours") is None
    two = known(rsa_signer("next"), rsa_signer())
    assert reads(query=query(leave()), provider=two) == wanted


def test_who_may_end_sessions_is_the_provider_alone() -> None:
    assert reason(query=query(leave()).partition("&SigAlg")[0]) == "unsigned"
    assert reason(query=query(leave()).partition("&Signature")[0]) == "unsigned"
    assert reason(posted=wire(leave())) == "unsigned"
    assert reason(query=query(leave(), signer=rsa_signer("other"))) == "signature"
    assert reason(query=query(leave(), signer=Signer(our_key().rsa, our_key().certificate))) == "signature"
    assert reason(query=query(leave()).replace("to+here", "to%20here")) == "signature", "the text itself is signed"
    assert reason(query=query(leave()).replace("&RelayState=to+here", "")) == "signature"
    for broken in ("http://www.w3.org/2000/09/xmldsig#rsa-sha1", f"{MORE}hmac-sha256", f"{MORE}rsa-sha224", "", "none"):
        assert reason(query=query(leave(), algorithm=broken)) == "algorithm"
    forged = leave()
    forged.find("saml:NameID", NS).text = "owner-1"
    signature = query(leave()).partition("&Signature=")[2]
    assert reason(query=f"{query(forged).partition('&Signature=')[0]}&Signature={signature}") == "signature"


def test_one_message_with_each_field_once() -> None:
    good = query(leave())
    assert reason(query=f"{good}&SAMLRequest=AAAA") == "encoding"
    assert reason(query=f"SAMLResponse=AAAA&{good}") == "encoding"
    assert reason(query=f"{good}&Signature=AAAA") == "encoding"
    assert reason(query="") == "encoding"
    assert reason(query="RelayState=x") == "encoding"
    assert reads(query=f"other=x&{good}") is not None, "what is no field of SAML is not looked at"


def test_what_is_deflated_is_bounded() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(bytes(50_000_000)) + packer.flush()
    assert len(bomb) < 100_000
    assert reason(query=query(None, raw=bomb)) == "size"
    assert reason(query=query(None, raw=packed(leave())[:-5])) == "encoding"
    assert reason(query=query(None, raw=packed(leave()) + b"more")) == "encoding"
    assert reason(query=query(None, raw=etree.tostring(leave()))) == "encoding"
    assert reason(query="SAMLRequest=" + "A" * 2_000_000) == "size"
    assert inflated(packed(leave())) == etree.tostring(leave())


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"Destination": "https://elsewhere.example.com/slo"}, "destination"),
        ({"Version": "1.1"}, "version"),
        ({"IssueInstant": at(NOW - timedelta(minutes=8))}, "late"),
        ({"IssueInstant": at(NOW + timedelta(minutes=8))}, "early"),
        ({"NotOnOrAfter": at(NOW - timedelta(minutes=3))}, "late"),
        ({"InResponseTo": "_x"}, "unexpected"),
    ],
)
def test_a_wish_is_for_us_and_for_now(changes: dict[str, str], why: str) -> None:
    assert reason(query=query(leave(**changes))) == why
    assert reason(posted=wire(sign(leave(**changes)))) == why


def test_an_answer_is_to_our_question_and_a_success() -> None:
    for request in (None, "_another", ""):
        assert reason(query=query(left(), "SAMLResponse"), request=request) == "request"
    failed = left(status="urn:oasis:names:tc:SAML:2.0:status:Responder")
    assert reason(query=query(failed, "SAMLResponse"), request="_ours") == "status"


def test_a_message_is_of_the_kind_that_its_field_says() -> None:
    assert reason(query=query(leave(), "SAMLResponse"), request="_ours") == "unexpected"
    assert reason(query=query(left()), request="_ours") == "unexpected"
    assert reason(query=query(leave()), provider=replace(known(), entity_id="https://x.example")) == "issuer"


def test_ours_says_whom_it_is_about_and_is_signed_over_the_very_text() -> None:
    whom = Subject(
        name_id="ada-0001",
        format=PERSISTENT,
        qualifiers=(PROVIDER, service().entity_id),
        session_index="_s1",
    )
    asked = ask_logout(service(), known(), NOW, whom, state="a & b")
    address, _, text = asked.url.partition("?")
    assert address == known().slo
    fields = dict(parse_qsl(text))
    assert fields["RelayState"] == "a & b"
    tree = etree.fromstring(inflated(b64decode(fields["SAMLRequest"])))
    assert tree.get("ID") == asked.id
    assert tree.findtext("saml:NameID", namespaces=NS) == "ada-0001"
    assert tree.find("saml:NameID", NS).get("SPNameQualifier") == service().entity_id
    assert tree.findtext("samlp:SessionIndex", namespaces=NS) == "_s1"
    public: Any = x509.load_der_x509_certificate(b64decode(our_key().certificate)).public_key()
    signed = text.partition("&Signature=")[0].encode()
    public.verify(b64decode(fields["Signature"]), signed, padding.PKCS1v15(), hashes.SHA256())


def test_our_answer_goes_where_answers_are_wanted() -> None:
    provider = replace(known(), slo_answers="https://sign-in.example.com/done?a=b")
    answered = answer_logout(service(), provider, NOW, request="_q1", state="x")
    assert answered.url.startswith("https://sign-in.example.com/done?a=b&SAMLResponse=")
    fields = dict(parse_qsl(urlsplit(answered.url).query))
    tree = etree.fromstring(inflated(b64decode(fields["SAMLResponse"])))
    assert tree.get("InResponseTo") == "_q1"
    assert tree.find(".//samlp:StatusCode", NS).get("Value") == SUCCESS
