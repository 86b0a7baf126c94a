"""Reads about what is kept apart."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from greenlane.identity.duties.kinds import ROLES
from greenlane.identity.duties.tables import KEPT_APART

_ROLES = select(KEPT_APART.c.one, KEPT_APART.c.other).where(KEPT_APART.c.kind == ROLES)
_ALL = select(KEPT_APART).order_by(KEPT_APART.c.since, KEPT_APART.c.id)


@dataclass(frozen=True, slots=True)
class Apart:
    """Two roles or two verbs that are kept apart. ``days``: how far back a verb counts; 0 for ever."""

    id: str
    kind: str
    one: str
    other: str
    days: int
    action: str
    made_by: str
    since: str


def kept_apart(connection: Connection, kind: str = "") -> list[Apart]:
    """Every pair, or those of one kind, the oldest first."""
    found = [Apart(*row) for row in connection.execute(_ALL)]
    return [one for one in found if not kind or one.kind == kind]


def wished(kind: str, one: str, other: str, days: int) -> Apart:
    """A pair that nobody has made."""
    return Apart("", kind, one, other, days, "", "", "")


def apart_from(connection: Connection) -> dict[str, frozenset[str]]:
    """The roles that each role is kept apart from; a role that may be held beside every other is missing."""
    found: dict[str, frozenset[str]] = {}
    for one, other in connection.execute(_ROLES):
        found[one] = found.get(one, frozenset()) | {other}
        found[other] = found.get(other, frozenset()) | {one}
    return found
