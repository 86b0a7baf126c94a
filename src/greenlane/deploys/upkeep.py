"""What the platform does by itself, in rounds, through the same door as everybody else.

Passes on what nobody answered, opens audiences after their narrower hour, asks about unused apps and lets them sleep,
samples changes for a look, reminds who reviews access, tells owners of newly known flaws, and notes uploads that nobody finished. Each round starts from what the database says is
due, so whatever a crash kept from being done is done in the next one.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection, update

from greenlane.catalog import queries as catalog
from greenlane.catalog import unused
from greenlane.catalog.actions import AskIfNeeded, ExpireApp, WidenAudience
from greenlane.deploys import depending, queries
from greenlane.deploys.actions import Look, TellOfFlaws
from greenlane.deploys.advisories.matching import newest_import
from greenlane.deploys.tables import UPLOAD
from greenlane.govern import approvals, call
from greenlane.govern.actions import Escalate, ExpireRequest
from greenlane.govern.actor import PLATFORM, Actor
from greenlane.govern.door import Door
from greenlane.identity.reviews import reminding
from greenlane.identity.reviews.actions import RemindReviewers
from greenlane.kit import ids
from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import stamp
from greenlane.kit.database import carries_out
from greenlane.kit.errors import GreenlaneError
from greenlane.ledger.receipt import Receipt

log = structlog.get_logger()

ABANDONED_AFTER = timedelta(hours=24)
"""An upload that was not deployed within a day counts as abandoned."""

LOOK_AT_ONE_IN = 10
"""One in so many changes with the safeguard ``sampled-look`` is looked at; the action's digest draws it."""

LOOKS_BACK = timedelta(hours=24)
"""Changes are sampled within this time; a server that was away for longer does not ask about old ones."""


class Upkeep:
    """The rounds of one installation. ``one_in`` is how many changes there are to a sampled look."""

    def __init__(self, door: Door, blobs: Blobs, *, one_in: int = LOOK_AT_ONE_IN) -> None:
        self._door = door
        self._blobs = blobs
        self._one_in = one_in

    def round(self) -> None:
        """Do what is due. One failing item never stops the others."""
        now = self._door.clock.now()
        with self._door.database.read() as connection:
            overdue = [
                (one, act) for one in approvals.overdue(connection, now) if (act := self._about(connection, one))
            ]
            widen = catalog.due_widenings(connection, stamp(now))
            ask = unused.to_ask_about(connection, now)
            sleep = unused.to_put_to_sleep(connection, now)
            look = self._drawn(connection, now)
            flawed, unflawed, newest = self._held_against(connection, now)
            remind = reminding.due(connection, now)
            abandoned = queries.open_uploads(connection, stamp(now - ABANDONED_AFTER))
        for question, act in overdue:
            self._do(act, question.process)
        for app, rung in widen:
            self._do(WidenAudience(app, rung))
        for app in ask:
            self._do(AskIfNeeded(app))
        for app in sleep:
            self._do(ExpireApp(app))
        for one in look:
            self._do(Look(one.subject.removeprefix("app:"), one.id), one.process)
        if unflawed:
            self._door.ledger.write(partial(_looked_at, deploys=unflawed, newest=newest))
        for app in flawed:
            self._do(TellOfFlaws(app))
        for review in remind:
            self._do(RemindReviewers(review))
        for upload in abandoned:
            self._note_abandoned(upload)

    def _about(self, connection: Connection, one: approvals.Question) -> Escalate | ExpireRequest | None:
        """What is due for a request that nobody answered in time; nothing while everybody in line was asked."""
        if one.expires_at < stamp(self._door.clock.now()):
            return ExpireRequest(one.id)
        _step, newly = approvals.next_in_line(connection, one, self._door.house.reviewers)
        return Escalate(one.id) if newly else None

    def _held_against(self, connection: Connection, now: datetime) -> tuple[list[str], list[str], str]:
        """Apps of which a newer list knows flaws, and live deploys of the others, with the list's name."""
        flawed, unflawed = [], []
        for app, deploys in depending.to_look_at(connection).items():
            if any(depending.untold(connection, self._blobs, one, sbom, now) for one, sbom in deploys):
                flawed.append(app)
            else:
                unflawed += [one for one, _ in deploys]
        return flawed, unflawed, newest_import(connection)

    def _drawn(self, connection: Connection, now: datetime) -> list[call.Done]:
        """Changes of apps in the sample that nobody was asked to look at yet, and that somebody could look at."""
        asked = queries.looked_at(connection)
        return [
            one
            for one in call.done_since(connection, stamp(now - LOOKS_BACK), safeguard="sampled-look")
            if one.subject.startswith("app:")
            and one.id not in asked
            and drawn(one.id, self._one_in)
            and self._door.house.reviewers(connection, one.subject, one.person, 0)
        ]

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
        self._door.ledger.append(receipt, carries_out(marked))


def drawn(action: str, one_in: int = LOOK_AT_ONE_IN) -> bool:
    """Whether an action is in the sample: decided by its id alone, so that nobody can steer it afterwards."""
    return int.from_bytes(hashlib.sha256(action.encode()).digest()[:4]) % one_in == 0


def _looked_at(connection: Connection, deploys: list[str], newest: str) -> None:
    for one in deploys:
        depending.remember_look(connection, one, newest)
