"""False alarms: what somebody called no credential, and what then still counts.

An alarm belongs to one app, one kind and one value, so the same value elsewhere is found as before, and another value in
the same line is too. The findings themselves are never changed; whether one counts is asked when it matters.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from greenlane.deploys.tables import FALSE_ALARM
from greenlane.govern.effect import Rows

Found = Mapping[str, Any]
"""A finding with its file, as inspections keep it."""

KNOWN = "Value of the secret "
"""How the kind of a finding begins that is the very value of a variable."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A finding that was called a false alarm: by which action, by whom, when, and whether a second person agreed."""

    app: str
    mark: str
    kind: str
    action: str
    person: str | None
    reviewed: bool
    at: str


def alarms(connection: Connection, app: str) -> list[Alarm]:
    """What was called a false alarm in an app, the newest first."""
    rows = connection.execute(select(FALSE_ALARM).where(FALSE_ALARM.c.app == app).order_by(FALSE_ALARM.c.at.desc()))
    return [Alarm(**row._mapping) for row in rows]


def called_off(findings: Iterable[Found], known: Collection[Alarm]) -> dict[int, Alarm]:
    """Which findings (by their place in the list) are false alarms, and why each is one."""
    by_value = {(one.mark, one.kind): one for one in known}
    found = ((place, (each.get("mark"), each["kind"])) for place, each in enumerate(findings))
    return {place: by_value[value] for place, value in found if value in by_value}


def standing(findings: Iterable[Found], known: Collection[Alarm]) -> list[Found]:
    """The findings that still count. What an earlier release found has no place within its file, and no mark."""
    every = list(findings)
    off = called_off(every, known)
    return [{"where": "", "mark": "", **one} for place, one in enumerate(every) if place not in off]


def facts(sheet: Mapping[str, Any], findings: Iterable[Found], known: Collection[Alarm]) -> dict[str, Any]:
    """The facts of a content with false alarms taken out; those that nobody else agreed to are facts themselves."""
    every = [one for one in findings if one["weight"] == "leaked"]
    off = called_off(every, known)
    if not off:
        return dict(sheet)
    kinds = {one["kind"] for place, one in enumerate(every) if place not in off}
    alone = {one.kind for one in off.values() if not one.reviewed}
    return {**sheet, "leaked_credentials": tuple(sorted(kinds)), "called_off": tuple(sorted(alone))}


def keep(one: Alarm) -> Rows:
    """Rows that remember a false alarm; said again, the later word counts."""

    def rows(connection: Connection) -> None:
        connection.execute(_which(one.app, one.mark, one.kind))
        connection.execute(
            insert(FALSE_ALARM).values(
                app=one.app,
                mark=one.mark,
                kind=one.kind,
                action=one.action,
                person=one.person,
                reviewed=one.reviewed,
                at=one.at,
            )
        )

    return rows


def forget(app: str, mark: str, kind: str) -> Rows:
    """Rows that let a finding count again."""

    def rows(connection: Connection) -> None:
        connection.execute(_which(app, mark, kind))

    return rows


def _which(app: str, mark: str, kind: str) -> Any:
    return delete(FALSE_ALARM).where(FALSE_ALARM.c.app == app, FALSE_ALARM.c.mark == mark, FALSE_ALARM.c.kind == kind)
