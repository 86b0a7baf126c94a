"""Telling an app who its visitor is: a short-lived JSON Web Token (RFC 7519) under a key of the installation.

The app need not believe the header by itself: whoever holds the public keys (``jwks``, at ``PLACE`` on every host) can
check that it is ours, still good, and meant for this app.
"""

from __future__ import annotations

import secrets
from time import monotonic
from typing import Any

from joserfc import jwt

from greenlane.edge.ring import ALGORITHM, Ring
from greenlane.edge.table import Host, Table
from greenlane.edge.visits import Visitor
from greenlane.kit.clock import Clock
from greenlane.kit.wire.bounded import Bounded

FIELD = b"Greenlane-Identity"
"""The header field with the token."""

PLACE = b"/.well-known/greenlane/jwks.json"
"""Where the public keys are, on every host."""

LASTS = 300
"""Seconds that a token is good."""

_RENEWED_AFTER = 60.0
"""Seconds after which a fresh one is made, so that nobody is handed one that is about to end."""
_ROOM = 16 * 1024 * 1024


class Introductions:
    """Makes the tokens under the keys of a ring, which nobody else holds."""

    def __init__(self, ring: Ring, table: Table, clock: Clock) -> None:
        self._ring = ring
        self._table = table
        self._clock = clock
        self._made: Bounded[tuple[Host, str], tuple[bytes, float]] = Bounded(_ROOM)

    @property
    def jwks(self) -> dict[str, Any]:
        """The public keys (RFC 7517)."""
        return self._ring.known

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
        signing = self._ring.signing
        token = jwt.encode({"alg": ALGORITHM, "kid": signing.id}, self._claims(host, visitor.who), signing.key).encode()
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
