"""Telling an app who its visitor is: a short-lived JSON Web Token (RFC 7519) under a key of the installation.

The app need not believe the header by itself: whoever holds the public keys (``jwks``, at ``PLACE`` on every host) can
check that it is ours, still good, and meant for this app.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from time import monotonic
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import ECKey

from greenlane.edge.table import Host, Table
from greenlane.edge.visits import Visitor
from greenlane.kit.clock import Clock
from greenlane.kit.places import write_private
from greenlane.kit.wire.bounded import Bounded

FIELD = b"Greenlane-Identity"
"""The header field with the token."""

PLACE = b"/.well-known/greenlane/jwks.json"
"""Where the public keys are, on every host."""

ALGORITHM = "ES256"
LASTS = 300
"""Seconds that a token is good."""

_RENEWED_AFTER = 60.0
"""Seconds after which a fresh one is made, so that nobody is handed one that is about to end."""
_ROOM = 16 * 1024 * 1024


class Introductions:
    """Makes the tokens. ``key`` is a P-256 key in PEM; nobody else holds it."""

    def __init__(self, key: str, table: Table, clock: Clock) -> None:
        self._key = ECKey.import_key(key)
        self._id = self._key.thumbprint()
        self._table = table
        self._clock = clock
        self._made: Bounded[tuple[Host, str], tuple[bytes, float]] = Bounded(_ROOM)

    @property
    def jwks(self) -> dict[str, Any]:
        """The public keys (RFC 7517)."""
        public = dict(self._key.as_dict(private=False))
        return {"keys": [{**public, "kid": self._id, "use": "sig", "alg": ALGORITHM}]}

    def forget(self) -> None:
        """Somebody's name or teams may have changed: introduce everybody anew."""
        self._made = Bounded(_ROOM)

    def of(self, host: Host, visitor: Visitor) -> bytes | None:
        """The token for a visitor of this app; None for the public, of whom nothing is known."""
        if visitor.who == "public":
            return None
        now = monotonic()
        found = self._made.get((host, visitor.who))
        if found is not None and now < found[1]:
            return found[0]
        token = jwt.encode({"alg": ALGORITHM, "kid": self._id}, self._claims(host, visitor.who), self._key).encode()
        self._made.put((host, visitor.who), (token, now + _RENEWED_AFTER), len(token) + 256)
        return token

    def _claims(self, host: Host, who: str) -> dict[str, Any]:
        now = int(self._clock.now().timestamp())
        kind, _, _ = who.partition(":")
        claims: dict[str, Any] = {
            "iss": f"{self._table.scheme}://{self._table.console_host}",
            "aud": host.app,
            "sub": who,
            "iat": now,
            "exp": now + LASTS,
            "jti": secrets.token_urlsafe(12),
            "environment": host.environment,
            "kind": kind if kind in ("preview", "share") else "person",
        }
        known = self._table.introduced(who)
        return {**claims, **known}


def key_at(path: Path) -> str:
    """The key in that file, made on the first start."""
    if not path.exists():
        pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, pem.decode())
    return path.read_text()
