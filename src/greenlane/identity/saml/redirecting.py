"""Messages in an address (SAML bindings, 3.4): deflated, in base64, signed as the very text of the query."""

from __future__ import annotations

import re
import zlib
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from urllib.parse import quote, unquote_plus

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from jinja2 import Environment, PackageLoader, StrictUndefined

from greenlane.identity.saml.form import LARGEST, unwrapped
from greenlane.identity.saml.parties import SamlProvider, ServiceProvider
from greenlane.identity.saml.refusals import refuse
from greenlane.identity.saml.signature import certificate

_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_ALGORITHM = re.compile(rf"{re.escape(_MORE)}(rsa|ecdsa)-sha(256|384|512)")
_FIELDS = ("SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature")
_TEMPLATES = Environment(loader=PackageLoader("greenlane.identity.saml"), autoescape=True, undefined=StrictUndefined)


@dataclass(frozen=True, slots=True)
class Asked:
    """A message on its way: its identifier, which the answer must name, and the address that carries it."""

    id: str
    url: str


def written(template: str, **said: object) -> bytes:
    """A message or metadata of ours, by the template of its name."""
    return _TEMPLATES.get_template(f"{template}.xml").render(said).encode()


def sent(template: str, where: str, now: datetime, state: str, service: ServiceProvider, **said: object) -> Asked:
    """The address to send a browser to with a new message of ours, signed where we have a key."""
    told = {"id": f"_{token_hex(20)}", "now": now.strftime("%Y-%m-%dT%H:%M:%SZ"), "where": where, "service": service}
    packed = zlib.compress(written(template, **told, **said), wbits=-15)
    field = "SAMLResponse" if template.endswith("Response") else "SAMLRequest"
    query = f"{field}={quote(b64encode(packed), '')}" + (f"&RelayState={quote(state, '')}" if state else "")
    if service.keys:
        query += f"&SigAlg={quote(f'{_MORE}rsa-sha256', '')}"
        made = service.keys[0].rsa.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())
        query += f"&Signature={quote(b64encode(made), '')}"
    return Asked(str(told["id"]), f"{where}{'&' if '?' in where else '?'}{query}")


def received(query: str, provider: SamlProvider) -> tuple[str, bytes]:
    """Field and message of a query that the provider signed, as its raw text came. Raises ``SamlRefused``."""
    if len(query) > LARGEST:
        refuse("size")
    pairs = [(name, value) for name, _, value in (one.partition("=") for one in query.split("&")) if name in _FIELDS]
    raw = dict(pairs)
    carried = [name for name in ("SAMLRequest", "SAMLResponse") if name in raw]
    if len(raw) != len(pairs) or len(carried) != 1:
        refuse("encoding", "one message, each field once")
    text = "&".join(f"{name}={raw[name]}" for name in (carried[0], "RelayState", "SigAlg") if name in raw)
    if "SigAlg" not in raw or "Signature" not in raw:
        refuse("unsigned")
    _checked(text.encode(), unquote_plus(raw["SigAlg"]), unwrapped(unquote_plus(raw["Signature"])), provider)
    return carried[0], inflated(unwrapped(unquote_plus(raw[carried[0]])))


def inflated(packed: bytes) -> bytes:
    """What was deflated, when it is not larger than a message may be. Raises ``SamlRefused``."""
    unpacker = zlib.decompressobj(-15)
    try:
        found = unpacker.decompress(packed, LARGEST + 1)
    except zlib.error as error:
        refuse("encoding", error)
    if len(found) > LARGEST:
        refuse("size")
    return found if unpacker.eof and not unpacker.unused_data else refuse("encoding", "cut, or followed by more")


def _checked(text: bytes, algorithm: str, made: bytes, provider: SamlProvider) -> None:
    known = _ALGORITHM.fullmatch(algorithm) or refuse("algorithm", algorithm)
    hashed: hashes.HashAlgorithm = getattr(hashes, f"SHA{known[2]}")()
    for key in (certificate(one).public_key() for one in provider.certificates):
        with suppress(InvalidSignature):
            if known[1] == "rsa" and isinstance(key, rsa.RSAPublicKey):
                key.verify(made, text, padding.PKCS1v15(), hashed)
                return
            if known[1] == "ecdsa" and isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(made, text, ec.ECDSA(hashed))
                return
    refuse("signature")
