"""Whether a provider signed a part of a message, and what it signed: bytes, read anew. Nothing else is ever believed.

Certificates are those that an administrator pinned; what a message says of its key is not looked at. The dates of a
pinned certificate do not count: the pin is the trust (SAML V2.0 Metadata Interoperability Profile, 2.6.1).
"""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from greenlane.identity.saml import form
from greenlane.identity.saml.form import Element, every, first, words
from greenlane.identity.saml.refusals import refuse

EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_FAMILIES = ("RSA_SHA{}", "ECDSA_SHA{}", "SHA{}_RSA_MGF1")
METHODS = frozenset(SignatureMethod[family.format(size)] for family in _FAMILIES for size in (256, 384, 512))
DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
_STRICT = SignatureConfiguration(signature_methods=METHODS, digest_algorithms=DIGESTS, ignore_ambiguous_key_info=True)


def certificate(text: str) -> x509.Certificate:
    """A certificate in base64, as metadata have it. Raises ``SamlRefused``."""
    try:
        found = x509.load_der_x509_certificate(b64decode(text))
        found.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        refuse("certificate", error)
    return found


def signed(part: Element, certificates: tuple[str, ...]) -> Element | None:
    """What the provider signed of a document's root or of the assertion in it, read from the signed bytes alone; None
    where it is not signed. Raises ``SamlRefused``.
    """
    if (signature := first(part, "ds:Signature")) is None:
        return None
    _plain(signature, part.get("ID"))
    root = part.getroottree().getroot()
    location = "./" if part is root else f"./{part.tag}/"
    for text in certificates:
        pinned = certificate(text)
        config = replace(_STRICT, location=location, verification_time=pinned.not_valid_before_utc)
        try:
            found = XMLVerifier().verify(
                root, x509_cert=pinned, parser=form.parser(), id_attribute="ID", expect_config=config
            )
        except (SignXMLException, UnsupportedAlgorithm, etree.LxmlError, ValueError, TypeError):
            continue
        assert isinstance(found, VerifyResult)
        believed = form.read(found.signed_data, part.tag)
        return believed if believed.get("ID") == part.get("ID") else refuse("reference")
    return refuse("signature")


def _plain(signature: Element, identifier: str) -> None:
    """A signature is about the element that it stands in, by the two transforms that leave it whole."""
    about = first(signature, "ds:SignedInfo/ds:Reference")
    transforms = [one.get("Algorithm") for one in every(about, "ds:Transforms/ds:Transform")]
    if about.get("URI") != f"#{identifier}":
        refuse("reference", about.get("URI"))
    canonical = first(signature, "ds:SignedInfo/ds:CanonicalizationMethod").get("Algorithm")
    if transforms != [ENVELOPED, EXCLUSIVE] or canonical != EXCLUSIVE:
        refuse("algorithm", f"{canonical} {transforms}")
    method = first(signature, "ds:SignedInfo/ds:SignatureMethod").get("Algorithm")
    digest = first(about, "ds:DigestMethod").get("Algorithm")
    if method not in {one.value for one in METHODS} or digest not in {one.value for one in DIGESTS}:
        refuse("algorithm", f"{method} {digest}")
    for value in (first(signature, "ds:SignatureValue"), first(about, "ds:DigestValue")):
        form.unwrapped(words(value))
