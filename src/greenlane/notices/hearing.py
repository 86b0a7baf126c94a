"""Who hears of a receipt, and as what. One person hears of one receipt once, as the most pressing thing that it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection

from greenlane.catalog import queries as catalog
from greenlane.govern import approvals, call
from greenlane.identity import queries as identity
from greenlane.identity import roles
from greenlane.ledger.receipt import Receipt

KINDS = {
    "interrupted": "an action was interrupted, and it cannot be told what became of it",
    "asked": "a request waits for your decision",
    "look": "you are asked to look at a change that went through",
    "answered": "your request was approved, declined or sent back, or it expired",
    "unused": "an app of yours is about to fall asleep, or did",
    "told": "something went through with the safeguard that its owner is told",
    "widened": "more people can open an app of yours than before",
}
"""What a notice can be, the most pressing first."""

_ANSWERS = frozenset({"approved", "declined", "sent-back", "expired"})


def hear(connection: Connection, one: Receipt) -> dict[str, str]:
    """The kind of the notice by the id of each person who hears of this receipt."""
    if one.half != "settled":
        return {}
    found: dict[str, str] = {}
    for kind in KINDS:
        for person in _FINDERS[kind](connection, one):
            found.setdefault(person, kind)
    return found


def _interrupted(connection: Connection, one: Receipt) -> Iterable[str]:
    if one.happened.get("state") != "interrupted":
        return ()
    everywhere = (identity.ORGANISATION,)
    engineers = identity.people_with(connection, (roles.PLATFORM_ENGINEER,), everywhere)
    return engineers or identity.people_with(connection, (roles.OWNER,), everywhere)


def _asked(connection: Connection, one: Receipt) -> Iterable[str]:
    if one.happened.get("state") == "waiting":
        return _people(one.happened["asked"])
    return _people(one.happened["newly"]) if one.action["verb"] == "escalate" and _done(one) else ()


def _look(connection: Connection, one: Receipt) -> Iterable[str]:
    return _people(one.happened["asked"]) if one.action["verb"] == "look" and _done(one) else ()


def _answered(connection: Connection, one: Receipt) -> Iterable[str]:
    if not _done(one) or one.happened.get("outcome") not in _ANSWERS or one.action["verb"] == "confirm":
        return ()
    author = approvals.question(connection, one.happened["request"]).author
    return () if author is None else (author,)


def _unused(connection: Connection, one: Receipt) -> Iterable[str]:
    return _owner(connection, one) if one.action["verb"] in {"ask-if-needed", "expire-app"} and _done(one) else ()


def _told(connection: Connection, one: Receipt) -> Iterable[str]:
    """The owner of the app; of what is about no app, the owners of the organisation."""
    if not _done(one) or "tell-owner" not in one.decided.get("safeguards", ()):
        return ()
    return _owner(connection, one) or identity.active_owners(connection)


def _widened(connection: Connection, one: Receipt) -> Iterable[str]:
    """The owner, when somebody else opened the app wider, or its narrower hour was over."""
    if not _done(one) or one.action["verb"] not in {"publish", "set-audience", "widen-audience"}:
        return ()
    action = call.row_of(connection, str(one.action["id"]))
    if one.action["verb"] != "widen-audience" and not action.facts["audience_widens"]:
        return ()
    return [owner for owner in _owner(connection, one) if owner != action.person]


_FINDERS = {
    "interrupted": _interrupted,
    "asked": _asked,
    "look": _look,
    "answered": _answered,
    "unused": _unused,
    "told": _told,
    "widened": _widened,
}


def _done(one: Receipt) -> bool:
    return one.happened.get("state") == "done"


def _owner(connection: Connection, one: Receipt) -> tuple[str, ...]:
    kind, _, name = str(one.action["subject"]).partition(":")
    app = catalog.find_app(connection, name) if kind == "app" else None
    return () if app is None else (app.owner,)


def _people(ids: Any) -> list[str]:
    return [str(one) for one in ids]
