"""What the edge must know to let people in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from greenlane.identity.tables import MEMBERSHIP, PERSON, SESSION, TOKEN
from greenlane.kit.clock import parse, stamp


@dataclass(frozen=True, slots=True)
class Visitors:
    """What the edge must know to let people in, in the form of its table. Sessions and tokens go by SHA-256."""

    people: dict[str, dict[str, Any]]
    sessions: dict[str, str]
    tokens: dict[str, dict[str, Any]]


def visitors(connection: Connection, now: datetime) -> Visitors:
    """People with their teams, sessions that may open apps, and every live token. Suspended people are not ``active``.

    Tokens without the scope ``visit`` are there too, so that whoever sends one hears that it is too narrow.
    """
    people: dict[str, dict[str, Any]] = {
        row.id: {"teams": [], "active": row.state == "active"}
        for row in connection.execute(select(PERSON.c.id, PERSON.c.state).where(PERSON.c.state != "erased"))
    }
    for row in connection.execute(select(MEMBERSHIP.c.person, MEMBERSHIP.c.team).order_by(MEMBERSHIP.c.team)):
        if row.person in people:
            people[row.person]["teams"].append(row.team)
    sessions = connection.execute(
        select(SESSION.c.secret, SESSION.c.person, SESSION.c.scopes).where(
            SESSION.c.ended.is_(None), SESSION.c.expires > stamp(now)
        )
    )
    live = connection.execute(
        select(TOKEN).where(TOKEN.c.revoked.is_(None), or_(TOKEN.c.expires.is_(None), TOKEN.c.expires > stamp(now)))
    )
    return Visitors(
        people,
        {row.secret: row.person for row in sessions if "visit" in row.scopes},
        {
            row.secret: {
                "person": row.person,
                "scopes": list(row.scopes),
                "expires": None if row.expires is None else parse(row.expires).timestamp(),
            }
            for row in live
        },
    )
