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
from greenlane.notices.kinds import KINDS

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


def _break_glass(connection: Connection, one: Receipt) -> Iterable[str]:
    """Every owner, the one who came in among them: it may not have been they."""
    if one.action["verb"] != "sign-in" or not _done(one) or not one.happened.get("break_glass"):
        return ()
    return identity.active_owners(connection)


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


def _review(_connection: Connection, one: Receipt) -> Iterable[str]:
    """Those who decide, when a review starts and when it is nearly due or overdue."""
    if one.action["verb"] not in {"start-review", "remind-reviewers"} or not _done(one):
        return ()
    return _people(one.happened["reviewers"])


def _answered(connection: Connection, one: Receipt) -> Iterable[str]:
    if not _done(one) or one.happened.get("outcome") not in _ANSWERS or one.action["verb"] == "confirm":
        return ()
    author = approvals.question(connection, one.happened["request"]).author
    return () if author is None else (author,)


def _unused(connection: Connection, one: Receipt) -> Iterable[str]:
    return _owner(connection, one) if one.action["verb"] in {"ask-if-needed", "expire-app"} and _done(one) else ()


def _flawed(connection: Connection, one: Receipt) -> Iterable[str]:
    return _owner(connection, one) if one.action["verb"] == "tell-of-flaws" and _done(one) else ()


def _runs(connection: Connection, one: Receipt) -> Iterable[str]:
    return _owner(connection, one) if one.action["verb"] == "tell-of-runs" and _done(one) else ()


def _sign_in(_connection: Connection, one: Receipt) -> Iterable[str]:
    return (str(one.happened["person"]),) if one.action["verb"] == "tell-of-sign-in" and _done(one) else ()


def _company(connection: Connection, one: Receipt) -> Iterable[str]:
    """Those who set providers up."""
    if one.action["verb"] not in {"refresh-identity-provider", "tell-of-metadata"} or not _done(one):
        return ()
    return identity.people_with(connection, roles.KEEPERS, (identity.ORGANISATION,))


def _models(_connection: Connection, one: Receipt) -> Iterable[str]:
    return _people(one.happened["people"]) if one.action["verb"] == "tell-of-models" and _done(one) else ()


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
    "break-glass": _break_glass,
    "interrupted": _interrupted,
    "asked": _asked,
    "look": _look,
    "review": _review,
    "answered": _answered,
    "flawed": _flawed,
    "runs": _runs,
    "sign-in": _sign_in,
    "company": _company,
    "models": _models,
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
