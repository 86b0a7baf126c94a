"""Members by the name that Gemini's reference uses, however the caller writes it.

The JSON of protocol buffers takes ``maxOutputTokens`` and ``max_output_tokens`` for the same
(https://protobuf.dev/programming-guides/json/). Both at once are refused: which one holds cannot be known.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from greenlane.gateway.wires.asked import NotUnderstood
from greenlane.gateway.wires.members import MOST, Json


@lru_cache(maxsize=256)
def underscored(name: str) -> str:
    """``maxOutputTokens`` as ``max_output_tokens``."""
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def written(value: Json, name: str) -> str:
    """The name that ``value`` uses for a member."""
    other = underscored(name)
    if other == name or other not in value:
        return name
    if name in value:
        raise NotUnderstood(f"'{name}' and '{other}' are the same.", field=name, next_step="Say each thing once.")
    return other


def member(value: Json, name: str) -> Any:
    """A member, None where it is missing."""
    return value.get(written(value, name))


def object_of(value: Json, name: str) -> Json:
    """A member that is an object; empty where it is missing."""
    found = member(value, name)
    if found is None:
        return {}
    if type(found) is not dict:
        raise NotUnderstood(f"'{name}' is not an object.", field=name)
    return found


def objects_of(value: Json, name: str) -> list[Json]:
    """A member that is a list of objects. A single object stands for a list of one, as the JSON of some clients has it."""
    found = member(value, name)
    if found is None:
        return []
    if type(found) is dict:
        return [found]
    if type(found) is not list or not all(type(one) is dict for one in found):
        raise NotUnderstood(f"'{name}' is not a list of objects.", field=name)
    return found


def count_of(value: Json, name: str) -> int | None:
    """A member that is a whole number, also one that is written as a text; None where it is missing."""
    found = member(value, name)
    if found is None:
        return None
    if type(found) is str and re.fullmatch(r"-?[0-9]{1,18}", found):
        found = int(found)
    if type(found) is float and found.is_integer():
        found = int(found)
    if type(found) is not int or abs(found) > MOST:
        raise NotUnderstood(f"'{name}' is not a whole number.", field=name)
    return found


def text_of(value: Json, name: str) -> str:
    """A member that is a text, empty where it is missing."""
    found = member(value, name)
    if found is None:
        return ""
    if type(found) is not str:
        raise NotUnderstood(f"'{name}' is not a text.", field=name)
    return found
