"""A role held in one environment: ``developer:staging`` allows what developer allows there, and lets one read what it reads.

It is no role of its own, and stands wherever a role is given. What is kept apart, changed or deleted is the role itself,
whatever environment somebody holds it in. Pure.
"""

from __future__ import annotations

from greenlane.identity import roles

WORDS = {"preview": "for previews", "staging": "in staging", "production": "in production", "dev": "on their machines"}
"""Environments as they end a sentence."""


def role_of(held: str) -> str:
    """The role itself: ``developer`` of ``developer:staging``."""
    return held.partition(":")[0]


def environment_of(held: str) -> str:
    """The environment in which a role is held; empty for one that is held whole."""
    return held.partition(":")[2]


def ways_to_hold(role: str) -> tuple[str, ...]:
    """Every name under which a role can be held, the whole one first."""
    return (role, *(f"{role}:{one}" for one in roles.ENVIRONMENTS))


def narrowed(allowed: frozenset[roles.Right], environment: str) -> frozenset[roles.Right]:
    """What a role with these rights allows in one environment: what it does there, and what it reads of no environment.

    Where it does nothing there it allows nothing at all, reading included.
    """
    if environment not in roles.ENVIRONMENTS:
        return frozenset()
    here = {environment, roles.shared_place(environment)}
    does = frozenset(right for right in allowed if right[1] in here)
    reads = frozenset((verb, place) for verb, place in allowed if not place and roles.VERBS[verb].reads)
    return does | reads if does else frozenset()


def as_held(held: str, allowed: frozenset[roles.Right]) -> frozenset[roles.Right]:
    """What a role that allows this allows as somebody holds it, whole or in one environment."""
    return narrowed(allowed, environment_of(held)) if ":" in held else allowed


def words(held: str) -> str:
    """``developer in staging``; a role that is held whole stays as it is."""
    environment = environment_of(held)
    return f"{role_of(held)} {WORDS.get(environment, environment)}" if environment else held


NARROWED: dict[str, frozenset[roles.Right]] = {
    name: found
    for role in roles.ROLES
    if role != roles.OWNER
    for name in ways_to_hold(role)[1:]
    if (found := as_held(name, roles.ALLOWED[role]))
}
"""What the roles of the table allow in one environment, where that is anything. An owner is one everywhere: the last one
must be able to do everything.
"""
