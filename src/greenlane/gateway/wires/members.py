"""Reading members of a request with a word for whoever wrote it wrongly."""

from __future__ import annotations

from typing import Any

from greenlane.gateway.wires.asked import NotUnderstood

Json = dict[str, Any]
MOST = 2**53
"""The largest whole number that every reader of JSON takes for itself (RFC 8259, section 6)."""


def text(value: Json, name: str, default: str = "") -> str:
    """A member that is a text."""
    found = value.get(name)
    if found is None:
        return default
    if type(found) is not str:
        raise NotUnderstood(f"'{name}' is not a text.", field=name)
    return found


def flag(value: Json, name: str) -> bool:
    """A member that is true or false; false where it is missing."""
    found = value.get(name)
    if found is None:
        return False
    if type(found) is not bool:
        raise NotUnderstood(f"'{name}' is neither true nor false.", field=name)
    return found


def count(value: Json, name: str) -> int | None:
    """A member that counts something; None where it is missing."""
    found = value.get(name)
    if found is None:
        return None
    if type(found) is float and found.is_integer():
        found = int(found)
    if type(found) is not int or not 0 <= found <= MOST:
        raise NotUnderstood(f"'{name}' is not a whole number of zero or more.", field=name)
    return found


def number(value: Json, name: str) -> float | None:
    """A member that is a number; None where it is missing."""
    found = value.get(name)
    if found is None:
        return None
    if type(found) not in (int, float):
        raise NotUnderstood(f"'{name}' is not a number.", field=name)
    return found  # type: ignore[no-any-return]  # an int or a float, as was just seen


def object_(value: Json, name: str) -> Json:
    """A member that is an object; empty where it is missing."""
    found = value.get(name)
    if found is None:
        return {}
    if type(found) is not dict:
        raise NotUnderstood(f"'{name}' is not an object.", field=name)
    return found


def objects(value: Json, name: str) -> list[Json]:
    """A member that is a list of objects; empty where it is missing."""
    found = value.get(name)
    if found is None:
        return []
    if type(found) is list:
        for one in found:
            if type(one) is not dict:
                break
        else:
            return found
    raise NotUnderstood(f"'{name}' is not a list of objects.", field=name)


def needed(value: Json, name: str) -> str:
    """A member that is a text and must be there."""
    found = text(value, name)
    if not found:
        raise NotUnderstood(f"'{name}' is missing.", field=name)
    return found
