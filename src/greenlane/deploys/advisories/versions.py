"""Which versions an advisory is about, as the OSV schema evaluates its ranges (section "Evaluation")."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from packaging.version import InvalidVersion, Version

_SEMVER = re.compile(
    r"[v=\s]*(\d{1,15})(?:\.(\d{1,15}))?(?:\.(\d{1,15}))?(?:-([0-9A-Za-z.-]{1,200}))?(?:\+[0-9A-Za-z.-]{1,200})?\s*"
)

Key = Any
"""Something that sorts as its ecosystem sorts versions."""


def semver_key(version: str) -> Key:
    """How npm sorts versions (Semantic Versioning 2.0.0, section 11). Raises ``ValueError`` for what is none.

    A version before its release sorts below it; numbers in it sort as numbers, below words. What is left out is 0.
    """
    found = _SEMVER.fullmatch(version)
    if found is None:
        raise ValueError(version)
    numbers = tuple(int(part or 0) for part in found.groups()[:3])
    if found[4] is None:
        return (numbers, (1,))
    parts = [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in found[4].split(".")]
    return (numbers, (0, *parts))


def pypi_key(version: str) -> Key:
    """How Python packages sort (the version specifiers of PyPA). Raises ``ValueError`` for what is none."""
    try:
        return Version(version)
    except InvalidVersion as error:
        raise ValueError(version) from error


KEYS: Mapping[str, Callable[[str], Key]] = {"npm": semver_key, "pypi": pypi_key}
"""How versions sort, by ecosystem as package URLs call it."""


def fixed_in(
    ecosystem: str, version: str, ranges: Sequence[Sequence[Mapping[str, str]]], listed: Sequence[str]
) -> str | None:
    """Whether a version is one that an advisory is about: None when it is not, otherwise the version that mends it.

    That is empty where no version does. ``ranges`` are the events of each range, ``listed`` versions named one by one.
    """
    key = KEYS[ecosystem]
    try:
        own = key(version)
    except ValueError:
        return "" if version in listed else None
    within = None
    for events in ranges:
        found = _within(own, events, key)
        if found is not None and (within is None or _sooner(found, within, key)):
            within = found
    if within is not None:
        return within
    return _next_fixed(own, ranges, key) if version in listed or _among(own, listed, key) else None


def _sooner(mends: str, other: str, key: Callable[[str], Key]) -> bool:
    """Whether a version mends something sooner than another, which may mend nothing."""
    return bool(mends) and (not other or bool(key(mends) < key(other)))


def _within(own: Key, events: Sequence[Mapping[str, str]], key: Callable[[str], Key]) -> str | None:
    """Whether a version lies in a range; then the first version after it in which it is fixed, or nothing."""
    told: list[tuple[Key, str, str]] = []
    for event in events:
        for kind, value in event.items():
            if value == "0" and kind == "introduced":
                told.append((None, kind, value))
                continue
            try:
                told.append((key(value), kind, value))
            except ValueError:
                continue
    inside, mends = False, ""
    for at, kind, value in sorted(told, key=lambda one: (one[0] is not None, _Sorted(one[0]), one[1] == "introduced")):
        if kind == "introduced" and (at is None or own >= at):
            inside = True
        elif (kind in ("fixed", "limit") and own >= at) or (kind == "last_affected" and own > at):
            inside = False
        elif kind == "fixed" and not mends:
            mends = value
    return mends if inside else None


class _Sorted:
    """Something beside which nothing can stand: the beginning sorts before every version."""

    def __init__(self, at: Key) -> None:
        self.at = at

    def __lt__(self, other: _Sorted) -> bool:
        return other.at is not None and (self.at is None or bool(self.at < other.at))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Sorted) and self.at == other.at

    __hash__ = None  # type: ignore[assignment]  # it is only sorted


def _among(own: Key, listed: Sequence[str], key: Callable[[str], Key]) -> bool:
    for one in listed:
        try:
            if key(one) == own:
                return True
        except ValueError:
            continue
    return False


def _next_fixed(own: Key, ranges: Sequence[Sequence[Mapping[str, str]]], key: Callable[[str], Key]) -> str:
    """The first version after this one that mends something, where versions are only named one by one."""
    later = []
    for events in ranges:
        for event in events:
            try:
                if (value := event.get("fixed")) and (at := key(value)) > own:
                    later.append((at, value))
            except ValueError:
                continue
    return min(later, key=lambda one: one[0])[1] if later else ""
