"""Reading a provider's counts: each token once, and nothing that cannot be a count.

A provider may be wrong, or lie. What stands where a count should be and is none makes the whole usage worthless, and a call
is then charged at the bound that was reserved for it.
"""

from __future__ import annotations

from typing import Any

from greenlane.gateway.wires.members import Json

MOST = 10**9
"""Tokens of one kind that are believed of one call: a thousand times what any model reads. At the dearest rate that there
is they still cost less than 2^63 pico-dollars."""


class NotCounted(ValueError):
    """A usage that cannot be."""


def count(value: Json, name: str) -> int | None:
    """A count; None where it is missing. Raises ``NotCounted``."""
    found = value.get(name)
    if found is None:
        return None
    if type(found) is float and found.is_integer():
        found = int(found)
    if type(found) is not int or not 0 <= found <= MOST:
        raise NotCounted(name)
    return found


def inside(value: Json, name: str) -> Json:
    """What further counts stand in; empty where it is missing. Raises ``NotCounted``."""
    found = value.get(name)
    if found is None:
        return {}
    if type(found) is not dict:
        raise NotCounted(name)
    return found


def each(value: Json, name: str) -> list[Json]:
    """Several of them; none where they are missing. Raises ``NotCounted``."""
    found: Any = value.get(name)
    if found is None:
        return []
    if type(found) is not list or not all(type(one) is dict for one in found):
        raise NotCounted(name)
    return found


def written(said: int | None, thought: int | None, beside: bool = False) -> tuple[int, int]:
    """What a model wrote, its thoughts with it, and how much of that its thoughts were.

    Some servers count thoughts beside what was said (xAI on OpenAI's wire): their total tells, and so does a part that is
    more than its whole.
    """
    words, thoughts = said or 0, thought or 0
    return (words + thoughts if beside or thoughts > words else words), thoughts


def parts_of(total: int | None, *parts: int | None) -> tuple[int, ...]:
    """What is left of a total, and its parts, in their order, each cut to what the earlier ones leave.

    Parts may overlap where a provider counts one token twice (cached audio); they never come to more than the total.
    """
    left = max(total or 0, 0)
    found = []
    for part in parts:
        cut = min(part, left) if part and part > 0 else 0
        found.append(cut)
        left -= cut
    return (left, *found)
