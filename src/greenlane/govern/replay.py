"""Deciding again what was decided: from a receipt's own words, bit for bit.

A receipt's block ``decided`` holds the verb, the facts and the pack's digest beside the decision. Whoever has the pack of
that digest can make the decision again; anything that differs, in the lane or in a letter of a sentence, is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from greenlane.govern.decide import decide
from greenlane.govern.decision import Decision
from greenlane.govern.facts import NAMES, Facts
from greenlane.govern.policy import Pack
from greenlane.kit import digest

_KNOWN = frozenset(NAMES)

PackOf = Callable[[str], Pack | None]
"""Finds a pack by its digest; None when it is not kept."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What came out otherwise: the name in the block ``decided``, what was recorded and what came out now."""

    name: str
    recorded: Any
    now: Any


@dataclass(frozen=True, slots=True)
class Replayed:
    """Many decisions made again: how many there were, and those that differ, by their place (from 0)."""

    decisions: int
    differences: Mapping[int, tuple[Difference, ...]]

    @property
    def holds(self) -> bool:
        """Whether every decision came out as recorded."""
        return not self.differences


def recorded(verb: str, facts: Facts, decision: Decision) -> dict[str, Any]:
    """The block ``decided`` of a receipt: the decision and all that is needed to make it again."""
    return {**decision.as_dict(), "facts": facts.as_dict(), "verb": verb}


def replay(decided: Mapping[str, Any], pack_of: PackOf) -> tuple[Difference, ...]:
    """Make one recorded decision again. Empty when it is the same to the last byte.

    A pack that is not kept is a difference of ``pack``. Facts that were recorded and are not known today count as a
    difference too: the sheet must be the same one.
    """
    pack = pack_of(decided["pack"])
    if pack is None:
        return (Difference("pack", decided["pack"], None),)
    if unknown := sorted(decided["facts"].keys() - _KNOWN):
        return (Difference("facts", unknown, []),)
    facts = Facts.from_dict(decided["facts"])
    now = decide(decided["verb"], facts, pack, approved=decided["approved"]).as_dict()
    return tuple(
        Difference(name, decided.get(name), value)
        for name, value in now.items()
        if digest.canonical(decided.get(name)) != digest.canonical(value)
    )


def replay_all(blocks: Iterable[Mapping[str, Any]], pack_of: PackOf) -> Replayed:
    """Make many recorded decisions again, in their order. Packs should be kept by ``pack_of`` between calls."""
    count = 0
    differences = {}
    for place, block in enumerate(blocks):
        count += 1
        if found := replay(block, pack_of):
            differences[place] = found
    return Replayed(count, differences)
