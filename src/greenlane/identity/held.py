"""A role that somebody holds, what it allows there, and which of several count together. Pure.

What a person was given themselves always counts. What comes by creating an app or by a rule about a group yields to
it where the two roles are kept apart; of two rules the older one counts. An owner stays an owner, whatever is kept apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from greenlane.identity import narrowing, roles

ORGANISATION = "organisation"
"""The widest scope of a role."""

GRANT, ELEVATION, CREATION, RULE = "grant", "elevation", "creation", "rule"
"""How somebody comes to a role: it was given to them, for good or for some hours, they created the app, or a rule about
a group says so.
"""

_FIRST = {GRANT: 0, ELEVATION: 1, CREATION: 2, RULE: 3}


@dataclass(frozen=True, slots=True)
class Held:
    """A role that somebody holds, whole or in one environment (``developer:staging``): where, since when, and by which
    action. That action's receipt says who gave it, who made the ``rule`` by which a ``group`` gives it, or that they created
    the app. An ``elevation`` counts ``until`` a moment.
    """

    role: str
    scope: str
    action: str
    since: str
    rule: str = ""
    group: str = ""
    by: str = GRANT
    rights: frozenset[roles.Right] = frozenset()
    apart: frozenset[str] = frozenset()
    """The roles that nobody may hold beside this one in the same place, whatever environment they are held in."""
    elevation: str = ""
    until: str = ""

    @property
    def itself(self) -> str:
        """The role, whatever environment it is held in."""
        return narrowing.role_of(self.role)

    def may(self, verb: str, place: str = "") -> bool:
        """Whether the role allows a verb in an environment (empty where the verb concerns none)."""
        return (verb, place) in self.rights


@dataclass(frozen=True, slots=True)
class Withheld:
    """A role that does not count, because of another one that it is kept apart from."""

    one: Held
    because: Held


def but_creations(held: Iterable[Held]) -> tuple[Held, ...]:
    """Those that say who somebody is here; what they may do with each app that they created is told on its page."""
    return tuple(one for one in held if one.by != CREATION)


def together(held: Iterable[Held]) -> frozenset[roles.Right]:
    """Everything that some roles allow."""
    return frozenset().union(*(one.rights for one in held))


def counting(held: Iterable[Held], scopes: Sequence[str]) -> tuple[Held, ...]:
    """Those that count where all of these scopes meet: around one app, one team, or the organisation."""
    return sort_out([one for one in held if one.scope in scopes], meet=True)[0]


def sort_out(held: Sequence[Held], *, meet: bool = False) -> tuple[tuple[Held, ...], tuple[Withheld, ...]]:
    """Those that count and those that are withheld, each in the order given. ``meet``: all of them are held around the
    same place; otherwise only a scope and itself, or one and the whole organisation, are the same place.
    """
    if not any(one.apart for one in held):
        return tuple(held), ()
    stays: list[Held] = []
    because: dict[int, Held] = {}
    for number in sorted(range(len(held)), key=lambda number: _rank(held[number])):
        one = held[number]
        against = next((other for other in stays if other.itself in one.apart and (meet or _same(one, other))), None)
        if against is None or one.by == GRANT or one.role == roles.OWNER:
            stays.append(one)
        else:
            because[number] = against
    return (
        tuple(one for number, one in enumerate(held) if number not in because),
        tuple(Withheld(held[number], other) for number, other in sorted(because.items())),
    )


def _rank(one: Held) -> tuple[bool, int, str, str]:
    return (one.role != roles.OWNER, _FIRST[one.by], one.since, one.rule)


def _same(one: Held, other: Held) -> bool:
    return one.scope == other.scope or ORGANISATION in {one.scope, other.scope}
