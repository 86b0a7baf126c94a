"""What every page about one app begins with: the app, what the asker may do with it, its receipts and what waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection
from starlette.responses import Response

from greenlane.catalog import queries as catalog
from greenlane.govern import approvals, call
from greenlane.govern.decision import Decision
from greenlane.govern.errors import NotFound
from greenlane.identity import queries as identity
from greenlane.insights import search, sentences, telling
from greenlane.insights.questions import Placing
from greenlane.insights.versions import Version
from greenlane.ledger.receipt import Entry
from greenlane.web import frame
from greenlane.web.asked import Asked

Rights = Callable[..., bool]
"""Whether a role of the asker allows a verb on this app: ``may("publish", "production")``."""


@dataclass(frozen=True, slots=True)
class Live:
    """What is live in an environment. ``placing`` says by whom and why, ``lock`` who keeps it as it is."""

    name: str
    url: str
    deploy: str
    since: str
    version: Version | None
    placing: Placing | None
    lock: telling.LockInTheWay | None
    by_rollback: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request about the app that is not decided yet, or was sent back. ``note`` are the words it came back with."""

    id: str
    state: str
    sentence: str
    asked: tuple[str, ...]
    since: str
    note: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A receipt in a timeline: its sentence, when, its lane, and where it opens."""

    sentence: str
    at: str
    lane: str
    href: str


def visible(at: Asked, connection: Connection) -> catalog.App:
    """The app that the address names. Raises ``NotFound`` alike for a missing one and for one that is not the asker's."""
    name = at.named("app")
    one = catalog.find_app(connection, name)
    if one is None or (one.owner != at.me.person and not at.may(connection, "read-receipts", f"app:{name}")):
        raise NotFound(
            "There is no app of this name that you can see.",
            next_step="Check the name, or ask the app's owner to give you a role there.",
        )
    return one


def rights(at: Asked, app: catalog.App) -> Rights:
    """What the asker's roles allow on an app: enough to offer a button; the door decides."""
    around = (identity.ORGANISATION, f"team:{app.team}", f"app:{app.name}")
    counting = identity.counting(at.held, around)
    return lambda verb, environment="": any(one.may(verb, environment) for one in counting)


def timeline(at: Asked, connection: Connection, found: Sequence[Entry]) -> list[Moment]:
    """Receipts as moments of a story."""
    told = search.tell(connection, found, at.sight(connection))
    return [Moment(one.sentence, one.at, one.lane or "", f"/ledger/{one.seq}") for one in told]


def lock_of(connection: Connection, place: catalog.Environment, now: str) -> telling.LockInTheWay | None:
    """The lock that holds an environment, with names."""
    if not place.locked(now):
        return None
    who = identity.names(connection, [place.lock_who] if place.lock_who else [])
    return telling.LockInTheWay(who.get(place.lock_who or "", ""), place.lock_why or "", place.lock_until or "")


def waiting(at: Asked, connection: Connection, app: str) -> list[Waiting]:
    """Requests about the app that wait for somebody, or that were sent back to the asker."""
    found = approvals.about(connection, f"app:{app}", states=("waiting", "sent-back"))
    people = identity.names(connection, {p for one in found for p in (*one.asked, one.author, one.decided_by) if p})
    names = sentences.Names(people)
    rows = call.rows_of(connection, [one.action for one in found])
    told = []
    for one in found:
        stored = rows[one.action]
        words = at.house.door.payloads.open(connection, one.because) if one.because else None
        told.append(
            Waiting(
                id=one.id,
                state=one.state,
                sentence=sentences.answer(
                    one.verb,
                    stored.inputs,
                    names.person(one.author) if one.author else "Greenlane",
                    Decision.from_dict(stored.decided).lane,
                    names,
                    {},
                ).removesuffix(": needs a person."),
                asked=tuple(people[person] for person in one.asked if person in people),
                since=one.created_at,
                note=str((words or {}).get("note") or ""),
            )
        )
    return told


def download(name: str, body: bytes) -> Response:
    """A JSON file that browsers save. ``name`` is made of an app's name and a deploy's id, which are plain letters."""
    headers = frame.PLAIN_HEADERS | {"content-disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type="application/json", headers=headers)
