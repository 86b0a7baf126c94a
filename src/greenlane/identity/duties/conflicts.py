"""Who has or did both of what is kept apart, today: what came before a pair did, or by another way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

from sqlalchemy import Connection, func, literal, select

from greenlane.govern import tables
from greenlane.identity import queries as identity
from greenlane.identity.custom_roles.queries import custom_roles
from greenlane.identity.duties.checking import meets
from greenlane.identity.duties.kinds import ROLES
from greenlane.identity.duties.queries import Apart, kept_apart
from greenlane.identity.groups.reach import GIVEN
from greenlane.identity.held import Held
from greenlane.identity.narrowing import ways_to_hold
from greenlane.identity.tables import PERSON
from greenlane.kit.clock import stamp


@dataclass(frozen=True, slots=True)
class Conflict:
    """One person, or one role of the organisation's own, with both of a pair. Scopes and subjects are as they are stored.

    ``withheld``: one of two roles does not count, so that nothing has to be done. ``one_held`` and ``other_held`` are two
    roles as they are held, whole or in one environment.
    """

    pair: Apart
    person: str
    role: str
    one_where: str
    other_where: str
    withheld: bool = False
    one_held: str = ""
    other_held: str = ""


def conflicts(connection: Connection, now: datetime, team_of_app: identity.TeamOfApp) -> list[Conflict]:
    """Every one, by pair, then by person."""
    pairs = kept_apart(connection)
    return [one for pair in pairs for one in of_pair(connection, pair, now, team_of_app)]


def of_pair(connection: Connection, pair: Apart, now: datetime, team_of_app: identity.TeamOfApp) -> list[Conflict]:
    """Those of one pair, kept apart already or only thought of."""
    if pair.kind == ROLES:
        return _holding(connection, pair, now, team_of_app)
    both = {pair.one, pair.other}
    made = [one.name for one in custom_roles(connection) if both <= {verb for verb, _ in one.rights}]
    return [*_doing(connection, pair, now), *(Conflict(pair, "", role, "", "") for role in made)]


def _holding(connection: Connection, pair: Apart, now: datetime, team_of_app: identity.TeamOfApp) -> list[Conflict]:
    one, other = (
        select(GIVEN.c.person)
        .join(PERSON, PERSON.c.id == GIVEN.c.person)
        .where(GIVEN.c.role.in_(ways_to_hold(role)), PERSON.c.state == "active")
        for role in (pair.one, pair.other)
    )
    found = []
    for person, held in sorted(identity.everything_held(connection, one.intersect(other), now).items()):
        counting, withheld = identity.sort_out(held)
        out = {(each.one.role, each.one.scope) for each in withheld}
        for first, second in product(_of(held, pair.one), _of(held, pair.other)):
            if meets(connection, first.scope, second.scope, team_of_app):
                _, here = identity.sort_out([each for each in counting if each in (first, second)], meet=True)
                left = bool(here) or bool({(first.role, first.scope), (second.role, second.scope)} & out)
                held_as = first.role, second.role
                found.append(Conflict(pair, person, "", first.scope, second.scope, left, *held_as))
    return found


def _of(held: tuple[Held, ...], role: str) -> list[Held]:
    return [one for one in held if one.itself == role]


def _doing(connection: Connection, pair: Apart, now: datetime) -> list[Conflict]:
    since = stamp(now - timedelta(days=pair.days)) if pair.days else ""
    one, other = (_done(connection, verb, since) for verb in (pair.one, pair.other))
    both = sorted(one.keys() & other.keys())
    return [Conflict(pair, person, "", about, about) for person, about in both]


def _done(connection: Connection, verb: str, since: str) -> dict[tuple[str, str], str]:
    """Who of the active people did a verb to what, and when last; to a request counts as to what it is about."""
    about = func.coalesce(tables.request.c.subject, tables.action.c.subject).label("about")
    rows = connection.execute(
        select(tables.action.c.person, about, func.max(tables.action.c.decided_at).label("last"))
        .join(PERSON, PERSON.c.id == tables.action.c.person)
        .outerjoin(tables.request, literal("request:") + tables.request.c.id == tables.action.c.subject)
        .where(
            PERSON.c.state == "active",
            tables.action.c.state == "done",
            tables.action.c.verb == verb,
            tables.action.c.decided_at >= since,
        )
        .group_by(tables.action.c.person, about)
    )
    return {(row.person, row.about): row.last for row in rows}
