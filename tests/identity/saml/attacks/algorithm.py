"""Algorithms: weak ones, and those that need no key of the provider."""

from __future__ import annotations

from base64 import b64decode

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.identity.saml.attacks.attack import MORE, VICTIM, Made, with_name
from tests.identity.saml.provider import (
    ENVELOPED,
    EXCLUSIVE,
    INCLUSIVE,
    NS,
    RSA_SHA256,
    SHA256,
    Said,
    Way,
    answer,
    rsa_signer,
)


def algorithms() -> Made:
    """Algorithms that are broken, that need no private key, or that leave something out."""
    public = rsa_signer().private.public_key()
    secrets = {
        "the certificate": rsa_signer().certificate.encode(),
        "its bytes": b64decode(rsa_signer().certificate),
        "the public key": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "the bytes of the public key": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "nothing": b"",
    }
    for what, secret in secrets.items():
        for method in (f"{MORE}hmac-sha256", "http://www.w3.org/2000/09/xmldsig#hmac-sha1", f"{MORE}hmac-sha512"):
            tree = answer(Said(name_id=VICTIM), way=Way(method=method, secret=secret))
            yield f"{method.partition('#')[2]} keyed with {what}", tree, {"algorithm"}
    weak = {
        "RSA with SHA-1": {"method": "http://www.w3.org/2000/09/xmldsig#rsa-sha1"},
        "a digest with SHA-1": {"digest": "http://www.w3.org/2000/09/xmldsig#sha1"},
        "SHA-1 in both": {
            "method": "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
            "digest": "http://www.w3.org/2000/09/xmldsig#sha1",
        },
        "RSA with MD5": {"method": f"{MORE}rsa-md5"},
        "a digest with MD5": {"digest": f"{MORE}md5"},
        "RSA with SHA-224": {"method": f"{MORE}rsa-sha224"},
        "a digest with SHA-224": {"digest": f"{MORE}sha224"},
        "PSS with SHA-1": {"method": "http://www.w3.org/2007/05/xmldsig-more#sha1-rsa-MGF1"},
        "inclusive canonical form of the signature": {"canonical": INCLUSIVE},
        "canonical form with comments": {"canonical": f"{EXCLUSIVE}WithComments"},
        "no transforms that leave the signature out": {"transforms": (EXCLUSIVE,)},
        "no canonical form": {"transforms": (ENVELOPED,)},
        "the transforms the other way round": {"transforms": (EXCLUSIVE, ENVELOPED)},
        "inclusive canonical form": {"transforms": (ENVELOPED, INCLUSIVE)},
        "transforms with comments": {"transforms": (ENVELOPED, f"{EXCLUSIVE}WithComments")},
        "XPath": {"transforms": (ENVELOPED, "http://www.w3.org/TR/1999/REC-xpath-19991116", EXCLUSIVE)},
        "XSLT": {"transforms": (ENVELOPED, "http://www.w3.org/TR/1999/REC-xslt-19991116", EXCLUSIVE)},
        "base64": {"transforms": (ENVELOPED, "http://www.w3.org/2000/09/xmldsig#base64", EXCLUSIVE)},
        "canonical form twice": {"transforms": (ENVELOPED, EXCLUSIVE, EXCLUSIVE)},
        "a transform that nobody knows": {"transforms": (ENVELOPED, EXCLUSIVE, "urn:x")},
    }
    for what, changes in weak.items():
        for whole in (False, True):
            tree = answer(sign_assertion=not whole, sign_response=whole, way=Way(**changes))
            yield f"{what}{', the response' * whole}", tree, {"algorithm"}
    for path, known in (
        (".//ds:SignatureMethod", RSA_SHA256),
        (".//ds:DigestMethod", SHA256),
        (".//ds:CanonicalizationMethod", EXCLUSIVE),
    ):
        for algorithm in ("", "none", "urn:none", known + " ", known.upper(), f"{MORE}dsa-sha256"):
            tree = with_name(answer())
            tree.find(path, NS).set("Algorithm", algorithm)
            yield f"{algorithm!r} for {path[5:]}", tree, {"algorithm"}
