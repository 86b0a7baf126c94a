"""What a change of a role would do to whoever holds it, before it is made. Nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from greenlane.identity import queries as identity
from greenlane.identity.custom_roles import queries, rights
from greenlane.identity.groups.reach import GIVEN
from greenlane.identity.groups.tables import GROUP_RULE
from greenlane.identity.held import ORGANISATION, Held, together
from greenlane.identity.narrowing import as_held, ways_to_hold
from greenlane.identity.roles import Right


@dataclass(frozen=True, slots=True)
class Touched:
    """Somebody who would gain or lose rights in a place, as ``rights.write`` tells them."""

    person: str
    name: str
    scope: str
    gains: tuple[str, ...]
    loses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """What would change: of the role, for whom, and how many rules about groups give it."""

    role: str
    gains: tuple[str, ...]
    loses: tuple[str, ...]
    touched: tuple[Touched, ...]
    rules: int


def if_changed(connection: Connection, role: str, after: frozenset[Right]) -> Trial:
    """What it would do if a role allowed exactly this. Raises ``WrongInput`` for a role that was not made here."""
    before = queries.custom_role(connection, role).rights
    names_held = ways_to_hold(role)
    holders = identity.held_by(connection, select(GIVEN.c.person).where(GIVEN.c.role.in_(names_held)))
    names = identity.names(connection, holders)
    touched = [
        _touched(person, names.get(person, ""), scope, role, held, after)
        for person, held in holders.items()
        for scope in dict.fromkeys(one.scope for one in held if one.itself == role)
    ]
    rules = connection.execute(select(func.count()).where(GROUP_RULE.c.role.in_(names_held))).scalar_one()
    return Trial(
        role,
        tuple(rights.write(after - before)),
        tuple(rights.write(before - after)),
        tuple(
            sorted((one for one in touched if one.gains or one.loses), key=lambda one: (one.name.casefold(), one.scope))
        ),
        rules,
    )


def if_deleted(connection: Connection, role: str) -> Trial:
    """What deleting a role would do. Raises ``WrongInput`` for a role that was not made here."""
    return if_changed(connection, role, frozenset())


def _touched(person: str, name: str, scope: str, role: str, held: tuple[Held, ...], after: frozenset[Right]) -> Touched:
    """What is new to somebody there, and what nothing else gives them there: no other role, and no other environment that
    they hold this one in.
    """
    mine = [one for one in held if one.scope == scope and one.itself == role]
    others = together(one for one in held if one.scope in {scope, ORGANISATION} and one.itself != role)
    was = together(mine)
    will = frozenset().union(*(as_held(one.role, after) for one in mine))
    return Touched(person, name, scope, *(tuple(rights.write(each - others)) for each in (will - was, was - will)))
