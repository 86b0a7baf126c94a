"""What leaves when somebody should hear of something: a message for each way that is open to them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from greenlane.govern.errors import NotFound
from greenlane.identity import queries as identity
from greenlane.notices import queries
from greenlane.notices.actions import WAITING
from greenlane.notices.kinds import ALARMS, KINDS


def messages(
    connection: Connection, found: Sequence[dict[str, Any]], now: str, *, by_mail: bool
) -> list[dict[str, Any]]:
    """The rows of the messages for these rows of notices. ``by_mail`` says whether a mail server is known."""
    mails = [_mail(one, now) for one in found if by_mail and hears_by_mail(connection, one["person"], one["kind"])]
    kinds: dict[int, set[str]] = {}
    for one in found:
        kinds.setdefault(one["seq"], set()).add(one["kind"])
    hooks = queries.webhooks(connection) if kinds else []
    return mails + [
        to_webhook(hook.id, seq, kind, now)
        for seq, heard in kinds.items()
        for hook in hooks
        if (kind := next((one for one in KINDS if one in heard and (one in hook.about or one in ALARMS)), None))
        is not None
    ]


def hears_by_mail(connection: Connection, person: str, kind: str) -> bool:
    """Whether somebody is here, has a mail address, and chose to hear of this by mail; an alarm is no choice."""
    choice = queries.mail_choice(connection, person)
    quiet = choice == "nothing" or (choice == "waiting" and kind not in WAITING)
    if quiet and kind not in ALARMS:
        return False
    try:
        who = identity.person(connection, person)
    except NotFound:
        return False
    return who.state == "active" and bool(who.email)


def _mail(one: dict[str, Any], now: str) -> dict[str, Any]:
    return _row("mail", one["person"], one["seq"], one["kind"], now, str(one["seq"])) | {"person": one["person"]}


def to_webhook(webhook: str, seq: int | None, kind: str, now: str, *, unique: str = "") -> dict[str, Any]:
    """The row of a message to a webhook. ``unique`` stands for the receipt where it tells of none."""
    return _row("webhook", webhook, seq, kind, now, unique or str(seq)) | {"webhook": webhook}


def _row(way: str, target: str, seq: int | None, kind: str, now: str, unique: str) -> dict[str, Any]:
    return {
        "id": "msg_" + hashlib.sha256(f"{way}/{target}/{unique}".encode()).hexdigest()[:32],
        "way": way,
        "person": None,
        "webhook": None,
        "seq": seq,
        "kind": kind,
        "state": "waiting",
        "tries": 0,
        "next_at": now,
        "trouble": "",
        "at": now,
        "ended_at": None,
        "noted": False,
    }
