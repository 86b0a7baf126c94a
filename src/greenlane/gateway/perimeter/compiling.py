"""Control's side of the perimeter: what of the table it is made from beside the rules.

The gateway gets marks of secrets and never a value; what it makes masks with is a key of the installation.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import structlog
from sqlalchemy import Connection

from greenlane.gateway.perimeter.letting import standing
from greenlane.gateway.perimeter.marks import marks_of
from greenlane.kit.clock import Clock
from greenlane.secrets import queries as secret_queries
from greenlane.secrets.driver import KeysAway, ValueUnreadable
from greenlane.secrets.sealing import Sealing

log = structlog.get_logger()

SECTIONS = ("marks", "let_through", "perimeter")


class PerimeterCompiler:
    """``key`` is the installation's. A version of a secret is opened once in the life of this process."""

    def __init__(self, sealing: Sealing, clock: Clock, key: bytes) -> None:
        self._sealing = sealing
        self._clock = clock
        self._key = key
        self._made: dict[str, frozenset[str]] = {}
        self._making = threading.Lock()

    def sections(
        self, connection: Connection, credentials: Mapping[str, str], sizes: Mapping[str, int | None]
    ) -> dict[str, dict[str, Any]]:
        """The sections. ``credentials`` are providers' keys by their ids; ``sizes`` the bytes that are allowed."""
        return {
            "marks": dict.fromkeys(sorted(self._marks(connection, credentials)), 1),
            "let_through": dict(standing(connection, self._clock.now())),
            "perimeter": {"key": {"says": self._key.hex()}, **{name: {"says": one} for name, one in sizes.items()}},
        }

    def _marks(self, connection: Connection, credentials: Mapping[str, str]) -> frozenset[str]:
        """The marks of every secret that is kept, and of providers' keys."""
        with self._making:
            kept = {one.id: one for one in secret_queries.versions(connection, None) if not one.readable}
            for name, one in kept.items():
                if name not in self._made:
                    try:
                        value = secret_queries.text_of(connection, self._sealing, one)
                    except (ValueUnreadable, KeysAway) as error:
                        log.warning("a secret does not open, so prompts are not searched for it", error=repr(error))
                        continue
                    self._made[name] = marks_of(value, self._key)
            for name, value in credentials.items():
                if name not in self._made:
                    self._made[name] = marks_of(value, self._key)
            self._made = {name: made for name, made in self._made.items() if name in kept or name in credentials}
            return frozenset().union(*self._made.values())
