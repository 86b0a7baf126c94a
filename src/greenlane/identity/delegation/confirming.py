"""Step-up: what an agent may not do alone, and its person allows once, for exactly one action.

The agent is refused with a link (RFC 9470). Behind the link its person reads what is wanted, with a fresh sign-in, and
allows it: this action by its digest, by this agent, once, within ten minutes. Then the agent asks again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update

from greenlane.govern.actor import Actor
from greenlane.govern.effect import Rows
from greenlane.govern.errors import NotFound
from greenlane.identity.delegation.tables import CONFIRMATION
from greenlane.kit import ids
from greenlane.kit.clock import stamp

OPEN_FOR = timedelta(minutes=10)
"""How long a person may take to answer, and the agent afterwards to go on."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What an agent wants its person to allow. ``inputs`` are those that the ledger would hold."""

    id: str
    person: str
    actor: Actor
    verb: str
    inputs: dict[str, Any]
    digest: str
    expires: str
    confirmed: str | None
    used: str | None

    def waits(self, now: datetime) -> bool:
        """Whether the person can still allow it."""
        return self.confirmed is None and self.expires > stamp(now)


def asked(connection: Connection, actor: Actor, digest: str, now: datetime) -> str | None:
    """The question that waits already for the same action of the same agent."""
    waiting = and_(_same(actor, digest), CONFIRMATION.c.confirmed.is_(None), CONFIRMATION.c.expires > stamp(now))
    found: str | None = connection.execute(select(CONFIRMATION.c.id).where(waiting)).scalars().first()
    return found


def ask(actor: Actor, verb: str, inputs: dict[str, Any], digest: str, now: datetime) -> tuple[str, Rows]:
    """A question for an agent's person: its id, and the rows that remember it. Old ones are forgotten with it."""
    id = ids.new("cnf")

    def rows(connection: Connection) -> None:
        connection.execute(delete(CONFIRMATION).where(CONFIRMATION.c.expires < stamp(now - timedelta(days=1))))
        connection.execute(
            insert(CONFIRMATION).values(
                id=id,
                person=actor.on_behalf_of,
                actor=actor.as_dict(),
                credential=actor.credential or "",
                verb=verb,
                inputs=inputs,
                digest=digest,
                created=stamp(now),
                expires=stamp(now + OPEN_FOR),
            )
        )

    return id, rows


def allowed(connection: Connection, actor: Actor, digest: str, now: datetime) -> bool:
    """Whether an agent's person allowed just this, and it was not done yet."""
    return connection.execute(select(CONFIRMATION.c.id).where(_open(actor, digest, now))).first() is not None


def use(connection: Connection, actor: Actor, digest: str, now: datetime) -> bool:
    """Use one permission up; False where there is none, or another one was faster."""
    first = select(CONFIRMATION.c.id).where(_open(actor, digest, now)).limit(1).scalar_subquery()
    used = update(CONFIRMATION).where(CONFIRMATION.c.id == first, CONFIRMATION.c.used.is_(None))
    return connection.execute(used.values(used=stamp(now))).rowcount == 1


def confirmation(connection: Connection, id: str) -> Confirmation:
    """A question by id. Raises ``NotFound``."""
    found = _read(connection, CONFIRMATION.c.id == id)
    if not found:
        raise NotFound("Nothing like this was asked, or it is over.", next_step="Let the agent try again.")
    return found[0]


def waiting_for(connection: Connection, person: str, now: datetime) -> list[Confirmation]:
    """What a person can allow at this moment, the newest first."""
    found = _read(connection, and_(CONFIRMATION.c.person == person, CONFIRMATION.c.expires > stamp(now)))
    return [one for one in found if one.waits(now)]


def _same(actor: Actor, digest: str) -> ColumnElement[bool]:
    return and_(
        CONFIRMATION.c.digest == digest,
        CONFIRMATION.c.person == actor.on_behalf_of,
        CONFIRMATION.c.credential == (actor.credential or ""),
    )


def _open(actor: Actor, digest: str, now: datetime) -> ColumnElement[bool]:
    return and_(
        _same(actor, digest),
        CONFIRMATION.c.confirmed.is_not(None),
        CONFIRMATION.c.used.is_(None),
        CONFIRMATION.c.expires > stamp(now),
    )


def _read(connection: Connection, where: ColumnElement[bool]) -> list[Confirmation]:
    rows = connection.execute(select(CONFIRMATION).where(where).order_by(CONFIRMATION.c.created.desc()))
    return [
        Confirmation(
            row.id,
            row.person,
            Actor(**row.actor),
            row.verb,
            dict(row.inputs),
            row.digest,
            row.expires,
            row.confirmed,
            row.used,
        )
        for row in rows
    ]
