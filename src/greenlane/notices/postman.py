"""Sends what waits to leave: one try at a time, again after a while where a try fails, and on the record in the end.

A try is written down before it is made, so a crash in the middle of it leads to one more try under the same key and
never to a message that is forgotten. Whoever receives it twice knows it by its key: ``Message-ID`` of a mail,
``webhook-id`` of a webhook.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, update
from sqlalchemy.exc import DBAPIError

from greenlane.govern.actor import PLATFORM
from greenlane.govern.effect import Rows
from greenlane.identity import queries as identity
from greenlane.kit import digest, ids
from greenlane.kit.clock import Clock, parse, stamp
from greenlane.kit.database import Database, carries_out
from greenlane.kit.errors import GreenlaneError
from greenlane.ledger.append import Ledger
from greenlane.ledger.receipt import Receipt
from greenlane.notices import message, outbox, queries
from greenlane.notices.driver import Mailer, Outside, Postponed, Undeliverable
from greenlane.notices.message import Told
from greenlane.notices.tables import MESSAGE
from greenlane.secrets.sealing import Sealing

log = structlog.get_logger()

WAITS = tuple(
    timedelta(seconds=one) for one in (5, 300, 1800, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
)
"""How long after each failed try the next one is made: the schedule that Standard Webhooks 1.0 recommends. After the last
one, three days and a bit, the message is given up."""

NOTED_EVERY = timedelta(minutes=5)
"""Messages that ended within this time share one receipt, so that mail does not flood the ledger."""

IDLE = 20.0
"""Seconds after which the outbox is looked at although nobody said that there is something in it."""

TEST = Told("This is a test from Greenlane. It tells of nothing that happened.", "/settings")
"""What ``test-webhook`` sends."""

Tells = Callable[[Connection, int, str], Told]
"""A receipt and the kind of its notice, in words: handed in, as the words are made above the notices' floor."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What the postman works with. ``mailer`` is None where no mail server is known; ``console`` is its address."""

    database: Database
    ledger: Ledger
    clock: Clock
    sealing: Sealing
    tells: Tells
    outside: Outside
    mailer: Mailer | None
    sender: str
    console: str
    organisation: Callable[[Connection], str]


class _Dropped(GreenlaneError):
    """Nobody is there any more to get a message, or they chose not to."""


class Postman:
    """The postman of one installation."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._wanted = threading.Event()
        self._over = False
        self._thread = threading.Thread(target=self._walk, name="postman", daemon=True)

    # -- life ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Send by itself, in a thread of its own: nobody waits for a mail server."""
        self._thread.start()

    def hurry(self) -> None:
        """There is something to send."""
        self._wanted.set()

    def stop(self) -> None:
        """Stop after the message under way; what is not sent is sent after the next start."""
        self._over = True
        self._wanted.set()

    def _walk(self) -> None:
        pause = 0.0
        while not self._over:
            self._wanted.wait(pause)
            self._wanted.clear()
            try:
                pause = self.round()
            except (GreenlaneError, DBAPIError) as error:
                log.warning("the post was interrupted", error=repr(error))
                pause = IDLE

    # -- one round -----------------------------------------------------------------------------------------------

    def round(self) -> float:
        """Try everything that is due, and note what ended. Seconds until there is something to do again."""
        now = self._desk.clock.now()
        with self._desk.database.read() as connection:
            due = queries.due(connection, stamp(now))
        stuck: set[str] = set()
        for one in due:
            if self._over:
                break
            self._try(one, stuck)
        if self._desk.mailer is not None:
            self._desk.mailer.rest()
        self._note()
        with self._desk.database.read() as connection:
            following = queries.next_due(connection)
        if following is None:
            return IDLE
        return min(IDLE, max(0.05, (parse(following) - self._desk.clock.now()).total_seconds()))

    def _try(self, one: queries.Message, stuck: set[str]) -> None:
        """One try. Who did not answer in this round is not asked again in it, whatever else waits for them."""
        target = one.webhook or one.way
        wait = WAITS[min(one.tries, len(WAITS) - 1)]
        later = stamp(self._desk.clock.now() + wait)
        if target in stuck:
            self._keep(one, next_at=later)
            return
        self._keep(one, tries=one.tries + 1, next_at=later)
        try:
            self._send(one)
        except _Dropped as error:
            self._end(one, "dropped", str(error))
        except Undeliverable as error:
            self._end(one, "given-up", str(error))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one message must not keep the others back
            log.warning("a message did not leave", message=one.id, tries=one.tries + 1, error=type(error).__name__)
            says = str(error) if isinstance(error, GreenlaneError) else "Something went wrong on our side."
            if isinstance(error, Postponed):
                stuck.add(target)
            if one.tries + 1 > len(WAITS):
                self._end(one, "given-up", says)
            else:
                self._keep(one, trouble=says[:200])
        else:
            self._end(one, "sent", "")

    def _send(self, one: queries.Message) -> None:
        if one.way == "mail":
            self._mail(one)
        else:
            self._tell(one)

    def _mail(self, one: queries.Message) -> None:
        desk, person = self._desk, one.person or ""
        if desk.mailer is None:
            raise Postponed("No mail server is set.")
        with desk.database.read() as connection:
            if not outbox.hears_by_mail(connection, person, one.kind):
                raise _Dropped("They are not here any more, or chose otherwise meanwhile.")
            who = identity.person(connection, person)
            mail = message.mail(
                self._told(connection, one),
                key=one.id,
                to=who.email or "",
                name=who.name,
                choice=queries.mail_choice(connection, person),
                sender=desk.sender,
                console=desk.console,
                organisation=desk.organisation(connection),
                now=parse(one.at),
            )
        desk.mailer.send(mail, who.email or "")

    def _tell(self, one: queries.Message) -> None:
        desk = self._desk
        with desk.database.read() as connection:
            opened = queries.opened(connection, desk.sealing, one.webhook or "")
            if opened is None:
                raise _Dropped("The webhook was removed meanwhile.")
            body = message.webhook(self._told(connection, one), desk.console)
        url, secret = opened
        desk.outside.post(url, message.signed(secret, one.id, body, desk.clock.now()), body)

    def _told(self, connection: Connection, one: queries.Message) -> Told:
        return TEST if one.seq is None else self._desk.tells(connection, one.seq, one.kind)

    # -- rows ----------------------------------------------------------------------------------------------------

    def _keep(self, one: queries.Message, **values: object) -> None:
        changed = update(MESSAGE).where(MESSAGE.c.id == one.id).values(**values)
        self._desk.ledger.write(carries_out(changed))

    def _end(self, one: queries.Message, state: str, trouble: str) -> None:
        self._keep(one, state=state, trouble=trouble[:200], ended_at=stamp(self._desk.clock.now()))

    def _note(self) -> None:
        """One receipt for all that ended, once the first of them is old enough or they are many."""
        with self._desk.database.read() as connection:
            ended = queries.ended(connection)
        now = self._desk.clock.now()
        if not ended or (len(ended) < MANY and not _old(ended[0], now)):
            return
        self._desk.ledger.append(_receipt(ended, now), _noting([one.id for one in ended]))


MANY = 500
"""Messages that ended and are noted at once, whenever that was."""


def _old(one: queries.Message, now: datetime) -> bool:
    return one.ended_at is not None and parse(one.ended_at) <= now - NOTED_EVERY


def _receipt(ended: list[queries.Message], now: datetime) -> Receipt:
    """How many messages left by which way and how many did not, and the digest of all of their keys and ends."""
    counted = Counter((one.way, one.state) for one in ended)
    return Receipt(
        id=ids.new("rcp"),
        half="noted",
        action={
            "id": ids.new("act"),
            "verb": "post",
            "subject": "organisation",
            "inputs": {},
            "digest": digest.of([[one.id, one.seq, one.state] for one in ended]),
            "effect": "send",
        },
        process=ids.new("prc"),
        cause=None,
        actor=PLATFORM.chain(),
        at=stamp(now),
        happened={
            "noted": "post",
            "mails": counted["mail", "sent"],
            "webhooks": counted["webhook", "sent"],
            "given_up": counted["mail", "given-up"] + counted["webhook", "given-up"],
            "dropped": counted["mail", "dropped"] + counted["webhook", "dropped"],
            "tries": sum(one.tries for one in ended),
        },
    )


def _noting(messages: list[str]) -> Rows:
    def rows(connection: Connection) -> None:
        connection.execute(update(MESSAGE).where(MESSAGE.c.id.in_(messages)).values(noted=True))

    return rows
