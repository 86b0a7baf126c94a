"""A sign-in provider of our own for tests: it says whatever it is told, well signed or badly, and never checks itself.

The signer shares no code with what is tested beyond lxml and cryptography, so that an attack can sign what no library would.
"""

from __future__ import annotations

import os
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from greenlane.identity.saml.parties import Expected, Key, SamlProvider, ServiceProvider

NOW = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
PROVIDER = "https://sign-in.example.com/metadata"
CONSOLE = "https://greenlane.example.com"
QUESTION = "_5f0c7b9a3d2e41c8b6a7d9e0f1a2b3c4"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
NS = {
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "xenc": "http://www.w3.org/2001/04/xmlenc#",
    "xenc11": "http://www.w3.org/2009/xmlenc11#",
}
Tree = Any


def at(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Signer:
    """A private key with its certificate."""

    private: Any
    certificate: str

    @classmethod
    def made(
        cls, private: Any, begins: datetime = NOW - timedelta(days=30), ends: datetime = NOW + timedelta(days=365)
    ):
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sign-in.example.com")])
        begun = x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number())
        der = begun.not_valid_before(begins).not_valid_after(ends).sign(private, hashes.SHA256())
        return cls(private, b64encode(der.public_bytes(Encoding.DER)).decode())


@cache
def rsa_signer(which: str = "now") -> Signer:
    """``now``: the provider's; ``next``: what it rolls over to; ``other``: a stranger's; ``past``: expired."""
    key = rsa.generate_private_key(65537, 2048)
    return Signer.made(key, ends=NOW - timedelta(days=1)) if which == "past" else Signer.made(key)


@cache
def ec_signer() -> Signer:
    return Signer.made(ec.generate_private_key(ec.SECP256R1()))


@cache
def our_key() -> Key:
    return Key.made("greenlane.example.com", NOW)


@cache
def service() -> ServiceProvider:
    return ServiceProvider(
        f"{CONSOLE}/sso/saml/acme/metadata",
        f"{CONSOLE}/sso/saml/acme/acs",
        f"{CONSOLE}/sso/saml/acme/slo",
        (our_key(),),
    )


@cache
def known(*signers: Signer) -> SamlProvider:
    """The provider as we know it."""
    pinned = tuple(one.certificate for one in signers or (rsa_signer(),))
    return SamlProvider(PROVIDER, "https://sign-in.example.com/sso", "https://sign-in.example.com/slo", pinned)


def expected(**changes: Any) -> Expected:
    return replace(Expected(service(), known(), QUESTION), **changes)


@dataclass(frozen=True)
class Said:
    """What an answer says; ``plain`` writes it down. None leaves a thing out."""

    name_id: str | None = "7f3c9a51-ada"
    format: str | None = PERSISTENT
    issuer: str | None = PROVIDER
    response_issuer: str | None = PROVIDER
    destination: str | None = f"{CONSOLE}/sso/saml/acme/acs"
    recipient: str | None = f"{CONSOLE}/sso/saml/acme/acs"
    audience: str | None = f"{CONSOLE}/sso/saml/acme/metadata"
    in_response_to: str | None = QUESTION
    confirmed_in_response_to: str | None = QUESTION
    status: str = "urn:oasis:names:tc:SAML:2.0:status:Success"
    method: str = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
    version: str = "2.0"
    not_before: datetime | None = NOW - timedelta(seconds=30)
    not_on_or_after: datetime | None = NOW + timedelta(minutes=5)
    confirmed_until: datetime | None = NOW + timedelta(minutes=5)
    confirmed_from: datetime | None = None
    issued: datetime = NOW
    authenticated: datetime | None = NOW
    session_until: datetime | None = None
    context: str = PASSWORD
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("email", ("ada@example.com",)),
        ("groups", ("engineering", "reviewers")),
    )
    response_id: str = "_r1f2e3d4c5b6a79881726354"
    assertion_id: str = "_a9b8c7d6e5f4031425364758"
    session: str = "_s1"


def make(prefixed: str, text: str | None = None, /, *children: Tree, **attributes: str | None) -> Tree:
    prefix, local = prefixed.split(":")
    names = {one: NS[one] for one in ("saml", "samlp") if prefix != "ds"} or {"ds": NS["ds"]}
    element = etree.Element(f"{{{NS[prefix]}}}{local}", nsmap=names)
    element.text = text
    for name, value in attributes.items():
        if value is not None:
            element.set(name, value)
    element.extend(one for one in children if one is not None)
    return element


def when(name: str, text: str | None, **attributes: str | None) -> Tree | None:
    return None if text is None else make(name, text, **attributes)


def plain(said: Said) -> Tree:
    """The answer, unsigned."""
    data = make(
        "saml:SubjectConfirmationData",
        NotBefore=said.confirmed_from and at(said.confirmed_from),
        NotOnOrAfter=said.confirmed_until and at(said.confirmed_until),
        Recipient=said.recipient,
        InResponseTo=said.confirmed_in_response_to,
    )
    subject = make(
        "saml:Subject",
        None,
        when("saml:NameID", said.name_id, Format=said.format),
        make("saml:SubjectConfirmation", None, data, Method=said.method),
    )
    restriction = (
        make("saml:AudienceRestriction", None, make("saml:Audience", said.audience)) if said.audience else None
    )
    conditions = make(
        "saml:Conditions",
        None,
        restriction,
        NotBefore=said.not_before and at(said.not_before),
        NotOnOrAfter=said.not_on_or_after and at(said.not_on_or_after),
    )
    login = None
    if said.authenticated is not None:
        context = make("saml:AuthnContext", None, make("saml:AuthnContextClassRef", said.context))
        login = make(
            "saml:AuthnStatement",
            None,
            context,
            AuthnInstant=at(said.authenticated),
            SessionIndex=said.session,
            SessionNotOnOrAfter=said.session_until and at(said.session_until),
        )
    attributes = [
        make("saml:Attribute", None, *(make("saml:AttributeValue", value) for value in values), Name=name)
        for name, values in said.attributes
    ]
    assertion = make(
        "saml:Assertion",
        None,
        when("saml:Issuer", said.issuer),
        subject,
        conditions,
        login,
        make("saml:AttributeStatement", None, *attributes),
        ID=said.assertion_id,
        Version=said.version,
        IssueInstant=at(said.issued),
    )
    return make(
        "samlp:Response",
        None,
        when("saml:Issuer", said.response_issuer),
        make("samlp:Status", None, make("samlp:StatusCode", Value=said.status)),
        assertion,
        ID=said.response_id,
        Version=said.version,
        IssueInstant=at(said.issued),
        Destination=said.destination,
        InResponseTo=said.in_response_to,
    )


@dataclass(frozen=True)
class Way:
    """How something is signed."""

    signer: Signer = field(default_factory=rsa_signer)
    method: str = RSA_SHA256
    digest: str = SHA256
    canonical: str = EXCLUSIVE
    transforms: tuple[str, ...] = (ENVELOPED, EXCLUSIVE)
    uri: str | None = None
    key_info: str | None = None
    secret: bytes = b""


_DIGESTS = {
    "sha1": hashes.SHA1(),
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
    "md5": hashes.MD5(),
}


def hashed(uri: str) -> Any:
    """The hash that an algorithm's address ends with."""
    return _DIGESTS[re.search(r"(sha\d+|md5)", uri.partition("#")[2].lower())[1]]


def canonical(element: Tree, algorithm: str) -> bytes:
    bare = algorithm.partition("#WithComments")[0].rstrip("#")
    return etree.tostring(
        element, method="c14n", exclusive=bare == EXCLUSIVE.rstrip("#"), with_comments="WithComments" in algorithm
    )


def signature_over(data: bytes, way: Way) -> bytes:
    """The value of a signature."""
    if "hmac" in way.method:
        mac = hmac.HMAC(way.secret, hashed(way.method))
        mac.update(data)
        return mac.finalize()
    kind, private = hashed(way.method), way.signer.private
    if "MGF1" in way.method:
        return private.sign(data, padding.PSS(padding.MGF1(kind), kind.digest_size), kind)
    if isinstance(private, ec.EllipticCurvePrivateKey):
        size = (private.key_size + 7) // 8
        return b"".join(one.to_bytes(size, "big") for one in decode_dss_signature(private.sign(data, ec.ECDSA(kind))))
    return private.sign(data, padding.PKCS1v15(), kind)


def sign(element: Tree, way: Way | None = None) -> Tree:
    """Sign an element where it stands; a signature that it has already is replaced."""
    way = way or Way()
    for old in element.findall("ds:Signature", NS):
        element.remove(old)
    text = etree.tostring(element)
    digest = hashes.Hash(hashed(way.digest))
    kind = next((one for one in way.transforms if "c14n" in one), INCLUSIVE)
    digest.update(canonical(etree.fromstring(text), kind))
    reference = make(
        "ds:Reference",
        None,
        make("ds:Transforms", None, *(make("ds:Transform", Algorithm=one) for one in way.transforms)),
        make("ds:DigestMethod", Algorithm=way.digest),
        make("ds:DigestValue", b64encode(digest.finalize()).decode()),
        URI=f"#{element.get('ID')}" if way.uri is None else way.uri,
    )
    info = make(
        "ds:SignedInfo",
        None,
        make("ds:CanonicalizationMethod", Algorithm=way.canonical),
        make("ds:SignatureMethod", Algorithm=way.method),
        reference,
    )
    certificate = way.signer.certificate if way.key_info is None else way.key_info
    key = make("ds:KeyInfo", None, make("ds:X509Data", None, make("ds:X509Certificate", certificate)))
    signature = make("ds:Signature", None, info, make("ds:SignatureValue"), key if certificate else None)
    element.insert(1 if element.find("saml:Issuer", NS) is not None else 0, signature)
    resign(signature, way)
    return element


def resign(signature: Tree, way: Way | None = None) -> Tree:
    """Make the value of a signature anew over its SignedInfo as that is now."""
    way = way or Way()
    info = signature.find("ds:SignedInfo", NS)
    alone = etree.fromstring(etree.tostring(signature)).find("ds:SignedInfo", NS)
    assert info is not None
    made = signature_over(canonical(alone, way.canonical), way)
    signature.find("ds:SignatureValue", NS).text = b64encode(made).decode()
    return signature


def assertion_of(tree: Tree) -> Tree:
    return tree.find("saml:Assertion", NS)


def answer(
    said: Said | None = None, *, sign_assertion: bool = True, sign_response: bool = False, way: Way | None = None
):
    """An answer as a provider sends it."""
    tree = plain(said or Said())
    if sign_assertion:
        sign(assertion_of(tree), way)
    if sign_response:
        sign(tree, way)
    return tree


def wire(tree: Tree | bytes) -> str:
    """As the form field has it."""
    return b64encode(tree if isinstance(tree, bytes) else etree.tostring(tree)).decode()


@dataclass(frozen=True)
class Sealing:
    """How an assertion is encrypted."""

    content: str = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
    wrap: str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
    digest: str | None = None
    mask: str | None = None
    beside: bool = False
    certificate: str | None = None
    change: Callable[[bytes], bytes] = bytes


def encrypt(tree: Tree, how: Sealing | None = None) -> Tree:
    """Put the assertion into an envelope for us. What signs the whole answer is for afterwards."""
    how = how or Sealing()
    assertion = assertion_of(tree)
    text = how.change(etree.tostring(deepcopy(assertion), with_tail=False))
    secret = os.urandom({"128": 16, "192": 24, "256": 32}[how.content.split("aes")[1][:3]])
    if how.content.endswith("-gcm"):
        nonce = os.urandom(12)
        body = nonce + AESGCM(secret).encrypt(nonce, text, None)
    else:
        nonce, filler = os.urandom(16), 16 - len(text) % 16
        cipher = Cipher(algorithms.AES(secret), modes.CBC(nonce)).encryptor()
        body = nonce + cipher.update(text + bytes(filler - 1) + bytes([filler])) + cipher.finalize()
    public = x509.load_der_x509_certificate(b64decode(how.certificate or our_key().certificate)).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    if "oaep" in how.wrap:
        digest, mask = (hashed(one) if one else hashes.SHA1() for one in (how.digest, how.mask))
        wrapped = public.encrypt(secret, padding.OAEP(padding.MGF1(mask), digest, None))
    else:
        wrapped = public.encrypt(secret, padding.PKCS1v15())
    method = make(
        "xenc:EncryptionMethod",
        None,
        make("ds:DigestMethod", Algorithm=how.digest) if how.digest else None,
        make("xenc11:MGF", Algorithm=how.mask) if how.mask else None,
        Algorithm=how.wrap,
    )
    key = make("xenc:EncryptedKey", None, method, _cipher(wrapped))
    data = make(
        "xenc:EncryptedData",
        None,
        make("xenc:EncryptionMethod", Algorithm=how.content),
        None if how.beside else make("ds:KeyInfo", None, key),
        _cipher(body),
        Type="http://www.w3.org/2001/04/xmlenc#Element",
    )
    envelope = make("saml:EncryptedAssertion", None, data, key if how.beside else None)
    tree.replace(assertion, envelope)
    return tree


def _cipher(data: bytes) -> Tree:
    return make("xenc:CipherData", None, make("xenc:CipherValue", b64encode(data).decode()))
