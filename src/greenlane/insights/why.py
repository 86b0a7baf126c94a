"""Why somebody has a right: from the group over the rule to the role and the right, with who made the rule and when.

Rights add up: where several ways lead to the same right, each of them is told, and the widest one counts for more places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from greenlane.catalog import queries as catalog
from greenlane.govern.errors import WrongInput
from greenlane.identity import queries as identity
from greenlane.identity import roles
from greenlane.identity.groups import queries as groups
from greenlane.identity.held import CREATION, ELEVATION, RULE, Held, Withheld
from greenlane.identity.narrowing import WORDS, words
from greenlane.insights import standing


@dataclass(frozen=True, slots=True)
class Way:
    """One way to a role. ``through`` are names of groups, from the one that somebody is in to the one with the rule;
    none where the role was given to them. ``by`` is who gave it, made the rule or allowed the elevation, ``receipt``
    where that is proven. What is for some hours ends at ``until``.
    """

    role: str
    scope: str
    through: tuple[str, ...]
    rule: str
    by: str
    since: str
    receipt: int | None
    says: str
    until: str = ""


@dataclass(frozen=True, slots=True)
class Why:
    """The answer for one person. ``without_rule`` are names of groups that they are in and that give nothing."""

    person: str
    name: str
    state: str
    right: str
    subject: str
    has: bool
    says: str
    ways: tuple[Way, ...]
    without_rule: tuple[str, ...]
    withheld: tuple[str, ...]
    """Sentences about roles that do not count, because they are kept apart from others."""


def why(
    connection: Connection,
    person: str,
    right: str = "",
    subject: str = "organisation",
    now: datetime | None = None,
) -> Why:
    """Why somebody has a right on a subject (``organisation``, ``team:NAME``, ``app:NAME``); without a right, where each
    of their roles comes from; with ``now``, as of that moment. Raises ``NotFound`` for a person or subject, ``WrongInput`` for a right that there is not.
    """
    who = identity.person(connection, person)
    if right and right not in roles.VERBS:
        raise WrongInput(f"There is no right called {right!r}.", next_step="docs/roles.md lists them.", field="right")
    held: Sequence[Held] = identity.held(connection, who.id, now)
    withheld = list(identity.withheld(connection, who.id, now))
    if right:
        line = roles.VERBS[right]
        if not line.anywhere:
            around = identity.scopes_around(connection, subject, catalog.team_of)
            held, here = identity.sort_out([one for one in held if one.scope in around], meet=True)
            withheld = [*(one for one in withheld if one.one.scope in around), *here]
        held = [one for one in held if _gives(one, line)]
        withheld = [one for one in withheld if _gives(one.one, line)]
    paths = groups.ways_in(connection, who.id)
    names = groups.names(connection, paths)
    words = standing.scope_words(connection, [one.scope for one in held])
    ways = tuple(
        _way(connection, who.name, one, words[one.scope], [names[each] for each in paths.get(one.group, ())])
        for one in held
    )
    ruled = {one.group for one in groups.rules(connection)}
    idle = tuple(sorted(names[group] for group, path in paths.items() if not ruled & {group} and len(path) == 1))
    has = bool(ways) and who.state == "active"
    says = _says(who, right, subject, ways, _alone(held, right))
    not_given = tuple(_left_out(connection, who.name, one) for one in withheld)
    return Why(who.id, who.name, who.state, right, subject, has, says, ways, _truly(idle, ways), not_given)


def _gives(one: Held, line: roles.Line) -> bool:
    return any(one.may(line.verb, place) for place in line.by_place())


WITHHELD = {RULE: "by a rule about a group", CREATION: "by creating it", ELEVATION: "for some hours"}
"""How somebody would have come to a role that is withheld."""


def _left_out(connection: Connection, name: str, one: Withheld) -> str:
    places = standing.scope_words(connection, [one.one.scope, one.because.scope])
    left, other = (f"{words(each.role)} {_place(places[each.scope])}" for each in (one.one, one.because))
    by = WITHHELD[one.one.by]
    return f"{name} would be {left} {by}, and is not: they are {other}, and the two are kept apart."


def _place(scope: str) -> str:
    return "of the organisation" if scope == identity.ORGANISATION else f"of {scope}"


def _way(connection: Connection, name: str, one: Held, scope: str, through: list[str]) -> Way:
    giver, _, receipt = standing.giving(connection, one.action)
    by = identity.names(connection, [giver]).get(giver, "") if giver else ""
    where = _place(scope)
    day = one.since[:10]
    if one.elevation:
        says = (
            f"{name} is {words(one.role)} {where} until {one.until[:16].replace('T', ' ')} UTC: "
            f"allowed by {by or 'somebody who was erased'} on {day}. It ends by itself."
        )
    elif one.by == CREATION:
        says = f"{name} is {words(one.role)} {where}: they created it on {day}, and a role of theirs lets them build."
    elif not one.rule:
        says = f"{name} is {words(one.role)} {where}: given by {by or 'somebody who was erased'} on {day}."
    else:
        inside = ", which is in ".join(through)
        says = (
            f"{name} is in the group {inside}. A rule makes everybody in {through[-1]} {words(one.role)} {where}: "
            f"made by {by or 'somebody who was erased'} on {day}."
        )
    return Way(one.role, scope, tuple(through), one.rule, by, one.since, receipt, says, one.until)


def _truly(idle: tuple[str, ...], ways: tuple[Way, ...]) -> tuple[str, ...]:
    """Groups that give nothing, neither by a rule of their own nor by a group that they are in."""
    giving = {group for way in ways for group in way.through}
    return tuple(one for one in idle if one not in giving)


def _alone(held: Sequence[Held], right: str) -> str:
    """Where a right counts, as the middle of a sentence; empty where it counts wherever the table has it."""
    if not right or len(every := roles.VERBS[right].environments) == 1:
        return ""
    here = [one for one in every if any(each.may(right, at) for each in held for at in (one, roles.shared_place(one)))]
    return "" if len(here) in {0, len(every)} else f", {' and '.join(WORDS[one] for one in here)} alone"


def _says(who: identity.Person, right: str, subject: str, ways: tuple[Way, ...], alone: str) -> str:
    if who.state != "active":
        return f"{who.name} can do nothing now: their state is {who.state}."
    if not right:
        return (
            f"{who.name} has {len(ways)} role{'' if len(ways) == 1 else 's'}." if ways else f"{who.name} has no role."
        )
    where = "the organisation" if subject == "organisation" else subject
    if not ways:
        own = " with what is their own only" if roles.VERBS[right].own else ""
        return f"No role of {who.name} gives {right} on {where}{'; they may' + own if own else ''}."
    several = f", by {len(ways)} ways that add up" if len(ways) > 1 else ""
    return f"{who.name} has {right} on {where}{alone}, because of the role {words(ways[0].role)}{several}."
