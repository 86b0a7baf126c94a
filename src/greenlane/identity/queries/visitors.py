"""What the edge must know to let people in."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from greenlane.identity.groups.queries import circles
from greenlane.identity.groups.reach import BELONGING, GROUPS_AROUND, TEAMS_AROUND
from greenlane.identity.tables import PERSON, SESSION, TOKEN
from greenlane.kit.clock import parse, stamp


@dataclass(frozen=True, slots=True)
class Visitors:
    """What the edge must know to let people in, in the form of its table. Sessions and tokens go by SHA-256."""

    people: dict[str, dict[str, Any]]
    sessions: dict[str, str]
    tokens: dict[str, dict[str, Any]]


def visitors(
    connection: Connection, now: datetime, named: Collection[str] = (), *, only: str | None = None
) -> Visitors:
    """People with their teams and with those of the ``named`` groups that they are in, sessions that may open apps, and every live token. Suspended people are not ``active``.

    Names and mail addresses are for apps that run code, which are told who their visitor is.

    Tokens without the scope ``visit`` are there too, so that whoever sends one hears that it is too narrow.

    With ``only``, the id of a person, what concerns this one alone, at a cost that does not grow with how many there are.
    """
    everybody = select(PERSON.c.id, PERSON.c.state, PERSON.c.name, PERSON.c.email).where(PERSON.c.state != "erased")
    live = select(TOKEN).where(TOKEN.c.revoked.is_(None), or_(TOKEN.c.expires.is_(None), TOKEN.c.expires > stamp(now)))
    if only is None:
        belonging = _teams_of_everybody(connection)
        groups = circles(connection, named) if named else {}
    else:
        everybody, live = everybody.where(PERSON.c.id == only), live.where(TOKEN.c.person == only)
        belonging = {only: list(connection.execute(TEAMS_AROUND, {"person": only}).scalars())}
        around = connection.execute(GROUPS_AROUND, {"person": only}).scalars() if named else ()
        groups = {only: [one for one in around if one in named]}
    return Visitors(
        {
            row.id: _person(row, belonging.get(row.id, ()), groups.get(row.id, ()))
            for row in connection.execute(everybody)
        },
        visiting_sessions(connection, now, only=only),
        {
            row.secret: {
                "person": row.person,
                "scopes": list(row.scopes),
                "expires": None if row.expires is None else parse(row.expires).timestamp(),
            }
            for row in connection.execute(live)
        },
    )


def _teams_of_everybody(connection: Connection) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in connection.execute(select(BELONGING.c.person, BELONGING.c.team)):
        found.setdefault(row.person, []).append(row.team)
    return found


def _person(row: Any, teams: Iterable[str], groups: Iterable[str]) -> dict[str, Any]:
    known = {"teams": sorted(teams), "active": row.state == "active", "name": row.name, "email": row.email}
    within = sorted(groups)
    return known | {"groups": within} if within else known


def visiting_sessions(connection: Connection, now: datetime, *, only: str | None = None) -> dict[str, str]:
    """Whose each session is that may open apps, by its SHA-256: of everybody, or of one person."""
    running = select(SESSION.c.secret, SESSION.c.person, SESSION.c.scopes).where(
        SESSION.c.ended.is_(None), SESSION.c.expires > stamp(now)
    )
    found = connection.execute(running if only is None else running.where(SESSION.c.person == only))
    return {row.secret: row.person for row in found if "visit" in row.scopes}
