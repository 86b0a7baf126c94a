"""Metadata: what a provider says of itself, read; and what we say of ourselves, written.

A signature over metadata is not looked at: they are believed because an administrator fetched them, over https or as a
file. So they may hold what sign-in messages may not (comments, other namespaces); a document type they may not.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree
from pydantic import TypeAdapter, ValidationError

from greenlane.identity.saml.form import LARGEST, NAMESPACES, Element, every, moment, parser, tag, unwrapped, words
from greenlane.identity.saml.parties import SamlProvider, ServiceProvider
from greenlane.identity.saml.redirecting import written
from greenlane.identity.saml.refusals import refuse
from greenlane.identity.saml.signature import certificate

SHORTEST = 2048
"""Bits of an RSA key (NIST SP 800-131A, rev. 2)."""

_DURATION = TypeAdapter(timedelta)
_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
_SAFE = re.compile(r"https://[^\s/?#]\S*|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(/\S*)?")


def read_metadata(document: bytes, now: datetime) -> SamlProvider:
    """The one sign-in provider that a document describes. Raises ``SamlRefused``."""
    if len(document) > LARGEST:
        refuse("size", f"{len(document)} bytes")
    if b"<!DOCTYPE" in document or b"<!ENTITY" in document:
        refuse("markup")
    try:
        tree = etree.fromstring(document, parser(remove_comments=True, remove_pis=True))
    except (etree.LxmlError, ValueError) as error:
        refuse("xml", error)
    roles = [
        role
        for entity in tree.iter(tag("md:EntityDescriptor"))
        for role in every(entity, "md:IDPSSODescriptor")
        if entity.get("entityID") and NAMESPACES["samlp"] in role.get("protocolSupportEnumeration", "").split()
    ]
    if len(roles) != 1:
        refuse("metadata", f"{len(roles)} sign-in providers")
    role = roles[0]
    until = [moment(one.get("validUntil")) for one in (role, *role.iterancestors()) if one.get("validUntil")]
    if any(one <= now for one in until):
        refuse("expired-metadata", min(until))
    out = _redirect(role, "md:SingleLogoutService")
    return SamlProvider(
        entity_id=role.getparent().get("entityID"),
        sso=_redirect(role, "md:SingleSignOnService").get("Location") or refuse("redirect"),
        slo=out.get("Location", ""),
        slo_answers=out.get("ResponseLocation", ""),
        certificates=_certificates(role),
        signed_requests=role.get("WantAuthnRequestsSigned") in {"true", "1"},
        until=min(until).isoformat() if until else "",
        cached=min(filter(None, map(_cached, (role, *role.iterancestors()))), default=0),
    )


def _cached(element: Element) -> int:
    """The seconds of a ``cacheDuration`` (``xs:duration``; a year has 365 days and a month 30); 0 for what is none.

    It is advice, so what cannot be read turns nobody away.
    """
    try:
        return max(int(_DURATION.validate_strings(element.get("cacheDuration", "")).total_seconds()), 0)
    except ValidationError:
        return 0


def _redirect(role: Element, name: str) -> Mapping[str, str]:
    """Where a browser may be sent by redirect, over https; on this machine http does."""
    for one in every(role, name):
        places = [one.get(where) for where in ("Location", "ResponseLocation") if one.get(where)]
        if one.get("Binding") == _REDIRECT and places and all(map(_SAFE.fullmatch, places)):
            return dict(one.attrib)
    return {}


def _certificates(role: Element) -> tuple[str, ...]:
    """Those that sign, each once, as base64 without line breaks."""
    keys = [one for one in every(role, "md:KeyDescriptor") if one.get("use") != "encryption"]
    found = [b64encode(unwrapped(words(one))).decode() for key in keys for one in key.iter(tag("ds:X509Certificate"))]
    for key in (certificate(one).public_key() for one in found):
        long = isinstance(key, rsa.RSAPublicKey) and key.key_size >= SHORTEST
        if not (long or isinstance(key, ec.EllipticCurvePublicKey)):
            refuse("certificate", "a key that is too short or of another kind")
    return tuple(dict.fromkeys(found)) or refuse("certificate", "none")


def metadata(service: ServiceProvider) -> bytes:
    """Our own, for providers that read them."""
    return written("metadata", service=service)
