"""Sentences with facts in them: ``"New outside host: {new_hosts}."`` becomes what a person reads."""

from __future__ import annotations

import re
from typing import Any

from greenlane.govern.facts import Facts

_PLACE = re.compile(r"\{(\w+)\}")

_RUNGS = {
    "me": "the owner alone",
    "named": "named people",
    "team": "the team",
    "everyone": "everyone here",
    "public": "the whole internet",
}


def placeholders(text: str) -> set[str]:
    """The names of facts that a sentence mentions."""
    return set(_PLACE.findall(text))


def sentence(text: str, facts: Facts, **more: Any) -> str:
    """The sentence with its facts filled in. Lists read ``a, b``; an audience reads as people say it."""

    def fill(match: re.Match[str]) -> str:
        name = match.group(1)
        return word(name, more[name] if name in more else getattr(facts, name))

    return _PLACE.sub(fill, text) if "{" in text else text


def word(fact: str, value: Any) -> str:
    """One fact's value as people read it."""
    if isinstance(value, (tuple, list)):
        return ", ".join(value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if fact in {"audience_now", "audience_wanted"}:
        return _RUNGS.get(str(value), str(value))
    return str(value)
