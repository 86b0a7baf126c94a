"""Packages held against the advisories that are kept, and how old the lists are that were asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from greenlane.deploys.advisories.osv import SEVERITIES
from greenlane.deploys.advisories.versions import KEYS, fixed_in
from greenlane.deploys.tables import ADVISORY, ADVISORY_LIST
from greenlane.kit.clock import parse
from greenlane.runtime.building.installed import Package

OLD_AFTER = timedelta(days=14)
"""From this age on a list is old: new flaws are published every day."""

_ASKED_AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class Flaw:
    """A known flaw of a package that something is made of. ``fixed`` is the version that mends it, empty for none."""

    advisory: str
    aliases: tuple[str, ...]
    ecosystem: str
    package: str
    version: str
    severity: str
    vector: str
    summary: str
    fixed: str

    @property
    def named(self) -> str:
        """``lodash 4.17.20``."""
        return f"{self.package} {self.version}"


@dataclass(frozen=True, slots=True)
class ListOf:
    """The newest list of an ecosystem: when it came, and the moment of its newest entry, which is how old it is."""

    ecosystem: str
    came: str
    newest: str
    advisories: int
    source: str

    def days(self, now: datetime) -> int:
        """How many days old its newest entry is."""
        return max(0, (now - parse(self.newest)).days)

    def is_old(self, now: datetime) -> bool:
        """Whether so much may have been published since that it says little."""
        return now - parse(self.newest) > OLD_AFTER


@dataclass(frozen=True, slots=True)
class Checked:
    """What is known about some packages: their flaws, the worst first, and what could not be checked.

    ``unchecked`` counts packages of which no list, or only an old one, was there to ask, and those without an exact
    version. ``says`` is how old the lists are, in words; it never says that there is no flaw.
    """

    flaws: tuple[Flaw, ...]
    packages: int
    unchecked: int
    unpinned: int
    says: str

    @property
    def worst(self) -> str:
        """How bad the worst flaw is; empty where none is known."""
        return self.flaws[0].severity if self.flaws else ""

    @property
    def named(self) -> tuple[str, ...]:
        """The packages with a flaw, with their versions, each once and sorted."""
        return tuple(sorted({one.named for one in self.flaws}))


def check(connection: Connection, packages: Iterable[Package], now: datetime) -> Checked:
    """Hold packages against what is kept. Reads only."""
    every = sorted(set(packages))
    known = lists(connection)
    fresh = {one.ecosystem for one in known if not one.is_old(now)}
    flaws = tuple(sorted(_flaws(connection, every), key=lambda one: (-_rank(one.severity), one.package, one.advisory)))
    unpinned = sum(not version for _, _, version in every)
    unchecked = sum(not version or ecosystem not in fresh for ecosystem, _, version in every)
    return Checked(flaws, len(every), unchecked, unpinned, _says(every, known, unpinned, now))


def lists(connection: Connection) -> list[ListOf]:
    """The newest list of each ecosystem: the one with the newest entry. A single advisory is no list."""
    best: dict[str, ListOf] = {}
    for row in connection.execute(select(ADVISORY_LIST).where(ADVISORY_LIST.c.whole.is_(True))):
        for ecosystem, newest in row.newest.items():
            one = ListOf(ecosystem, row.came, newest, row.advisories[ecosystem], row.source)
            if ecosystem not in best or (best[ecosystem].newest, best[ecosystem].came) < (one.newest, one.came):
                best[ecosystem] = one
    return [best[ecosystem] for ecosystem in sorted(best)]


def newest_import(connection: Connection) -> str:
    """What tells one state of the lists from another: the last import's action; empty before the first one."""
    found = select(ADVISORY_LIST.c.action).order_by(ADVISORY_LIST.c.came.desc(), ADVISORY_LIST.c.action.desc()).limit(1)
    return connection.execute(found).scalar_one_or_none() or ""


def _flaws(connection: Connection, packages: Sequence[Package]) -> Iterable[Flaw]:
    by_name: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for ecosystem, name, version in packages:
        if version and ecosystem in KEYS:
            by_name[ecosystem][name].append(version)
    for ecosystem, versions in by_name.items():
        names = sorted(versions)
        for start in range(0, len(names), _ASKED_AT_ONCE):
            rows = connection.execute(
                select(ADVISORY).where(
                    ADVISORY.c.ecosystem == ecosystem,
                    ADVISORY.c.package.in_(names[start : start + _ASKED_AT_ONCE]),
                    ADVISORY.c.withdrawn.is_(False),
                )
            )
            for row in rows:
                for version in versions[row.package]:
                    mends = fixed_in(ecosystem, version, row.ranges, row.versions)
                    if mends is not None:
                        yield _flaw(row, version, mends)


def _flaw(row: Any, version: str, mends: str) -> Flaw:
    return Flaw(
        row.id, tuple(row.aliases), row.ecosystem, row.package, version, row.severity, row.vector, row.summary, mends
    )


def _rank(severity: str) -> int:
    """How bad; what nobody rated counts as medium."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else SEVERITIES.index("medium")


def _says(packages: Sequence[Package], known: Sequence[ListOf], unpinned: int, now: datetime) -> str:
    here = {ecosystem for ecosystem, _, _ in packages}
    if not here:
        return "Its files name no package of somebody else's."
    by_ecosystem: Mapping[str, ListOf] = {one.ecosystem: one for one in known}
    said = []
    for ecosystem in sorted(here):
        name = NAMES.get(ecosystem, ecosystem)
        one = by_ecosystem.get(ecosystem)
        if one is None:
            said.append(f"The {name} packages were not checked: there is no list of known flaws.")
        elif one.is_old(now):
            said.append(
                f"The {name} packages were checked against an old list: its newest entry is of {_days(one.days(now))}. "
                "What was published since is not known here."
            )
        else:
            said.append(f"The {name} packages were checked against a list of {_days(one.days(now))}.")
    if unpinned:
        said.append(
            "1 package without an exact version was not checked."
            if unpinned == 1
            else f"{unpinned} packages without an exact version were not checked."
        )
    return " ".join(said)


NAMES = {"npm": "npm", "pypi": "PyPI", "gem": "RubyGems"}
"""Ecosystems as people call them."""


def _days(days: int) -> str:
    return "today" if days == 0 else "yesterday" if days == 1 else f"{days} days ago"
