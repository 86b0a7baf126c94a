"""Long lists of people, page by page, with the roles that they hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select

from greenlane.identity.groups.reach import BELONGING
from greenlane.identity.held import Held, counting
from greenlane.identity.queries.people import Person, people_where
from greenlane.identity.queries.rights import held_by, people_allowed
from greenlane.identity.tables import PERSON


def people_after(
    connection: Connection, *, containing: str = "", team: str = "", after: str = "", limit: int = 50
) -> list[Person]:
    """People who were not erased, by name. ``containing`` is a part of a name or mail address, ``team`` an id, ``after``
    the id of the last one seen.
    """
    where = [PERSON.c.state != "erased"]
    name = func.lower(PERSON.c.name)
    if containing:
        part = containing.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        where.append(or_(name.like(f"%{part}%", escape="\\"), PERSON.c.email.like(f"%{part}%", escape="\\")))
    if team:
        where.append(PERSON.c.id.in_(select(BELONGING.c.person).where(BELONGING.c.team == team)))
    if after:
        last = connection.execute(select(name).where(PERSON.c.id == after)).scalar_one_or_none() or ""
        where.append(or_(name > last, and_(name == last, PERSON.c.id > after)))
    found = connection.execute(select(PERSON.c.id).where(*where).order_by(name, PERSON.c.id).limit(limit))
    ids = list(found.scalars())
    by_id = {one.id: one for one in people_where(connection, PERSON.c.id.in_(ids))}
    return [by_id[one] for one in ids]


def members(connection: Connection, team: str, limit: int) -> list[tuple[str, str]]:
    """The first active members of a team by name: id and name."""
    rows = connection.execute(
        select(PERSON.c.id, PERSON.c.name)
        .join(BELONGING, BELONGING.c.person == PERSON.c.id)
        .where(BELONGING.c.team == team, PERSON.c.state == "active")
        .order_by(func.lower(PERSON.c.name), PERSON.c.id)
        .limit(limit)
    )
    return [(row.id, row.name) for row in rows]


def how_many(connection: Connection) -> int:
    """How many people were not erased."""
    return connection.execute(select(func.count()).select_from(PERSON).where(PERSON.c.state != "erased")).scalar_one()


def holders(
    connection: Connection, verb: str, place: str, scopes: Sequence[str], now: datetime
) -> list[tuple[str, str, Held]]:
    """Who of the active people may do a verb now by a role that counts in these scopes: (person, name, what they hold)."""
    people = people_allowed(connection, verb, scopes, place, now)
    names = connection.execute(select(PERSON.c.id, PERSON.c.name).where(PERSON.c.id.in_(people)))
    ordered = sorted((row.name.casefold(), row.id, row.name) for row in names)
    theirs = held_by(connection, people, now)
    return [
        (person, name, one)
        for _, person, name in ordered
        for one in counting(theirs[person], scopes)
        if one.may(verb, place)
    ]
