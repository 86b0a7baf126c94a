"""What somebody has to hear of. Reads only, frozen answers."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Row, func, select

from greenlane.notices.tables import MAIL_CHOICE, MESSAGE, NOTICE, WEBHOOK
from greenlane.secrets.sealing import Sealing

FIRST_CHOICE = "waiting"
"""What somebody hears of by mail who chose nothing: only what waits for them."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that somebody should hear of: the receipt's place in the ledger, and what it is to them."""

    seq: int
    kind: str
    subject: str
    at: str
    read_at: str | None


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is told something, as people see it: its host, what it is told of, and how the last try went."""

    id: str
    host: str
    about: tuple[str, ...]
    action: str
    created: str


@dataclass(frozen=True, slots=True)
class Message:
    """Something that leaves, or left. ``state`` is waiting, sent, given-up or dropped; ``trouble`` is the last one."""

    id: str
    way: str
    person: str | None
    webhook: str | None
    seq: int | None
    kind: str
    state: str
    tries: int
    next_at: str
    trouble: str
    at: str
    ended_at: str | None


@dataclass(frozen=True, slots=True)
class Post:
    """How a way out does: how many messages wait and since when, and the newest trouble among them."""

    waiting: int
    oldest: str | None
    trouble: str


def notices(connection: Connection, person: str, *, limit: int = 100, after: str = "") -> list[Notice]:
    """Unread ones first, then read ones, the newest of each first. ``after`` is the ``place`` of the last one seen."""
    read = NOTICE.c.read_at.is_not(None)
    query = select(NOTICE).where(NOTICE.c.person == person).order_by(read, NOTICE.c.seq.desc()).limit(limit)
    if after:
        state, _, seq = after.partition(":")
        later = read & (NOTICE.c.seq < int(seq)) if state == "read" else read | (NOTICE.c.seq < int(seq))
        query = query.where(later)
    return [Notice(row.seq, row.kind, row.subject, row.at, row.read_at) for row in connection.execute(query)]


def place(one: Notice) -> str:
    """Where a notice stands in the list, for the next page."""
    return f"{'read' if one.read_at else 'unread'}:{one.seq}"


def unread(connection: Connection, person: str) -> int:
    """How many somebody has not read yet."""
    found = select(func.count()).where(NOTICE.c.person == person, NOTICE.c.read_at.is_(None))
    return connection.execute(found).scalar_one()


def mail_choice(connection: Connection, person: str) -> str:
    """What somebody hears of by mail."""
    found = connection.execute(select(MAIL_CHOICE.c.what).where(MAIL_CHOICE.c.person == person)).scalar_one_or_none()
    return FIRST_CHOICE if found is None else found


def webhooks(connection: Connection) -> list[Webhook]:
    """The webhooks that are there, the oldest first."""
    rows = connection.execute(
        select(WEBHOOK).where(WEBHOOK.c.removed.is_(None)).order_by(WEBHOOK.c.created, WEBHOOK.c.id)
    )
    return [Webhook(row.id, row.host, tuple(row.about), row.action, row.created) for row in rows]


def sealed_place(webhook: str, what: str) -> str:
    """Where a sealed value of a webhook belongs."""
    return f"webhook/{webhook}/{what}"


def opened(connection: Connection, sealing: Sealing, webhook: str) -> tuple[str, str] | None:
    """A webhook's address and secret, for whoever sends to it; None where it was removed."""
    row = connection.execute(
        select(WEBHOOK.c.sealed_url, WEBHOOK.c.sealed_secret).where(
            WEBHOOK.c.id == webhook, WEBHOOK.c.removed.is_(None)
        )
    ).one_or_none()
    if row is None:
        return None
    return sealing.open(row.sealed_url, sealed_place(webhook, "url")), sealing.open(
        row.sealed_secret, sealed_place(webhook, "secret")
    )


def due(connection: Connection, now: str, limit: int = 100) -> list[Message]:
    """Messages whose time has come, the one that waited longest first."""
    found = select(MESSAGE).where(MESSAGE.c.state == "waiting", MESSAGE.c.next_at <= now)
    return [_message(row) for row in connection.execute(found.order_by(MESSAGE.c.next_at, MESSAGE.c.id).limit(limit))]


def next_due(connection: Connection) -> str | None:
    """When the next message is to be sent."""
    found = connection.execute(select(func.min(MESSAGE.c.next_at)).where(MESSAGE.c.state == "waiting")).scalar_one()
    return None if found is None else str(found)


def ended(connection: Connection, limit: int = 1000) -> list[Message]:
    """Messages that ended and stand in no receipt yet, the oldest first."""
    found = select(MESSAGE).where(MESSAGE.c.state != "waiting", MESSAGE.c.noted.is_(False))
    return [_message(row) for row in connection.execute(found.order_by(MESSAGE.c.ended_at, MESSAGE.c.id).limit(limit))]


def last_to(connection: Connection, webhook: str) -> Message | None:
    """The newest message to a webhook."""
    found = select(MESSAGE).where(MESSAGE.c.webhook == webhook).order_by(MESSAGE.c.at.desc(), MESSAGE.c.id).limit(1)
    row = connection.execute(found).one_or_none()
    return None if row is None else _message(row)


def post(connection: Connection, way: str) -> Post:
    """How a way out does."""
    waits = (MESSAGE.c.state == "waiting", MESSAGE.c.way == way)
    row = connection.execute(select(func.count(), func.min(MESSAGE.c.at)).where(*waits)).one()
    newest = (
        select(MESSAGE.c.trouble).where(*waits, MESSAGE.c.trouble != "").order_by(MESSAGE.c.next_at.desc()).limit(1)
    )
    return Post(row[0], row[1], connection.execute(newest).scalar_one_or_none() or "")


def _message(row: Row[tuple[object, ...]]) -> Message:
    return Message(**{key: value for key, value in row._mapping.items() if key != "noted"})
