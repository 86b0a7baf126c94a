"""Reads about access reviews."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select

from greenlane.govern.errors import NotFound
from greenlane.identity.reviews.tables import ACCESS_REVIEW, REVIEWED_RIGHT
from greenlane.kit.clock import stamp


@dataclass(frozen=True, slots=True)
class Review:
    """A review. ``scope`` is as it is stored, ``digest`` that of the frozen list. Times are stamps."""

    id: str
    scope: str
    reviewers: tuple[str, ...]
    started_by: str
    action: str
    process: str
    digest: str
    started: str
    due: str
    reminded: int
    closed: str | None
    closed_by: str | None
    rights: int = 0
    kept: int = 0
    removed: int = 0

    @property
    def undecided(self) -> int:
        """How many rights nobody decided yet."""
        return self.rights - self.kept - self.removed

    def overdue(self, now: datetime) -> bool:
        """Whether it should have been decided by now."""
        return self.closed is None and self.undecided > 0 and self.due <= stamp(now)


@dataclass(frozen=True, slots=True)
class ReviewedRight:
    """A right in a review: frozen, and what was decided about it. ``removed`` is the action that took it away."""

    id: str
    review: str
    person: str
    kind: str
    what: str
    scope: str
    since: str
    until: str
    source: str
    given_by: str
    verb: str
    inputs: dict[str, Any]
    decided: str
    decided_by: str | None
    decided_at: str | None
    because: str
    action: str | None
    removed: str | None
    trouble: str
    frozen: dict[str, str]

    @property
    def same(self) -> tuple[str, ...]:
        """What makes it this right, whenever it is looked at."""
        return (self.person, self.kind, self.what, self.scope, self.source)


def reviews(connection: Connection, limit: int = 100) -> list[Review]:
    """Reviews, those that run first, then the newest first."""
    return _reviews(connection, limit=limit)


def review(connection: Connection, id: str) -> Review:
    """A review by id. Raises ``NotFound``."""
    found = _reviews(connection, ACCESS_REVIEW.c.id == id)
    if not found:
        raise NotFound(f"There is no review {id}.", next_step="`greenlane reviews` lists them.")
    return found[0]


def running(connection: Connection) -> list[Review]:
    """Reviews that nobody closed."""
    return _reviews(connection, ACCESS_REVIEW.c.closed.is_(None))


def _reviews(connection: Connection, *where: ColumnElement[bool], limit: int | None = None) -> list[Review]:
    table = ACCESS_REVIEW.c
    wanted = select(ACCESS_REVIEW).where(*where).order_by(table.closed.is_not(None), table.started.desc(), table.id)
    rows = connection.execute(wanted.limit(limit)).all()
    right = REVIEWED_RIGHT.c
    counted = connection.execute(
        select(right.review, right.decided, func.count().label("many"))
        .where(right.review.in_([row.id for row in rows]))
        .group_by(right.review, right.decided)
    )
    counts: dict[str, dict[str, int]] = {}
    for row in counted:
        counts.setdefault(row.review, {})[row.decided] = row.many
    return [_review(row, counts.get(row.id, {})) for row in rows]


def _review(row: Row[Any], counts: dict[str, int]) -> Review:
    return Review(
        row.id,
        row.scope,
        tuple(row.reviewers),
        row.started_by,
        row.action,
        row.process,
        row.digest,
        row.started,
        row.due,
        row.reminded,
        row.closed,
        row.closed_by,
        sum(counts.values()),
        counts.get("keep", 0),
        counts.get("remove", 0),
    )


def rights(
    connection: Connection, review: str, *, ids: tuple[str, ...] = (), after: int = -1, limit: int | None = None
) -> list[ReviewedRight]:
    """The rights of a review in their order, all of them or some by id; ``after`` is the place of the last one seen."""
    right = REVIEWED_RIGHT.c
    wanted = select(REVIEWED_RIGHT).where(right.review == review, right.place > after).order_by(right.place)
    if ids:
        wanted = wanted.where(right.id.in_(ids))
    return [_right(row) for row in connection.execute(wanted.limit(limit))]


def _right(row: Row[Any]) -> ReviewedRight:
    frozen = dict(row.frozen)
    return ReviewedRight(
        id=row.id,
        review=row.review,
        person=row.person,
        kind=frozen["kind"],
        what=frozen["what"],
        scope=frozen["scope"],
        since=frozen["since"],
        until=frozen["until"],
        source=frozen["source"],
        given_by=frozen["action"],
        verb=row.verb,
        inputs=dict(row.inputs),
        decided=row.decided,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        because=row.because,
        action=row.action,
        removed=row.removed,
        trouble=row.trouble,
        frozen=frozen,
    )
