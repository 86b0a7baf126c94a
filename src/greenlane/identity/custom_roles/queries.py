"""Reads about roles that an organisation made for itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from greenlane.govern.errors import WrongInput
from greenlane.identity import roles
from greenlane.identity.custom_roles.tables import CUSTOM_ROLE

_NAMED = select(CUSTOM_ROLE.c.name, CUSTOM_ROLE.c.rights).where(
    CUSTOM_ROLE.c.name.in_(bindparam("names", expanding=True))
)


@dataclass(frozen=True, slots=True)
class CustomRole:
    """A role of the organisation's own. ``action`` made it, or changed it last."""

    name: str
    says: str
    rights: frozenset[roles.Right]
    action: str
    made_by: str
    since: str
    changed: str


def custom_roles(connection: Connection) -> list[CustomRole]:
    """Every one, by name."""
    return [_role(row) for row in connection.execute(select(CUSTOM_ROLE).order_by(CUSTOM_ROLE.c.name))]


def custom_role(connection: Connection, name: str) -> CustomRole:
    """One by name. Raises ``WrongInput`` for a name that none has."""
    row = connection.execute(select(CUSTOM_ROLE).where(CUSTOM_ROLE.c.name == name)).one_or_none()
    if row is None:
        raise WrongInput(
            f"There is no role {name!r} that was made here.", next_step="`greenlane roles` lists them.", field="role"
        )
    return _role(row)


def rights_by_role(connection: Connection, names: Iterable[str]) -> dict[str, frozenset[roles.Right]]:
    """What roles of either kind allow, by name; a role that there is not allows nothing and is missing."""
    wanted = set(names)
    found = {name: roles.ALLOWED[name] for name in wanted if name in roles.ALLOWED}
    if own := wanted - found.keys():
        rows = connection.execute(_NAMED, {"names": sorted(own)})
        found |= {row.name: _rights(row.rights) for row in rows}
    return found


def rights_of(connection: Connection, role: str) -> frozenset[roles.Right]:
    """What a role of either kind allows. Raises ``WrongInput`` for a role that there is not."""
    found = rights_by_role(connection, [role]).get(role)
    if found is None:
        own = [one.name for one in custom_roles(connection)]
        raise WrongInput(
            f"There is no role {role!r}.", next_step=f"The roles are: {', '.join((*roles.ROLES, *own))}.", field="role"
        )
    return found


def allowing(connection: Connection, verb: str, place: str = "") -> list[str]:
    """The names of the roles of either kind that allow a verb in a place."""
    own = [one.name for one in custom_roles(connection) if (verb, place) in one.rights]
    return [*(role for role in roles.ROLES if roles.may(role, verb, place)), *own]


def _role(row: Row[Any]) -> CustomRole:
    return CustomRole(row.name, row.says, _rights(row.rights), row.action, row.made_by, row.since, row.changed)


def _rights(pairs: list[list[str]]) -> frozenset[roles.Right]:
    """What the table still has of it: a verb that is gone allows nothing."""
    return frozenset((verb, place) for verb, place in pairs) & roles.ALLOWED[roles.OWNER]
