"""Requests that wait for a person, and the envelopes that an approval grants.

A request is bound to the digest of the stored action. Somebody with the right who is neither the author nor an agent
decides it; nobody answering in time passes it on, first to deputies, then to the owners, and at last it expires with a
receipt: nothing dies unseen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from greenlane.govern import awaited, tables
from greenlane.govern.decision import Decision
from greenlane.govern.effect import Rows
from greenlane.govern.envelope import Envelope, coverage
from greenlane.govern.errors import NotFound
from greenlane.govern.facts import Facts
from greenlane.kit import digest, ids
from greenlane.kit.clock import parse, stamp

VERBS = frozenset({"approve", "send-back", "decline", "confirm", "withdraw", "escalate", "expire-request"})
"""The verbs about a request."""

ANSWER_WITHIN = timedelta(hours=8)
"""How long the first people asked have before a deputy is asked too; each further step has as long again."""

EXPIRES_AFTER = timedelta(days=14)
"""A request that nobody decided ends after this long, on the record."""

LAST_STEP = 2
"""The step at which the owners are asked; nobody stands behind them."""

ENVELOPE_LASTS = timedelta(days=90)
"""How long an approval covers later changes of the same kind."""


class Reviewers(Protocol):
    """Who may decide about a subject, nearest first. Given by ``identity`` through the composition root.

    ``step`` 0 asks the reviewers of the team, 1 their deputies, 2 the owners. The author is never among them. A ``verb``
    that says whose right decides it has people with that right asked.
    """

    def __call__(
        self, connection: Connection, subject: str, author: str | None, step: int, verb: str = ""
    ) -> Sequence[str]:
        """Ids of people."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """A request as the door sees it. ``reasons`` are the ids of the policies that the asked people were shown."""

    id: str
    action: str
    verb: str
    subject: str
    process: str
    author: str | None
    made_by_agent: bool
    digest: str
    reasons: tuple[str, ...]
    asked: tuple[str, ...]
    state: str = "waiting"
    escalated: int = 0
    created_at: str = ""
    due_at: str = ""
    expires_at: str = ""
    decided_by: str | None = None
    decided_at: str | None = None
    because: str | None = None
    """The digest of the payload with the words of whoever decided last."""
    unreviewed: bool = False

    def waited_ms(self, now: datetime) -> int:
        """How long a person was waited for, in milliseconds."""
        return round((now - parse(self.created_at)).total_seconds() * 1000)


_QUESTION = select(tables.request).where(tables.request.c.id == bindparam("id"))


def question(connection: Connection, request: str) -> Question:
    """A request by its id. Raises ``NotFound``."""
    row = connection.execute(_QUESTION, {"id": request}).one_or_none()
    if row is None:
        raise NotFound(f"There is no request {request}.", next_step="`greenlane approvals` lists what waits.")
    return _question(row)


def questions(connection: Connection, *, states: Sequence[str] = ("waiting",), limit: int = 100) -> list[Question]:
    """Requests in these states, the oldest first."""
    rows = connection.execute(
        select(tables.request)
        .where(tables.request.c.state.in_(states))
        .order_by(tables.request.c.created_at, tables.request.c.id)
        .limit(limit)
    )
    return [_question(row) for row in rows]


def about(connection: Connection, subject: str, *, states: Sequence[str], limit: int = 20) -> list[Question]:
    """Requests about a subject in these states, the newest first."""
    rows = connection.execute(
        select(tables.request)
        .where(tables.request.c.subject == subject, tables.request.c.state.in_(states))
        .order_by(tables.request.c.created_at.desc(), tables.request.c.id)
        .limit(limit)
    )
    return [_question(row) for row in rows]


def last_of(connection: Connection, subject: str, verb: str, author: str) -> Question | None:
    """What somebody asked for last about a subject with a verb; None where they never did."""
    row = connection.execute(
        select(tables.request)
        .where(tables.request.c.subject == subject, tables.request.c.verb == verb, tables.request.c.author == author)
        .order_by(tables.request.c.created_at.desc(), tables.request.c.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else _question(row)


def by_author(
    connection: Connection, author: str, *, states: Sequence[str] = ("waiting", "sent-back"), limit: int = 50
) -> list[Question]:
    """Somebody's own requests in these states, the newest first."""
    rows = connection.execute(
        select(tables.request)
        .where(tables.request.c.author == author, tables.request.c.state.in_(states))
        .order_by(tables.request.c.created_at.desc(), tables.request.c.id.desc())
        .limit(limit)
    )
    return [_question(row) for row in rows]


def decided_by(connection: Connection, person: str, *, limit: int = 10) -> list[Question]:
    """What somebody decided, the last first."""
    rows = connection.execute(
        select(tables.request)
        .where(tables.request.c.decided_by == person, tables.request.c.state != "waiting")
        .order_by(tables.request.c.decided_at.desc(), tables.request.c.id.desc())
        .limit(limit)
    )
    return [_question(row) for row in rows]


def named(connection: Connection, ids: Sequence[str]) -> list[Question]:
    """These requests, in this order; one that is gone is left out."""
    rows = connection.execute(select(tables.request).where(tables.request.c.id.in_(list(ids))))
    found = {row.id: _question(row) for row in rows}
    return [found[one] for one in ids if one in found]


def overdue(connection: Connection, now: datetime) -> list[Question]:
    """Requests that nobody answered in time, and those whose author left them lying until they expired."""
    request, at = tables.request.c, stamp(now)
    late = (request.state == "waiting") & ((request.due_at < at) | (request.expires_at < at))
    left = (request.state == "sent-back") & (request.expires_at < at)
    rows = connection.execute(select(tables.request).where(late | left).order_by(request.created_at, request.id))
    return [_question(row) for row in rows]


def next_in_line(connection: Connection, one: Question, reviewers: Reviewers) -> tuple[int, list[str]]:
    """The next step at which somebody stands who was not asked yet, and who that is; nobody where all were asked."""
    for step in range(min(one.escalated + 1, LAST_STEP), LAST_STEP + 1):
        if more := set(reviewers(connection, one.subject, one.author, step, one.verb)) - set(one.asked):
            return step, sorted(more)
    return one.escalated, []


def _question(row: Row[Any]) -> Question:
    return Question(
        id=row.id,
        action=row.action,
        verb=row.verb,
        subject=row.subject,
        process=row.process,
        author=row.author,
        made_by_agent=row.made_by_agent,
        digest=row.digest,
        reasons=tuple(row.reasons),
        asked=tuple(row.asked),
        state=row.state,
        escalated=row.escalated,
        created_at=row.created_at,
        due_at=row.due_at,
        expires_at=row.expires_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        because=row.because,
        unreviewed=row.unreviewed,
    )


def ask(one: Question, now: datetime, *, again: bool) -> Rows:
    """Rows for a new question, or for the same request asked again about a new action of its author."""
    values = {
        "action": one.action,
        "verb": one.verb,
        "subject": one.subject,
        "process": one.process,
        "author": one.author,
        "made_by_agent": one.made_by_agent,
        "state": "waiting",
        "digest": one.digest,
        "reasons": list(one.reasons),
        "asked": list(one.asked),
        "escalated": 0,
        "created_at": stamp(now),
        "due_at": stamp(now + ANSWER_WITHIN),
        "expires_at": stamp(now + EXPIRES_AFTER),
        "decided_by": None,
        "decided_at": None,
        "because": None,
        "unreviewed": False,
    }

    def rows(connection: Connection) -> None:
        if again:
            connection.execute(update(tables.request).where(tables.request.c.id == one.id).values(**values))
        else:
            connection.execute(insert(tables.request).values(id=one.id, **values))
        awaited.keep(connection, one.id)

    return rows


def sent_back(connection: Connection, subject: str, verb: str, author: str | None) -> str | None:
    """The request that a new action of its author continues: one that was sent back, or that still waits."""
    return connection.execute(
        select(tables.request.c.id)
        .where(
            tables.request.c.subject == subject,
            tables.request.c.verb == verb,
            tables.request.c.author == author,
            tables.request.c.state.in_(("sent-back", "waiting")),
        )
        .order_by(tables.request.c.created_at.desc())
        .limit(1)
    ).scalar_one_or_none()


def resumption(request: str, approval: str) -> str:
    """The id of the action that resumes a request: always the same for the same approval, so it runs at most once."""
    return f"act_{digest.bare(digest.of([request, approval]))[:26]}"


def reopen(request: str, fresh: Decision, now: datetime) -> Rows:
    """Rows that put an allowed request back to waiting, because its reasons are not those that were shown."""

    def rows(connection: Connection) -> None:
        connection.execute(
            update(tables.request)
            .where(tables.request.c.id == request)
            .values(
                state="waiting",
                reasons=[reason.policy for reason in fresh.reasons],
                due_at=stamp(now + ANSWER_WITHIN),
                decided_by=None,
                decided_at=None,
            )
        )
        awaited.keep(connection, request)

    return rows


def allowed_but_not_resumed(connection: Connection) -> list[tuple[str, str]]:
    """Requests that a person allowed right before a crash: (request, the allowing action)."""
    allowing = tables.action.alias()
    rows = connection.execute(
        select(tables.request.c.id, allowing.c.id)
        .select_from(tables.request)
        .join(allowing, allowing.c.subject == "request:" + tables.request.c.id)
        .where(
            tables.request.c.state == "approved",
            allowing.c.verb.in_(("approve", "confirm")),
            allowing.c.state == "done",
        )
    ).all()
    resumed = set(
        connection.execute(
            select(tables.action.c.id).where(tables.action.c.id.in_([resumption(*row) for row in rows]))
        ).scalars()
    )
    return [(row[0], row[1]) for row in rows if resumption(*row) not in resumed]


def in_force(connection: Connection, subject: str, now: datetime) -> list[Envelope]:
    """The envelopes that cover a subject today."""
    rows = connection.execute(
        select(tables.envelope).where(
            tables.envelope.c.subject == subject,
            tables.envelope.c.until > stamp(now),
            tables.envelope.c.ended_at.is_(None),
        )
    )
    return [Envelope.from_dict(row.terms) for row in rows]


def granted_by(connection: Connection, subject: str, now: datetime) -> tuple[str, bool] | None:
    """Who gave the newest approval that is in force for a subject, and whether it was their own, unreviewed."""
    found = (
        select(tables.envelope.c.granted_by, tables.request.c.unreviewed)
        .join(tables.request, tables.request.c.id == tables.envelope.c.request)
        .where(
            tables.envelope.c.subject == subject,
            tables.envelope.c.until > stamp(now),
            tables.envelope.c.ended_at.is_(None),
        )
        .order_by(tables.envelope.c.created_at.desc())
    )
    newest = connection.execute(found).first()
    return None if newest is None else (newest[0], newest[1])


def envelope_facts(connection: Connection, subject: str, facts: Facts, now: datetime) -> dict[str, Any]:
    """Whether the approvals in force cover these facts, and what they miss."""
    granted = in_force(connection, subject, now)
    covers, missing = coverage(granted, facts)
    return {"envelope_in_force": bool(granted), "envelope_covers": covers, "envelope_missing": tuple(sorted(missing))}


def grant_envelope(one: Question, facts: Facts, *, granted_by: str, now: datetime) -> Rows:
    """Rows for what an approval covers from now on: everything that this change was."""
    until = stamp(now + ENVELOPE_LASTS)
    terms = Envelope.from_facts(one.subject, facts, until).as_dict()

    def rows(connection: Connection) -> None:
        connection.execute(
            insert(tables.envelope).values(
                id=ids.new("env"),
                subject=one.subject,
                terms=terms,
                until=until,
                request=one.id,
                granted_by=granted_by,
                created_at=stamp(now),
            )
        )

    return rows
