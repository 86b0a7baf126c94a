"""What was called: single calls, and sums over them by whatever people ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, case, func, or_, select, true

from greenlane.gateway import tables
from greenlane.gateway.daily import KEYS, NUMBERS
from greenlane.gateway.tables import CALL_DAY
from greenlane.govern.errors import NotFound
from greenlane.kit.clock import stamp

By = Literal["day", "app", "team", "person", "model", "provider", "environment", "run", "key", "wire", "deploy"]
"""What spending can be told by."""

_C = tables.CALL.c


@dataclass(frozen=True, slots=True)
class Seen:
    """Whose calls somebody may see: their own, and those of these teams and apps."""

    person: str
    teams: frozenset[str] = frozenset()
    apps: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Filter:
    """Which calls are meant. Days are UTC, ``since`` and ``until`` both included; empty means any; ``seen`` None is all."""

    since: str = ""
    until: str = ""
    app: str = ""
    environment: str = ""
    team: str = ""
    person: str = ""
    run: str = ""
    provider: str = ""
    model: str = ""
    deploy: str = ""
    key: str = ""
    state: str = ""
    seen: Seen | None = None


@dataclass(frozen=True, slots=True)
class Sum:
    """Calls counted together: how many went through, how many were refused, pico-dollars, and tokens.

    ``open`` is how many have no end yet; those count with what was reserved for them.
    """

    name: str
    calls: int
    refused: int
    open: int
    pico: int
    read: int
    written: int


@dataclass(frozen=True, slots=True)
class Call:
    """One call. ``state`` is open, settled or refused; ``pico`` what it cost, or what was reserved while it is open.

    ``begun`` and ``ended`` are what else the journal's two records say: why this provider, the actor chain, the digests of
    prompt and answer, tries, usage, rates, the digest of the price table, footprint, what was masked. ``begun_in`` and
    ``ended_in`` say where those records lie: the batch's action id, a slash, and the place in the batch. ``corrected`` is
    there once the call was priced anew: what it was charged at ``first``, the ``rates`` and ``prices`` of now, and ``in``
    which batch that was written down; ``pico`` is the corrected cost then.
    """

    id: str
    state: str
    at: str
    key: str
    app: str
    environment: str
    deploy: str
    use: str
    team: str
    person: str
    run: str
    wire: str
    asked: str
    provider: str
    model: str
    reserved: int
    pico: int
    micro_cents: int
    read: int
    written: int
    ms: int
    first_ms: int
    outcome: str
    status: int
    code: str
    budgets: Sequence[Sequence[str]]
    begun: Mapping[str, Any]
    ended: Mapping[str, Any]
    begun_in: str
    ended_in: str
    corrected: Mapping[str, Any] | None = None


_NAMES = tuple(Call.__dataclass_fields__)


def spend(connection: Connection, by: By, which: Filter) -> list[Sum]:
    """What was spent, by day (the oldest first) or by whatever else (the dearest first)."""
    if by in KEYS and not (which.deploy or which.key or which.state):
        return _by_day(connection, by, which)
    of = _C[by]
    refused = func.sum(case((_C.state == "refused", 1), else_=0))
    still = func.sum(case((_C.state == "open", 1), else_=0))
    pico = func.sum(_C.pico)
    found = select(
        of.label("name"),
        func.count().label("calls"),
        refused.label("refused"),
        still.label("still"),
        pico.label("pico"),
        func.sum(_C.read).label("read"),
        func.sum(_C.written).label("written"),
    ).where(meant(which))
    ordered = found.group_by(of).order_by(*((of,) if by == "day" else (pico.desc(), of)))
    return [
        Sum(
            row.name,
            row.calls - int(row.refused),
            int(row.refused),
            int(row.still),
            int(row.pico),
            int(row.read),
            int(row.written),
        )
        for row in connection.execute(ordered)
    ]


def _by_day(connection: Connection, by: By, which: Filter) -> list[Sum]:
    """The same from the sums by day."""
    c = CALL_DAY.c
    of, pico = c[by], func.sum(c.pico)
    numbers = [pico if name == "pico" else func.sum(c[name]) for name in NUMBERS]
    found = select(of, *numbers).where(meant(which, CALL_DAY)).group_by(of)
    ordered = found.order_by(*((of,) if by == "day" else (pico.desc(), of)))
    return [Sum(name, *map(int, rest)) for name, *rest in connection.execute(ordered)]


def spent_since(connection: Connection, account: str, at: datetime) -> int:
    """What calls of an account cost since then, in pico-dollars; those that nobody settled at what was reserved."""
    c, (kind, _, name) = tables.CALL.c, account.partition(":")
    app, _, environment = name.partition("/")
    whose = {
        "team": c.team == name,
        "person": c.person == name,
        "app": c.app == name,
        "run": c.run == name,
        "environment": and_(c.app == app, c.environment == environment),
    }
    wanted = select(func.sum(c.pico)).where(c.at >= stamp(at), whose.get(kind, true()))
    return int(connection.scalar(wanted) or 0)


def calls(
    connection: Connection, which: Filter, *, before: tuple[str, str] | None = None, limit: int = 50
) -> list[Call]:
    """Single calls, the newest first; ``before`` is ``(at, id)`` of the last one seen."""
    found = select(tables.CALL).where(meant(which)).order_by(_C.at.desc(), _C.id.desc()).limit(limit)
    if before is not None:
        at, id = before
        found = found.where(or_(_C.at < at, and_(_C.at == at, _C.id < id)))
    return [_call(row) for row in connection.execute(found)]


def call(connection: Connection, id: str) -> Call:
    """One call. Raises ``NotFound``."""
    row = connection.execute(select(tables.CALL).where(_C.id == id)).one_or_none()
    if row is None:
        raise NotFound(
            f"There is no call {id}.", next_step="A call is known here a moment after it ended; look again then."
        )
    return _call(row)


def rules_of(connection: Connection, call: Call) -> dict[str, Any] | None:
    """The rules by which a call was decided; None for a call of before rules were told."""
    told = call.begun.get("decided") or {}
    c = tables.RULES.c
    found: dict[str, Any] | None = connection.execute(
        select(c.rules).where(c.digest == told.get("rules"))
    ).scalar_one_or_none()
    return found


def calls_named(connection: Connection, ids: Sequence[str]) -> list[Call]:
    """Those of these calls that are known, the oldest first."""
    found = select(tables.CALL).where(_C.id.in_(ids)).order_by(_C.at, _C.id)
    return [_call(row) for row in connection.execute(found)]


def meant(which: Filter, table: Table = tables.CALL) -> ColumnElement[bool]:
    """The calls that a filter lets through, as a condition on their rows, or on the sums by day."""
    c = table.c
    wanted = [
        c[name] == value
        for name in ("app", "environment", "team", "person", "run", "provider", "model", "deploy", "key", "state")
        if (value := getattr(which, name))
    ]
    if which.since:
        wanted.append(c.day >= which.since)
    if which.until:
        wanted.append(c.day <= which.until)
    if which.seen is not None:
        seen = which.seen
        wanted.append(or_(c.person == seen.person, c.team.in_(seen.teams), c.app.in_(seen.apps)))
    return and_(True, *wanted)


def _call(row: Row[Any]) -> Call:
    return Call(**{name: getattr(row, name) for name in _NAMES})
