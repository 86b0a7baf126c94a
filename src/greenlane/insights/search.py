"""Looking for receipts: what can be asked for, what somebody may see of it, and each receipt told as a sentence.

The console's page, its exports and the HTTP face ask here, so they always show the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, exists, select

from greenlane.govern.errors import NotFound, Refused, WrongInput
from greenlane.insights import sentences
from greenlane.insights.reading import counted_to
from greenlane.insights.tables import AGENT_RECEIPT, HELD_RECEIPT
from greenlane.insights.tallying import agent_of
from greenlane.insights.veiling import Sight
from greenlane.kit.clock import stamp
from greenlane.ledger import queries as ledger
from greenlane.ledger.receipt import Entry
from greenlane.ledger.tables import receipt

PAGE = 500
"""Receipts that an export reads at once."""

EVERYTHING, ONE_APP, OWN = "everything", "one app", "own"
"""How far somebody sees: every receipt, those of an app that they may read about, or what they did themselves."""

MayRead = Callable[[str, str], bool]
"""Whether whoever asks has a reading right on a subject."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which receipts are asked for; empty means any. ``since`` and ``until`` are days (2026-01-31) or moments with
    a zone; ``until`` a day counts that day. ``outcomes`` leaves out the receipts that say only what was decided.
    """

    person: str = ""
    agent: str = ""
    app: str = ""
    verb: str = ""
    lane: str = ""
    process: str = ""
    action: str = ""
    since: str = ""
    until: str = ""
    outcomes: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """A receipt as people read it in a list. ``person`` is the accountable one, by id and by name."""

    seq: int
    sentence: str
    at: str
    half: str
    verb: str
    subject: str
    lane: str | None
    state: str | None
    person: str | None
    name: str
    agent: str | None
    process: str
    action: str
    receipt: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """The receipt as JSON values."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def within_rights(wanted: Wanted, person: str, may: MayRead) -> tuple[Wanted, str]:
    """What somebody gets to see of what they ask for, and how far they see.

    Raises ``Refused`` for an app that they may not read about. Who has no right to everything and names no app sees
    what they did themselves.
    """
    if may("read-all-receipts", "organisation"):
        return wanted, EVERYTHING
    if not wanted.app:
        return replace(wanted, person=person), OWN
    if may("read-receipts", f"app:{wanted.app}"):
        return wanted, ONE_APP
    raise Refused("You may not read-receipts here.", next_step="Ask an owner for a role that has this right.")


def readable(connection: Connection, seq: int, person: str, may: MayRead) -> Entry:
    """One receipt, for somebody who took part in it, whom it is about, or who may read about its subject.

    Raises ``NotFound``, ``Refused``.
    """
    found = ledger.entry(connection, seq)
    if found is None:
        raise NotFound(f"There is no receipt {seq}.", next_step="`greenlane receipts` lists them.")
    subject = str(found.receipt.action["subject"])
    if subject.startswith("function:"):
        subject = f"app:{found.receipt.happened['app']}"
    if subject == f"person:{person}":
        return found  # who did what to them, and by which right, is theirs to know
    if not subject.startswith(("app:", "team:")):
        subject = "organisation"
    if person not in {link["id"] for link in found.receipt.actor} and not may("read-receipts", subject):
        raise Refused("You may not read-receipts here.", next_step="Ask an owner for a role that has this right.")
    return found


def find(
    connection: Connection,
    wanted: Wanted,
    *,
    after: int = -1,
    before: int | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> list[Entry]:
    """Receipts with ``after < seq < before`` that match. Raises ``WrongInput`` for a time that cannot be read."""
    if wanted.since:
        after = max(after, ledger.place_at(connection, _moment(wanted.since)) - 1)
    if wanted.until:
        ends = ledger.place_at(connection, _moment(wanted.until, whole_day=True))
        before = ends if before is None else min(before, ends)
    if (leading := _leading(wanted)) is not None:
        return _led(connection, wanted, leading, Span(after, before, limit, newest_first))
    return _looked_up(connection, wanted, Span(after, before, limit, newest_first))


@dataclass(frozen=True, slots=True)
class Span:
    """A page to look through: ``after < seq < before``, at most ``limit``."""

    after: int
    before: int | None
    limit: int
    newest_first: bool


def _looked_up(
    connection: Connection, wanted: Wanted, span: Span, beside: ColumnElement[bool] | None = None
) -> list[Entry]:
    """By the ledger's own columns, and a condition beside them."""
    return ledger.entries(
        connection,
        after=span.after,
        before=span.before,
        limit=span.limit,
        subject=f"app:{wanted.app}" if wanted.app else None,
        verb=wanted.verb or None,
        person=wanted.person or None,
        process=wanted.process or None,
        lane=wanted.lane or None,
        action=wanted.action or None,
        outcomes=wanted.outcomes,
        beside=beside if beside is not None or not wanted.agent else _left_by(wanted.agent),
        newest_first=span.newest_first,
    )


def each(
    read: Callable[[], Any], wanted: Wanted, sight: Callable[[Connection], Sight], *, before: int | None = None
) -> Iterator[Told]:
    """Every receipt before a place that matches, the newest first, page by page. ``read`` opens a connection."""
    while before != 0:
        with read() as connection:
            found = find(connection, wanted, before=before, limit=PAGE, newest_first=True)
            told = tell(connection, found, sight(connection))
        yield from told
        if len(found) < PAGE:
            return
        before = found[-1].seq


def tell(connection: Connection, found: Sequence[Entry], sight: Sight) -> list[Told]:
    """Each receipt with its sentence, as whoever looks may see it."""
    raw = [one.receipt.document() for one in sight.of(found)]
    names = sentences.Names.of(connection, raw)
    return [_told(entry.seq, one, names) for entry, one in zip(found, raw, strict=True)]


def _told(seq: int, one: Mapping[str, Any], names: sentences.Names) -> Told:
    person = next((link["id"] for link in one["actor"] if link["kind"] == "person"), None)
    return Told(
        seq=seq,
        sentence=sentences.receipt(one, names),
        at=one["at"],
        half=one["half"],
        verb=one["action"]["verb"],
        subject=one["action"]["subject"],
        lane=one["decided"].get("lane"),
        state=one["happened"].get("state"),
        person=person,
        name=names.person(person) if person else "",
        agent=next((link["id"] for link in one["actor"][::-1] if link["kind"] == "agent"), None),
        process=one["process"],
        action=one["action"]["id"],
        receipt=one,
    )


def _left_by(agent: str) -> ColumnElement[bool]:
    return exists().where(AGENT_RECEIPT.c.agent == agent, AGENT_RECEIPT.c.seq == receipt.c.seq)


def _leading(wanted: Wanted) -> Table | None:
    """The list that leads to just these receipts: an agent's, or that of a lane and a verb.

    None where the ledger's own look-ups are as good: what is of one app, person or piece of work are few.
    """
    if wanted.app or wanted.person or wanted.process or wanted.action:
        return None
    if wanted.agent:
        return AGENT_RECEIPT
    return HELD_RECEIPT if wanted.verb and wanted.lane not in {"", "green"} else None


def _led(connection: Connection, wanted: Wanted, leading: Table, span: Span) -> list[Entry]:
    """By a list that is made a moment after the receipts. What is newer than the list is looked through one by one."""
    counted = counted_to(connection)
    c = leading.c
    listed = select(c.seq).where(c.seq > span.after, c.seq <= counted).limit(span.limit)
    listed = listed.order_by(c.seq.desc() if span.newest_first else c.seq)
    if span.before is not None:
        listed = listed.where(c.seq < span.before)
    if leading is AGENT_RECEIPT:
        listed = listed.where(c.agent == wanted.agent)
    if wanted.verb:
        listed = listed.where(c.verb == wanted.verb)
    if wanted.lane:
        listed = listed.where(c.lane == wanted.lane)
    if wanted.outcomes:
        listed = listed.where(c.half != "decided")
    known = _looked_up(connection, wanted, span, receipt.c.seq.in_(connection.scalars(listed).all()))
    newer = replace(span, after=max(span.after, counted), limit=PAGE)
    fresh = _looked_up(connection, replace(wanted, agent=""), newer)
    if wanted.agent:
        fresh = [one for one in fresh if agent_of(one.receipt) == wanted.agent]
    return (fresh + known if span.newest_first else known + fresh)[: span.limit]


def _moment(words: str, *, whole_day: bool = False) -> str:
    """The stamp of a day's beginning, or of its end; or of a moment, in UTC where it names no zone."""
    try:
        read = datetime.fromisoformat(words)
        if whole_day and len(words) == len("2026-01-31"):
            read += timedelta(days=1)
        return stamp(read if read.tzinfo else read.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise WrongInput(
            f"{words!r} is no time.", next_step="Write a day such as 2026-01-31, or a moment such as 2026-01-31T14:30Z."
        ) from None
