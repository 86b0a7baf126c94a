"""The ledger: receipts as sentences, searched and taken along; one receipt with its proof; checking everything now."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from greenlane.govern.action import REGISTRY
from greenlane.govern.errors import NotFound, WrongInput
from greenlane.govern.policy import SAFEGUARDS
from greenlane.identity import queries as identity
from greenlane.insights import seals, search
from greenlane.insights.search import Told, Wanted
from greenlane.insights.verifying import Verifying
from greenlane.kit import digest
from greenlane.kit.errors import GreenlaneError
from greenlane.ledger import queries as ledger
from greenlane.ledger.verify import STEPS
from greenlane.web import frame, wording
from greenlane.web.asked import Asked, subject_page
from greenlane.web.site import Site

AT_ONCE = 50
"""Receipts on one page."""

FILTERS = ("app", "person", "verb", "lane", "from", "to", "agent", "process", "decisions", "action")
"""What the address may say, in the order of the form."""

BEAT = 15.0
"""Seconds after which a stream without news sends a line, so that nobody takes it for dead."""

COLUMNS = ("seq", "at", "sentence", "lane", "state", "verb", "subject", "name", "person", "agent", "process", "action")
"""The columns of a table that is taken along."""


@dataclass(frozen=True, slots=True)
class Line:
    """One receipt in the list."""

    seq: int
    sentence: str
    at: str
    lane: str


def routes(site: Site) -> list[Route]:
    """The pages of the ledger."""
    verifying = Verifying(site.house.checking.verify, site.house.clock)
    return [
        site.page("/ledger", listed),
        site.page("/ledger/export/csv", lambda at: _taken(at, "csv", "text/csv; charset=utf-8", _as_csv)),
        site.page("/ledger/export/jsonl", lambda at: _taken(at, "jsonl", "application/jsonl", _as_json_lines)),
        site.page("/ledger/verify", lambda at: checked(at, verifying)),
        site.form("/ledger/verify", lambda at: check(at, verifying)),
        site.page("/ledger/verify/stream", lambda at: streamed(at, verifying)),
        site.page("/ledger/{seq:int}", one_receipt),
    ]


# -- the list ----------------------------------------------------------------------------------------------------------


def listed(at: Asked) -> Response:
    """Receipts that were asked for, the newest first, with how far the asker sees."""
    typed = {name: at.query(name) for name in FILTERS}
    before = _place(at.query("before"))
    error: GreenlaneError | None = None
    lines: list[Line] = []
    more, scope = "", search.OWN
    with at.read() as connection:
        try:
            wanted, scope = _wanted(at, connection, typed)
            found = search.find(connection, wanted, before=before, limit=AT_ONCE + 1, newest_first=True)
            lines = [_line(one) for one in search.tell(connection, found[:AT_ONCE], at.sight(connection))]
            if len(found) > AT_ONCE:
                more = _address("/ledger", typed, before=found[AT_ONCE - 1].seq)
        except (WrongInput, NotFound) as wrong:
            error = wrong
        size, word = ledger.size(connection), seals.last_word(connection, at.house.trust)
    return at.page(
        "ledger/ledger.html",
        status=200 if error is None else error.status,
        part="results",
        typed=typed,
        filtered=any(typed.values()),
        more_filters=any(typed[name] for name in ("agent", "process", "decisions", "action")),
        verbs=[(verb.name, wording.verb_title(verb.name)) for verb in REGISTRY],
        lanes=list(wording.LANES.items()),
        lines=lines,
        error=error,
        newest=_address("/ledger", typed) if before is not None else "",
        more=more,
        csv=_address("/ledger/export/csv", typed),
        jsonl=_address("/ledger/export/jsonl", typed),
        scope=scope,
        size=size,
        word=word,
    )


def _wanted(at: Asked, connection: Connection, typed: Mapping[str, str]) -> tuple[Wanted, str]:
    """What the form asks for, within the rights of the asker. Raises ``NotFound`` for a person who is not here."""
    asked = Wanted(
        person=identity.find_person(connection, typed["person"]).id if typed["person"] else "",
        agent=typed["agent"],
        app=typed["app"],
        verb=typed["verb"],
        lane=typed["lane"],
        process=typed["process"],
        action=typed["action"],
        since=typed["from"],
        until=typed["to"],
        outcomes=not (typed["decisions"] or typed["action"]),
    )
    return search.within_rights(asked, at.me.person, lambda right, subject: at.may(connection, right, subject))


def _line(one: Told) -> Line:
    return Line(one.seq, one.sentence, one.at, one.lane or "")


def _place(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 16 else None


def _address(path: str, typed: Mapping[str, str], **more: Any) -> str:
    query = urlencode({name: value for name, value in {**typed, **more}.items() if value != ""})
    return f"{path}?{query}" if query else path


# -- taken along -------------------------------------------------------------------------------------------------------


def _taken(at: Asked, ending: str, kind: str, lines: Any) -> Response:
    """Just what the filter shows, as a file, sent while it is read."""
    typed = {name: at.query(name) for name in FILTERS}
    with at.read() as connection:
        wanted, _scope = _wanted(at, connection, typed)
        search.find(connection, wanted, limit=1)  # what cannot be read is said before anything is sent
        until = ledger.size(connection)
    told = search.each(at.read, wanted, at.sight, before=until)
    named = f'attachment; filename="receipts-{at.now:%Y-%m-%d}.{ending}"'
    return StreamingResponse(lines(told), media_type=kind, headers=frame.PLAIN_HEADERS | {"content-disposition": named})


def _as_csv(told: Iterator[Told]) -> Iterator[str]:
    yield _row(COLUMNS)
    for one in told:
        yield _row([_plain(getattr(one, name)) for name in COLUMNS])


def _row(cells: Any) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _plain(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula, whatever somebody is called."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def _as_json_lines(told: Iterator[Told]) -> Iterator[bytes]:
    for one in told:
        yield orjson.dumps(one.as_dict()) + b"\n"


# -- one receipt -------------------------------------------------------------------------------------------------------


def one_receipt(at: Asked) -> Response:
    """Happened, used, decided, cost, and the proof that this is in the ledger, checked just now."""
    seq = int(at.request.path_params["seq"])
    note = at.house.door.ledger.newest_checkpoint()  # before the view of the database, which then holds all it covers
    with at.read() as connection:
        sight = at.sight(connection)
        found = sight.one(search.readable(connection, seq, sight.person, sight.may))
        told = search.tell(connection, [found], sight)[0]
        beside = sight.of([one for one in ledger.by_action(connection, told.action) if one.seq != seq])
        first = next((one.receipt for one in (found, *beside) if one.receipt.half == "decided"), None)
        related = search.tell(connection, beside, sight)
        names = identity.names(connection, [*(link["id"] for link in found.receipt.actor), *_people(told)])
        stored = ledger.stored_bytes(connection, seq) or b""
        seal = seals.seal_of(connection, found, stored, at.house.trust, note)
        words = seals.words_of(connection, at.house.door.payloads, first or found.receipt)
    return at.page(
        "ledger/receipt.html",
        told=told,
        one=found.receipt,
        actors=[(link["kind"], names.get(link["id"], ""), link["id"]) for link in found.receipt.actor],
        page=subject_page(told.subject),
        decided=None if first is None else first.decided,
        lane=told.lane or (first.decided["lane"] if first is not None else ""),
        badge=_badge(told),
        details=_details(told, names),
        safeguards=SAFEGUARDS,
        words=words,
        related=[_line(one) for one in related],
        seal=seal,
        digest=digest.sha256(stored),
    )


def _badge(told: Told) -> str:
    """What became of it, where the lane alone would say less."""
    if told.half == "settled" and told.lane == "red" and told.state == "done":
        return "Went through, because a person agreed"
    return ""


def _told_of(told: Told) -> dict[str, Any]:
    """What was asked for and what came of it, by its name."""
    return {**told.receipt["action"].get("inputs", {}), **told.receipt["happened"]}


def _people(told: Told) -> list[str]:
    """The ids of people in what was asked for and what came of it."""
    values = [each for one in _told_of(told).values() for each in (one if isinstance(one, list) else [one])]
    return [one for one in values if isinstance(one, str) and one.startswith("p_")]


def _details(told: Told, names: Mapping[str, str]) -> list[tuple[str, Any, str]]:
    """What was asked for and what came of it, each thing once: its name, its value, the page that it leads to."""
    kind, _, about = told.subject.partition(":")
    found = _told_of(told)
    hidden: tuple[Any, ...] = (None, "", [], False)
    return [
        (
            name.replace("_", " ").capitalize(),
            _worded(name, value, names),
            _leads(name, value, about if kind == "app" else ""),
        )
        for name, value in found.items()
        if name != "state" and value not in hidden and not (name == kind and value == about)
    ]


def _worded(name: str, value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_worded(name, each, names) for each in value]
    if isinstance(value, str) and value in names:
        return names[value]
    return wording.AUDIENCES.get(value, value) if name == "audience" and isinstance(value, str) else value


def _leads(name: str, value: Any, app: str) -> str:
    if app and name in {"deploy", "previous"} and isinstance(value, str):
        return f"/apps/{app}/deploys/{value}"
    return f"/inbox/{value}" if name == "request" else ""


# -- checking everything -----------------------------------------------------------------------------------------------


def check(at: Asked, verifying: Verifying) -> Response:
    """Begin to check every byte, unless that goes on already."""
    _must_read_somewhere(at)
    verifying.begin()
    return at.see("/ledger/verify")


def checked(at: Asked, verifying: Verifying) -> Response:
    """How far the check is, and what it found."""
    _must_read_somewhere(at)
    progress = verifying.progress
    with at.read() as connection:
        word, size = seals.last_word(connection, at.house.trust), ledger.size(connection)
    return at.page(
        "ledger/verify.html",
        part="progress",
        progress=progress,
        steps=STEPS,
        done=() if progress is None or progress.step not in STEPS else STEPS[: STEPS.index(progress.step)],
        word=word,
        size=size,
    )


def streamed(at: Asked, verifying: Verifying) -> Response:
    """An event for each step of the check, as it comes; the stream ends with the check."""
    _must_read_somewhere(at)
    return StreamingResponse(_events(verifying), media_type="text/event-stream", headers=frame.PLAIN_HEADERS)


async def _events(verifying: Verifying) -> AsyncIterator[str]:
    seen = verifying.progress
    while seen is not None and seen.running:
        yield f"event: step\nid: {seen.turn}\ndata: {seen.step}\n\n"
        seen = await run_in_threadpool(verifying.wait, seen.turn, BEAT)
    yield "event: done\ndata: \n\n"


def _must_read_somewhere(at: Asked) -> None:
    if not at.has_somewhere("read-receipts"):
        raise NotFound("There is no such page for you.", next_step="Ask an owner for a role that may read receipts.")
