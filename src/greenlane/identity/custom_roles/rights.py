"""Rights as people write them: ``publish`` for everywhere the table has it, ``publish:production`` for one environment."""

from __future__ import annotations

from collections.abc import Iterable

from greenlane.govern.errors import WrongInput
from greenlane.identity import roles


def read(words: Iterable[str]) -> frozenset[roles.Right]:
    """The rights that words name. Raises ``WrongInput`` for what no role can allow."""
    found: set[roles.Right] = set()
    for one in words:
        verb, _, place = one.strip().partition(":")
        places = _places(verb)
        if not places:
            raise WrongInput(
                f"There is no right called {verb!r} that a role can give.",
                next_step="docs/roles.md lists them; what everybody may with their own needs no role.",
                field="rights",
            )
        if place and place not in places:
            raise WrongInput(
                f"{verb} cannot be allowed for {place!r}.",
                next_step=f"Say {' or '.join(f'{verb}:{each}' for each in places if each) or verb}.",
                field="rights",
            )
        found |= {(verb, place)} if place else {(verb, each) for each in places}
    return frozenset(found)


def write(rights: Iterable[roles.Right]) -> list[str]:
    """The shortest words for rights, in the order of the table."""
    several = frozenset(rights)
    told = []
    for verb in roles.VERBS:
        mine = [place for place in _places(verb) if (verb, place) in several]
        told += [verb] if mine and mine == _places(verb) else [f"{verb}:{place}" for place in mine]
    return told


def _places(verb: str) -> list[str]:
    """Where the table lets anybody do a verb by a role."""
    line = roles.VERBS.get(verb)
    return [] if line is None else [place for place, held_by in line.by_place().items() if held_by]
