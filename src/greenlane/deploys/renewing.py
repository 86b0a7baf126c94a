"""Having running apps follow what is put in, rotated, removed and revoked.

What an app has is known by the versions of its values. Where others count now, it is started anew beside itself and its
visitors are led over; where one that it has was destroyed, it is stopped at once, and whoever comes next wakes it without.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum, auto
from typing import Protocol

import structlog
from sqlalchemy import Connection

from greenlane.govern.errors import NotFound
from greenlane.kit.clock import Clock
from greenlane.kit.database import Database
from greenlane.kit.errors import Unavailable
from greenlane.ledger.receipt import Receipt
from greenlane.runtime.release import Key
from greenlane.secrets import queries, resolving

log = structlog.get_logger()

VERBS = frozenset(
    {
        "put-variable",
        "rotate-variable",
        "remove-variable",
        "revoke-variable",
        "move-credential",
        "move-model-key",
        "transfer-app",
    }
)
"""Verbs after which other values may count for an app."""


class Due(Enum):
    """What is to be done about a release."""

    NOTHING = auto()
    ANEW = auto()
    AT_ONCE = auto()


class Runs(Protocol):
    """Whoever runs releases: ``runtime.asking.Runtime``."""

    def given(self) -> Mapping[Key, Sequence[str]]:
        """Which versions each release has. Raises ``Unavailable``."""
        ...

    def renew(self, key: Key) -> None:
        """Start it anew beside itself. Raises ``Unavailable``."""
        ...

    def forget(self, key: Key) -> None:
        """Stop it at once. Raises ``Unavailable``."""
        ...


def concerns(receipt: Receipt) -> bool:
    """Whether other values may count after this receipt."""
    return receipt.action["verb"] in VERBS and receipt.happened.get("state") == "done"


def due(given: Sequence[str], counting: Sequence[str], standing: frozenset[str]) -> Due:
    """What is to be done about a release with these versions, where those count and these are not destroyed."""
    if not standing.issuperset(given):
        return Due.AT_ONCE
    return Due.NOTHING if set(given) == set(counting) else Due.ANEW


class Renewing:
    """Compares what runs with what counts. ``round`` may be called again and again: it does what is left to do."""

    def __init__(self, database: Database, runs: Runs, clock: Clock) -> None:
        self._database = database
        self._runs = runs
        self._clock = clock

    def round(self) -> None:
        """Look once at every release that was heard of. While the runtime is away there is none."""
        try:
            with self._database.read() as connection:
                found = self._runs.given()
                everything = [(key, self._due(connection, key, given)) for key, given in found.items()]
            for key, what in everything:
                match what:
                    case Due.ANEW:
                        self._runs.renew(key)
                    case Due.AT_ONCE:
                        self._runs.forget(key)
                        log.info("an app had a value that was destroyed", app=key.app, environment=key.environment)
        except Unavailable as error:
            log.info("apps follow their values once the runtime is back", error=error.detail)

    def _due(self, connection: Connection, key: Key, given: Sequence[str]) -> Due:
        try:
            counting = resolving.resolution(connection, key.app, key.environment, "run", self._clock.now())
        except NotFound:
            return Due.AT_ONCE
        return due(given, [one.id for one in counting.versions], queries.still_there(connection, given))
