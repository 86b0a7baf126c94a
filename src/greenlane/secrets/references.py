"""``${NAME}`` inside a readable value stands for another value. A secret is never looked into: it may hold anything."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

LONGEST_FILLED = 64 * 1024
"""Bytes of the longest value once its references are filled in, as long as the longest value itself."""

_REFERENCE = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""A reference, or ``$${`` which means ``${`` itself."""


@dataclass(frozen=True, slots=True)
class Filled:
    """Values with their references filled in, the names that hold something of a secret, and what could not be."""

    values: Mapping[str, str] = field(repr=False)
    secret: frozenset[str]
    problems: Mapping[str, str]


def named_in(value: str) -> tuple[str, ...]:
    """The names that a readable value refers to, in order."""
    return tuple(dict.fromkeys(one[1] for one in _REFERENCE.finditer(value) if one[1]))


def circle(values: Mapping[str, str], start: str) -> tuple[str, ...]:
    """The names by way of which a readable value refers to itself, from ``start`` to ``start``; empty without one."""
    paths: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    while paths:
        path = paths.pop()
        for name in named_in(values.get(path[-1], "")):
            if name == start:
                return (*path, name)
            if name in values and name not in seen:
                seen.add(name)
                paths.append((*path, name))
    return ()


def fill(readable: Mapping[str, str], secrets: Mapping[str, str]) -> Filled:
    """All values as a program gets them. What refers in a circle, to nothing, or grows too long is left out, with why.

    Each value is filled once, so a short text cannot unfold without end.
    """
    done: dict[str, str] = dict(secrets)
    secret: set[str] = set(secrets)
    problems: dict[str, str] = {}

    def text_of(name: str, below: tuple[str, ...]) -> str | None:
        if name in done:
            return done[name]
        if name in problems:
            return None
        if name in below:
            problems[name] = f"{name} refers to itself by way of {' and '.join(below[below.index(name) + 1 :]) or name}"
            return None
        parts: list[str] = []
        size, at = 0, 0
        for one in _REFERENCE.finditer(readable[name]):
            parts.append(readable[name][at : one.start()])
            at = one.end()
            if one[1] is None:
                parts.append("${")
            elif one[1] not in readable and one[1] not in secrets:
                problems[name] = f"{name} refers to {one[1]}, which has no value here"
                return None
            else:
                put_in = text_of(one[1], (*below, name))
                if put_in is None:
                    problems.setdefault(name, f"{name} refers to {one[1]}, which cannot be filled in")
                    return None
                if one[1] in secret:
                    secret.add(name)
                parts.append(put_in)
            size += len(parts[-1]) + len(parts[-2])
            if size > LONGEST_FILLED:
                break
        parts.append(readable[name][at:])
        filled = "".join(parts)
        if len(filled.encode()) > LONGEST_FILLED:
            problems[name] = f"{name} is longer than {LONGEST_FILLED // 1024} KiB once its references are filled in"
            return None
        done[name] = filled
        return filled

    for name in sorted(readable):
        text_of(name, ())
    return Filled(done, frozenset(secret), problems)
