"""Which model a name means: the price list's own clauses, as data.

``{"equals": "gpt-5"}``, ``{"starts_with": …}``, ``{"ends_with": …}``, ``{"contains": …}``, ``{"regex": …}``,
``{"or": [clause, …]}``, ``{"and": [clause, …]}``; case does not count.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

Matcher = Callable[[str], bool]
"""Whether a name in small letters is meant."""

COMPACT_DATE = re.compile(r"(-)(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")
"""``-20251211`` inside a model's name, as some resellers write what the provider calls ``-2025-12-11``."""


def matcher(clause: dict[str, Any]) -> Matcher:
    """The clause as a function of a name in small letters. ValueError for a clause that nobody knows."""
    ((kind, value),) = clause.items()
    if kind in ("or", "and"):
        parts = [matcher(one) for one in value]
        together = any if kind == "or" else all
        return lambda name: together(part(name) for part in parts)
    if kind == "regex":
        pattern = re.compile(value)
        return lambda name: pattern.search(name) is not None
    wanted = value.lower()
    if kind == "equals":
        return lambda name: name == wanted
    if kind == "starts_with":
        return lambda name: name.startswith(wanted)
    if kind == "ends_with":
        return lambda name: name.endswith(wanted)
    if kind == "contains":
        return lambda name: wanted in name
    raise ValueError(f"nobody knows the clause {kind!r}")


def with_dashes(name: str) -> str:
    """The name with a compact date written out: ``gpt-5.2-20251211`` becomes ``gpt-5.2-2025-12-11``."""
    return COMPACT_DATE.sub(_written_out, name)


def _written_out(found: re.Match[str]) -> str:
    try:
        day = date(*(int(part) for part in found.groups()[1:]))
    except ValueError:
        return found[0]
    return f"{found[1]}{day.isoformat()}"
