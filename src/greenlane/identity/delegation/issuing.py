"""The tokens that agents come with: signed by this installation, for one address, for minutes.

JWT access tokens after RFC 9068 (``at+jwt``), with the chain of actors after RFC 8693, section 4.1: ``sub`` is the person,
``act`` the agent that acts, and each ``act`` inside it the agent from which it has that. A token bounds and never gives:
what it is worth is computed when it is used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from greenlane.govern.errors import SignInNeeded
from greenlane.kit import ids

ALGORITHM = "Ed25519"
"""RFC 9864: the name of the algorithm, not of its family."""

TYPE = "at+jwt"


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token of ours says. ``agents`` are names with the epochs of their keys, the person's own agent first."""

    person: str
    agents: tuple[tuple[str, int], ...]
    grant: str
    scopes: tuple[str, ...]
    audience: str
    expires: datetime


class Issuer:
    """Signs tokens as ``url`` and reads its own. ``seed`` are the 32 bytes of its key. It may believe several keys."""

    def __init__(self, url: str, seed: bytes) -> None:
        self.url = url
        self.believe([seed])
        self.sign_with(seed)

    def believe(self, seeds: Sequence[bytes]) -> None:
        """Believe tokens that were signed with these keys, and no others."""
        public = [_private(one).as_dict(private=False) for one in seeds]
        self._public = [{**one, "use": "sig", "alg": ALGORITHM} for one in public]
        self._verifying = KeySet([OKPKey.import_key(one) for one in self._public])

    def sign_with(self, seed: bytes) -> None:
        """Sign with this key from now on."""
        self._key = _private(seed)

    def keys(self) -> dict[str, Any]:
        """The public keys, as a JWK set."""
        return {"keys": list(self._public)}

    def issue(self, claims: Claims, now: datetime) -> str:
        """A token that says this."""
        said = {
            "iss": self.url,
            "sub": claims.person,
            "aud": claims.audience,
            "client_id": claims.agents[-1][0],
            "iat": int(now.timestamp()),
            "exp": int(claims.expires.timestamp()),
            "jti": ids.token(128),
            "scope": " ".join(claims.scopes),
            "grant": claims.grant,
            "epoch": claims.agents[-1][1],
            "act": _acting(claims.agents),
        }
        key = self._key
        return jwt.encode({"typ": TYPE, "alg": ALGORITHM, "kid": key.kid}, said, key, [ALGORITHM])

    def read(self, token: str, audience: str, now: datetime) -> Claims:
        """What a token of ours for this audience says. Raises ``SignInNeeded`` for any other, and for one that is over."""
        return read(token, self._verifying, self.url, audience, now)


def kid_of(seed: bytes) -> str:
    """What a key is known by: its thumbprint (RFC 7638)."""
    return str(_private(seed).kid)


def _private(seed: bytes) -> OKPKey:
    key = OKPKey.import_key(Ed25519PrivateKey.from_private_bytes(seed))
    return OKPKey.import_key({**key.as_dict(private=True), "kid": key.thumbprint()})


def read(token: str, keys: KeySet, issuer: str, audience: str, now: datetime) -> Claims:
    """The same for whoever has the public keys alone, as the edge has."""
    try:
        found = jwt.decode(token, keys, algorithms=[ALGORITHM])
        said = found.claims
        jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
        ).validate(said)
        if found.header.get("typ") != TYPE or not isinstance(said["aud"], str):
            raise _nothing()
        return Claims(
            str(said["sub"]),
            _agents(said["act"]),
            str(said["grant"]),
            tuple(str(said["scope"]).split()),
            said["aud"],
            datetime.fromtimestamp(int(said["exp"]), now.tzinfo),
        )
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise _nothing() from error


def is_one(text: str) -> bool:
    """Whether a text has the form of such a token, which says nothing about its worth."""
    return text.startswith("eyJ") and text.count(".") == 2


def models_at(url: str) -> str:
    """The address of the model gateway of an installation, as tokens for it name it."""
    return f"{url}/ai"


def until(now: datetime, lasts: timedelta, *ends: datetime) -> datetime:
    """When a token ends: after ``lasts``, or with the first of what it stands on."""
    return min(now + lasts, *ends)


def _acting(agents: Sequence[tuple[str, int]]) -> dict[str, Any]:
    acting: dict[str, Any] = {}
    for name, epoch in agents:
        acting = {"sub": name, "epoch": epoch, **({"act": acting} if acting else {})}
    return acting


def _agents(acting: Mapping[str, Any]) -> tuple[tuple[str, int], ...]:
    found: list[tuple[str, int]] = []
    while acting:
        found.append((str(acting["sub"]), int(acting["epoch"])))
        acting = acting.get("act") or {}
    if not found:
        raise _nothing()
    return tuple(reversed(found))


def _nothing() -> SignInNeeded:
    return SignInNeeded(
        "This token is not ours, not for this address, or over.",
        next_step="Exchange your grant for a new one at /oauth/token: they last five minutes.",
    )
