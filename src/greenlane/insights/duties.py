"""Conflicts with what is kept apart, as sentences."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from greenlane.identity import queries as identity
from greenlane.identity.duties.conflicts import Conflict
from greenlane.identity.duties.kinds import ROLES
from greenlane.identity.narrowing import words
from greenlane.insights import standing


def told(connection: Connection, found: Sequence[Conflict]) -> list[str]:
    """A sentence for each conflict."""
    names = identity.names(connection, {one.person for one in found if one.person})
    places = standing.scope_words(connection, [each for one in found for each in (one.one_where, one.other_where)])
    return [_sentence(one, names.get(one.person, "Somebody who was erased"), places) for one in found]


def _sentence(one: Conflict, name: str, places: dict[str, str]) -> str:
    pair = one.pair
    if one.role:
        return f"The role {one.role} allows both {pair.one} and {pair.other}."
    if pair.kind != ROLES:
        return f"{name} did both {pair.one} and {pair.other} to {places[one.one_where]}."
    first, second = (_of(places[where]) for where in (one.one_where, one.other_where))
    said = f"{name} is {words(one.one_held)} {first} and {words(one.other_held)} {second}"
    return f"{said}; one of the two is withheld." if one.withheld else f"{said}."


def _of(scope: str) -> str:
    return "of the organisation" if scope == identity.ORGANISATION else f"of {scope}"
