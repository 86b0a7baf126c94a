"""Reads about roles that an organisation made for itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from greenlane.govern.errors import WrongInput
from greenlane.identity import narrowing, roles
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
    """What roles of either kind allow, by the name under which they are held, whole or in one environment; one that
    there is not allows nothing and is missing.
    """
    wanted = set(names)
    found = {name: known[name] for name in wanted for known in (roles.ALLOWED, narrowing.NARROWED) if name in known}
    if own := wanted - found.keys():
        rows = connection.execute(_NAMED, {"names": sorted({narrowing.role_of(name) for name in own})})
        allowed = {row.name: _rights(row.rights) for row in rows}
        held = {name: role for role in allowed for name in narrowing.ways_to_hold(role)}
        found |= {name: narrowing.as_held(name, allowed[held[name]]) for name in own if name in held}
    return found


def rights_of(connection: Connection, role: str) -> frozenset[roles.Right]:
    """What a role of either kind allows, held whole or in one environment. Raises ``WrongInput`` for a role that there is
    not.
    """
    found = rights_by_role(connection, [role]).get(role)
    if found is None:
        own = [one.name for one in custom_roles(connection)]
        raise WrongInput(
            f"There is no role {role!r}.", next_step=f"The roles are: {', '.join((*roles.ROLES, *own))}.", field="role"
        )
    return found


def rights_given(connection: Connection, role: str) -> frozenset[roles.Right]:
    """The same of a role that somebody is to get. Raises ``WrongInput`` also where it cannot be held in that environment."""
    name, environment = narrowing.role_of(role), narrowing.environment_of(role)
    if not environment:
        return rights_of(connection, role)
    whole = rights_of(connection, name)
    if name == roles.OWNER:
        raise WrongInput(
            "An owner is one everywhere, not in one environment.",
            next_step=f"Give platform-engineer:{environment}, or the role owner.",
            field="role",
        )
    found = narrowing.narrowed(whole, environment)
    if not found:
        others = [f"{name}:{one}" for one in roles.ENVIRONMENTS if narrowing.narrowed(whole, one)]
        raise WrongInput(
            f"The role {name} allows nothing that is done {narrowing.WORDS.get(environment, environment)}.",
            next_step=f"Say {', '.join([name, *others])}.",
            field="role",
        )
    return found


def narrow_names(connection: Connection) -> list[str]:
    """The names under which roles of the organisation's own can be held in one environment."""
    return [
        name
        for one in custom_roles(connection)
        for name in narrowing.ways_to_hold(one.name)[1:]
        if narrowing.as_held(name, one.rights)
    ]


def allowing(connection: Connection, verb: str, place: str = "") -> list[str]:
    """The names of the roles of either kind, held whole or in one environment, that allow a verb in a place."""
    allowed = roles.ALLOWED | narrowing.NARROWED
    for one in custom_roles(connection):
        allowed |= {name: narrowing.as_held(name, one.rights) for name in narrowing.ways_to_hold(one.name)}
    return [name for name, rights in allowed.items() if (verb, place) in rights]


def _role(row: Row[Any]) -> CustomRole:
    return CustomRole(row.name, row.says, _rights(row.rights), row.action, row.made_by, row.since, row.changed)


def _rights(pairs: list[list[str]]) -> frozenset[roles.Right]:
    """What the table still has of it: a verb that is gone allows nothing."""
    return frozenset((verb, place) for verb, place in pairs) & roles.ALLOWED[roles.OWNER]
