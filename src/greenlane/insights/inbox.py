"""What waits for somebody: of the requests that they were asked about, those that they may still decide by their roles.

Found and counted on every page, so it reads no more than it tells: one index, and the teams of the apps on the way.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from greenlane.catalog import queries as catalog
from greenlane.govern import awaited
from greenlane.govern.action import REGISTRY
from greenlane.govern.awaited import Awaited
from greenlane.identity import queries as identity
from greenlane.identity.queries import ORGANISATION

MOST_COUNTED = 99
"""Beyond so many, people read "99+"."""


def count(connection: Connection, person: str, held: Sequence[identity.Held]) -> int:
    """How many requests wait for somebody with these roles, counted to one more than ``MOST_COUNTED``."""
    return len(waiting(connection, person, held, limit=MOST_COUNTED + 1))


def waiting(
    connection: Connection,
    person: str,
    held: Sequence[identity.Held],
    *,
    after: tuple[str, str] | None = None,
    limit: int,
) -> list[Awaited]:
    """What waits for somebody and what they may still decide by their roles, the oldest first."""
    found: list[Awaited] = []
    while len(found) < limit:
        page = awaited.of(connection, person, after=after, limit=limit)
        found += _decidable(connection, held, page)
        if len(page) < limit:
            break
        after = (page[-1].since, page[-1].request)
    return found[:limit]


def _decidable(connection: Connection, held: Sequence[identity.Held], page: Sequence[Awaited]) -> list[Awaited]:
    """Those that somebody with these roles may decide: who was asked may have lost the role since."""
    apps = {one.subject.removeprefix("app:") for one in page if one.subject.startswith("app:")}
    near = any(one.scope != ORGANISATION for one in held)
    teams = catalog.teams_of(connection, apps) if near else {}
    kept = []
    for one in page:
        right = REGISTRY.named(one.verb).decided_by or "approve"
        app = one.subject.removeprefix("app:") if one.subject.startswith("app:") else ""
        around = {ORGANISATION, one.subject, f"team:{teams[app]}" if app in teams else ""}
        if near and one.subject.startswith("team:"):
            around.add(identity.scope_of(connection, one.subject))
        if any(role.may(right) for role in identity.counting(held, tuple(around))):
            kept.append(one)
    return kept
