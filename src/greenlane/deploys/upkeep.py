"""What the platform does by itself, in rounds, through the same door as everybody else.

Escalates what nobody answered, opens audiences after their narrower hour, asks about unused apps and lets them sleep,
samples changes for a look, and notes uploads that nobody finished.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import update

from greenlane.deploys import queries
from greenlane.deploys.actions import ExpireApp, Look, WidenAudience
from greenlane.deploys.tables import UPLOAD
from greenlane.govern import approvals
from greenlane.govern.actions import Escalate
from greenlane.govern.actor import PLATFORM, Actor
from greenlane.govern.door import Door
from greenlane.kit import ids
from greenlane.kit.clock import stamp
from greenlane.kit.errors import GreenlaneError
from greenlane.ledger.receipt import Receipt

log = structlog.get_logger()

UNUSED_AFTER = timedelta(days=30)
"""An amber app that nobody opened for this long is asked about."""

ASKED_BEFORE = timedelta(days=7)
"""How long its owner has to answer before the app sleeps."""

ABANDONED_AFTER = timedelta(hours=24)
"""An upload that was not deployed within a day counts as abandoned."""

LOOK_AT_ONE_IN = 10
"""One in so many changes with the safeguard ``sampled-look`` is looked at; the action's digest draws it."""


class Upkeep:
    """The rounds of one installation."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def round(self) -> None:
        """Do what is due. One failing item never stops the others."""
        now = self._door.clock.now()
        with self._door.database.read() as connection:
            waiting = approvals.questions(connection, limit=1000)
            widen = queries.due_widenings(connection, stamp(now))
            ask = queries.unused(connection, stamp(now - UNUSED_AFTER))
            sleep = queries.unused(connection, stamp(now - UNUSED_AFTER), asked_before=stamp(now - ASKED_BEFORE))
            abandoned = queries.open_uploads(connection, stamp(now - ABANDONED_AFTER))
        for question in waiting:
            if min(question.due_at, question.expires_at) < stamp(now):
                self._do(Escalate(question.id), question.process)
        for app, rung in widen:
            self._do(WidenAudience(app, rung))
        for app in ask:
            self._do(ExpireApp(app, "ask"))
        for app in sleep:
            self._do(ExpireApp(app, "sleep"))
        for upload in abandoned:
            self._note_abandoned(upload)

    def sample(self, receipt: Receipt) -> None:
        """Draw one in ten of the changes that carry the safeguard, and ask for a look at it."""
        if "sampled-look" not in receipt.decided.get("safeguards", ()) or receipt.happened.get("state") != "done":
            return
        subject, action = str(receipt.action["subject"]), str(receipt.action["id"])
        if subject.startswith("app:") and drawn(action):
            self._do(Look(subject.removeprefix("app:"), action), receipt.process)

    def _do(self, action: Any, process: str | None = None) -> None:
        try:
            self._door.govern(PLATFORM, action, process=process)
        except GreenlaneError as error:
            log.warning("upkeep was refused", action=type(action).__name__, code=error.code)

    def _note_abandoned(self, upload: queries.UploadView) -> None:
        """A receipt of half *noted*: it settles nothing, it remembers."""
        now = stamp(self._door.clock.now())
        receipt = Receipt(
            id=ids.new("rcp"),
            half="noted",
            action={
                "id": upload.id,
                "verb": "upload",
                "subject": "organisation",
                "inputs": {},
                "digest": "",
                "effect": "read",
            },
            process=ids.new("prc"),
            cause=None,
            actor=Actor("person", upload.person).chain(),
            at=now,
            happened={"noted": "abandoned", "files": len(upload.files), "was": upload.state},
        )
        marked = update(UPLOAD).where(UPLOAD.c.id == upload.id).values(noted_at=now, state="abandoned")
        self._door.ledger.append(receipt, lambda connection: _execute(connection, marked))


def drawn(action: str, one_in: int = LOOK_AT_ONE_IN) -> bool:
    """Whether an action is in the sample: decided by its id alone, so that nobody can steer it afterwards."""
    return int.from_bytes(hashlib.sha256(action.encode()).digest()[:4]) % one_in == 0


def _execute(connection: Any, statement: Any) -> None:
    connection.execute(statement)
