"""Whether a token is believed: its signature first, then everything that it says.

ID tokens after OpenID Connect Core 1.0, 3.1.3.7; logout tokens after OpenID Connect Back-Channel Logout 1.0, 2.6. What
is missing is refused, as what is wrong.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from joserfc import jwt
from joserfc.errors import JoseError

from greenlane.identity.oidc.keys import Keys
from greenlane.identity.oidc.refusals import OidcRefused

SKEW = timedelta(seconds=60)
"""How far apart two clocks may be."""

LONGEST_LIFE = timedelta(days=1)
"""A token that claims to be good for longer is believed for this long since it was made."""

LIFE_UNSAID = timedelta(minutes=2)
"""How long a logout token is believed that does not say when it ends."""

LARGEST = 256 * 1024
"""Letters of a token; hundreds of groups fit."""

LOGGED_OUT = "http://schemas.openid.net/event/backchannel-logout"


class KeyUnknown(OidcRefused):
    """Signed with a key that was not there when the keys were read: they may have changed since."""

    def __init__(self, key_id: str) -> None:
        super().__init__("key-unknown", key_id[:100])


@dataclass(frozen=True, slots=True)
class Expected:
    """What an ID token must be. ``fresh`` is since when the person must have signed in there; ``strong`` the context
    (acr) of which one must have been reached; both only where they were asked for.
    """

    issuer: str
    client: str
    algorithms: Collection[str]
    nonce: str
    fresh: datetime | None = None
    strong: Collection[str] = ()


def id_token(token: str, access_token: str, keys: Keys, expected: Expected, now: datetime) -> dict[str, Any]:
    """The claims of an ID token that belongs to one sign-in. Raises ``OidcRefused``."""
    header, claims = _signed(token, keys, expected.algorithms)
    if str(header.get("typ", "JWT")).lower() != "jwt" or "events" in claims:
        raise OidcRefused("kind-wrong", str(header.get("typ"))[:40])
    _from_and_for(claims, expected.issuer, expected.client)
    _in_time(claims, now, needs_end=True)
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise OidcRefused("subject-missing")
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), expected.nonce.encode()):
        raise OidcRefused("nonce-wrong")
    if "at_hash" in claims and claims["at_hash"] != _half(access_token, str(header["alg"])):
        raise OidcRefused("access-token-swapped")
    if expected.fresh is not None and _moment(claims.get("auth_time")) < (expected.fresh - SKEW).timestamp():
        raise OidcRefused("not-fresh", str(claims.get("auth_time")))
    if expected.strong and claims.get("acr") not in expected.strong:
        raise OidcRefused("not-strong", str(claims.get("acr"))[:100])
    return claims


def logout_token(
    token: str, keys: Keys, issuer: str, client: str, algorithms: Collection[str], now: datetime
) -> dict[str, Any]:
    """The claims of a logout token: whose sessions end (``sub``), or which one (``sid``). Raises ``OidcRefused``."""
    header, claims = _signed(token, keys, algorithms)
    events = claims.get("events")
    named = isinstance(events, dict) and isinstance(events.get(LOGGED_OUT), dict)
    if str(header.get("typ", "JWT")).lower() not in {"jwt", "logout+jwt"} or not named or "nonce" in claims:
        raise OidcRefused("kind-wrong", str(header.get("typ"))[:40])
    _from_and_for(claims, issuer, client)
    _in_time(claims, now, needs_end=False)
    if not isinstance(claims.get("jti"), str) or not (claims.get("sub") or claims.get("sid")):
        raise OidcRefused("subject-missing")
    return claims


def _signed(token: str, keys: Keys, algorithms: Collection[str]) -> tuple[Mapping[str, Any], dict[str, Any]]:
    header = _header(token)
    algorithm, key_id = str(header.get("alg")), str(header.get("kid", ""))
    if algorithm not in algorithms:
        raise OidcRefused("algorithm-refused", algorithm[:40])
    fitting = keys.fitting(algorithm, key_id)
    if not fitting:
        raise KeyUnknown(key_id)
    for key in fitting:
        try:
            found = jwt.decode(token, key, algorithms=[algorithm])
        except (JoseError, ValueError, UnicodeError):
            continue
        return header, dict(found.claims)
    if key_id:
        raise OidcRefused("signature-wrong")
    raise KeyUnknown(key_id)  # it names no key, so it may be a new one


def _header(token: str) -> dict[str, Any]:
    first, dots, _ = token.partition(".")
    if len(token) > LARGEST or not dots or token.count(".") != 2:
        raise OidcRefused("token-unreadable")
    try:
        found = orjson.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    except ValueError as error:
        raise OidcRefused("token-unreadable") from error
    if not isinstance(found, dict):
        raise OidcRefused("token-unreadable")
    return found


def _from_and_for(claims: Mapping[str, Any], issuer: str, client: str) -> None:
    if claims.get("iss") != issuer:
        raise OidcRefused("issuer-wrong", str(claims.get("iss"))[:200])
    audience = claims.get("aud")
    several = [audience] if isinstance(audience, str) else audience
    if not isinstance(several, list) or client not in several:
        raise OidcRefused("audience-wrong")
    if (len(several) > 1 or "azp" in claims) and claims.get("azp") != client:
        raise OidcRefused("audience-wrong", "azp")


def _in_time(claims: Mapping[str, Any], now: datetime, *, needs_end: bool) -> None:
    at, skew = now.timestamp(), SKEW.total_seconds()
    made, ends = _moment(claims.get("iat")), _moment(claims.get("exp"))
    if not made or (needs_end and not ends):
        raise OidcRefused("expired", "no time in it")
    last = min(ends or made + LIFE_UNSAID.total_seconds(), made + LONGEST_LIFE.total_seconds())
    if at >= last + skew:
        raise OidcRefused("expired")
    if max(made, _moment(claims.get("nbf"))) > at + skew:
        raise OidcRefused("from-the-future")


def _moment(value: object) -> float:
    """Seconds since 1970; 0 for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(value)


def _half(text: str, algorithm: str) -> str:
    """The left half of a hash, as ``at_hash`` has it (OpenID Connect Core 1.0, 3.1.3.6)."""
    bits = "512" if algorithm.startswith("Ed") else algorithm[-3:]
    found = hashlib.new(f"sha{bits}", text.encode()).digest()
    return base64.urlsafe_b64encode(found[: len(found) // 2]).rstrip(b"=").decode()
