"""What a provider says about itself: OpenID Connect Discovery 1.0, read strictly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from greenlane.identity.oidc.driver import Wire
from greenlane.identity.oidc.refusals import OidcRefused

ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
)
"""Signatures that are believed: those of key pairs. Of these, a provider's own announcement counts."""

LARGEST = 512 * 1024
"""Bytes of a description or of keys."""

_OK = 200


@dataclass(frozen=True, slots=True)
class Discovered:
    """A provider's description. Empty addresses are those that it does not have."""

    issuer: str
    authorization: str
    token: str
    keys: str
    userinfo: str
    end_session: str
    algorithms: tuple[str, ...]
    authentication: tuple[str, ...]
    """How a client may show its secret at the token address; empty where nothing is said."""
    names_itself: bool
    """Whether its answers carry ``iss`` (RFC 9207)."""
    logs_out: bool
    """Whether it tells of logouts by the back channel."""


def address(issuer: str) -> str:
    """Where an issuer's description is."""
    return issuer.rstrip("/") + "/.well-known/openid-configuration"


def ask(wire: Wire, issuer: str, networks: Sequence[str]) -> Discovered:
    """Fetch and read a description. Raises ``OidcRefused``, ``NotReached``."""
    answer = wire.ask("GET", address(issuer), {"Accept": "application/json"}, b"", networks)
    if answer.status != _OK:
        raise OidcRefused("discovery-missing", f"status {answer.status}")
    return read(answer.body, issuer)


def read(document: bytes, issuer: str) -> Discovered:
    """A description of exactly this issuer. Raises ``OidcRefused``."""
    try:
        found = orjson.loads(document[: LARGEST + 1])
    except orjson.JSONDecodeError as error:
        raise OidcRefused("discovery-unreadable") from error
    if not isinstance(found, dict):
        raise OidcRefused("discovery-unreadable")
    if found.get("issuer") != issuer:
        raise OidcRefused("issuer-other", str(found.get("issuer"))[:200])
    methods = _words(found, "code_challenge_methods_supported")
    if methods and "S256" not in methods:
        raise OidcRefused("no-pkce")
    announced = _words(found, "id_token_signing_alg_values_supported") or ("RS256",)
    algorithms = tuple(one for one in ALGORITHMS if one in announced)
    if not algorithms:
        raise OidcRefused("no-algorithm", " ".join(announced)[:200])
    return Discovered(
        issuer=issuer,
        authorization=_address(found, "authorization_endpoint", needed=True),
        token=_address(found, "token_endpoint", needed=True),
        keys=_address(found, "jwks_uri", needed=True),
        userinfo=_address(found, "userinfo_endpoint"),
        end_session=_address(found, "end_session_endpoint"),
        algorithms=algorithms,
        authentication=_words(found, "token_endpoint_auth_methods_supported"),
        names_itself=found.get("authorization_response_iss_parameter_supported") is True,
        logs_out=found.get("backchannel_logout_supported") is True,
    )


def _address(found: dict[str, Any], name: str, *, needed: bool = False) -> str:
    text = found.get(name, "")
    try:
        parts = urlsplit(text) if isinstance(text, str) else urlsplit("")
        good = parts.scheme in {"https", "http"} and bool(parts.hostname) and not parts.username
    except ValueError:
        good = False
    if good:
        return str(text)
    if needed:
        raise OidcRefused("address-missing", name)
    return ""


def _words(found: dict[str, Any], name: str) -> tuple[str, ...]:
    value = found.get(name)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
