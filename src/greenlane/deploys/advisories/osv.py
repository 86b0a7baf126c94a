"""One advisory in the OSV format (ossf.github.io/osv-schema, 1.7), taken down to what is asked of it later.

Whoever wrote the list is a stranger: every value is checked for its type and its length, and what is not as the format
says is passed over.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from greenlane.runtime.building.installed import pypi_name

ECOSYSTEMS = {"npm": "npm", "PyPI": "pypi"}
"""Ecosystems that are kept, as OSV and as package URLs call them."""

SEVERITIES = ("low", "medium", "high", "critical", "malicious")
"""How bad, the mildest first; "unknown" where nobody said."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z")
_WORDS = {"low": "low", "moderate": "medium", "medium": "medium", "high": "high", "critical": "critical"}
_EVENTS = frozenset({"introduced", "fixed", "last_affected", "limit"})
_MOST_EVENTS, _MOST_VERSIONS, _MOST_ALIASES = 1000, 10_000, 20
_LONGEST_NAME, _LONGEST_VERSION, _LONGEST_SUMMARY = 214, 100, 300


@dataclass(frozen=True, slots=True)
class About:
    """A package that an advisory is about: the events of each range, and versions that are named one by one."""

    ecosystem: str
    package: str
    ranges: tuple[tuple[dict[str, str], ...], ...]
    versions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Advisory:
    """What is kept of an advisory. ``modified`` is an RFC 3339 stamp in UTC; ``withdrawn`` ones are about nothing."""

    id: str
    modified: str
    severity: str
    vector: str
    summary: str
    aliases: tuple[str, ...]
    withdrawn: bool
    about: tuple[About, ...]


def read(record: Any) -> Advisory | None:
    """The advisory in a record; None for what is none, or is about no ecosystem that is kept here."""
    if not isinstance(record, dict) or not isinstance(record.get("affected", []), list):
        return None
    name, modified = record.get("id"), record.get("modified")
    if not (isinstance(name, str) and _ID.fullmatch(name) and isinstance(modified, str) and _STAMP.fullmatch(modified)):
        return None
    about = tuple(_merged(record.get("affected", [])))
    if not about and "withdrawn" not in record:
        return None
    vector = _vector(record)
    return Advisory(
        id=name,
        modified=modified,
        severity=_severity(name, record, vector),
        vector=vector,
        summary=_line(record.get("summary") or record.get("details")),
        aliases=tuple(one for one in _texts(record.get("aliases"))[:_MOST_ALIASES] if _ID.fullmatch(one)),
        withdrawn=bool(record.get("withdrawn")),
        about=about,
    )


def _merged(affected: list[Any]) -> Iterator[About]:
    """What is said of one package in several places, together."""
    found: dict[tuple[str, str], list[About]] = {}
    for one in affected[:_MOST_EVENTS]:
        if (said := _about(one)) is not None:
            found.setdefault((said.ecosystem, said.package), []).append(said)
    for (ecosystem, package), every in found.items():
        ranges = tuple(events for said in every for events in said.ranges)
        versions = dict.fromkeys(version for said in every for version in said.versions)
        yield About(ecosystem, package, ranges[:_MOST_EVENTS], tuple(versions)[:_MOST_VERSIONS])


def _about(one: Any) -> About | None:
    package = one.get("package") if isinstance(one, dict) else None
    if not isinstance(package, dict):
        return None
    ecosystem, name = ECOSYSTEMS.get(str(package.get("ecosystem"))), package.get("name")
    if ecosystem is None or not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
        return None
    ranges = one.get("ranges", [])
    return About(
        ecosystem,
        pypi_name(name) if ecosystem == "pypi" else name,
        tuple(
            events for each in (ranges if isinstance(ranges, list) else [])[:_MOST_EVENTS] if (events := _events(each))
        ),
        tuple(one for one in _texts(one.get("versions"))[:_MOST_VERSIONS] if len(one) <= _LONGEST_VERSION),
    )


def _events(one: Any) -> tuple[dict[str, str], ...]:
    if (
        not isinstance(one, dict)
        or one.get("type") not in {"SEMVER", "ECOSYSTEM"}
        or not isinstance(one.get("events"), list)
    ):
        return ()
    return tuple(
        {kind: value}
        for event in one["events"][:_MOST_EVENTS]
        if isinstance(event, dict)
        for kind, value in event.items()
        if kind in _EVENTS and isinstance(value, str) and len(value) <= _LONGEST_VERSION
    )


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _line(text: Any) -> str:
    words = " ".join(text[: 4 * _LONGEST_SUMMARY].split()) if isinstance(text, str) else ""
    shown = "".join(letter for letter in words if letter.isprintable())
    return shown if len(shown) <= _LONGEST_SUMMARY else shown[: _LONGEST_SUMMARY - 1].rstrip() + "…"


def _vector(record: Mapping[str, Any]) -> str:
    """The CVSS vector of version 3, which can be turned into a word; empty where there is none."""
    said = record.get("severity")
    every = [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []
    for one in every:
        score = one.get("score")
        if one.get("type") == "CVSS_V3" and isinstance(score, str) and len(score) <= 200:
            return score
    return ""


def _severity(name: str, record: Mapping[str, Any], vector: str) -> str:
    """The list's own word; for want of one, what its vector comes to."""
    if name.startswith("MAL-"):
        return "malicious"
    own = record.get("database_specific")
    word = _WORDS.get(str(own.get("severity")).lower(), "") if isinstance(own, dict) else ""
    return word or severity_of(cvss_score(vector))


# -- CVSS --------------------------------------------------------------------------------------------------------------

_WEIGHTS: Mapping[str, Mapping[str, float]] = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "UI": {"N": 0.85, "R": 0.62},
    "C": {"H": 0.56, "L": 0.22, "N": 0.0},
    "I": {"H": 0.56, "L": 0.22, "N": 0.0},
    "A": {"H": 0.56, "L": 0.22, "N": 0.0},
}
_PRIVILEGES = {"U": {"N": 0.85, "L": 0.62, "H": 0.27}, "C": {"N": 0.85, "L": 0.68, "H": 0.5}}


def cvss_score(vector: str) -> float | None:
    """The base score of a vector (CVSS 3.1 specification, sections 7.1 and 7.4, Appendix A); None for none."""
    if not vector.startswith(("CVSS:3.0/", "CVSS:3.1/")):
        return None
    parts = dict(part.split(":", 1) for part in vector.split("/")[1:] if ":" in part)
    try:
        weight = {name: table[parts[name]] for name, table in _WEIGHTS.items()}
        changed = {"U": False, "C": True}[parts["S"]]
        privileges = _PRIVILEGES[parts["S"]][parts["PR"]]
    except KeyError:
        return None
    base = 1 - (1 - weight["C"]) * (1 - weight["I"]) * (1 - weight["A"])
    impact = 7.52 * (base - 0.029) - 3.25 * (base - 0.02) ** 15 if changed else 6.42 * base
    if impact <= 0:
        return 0.0
    exploited = 8.22 * weight["AV"] * weight["AC"] * privileges * weight["UI"]
    return _rounded_up(min((1.08 if changed else 1.0) * (impact + exploited), 10.0))


def _rounded_up(score: float) -> float:
    """To one decimal, upwards, without the error of binary fractions (CVSS 3.1, Appendix A)."""
    whole = round(score * 100_000)
    return whole / 100_000 if whole % 10_000 == 0 else (math.floor(whole / 10_000) + 1) / 10


def severity_of(score: float | None) -> str:
    """The word for a score (CVSS 3.1, section 5)."""
    if score is None:
        return "unknown"
    return "critical" if score >= 9 else "high" if score >= 7 else "medium" if score >= 4 else "low"
