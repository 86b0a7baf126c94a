"""Putting turns and parts together as wires want them: one side after the other, a thought with its seal."""

from __future__ import annotations

from collections.abc import Iterable

from greenlane.gateway.wires.neutral import Call, Part, Result, Text, Thought, Turn


def joined(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """Neighbouring turns of one side as one turn, empty ones left out; results of calls stand before what is said with them."""
    found: list[Turn] = []
    for turn in turns:
        if found and found[-1].role == turn.role:
            found[-1] = Turn(turn.role, found[-1].parts + turn.parts)
        elif turn.parts:
            found.append(turn)
    return tuple(Turn(turn.role, _results_first(sealed(turn.parts))) for turn in found)


def sealed(parts: Iterable[Part]) -> tuple[Part, ...]:
    """A thought in words and a seal without words right behind it as one thought."""
    found: list[Part] = []
    for part in parts:
        before = found[-1] if found else None
        if isinstance(part, Thought) and not part.text and isinstance(before, Thought) and before.seal is None:
            found[-1] = Thought(before.text, part.seal)
        else:
            found.append(part)
    return tuple(found)


def instructions(turns: tuple[Turn, ...]) -> tuple[tuple[str, ...], tuple[Turn, ...]]:
    """The texts of the system before anybody speaks, and the turns after them."""
    first = next((place for place, turn in enumerate(turns) if turn.role != "system"), len(turns))
    said = [part.text for turn in turns[:first] for part in turn.parts if isinstance(part, Text)]
    return tuple(said), turns[first:]


def names_of_calls(turns: Iterable[Turn]) -> dict[str, str]:
    """The tool of every call, by the call's id."""
    return {part.id: part.name for turn in turns for part in turn.parts if isinstance(part, Call)}


def _results_first(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    results = tuple(part for part in parts if isinstance(part, Result))
    return results + tuple(part for part in parts if not isinstance(part, Result)) if results else parts
