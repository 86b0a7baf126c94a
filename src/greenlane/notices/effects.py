"""How the verbs about being told are carried out. Imported by ``main`` alone."""

from __future__ import annotations

import base64
import secrets as randomness
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, update

from greenlane.govern.effect import Context, Edge, Handling, Outcome
from greenlane.govern.errors import NotFound
from greenlane.kit import ids
from greenlane.kit.clock import stamp
from greenlane.kit.database import Database
from greenlane.notices import message, outbox, outside, queries
from greenlane.notices.actions import AddWebhook, ChooseMail, RemoveWebhook, TestWebhook
from greenlane.notices.driver import Outside
from greenlane.notices.tables import MAIL_CHOICE, MESSAGE, WEBHOOK
from greenlane.secrets.sealing import Sealing

_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Works:
    """What the effects work with."""

    database: Database
    sealing: Sealing
    outside: Outside


def handlings(works: Works) -> dict[str, Handling]:
    """The effects by verb."""

    def choose(action: ChooseMail, context: Context) -> Outcome:
        with works.database.read() as connection:
            before = queries.mail_choice(connection, context.actor.person or "")
        return choose_mail(action, context, before)

    return {
        "choose-mail": Handling(choose),
        "add-webhook": Handling(_Webhooks(works).add),
        "remove-webhook": Handling(_Webhooks(works).remove),
        "test-webhook": Handling(_Webhooks(works).test),
    }


def choose_mail(action: ChooseMail, context: Context, before: str) -> Outcome:
    """The choice of whoever makes it."""
    person = context.actor.person

    def rows(connection: Connection) -> None:
        connection.execute(delete(MAIL_CHOICE).where(MAIL_CHOICE.c.person == person))
        connection.execute(insert(MAIL_CHOICE).values(person=person, what=action.what, since=stamp(context.now)))

    return Outcome(rows, happened={"what": action.what, "before": before})


@dataclass(frozen=True, slots=True)
class _Webhooks:
    works: Works

    def add(self, action: AddWebhook, context: Context) -> Outcome:
        """An address that may be reached from here, and a secret with which it knows us."""
        self.works.outside.check(action.url)
        webhook = ids.new("whk")
        secret = message.PREFIX + base64.b64encode(randomness.token_bytes(_SECRET_BYTES)).decode()
        values = {
            "id": webhook,
            "host": outside.address(action.url).host,
            "about": sorted(set(action.about)),
            "sealed_url": self.works.sealing.seal(action.url, queries.sealed_place(webhook, "url")),
            "sealed_secret": self.works.sealing.seal(secret, queries.sealed_place(webhook, "secret")),
            "action": context.action_id,
            "created": stamp(context.now),
        }

        def rows(connection: Connection) -> None:
            connection.execute(insert(WEBHOOK).values(**values))

        return Outcome(
            rows,
            happened={"webhook": webhook},
            made=(Edge("webhook", webhook),),
            answer={"webhook": webhook, "secret": secret},
        )

    def remove(self, action: RemoveWebhook, context: Context) -> Outcome:
        """Address and secret lose their bytes; that there was a webhook stays known."""
        gone = {"sealed_url": None, "sealed_secret": None, "removed": stamp(context.now)}

        def rows(connection: Connection) -> None:
            there = update(WEBHOOK).where(WEBHOOK.c.id == action.webhook, WEBHOOK.c.removed.is_(None))
            if connection.execute(there.values(**gone)).rowcount != 1:
                raise _no_webhook(action.webhook)

        return Outcome(rows, happened={"webhook": action.webhook})

    def test(self, action: TestWebhook, context: Context) -> Outcome:
        """A message like any other, that tells of nothing."""
        row = outbox.to_webhook(action.webhook, None, "test", stamp(context.now), unique=context.action_id)

        def rows(connection: Connection) -> None:
            if all(one.id != action.webhook for one in queries.webhooks(connection)):
                raise _no_webhook(action.webhook)
            connection.execute(insert(MESSAGE).values(**row))

        return Outcome(rows, happened={"webhook": action.webhook, "message": row["id"]}, answer={"message": row["id"]})


def _no_webhook(webhook: str) -> NotFound:
    return NotFound(f"There is no webhook {webhook}.", next_step="The console's settings list them.")
