"""What spans of apps tell: the work that a call belongs to, and models that were called around the platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from greenlane.gateway import tables
from greenlane.gateway.app_spans.tables import APP_SPAN, CALL_TRACE
from greenlane.gateway.queries.calls import Call, Seen, calls_named
from greenlane.kit.clock import stamp

MOST = 300
"""Steps of a trace that are shown."""
SETTLED = timedelta(seconds=30)
"""How long a call's row may take: a span that says nothing of where it went is judged after that."""

_S = APP_SPAN.c


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a trace: a span of the app, or a call of it. ``depth`` is how many steps stand above it.

    ``model`` is empty where none was called; ``call`` is set for a call through the gateway. ``us`` are microseconds.
    """

    depth: int
    name: str
    began: str
    us: int
    failed: bool
    model: str
    call: str


@dataclass(frozen=True, slots=True)
class Trace:
    """The steps in the order in which they began, each below the one that it belongs to. ``more``: there were others."""

    id: str
    steps: tuple[Step, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Around:
    """Calls to one model that an app's own spans tell of and the gateway never saw: how many, and the last one."""

    app: str
    environment: str
    person: str
    provider: str
    model: str
    server: str
    calls: int
    read: int
    written: int
    last: str


def trace_of(connection: Connection, call: Call) -> Trace | None:
    """The trace in which a call was made, as far as whoever called told of it; None where nobody did."""
    t = CALL_TRACE.c
    trace = connection.scalar(select(t.trace).where(t.call == call.id))
    if trace is None:
        return None
    source = f"{call.app}/{call.environment}" if call.deploy else call.key
    meant = select(APP_SPAN).where(_S.trace == trace, _S.source == source).order_by(_S.began, _S.span)
    spans = connection.execute(meant.limit(MOST + 1)).mappings().all()
    parents = {
        row.call: row.parent for row in connection.execute(select(t.call, t.parent).where(t.trace == trace).limit(MOST))
    }
    calls = [one for one in calls_named(connection, list(parents)) if _same(one, call)]
    return Trace(trace, _steps([{**one} for one in spans[:MOST]], calls, parents), len(spans) > MOST)


def around(connection: Connection, now: datetime, *, since: datetime, seen: Seen | None = None) -> list[Around]:
    """Models that were called and not through the gateway, the latest first; ``seen`` None is everybody's."""
    c, t = tables.CALL.c, CALL_TRACE.c
    same_trace = exists().where(t.trace == _S.trace, t.call == c.id, c.app == _S.app, c.environment == _S.environment)
    same_model = exists().where(
        c.app == _S.app, c.environment == _S.environment, c.at >= _S.began, c.at <= _S.taken, c.asked == _S.model
    )
    unseen = and_(_S.way == "unsaid", _S.taken <= stamp(now - SETTLED), ~same_trace, ~same_model)
    meant: list[ColumnElement[bool]] = [or_(_S.way == "elsewhere", unseen), _S.began >= stamp(since)]
    if seen is not None:
        meant.append(or_(_S.person == seen.person, _S.team.in_(seen.teams), _S.app.in_(seen.apps)))
    of = (_S.app, _S.environment, _S.person, _S.provider, _S.model, _S.server)
    last = func.max(_S.began)
    sums = (
        func.count().label("calls"),
        func.sum(_S.read).label("read"),
        func.sum(_S.written).label("written"),
        last.label("last"),
    )
    found = select(*of, *sums).where(*meant).group_by(*of).order_by(last.desc(), *of).limit(MOST)
    return [
        Around(**{**row, "read": int(row["read"]), "written": int(row["written"])})
        for row in connection.execute(found).mappings()
    ]


def _same(one: Call, as_: Call) -> bool:
    """Whether two calls were made by the same app where it runs, or with the same key."""
    return (one.app, one.environment, one.key) == (as_.app, as_.environment, as_.key)


def _steps(spans: Sequence[Mapping[str, Any]], calls: Sequence[Call], parents: Mapping[str, str]) -> tuple[Step, ...]:
    known = {one["span"] for one in spans}
    below: dict[str, list[tuple[str, str, Step]]] = {}
    for one in spans:
        name = one["name"] or (f"call of {one['model']}" if one["model"] else "a step without a name")
        step = Step(0, name, one["began"], one["us"], one["failed"], one["model"], "")
        above = one["parent"] if one["parent"] in known else ""
        below.setdefault(above, []).append((one["began"], one["span"], step))
    for call in calls:
        above = parents[call.id] if parents[call.id] in known else ""
        failed = call.state == "refused" or call.outcome not in ("answered", "left", "late", "")
        step = Step(0, f"call of {call.asked}", call.at, call.ms * 1_000, failed, call.model or call.asked, call.id)
        below.setdefault(above, []).append((call.at, "", step))
    return tuple(_walk(below))


def _walk(below: dict[str, list[tuple[str, str, Step]]]) -> list[Step]:
    """Depth first, without recursion: a chain may be as long as a trace. A ring of spans, which nothing leads to, is left out."""
    found: list[Step] = []
    waiting = [(0, one) for one in sorted(below.get("", ()), key=_order, reverse=True)]
    while waiting:
        depth, (_, span, step) = waiting.pop()
        found.append(Step(depth, step.name, step.began, step.us, step.failed, step.model, step.call))
        if span:
            waiting += [(depth + 1, one) for one in sorted(below.get(span, ()), key=_order, reverse=True)]
    return found


def _order(one: tuple[str, str, Step]) -> tuple[str, str]:
    return one[0], one[2].call
