"""What is kept of lists: advisories by package, and which lists came when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select

from greenlane.deploys.advisories import feed, osv
from greenlane.deploys.tables import ADVISORY
from greenlane.govern.effect import Rows

AT_ONCE = 200
"""Advisories that are written in one go, so that nobody waits long for the writer."""


@dataclass(slots=True)
class Taken:
    """What came out of a list: advisories by ecosystem, their newest moment, what was passed over and withdrawn.

    ``whole`` is whether it can be a list of an ecosystem at all: a single file is one advisory, or a few.
    """

    advisories: Counter[str] = field(default_factory=Counter)
    newest: dict[str, str] = field(default_factory=dict)
    passed_over: int = 0
    whole: bool = False
    withdrawn: int = 0


def take(path: Path, write: Callable[[Rows], None]) -> Taken:
    """Read a list and keep what it says, bit by bit. What is kept already and is newer stays; done again, nothing changes.

    Raises ``WrongInput`` for a file that is no list.
    """
    taken = Taken(whole=feed.is_archive(path))
    waiting: dict[str, osv.Advisory] = {}
    for one in _advisories(path, taken):
        before = waiting.get(one.id)
        if before is None or before.modified < one.modified:
            waiting[one.id] = one
        if len(waiting) >= AT_ONCE:
            write(_keep(list(waiting.values())))
            waiting = {}
    if waiting:
        write(_keep(list(waiting.values())))
    return taken


def _advisories(path: Path, taken: Taken) -> Iterator[osv.Advisory]:
    for record in feed.records(path):
        one = osv.read(record)
        if one is None:
            taken.passed_over += 1
            continue
        taken.withdrawn += one.withdrawn
        for ecosystem in {each.ecosystem for each in one.about}:
            taken.advisories[ecosystem] += 1
            taken.newest[ecosystem] = max(taken.newest.get(ecosystem, ""), one.modified[:19] + "Z")
        yield one


def _keep(every: list[osv.Advisory]) -> Rows:
    def rows(connection: Connection) -> None:
        ids = [one.id for one in every]
        kept = select(ADVISORY.c.id, ADVISORY.c.modified).where(ADVISORY.c.id.in_(ids))
        newer = {row.id: row.modified for row in connection.execute(kept)}
        fresh = [one for one in every if newer.get(one.id, "") < one.modified]
        connection.execute(delete(ADVISORY).where(ADVISORY.c.id.in_([one.id for one in fresh])))
        values = [
            {
                "id": one.id,
                "ecosystem": about.ecosystem,
                "package": about.package,
                "modified": one.modified,
                "severity": one.severity,
                "vector": one.vector,
                "summary": one.summary,
                "aliases": list(one.aliases),
                "ranges": [list(events) for events in about.ranges],
                "versions": list(about.versions),
                "withdrawn": one.withdrawn,
            }
            for one in fresh
            for about in one.about
        ]
        if values:
            connection.execute(insert(ADVISORY), values)

    return rows
