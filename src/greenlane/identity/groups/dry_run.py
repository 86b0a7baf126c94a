"""Who would gain and lose what by a rule, before it is made or ended. Nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from greenlane.identity import queries as identity
from greenlane.identity.custom_roles.queries import rights_given
from greenlane.identity.groups import queries
from greenlane.identity.groups.actions import MEMBER
from greenlane.identity.groups.reach import BELONGING, BY_RULE, GIVEN
from greenlane.identity.held import GRANT, RULE
from greenlane.identity.narrowing import role_of
from greenlane.identity.tables import MEMBERSHIP, PERSON


@dataclass(frozen=True, slots=True)
class Effects:
    """Ids of people by what a rule does for them: a role or membership that is new to them, one that they lose, or
    nothing new, because they have it another way. ``off`` are those among all who cannot act now.
    """

    role: str
    scope: str
    gain: tuple[str, ...] = ()
    lose: tuple[str, ...] = ()
    have: tuple[str, ...] = ()
    off: frozenset[str] = frozenset()


def if_added(connection: Connection, group: str, role: str, scope: str) -> Effects:
    """What a rule would do that makes everybody in a group (id or name) something. Raises ``NotFound``, and ``WrongInput``
    for a role that nobody can be given.
    """
    if role != MEMBER:
        rights_given(connection, role)
    inside = queries.people_in(connection, queries.group(connection, group).id)
    where = identity.scope_of(connection, scope)
    have = inside & _have(connection, "" if role == MEMBER else role, where)
    return Effects(role, where, _sorted(inside - have), (), _sorted(have), _off(connection, inside))


def if_removed(connection: Connection, rule: str) -> Effects:
    """What ending a rule would do. Raises ``NotFound``."""
    one = queries.rule(connection, rule)
    inside = queries.people_in(connection, one.group)
    have = inside & _have(connection, one.role, one.scope, but_for=rule)
    return Effects(one.role or MEMBER, one.scope, (), _sorted(inside - have), _sorted(have), _off(connection, inside))


def _have(connection: Connection, role: str, scope: str, but_for: str = "") -> frozenset[str]:
    """Who has a role in a scope, or is in a team, by something else than one rule. Who has it whole has it in every
    environment.
    """
    if role:
        lasting, same = GIVEN.c.by.in_((GRANT, RULE)), GIVEN.c.role.in_((role, role_of(role)))
        found = select(GIVEN.c.person).where(same, GIVEN.c.scope == scope, lasting)
        if but_for:
            found = found.where(GIVEN.c.rule != but_for)
        return frozenset(connection.execute(found).scalars())
    team = scope.partition(":")[2]
    if not but_for:
        return frozenset(connection.execute(select(BELONGING.c.person).where(BELONGING.c.team == team)).scalars())
    given = select(MEMBERSHIP.c.person).where(MEMBERSHIP.c.team == team)
    ruled = select(BY_RULE.c.person).where(BY_RULE.c.team == team, BY_RULE.c.rule != but_for)
    return frozenset(connection.execute(given.union(ruled)).scalars())


def _off(connection: Connection, people: frozenset[str]) -> frozenset[str]:
    off = select(PERSON.c.id).where(PERSON.c.state.not_in(("active", "invited")))
    return people & frozenset(connection.execute(off).scalars())


def _sorted(people: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(people))
