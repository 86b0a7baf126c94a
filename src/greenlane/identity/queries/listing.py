"""Long lists of people, page by page, with the roles that they hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, and_, func, or_, select

from greenlane.identity.queries.people import Person, people_where
from greenlane.identity.queries.rights import Held
from greenlane.identity.tables import MEMBERSHIP, PERSON, ROLE_GRANT


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
        where.append(PERSON.c.id.in_(select(MEMBERSHIP.c.person).where(MEMBERSHIP.c.team == team)))
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
        .join(MEMBERSHIP, MEMBERSHIP.c.person == PERSON.c.id)
        .where(MEMBERSHIP.c.team == team, PERSON.c.state == "active")
        .order_by(func.lower(PERSON.c.name), PERSON.c.id)
        .limit(limit)
    )
    return [(row.id, row.name) for row in rows]


def how_many(connection: Connection) -> int:
    """How many people were not erased."""
    return connection.execute(select(func.count()).select_from(PERSON).where(PERSON.c.state != "erased")).scalar_one()


def roles_of(connection: Connection, people: Iterable[str]) -> dict[str, tuple[Held, ...]]:
    """The roles of several people, the oldest first; nobody without a role is in it."""
    rows = connection.execute(
        select(ROLE_GRANT)
        .where(ROLE_GRANT.c.person.in_(list(people)))
        .order_by(ROLE_GRANT.c.since, ROLE_GRANT.c.role, ROLE_GRANT.c.scope)
    )
    found: dict[str, tuple[Held, ...]] = {}
    for row in rows:
        found[row.person] = (*found.get(row.person, ()), Held(row.role, row.scope, row.action, row.since))
    return found


def holders(connection: Connection, roles: Sequence[str], scopes: Sequence[str]) -> list[tuple[str, str, Held]]:
    """Who of the active people holds one of these roles in one of these scopes: (person, name, what they hold)."""
    rows = connection.execute(
        select(ROLE_GRANT, PERSON.c.name)
        .join(PERSON, PERSON.c.id == ROLE_GRANT.c.person)
        .where(ROLE_GRANT.c.role.in_(roles), ROLE_GRANT.c.scope.in_(scopes), PERSON.c.state == "active")
        .order_by(func.lower(PERSON.c.name), PERSON.c.id, ROLE_GRANT.c.since)
    )
    return [(row.person, row.name, Held(row.role, row.scope, row.action, row.since)) for row in rows]
