"""Control's side: spans that the gateway laid down become rows, and are let go of in time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import structlog
from sqlalchemy import Connection, delete, func, insert, select, tuple_

from greenlane.gateway.app_spans.span import AppSpan
from greenlane.gateway.app_spans.tables import APP_SPAN, CALL_TRACE
from greenlane.gateway.tracing.spans import place_in_trace
from greenlane.govern.effect import Rows
from greenlane.kit.clock import stamp

log = structlog.get_logger()

AT_ONCE = 20
"""Messages that are taken in at once."""
MOST_OF_ONE = 100_000
"""Spans that are kept of one source; the oldest go first."""
_ROWS = 500
"""Spans that are looked up and written with one statement."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FAR = timedelta(days=2)
"""How far a clock may be off: spans further away in time are not kept."""

Message = Mapping[str, Any]
"""What the gateway laid down: ``who`` sent it, and ``spans``."""


def messages(folder: Path) -> dict[Path, Message]:
    """What lies in a folder, the oldest first. What cannot be read is set aside by removing it."""
    if not folder.is_dir():
        return {}
    found: dict[Path, Message] = {}
    for one in sorted(file for file in folder.iterdir() if not file.name.startswith("."))[:AT_ONCE]:
        try:
            found[one] = orjson.loads(one.read_bytes())
        except orjson.JSONDecodeError:
            log.warning("spans that cannot be read are dropped", file=one.name)
            one.unlink(missing_ok=True)
    return found


def rows_of(found: Iterable[Message], now: datetime, own: frozenset[str]) -> Rows:
    """Rows of these messages. ``own`` are the addresses of the gateway: a call there is one of ours."""
    rows = {
        (row["source"], row["trace"], row["span"]): row
        for message in found
        for row in (_row(message["who"], span_of(one), now, own) for one in message["spans"])
        if row is not None
    }

    def write(connection: Connection) -> None:
        c, names = APP_SPAN.c, list(rows)
        for at in range(0, len(names), _ROWS):
            several = names[at : at + _ROWS]
            connection.execute(delete(APP_SPAN).where(tuple_(c.source, c.trace, c.span).in_(several)))
            connection.execute(insert(APP_SPAN), [rows[name] for name in several])

    return write


def traces_of(records: Sequence[bytes]) -> Rows:
    """Rows: in which traces the calls of a batch of the journal were made."""
    begun = [orjson.loads(one) for one in records if b'"k":"begin"' in one and b'"trace":null' not in one]
    rows = [
        {"call": one["call"], "trace": place[0], "parent": place[1], "at": one["at"]}
        for one in begun
        if (place := place_in_trace(one.get("trace")))
    ]

    def write(connection: Connection) -> None:
        if rows:
            connection.execute(insert(CALL_TRACE), rows)

    return write


def let_go(connection: Connection, now: datetime, days: int) -> Rows | None:
    """Rows: what was kept long enough is gone, and the oldest of whoever sent too much; None where nothing is."""
    oldest = stamp(now - timedelta(days=days))
    c, t = APP_SPAN.c, CALL_TRACE.c
    gone = [
        delete(table).where(time < oldest)
        for table, time in ((APP_SPAN, c.taken), (CALL_TRACE, t.at))
        if connection.execute(select(time).where(time < oldest).limit(1)).first() is not None
    ]
    crowded = select(c.source).group_by(c.source).having(func.count() > MOST_OF_ONE)
    for source in connection.execute(crowded).scalars():
        newest = select(c.taken).where(c.source == source).order_by(c.taken.desc())
        last = connection.execute(newest.offset(MOST_OF_ONE).limit(1)).scalar_one()
        gone.append(delete(APP_SPAN).where(c.source == source, c.taken <= last))
    if not gone:
        return None

    def write(connection: Connection) -> None:
        for one in gone:
            connection.execute(one)

    return write


def erased(person: str) -> Rows:
    """Rows: what a person's own programs traced is gone."""

    def write(connection: Connection) -> None:
        connection.execute(delete(APP_SPAN).where(APP_SPAN.c.person == person))

    return write


def span_of(said: Mapping[str, Any]) -> AppSpan:
    """A span as it was laid down."""
    return AppSpan(**said)


def source_of(who: Mapping[str, Any]) -> str:
    """Whose spans they are: those of an app where it runs, or those of whoever has this key."""
    return f"{who['app']}/{who['environment']}" if who.get("deploy") else str(who["key"])


def began(span: AppSpan) -> datetime:
    """When it began."""
    return _EPOCH + timedelta(microseconds=span.began // 1_000)


def way(span: AppSpan, own: frozenset[str]) -> str:
    """Where a span that called a model says that it went; empty for one that called none."""
    if not span.model:
        return ""
    if not span.server:
        return "unsaid"
    return "gateway" if span.server in own else "elsewhere"


def _row(who: Mapping[str, Any], span: AppSpan, now: datetime, own: frozenset[str]) -> dict[str, Any] | None:
    try:
        at = began(span)
    except OverflowError:
        return None
    if abs(at - now) > _FAR:
        return None
    model = span.model
    return {
        "source": source_of(who),
        "trace": span.trace,
        "span": span.span,
        "parent": span.parent,
        "name": span.name,
        "kind": span.kind,
        "began": stamp(at),
        "us": min((span.ended - span.began) // 1_000, 2**62),
        "failed": span.failed,
        **{name: who.get(name) or "" for name in ("app", "environment", "deploy", "team", "person")},
        "provider": span.provider,
        "model": model,
        "server": span.server[:160],
        "way": way(span, own),
        "read": span.read if model else 0,
        "written": span.written if model else 0,
        "attributes": dict(span.attributes),
        "taken": stamp(now),
    }
