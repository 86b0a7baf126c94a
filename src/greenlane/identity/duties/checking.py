"""Whether an action would bring together what is kept apart: by what it gives, or by what its actor did before.

The answer is words without names, for a decision; empty where nothing stands against it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, literal, or_, select

from greenlane.govern import tables
from greenlane.identity import queries as identity
from greenlane.identity.duties.kinds import VERBS
from greenlane.identity.duties.queries import Apart, apart_from, kept_apart
from greenlane.identity.held import ORGANISATION, Held
from greenlane.identity.narrowing import role_of, words
from greenlane.identity.roles import Right
from greenlane.kit.clock import stamp


def by_doing(connection: Connection, person: str, verb: str, about: str, now: datetime) -> str:
    """Why somebody may not do a verb to something (``app:offsite``): they did the other one of a pair to it."""
    for one in kept_apart(connection, VERBS):
        if verb in (one.one, one.other):
            other = one.other if verb == one.one else one.one
            if done := _did(connection, person, other, about, _since(one, now)):
                return f"{verb} and {other}, and you did {other} there on {done[:10]}"
    return ""


def by_giving(
    connection: Connection, person: str, role: str, scope: str, team_of_app: identity.TeamOfApp, now: datetime
) -> str:
    """Why somebody may not be given a role in a scope as it is stored: they hold one that it is kept apart from."""
    others = apart_from(connection).get(role_of(role), frozenset())
    held = identity.everything_held(connection, [person], now).get(person, ()) if others else ()
    found = _against(connection, held, others, scope, team_of_app)
    return "" if found is None else f"{words(role)} and {words(found.role)}, which they have already"


def by_ruling(
    connection: Connection,
    people: Collection[str],
    ruled: Sequence[tuple[str, str]],
    role: str,
    scope: str,
    team_of_app: identity.TeamOfApp,
    now: datetime,
) -> str:
    """Why a group with these people, to which rules give these (role, scope) already, may not be given a role."""
    others = apart_from(connection).get(role_of(role), frozenset())
    if not others:
        return ""
    for given, where in ruled:
        if role_of(given) in others and meets(connection, where, scope, team_of_app):
            return f"{words(role)} and {words(given)}, which another rule gives the same group"
    by_person = identity.everything_held(connection, people, now)
    caught = [_against(connection, held, others, scope, team_of_app) for held in by_person.values()]
    roles = sorted({words(one.role) for one in caught if one is not None})
    number = sum(one is not None for one in caught)
    return f"{words(role)} and {', '.join(roles)}, which {number} in the group have already" if roles else ""


def by_making(connection: Connection, rights: frozenset[Right]) -> str:
    """Why one role may not allow all of this: it would hold both verbs of a pair."""
    allowed = {verb for verb, _ in rights}
    both = next((one for one in kept_apart(connection, VERBS) if {one.one, one.other} <= allowed), None)
    return "" if both is None else f"{both.one} and {both.other}, which one role would allow together"


def meets(connection: Connection, scope: str, other: str, team_of_app: identity.TeamOfApp) -> bool:
    """Whether some app, team or the organisation lies in both of two scopes as they are stored."""
    if scope == other or ORGANISATION in {scope, other}:
        return True
    return any(
        app.startswith("app:") and f"team:{team_of_app(connection, app.removeprefix('app:'))}" == team
        for app, team in ((scope, other), (other, scope))
    )


def _against(
    connection: Connection, held: Sequence[Held], others: frozenset[str], scope: str, team_of_app: identity.TeamOfApp
) -> Held | None:
    return next(
        (one for one in held if one.itself in others and meets(connection, one.scope, scope, team_of_app)), None
    )


def _since(one: Apart, now: datetime) -> str:
    return stamp(now - timedelta(days=one.days)) if one.days else ""


def _did(connection: Connection, person: str, verb: str, about: str, since: str) -> str | None:
    """When somebody, or an agent for them, last did a verb to something, itself or to a request about it."""
    answered = select(literal("request:") + tables.request.c.id).where(tables.request.c.subject == about)
    return connection.execute(
        select(tables.action.c.decided_at)
        .where(
            tables.action.c.person == person,
            tables.action.c.state == "done",
            tables.action.c.verb == verb,
            or_(tables.action.c.subject == about, tables.action.c.subject.in_(answered)),
            tables.action.c.decided_at >= since,
        )
        .order_by(tables.action.c.decided_at.desc())
        .limit(1)
    ).scalar_one_or_none()
