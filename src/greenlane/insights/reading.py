"""Going through the ledger for what pages tell of many: each receipt is counted once, in order, where it was left off.

The counts and the place in the ledger are kept together or not at all. Reading never holds anybody up: a page of
receipts is read without a lock, and what it adds is written in between.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from greenlane.deploys import queries as deploys
from greenlane.govern.effect import Rows
from greenlane.insights import tallying
from greenlane.insights.tables import (
    AGENT_RECEIPT,
    ASKED,
    HELD_RECEIPT,
    REFUSED,
    SPOT,
    STREAK,
    TALLIED,
    TALLY,
    WENT_LIVE,
)
from greenlane.insights.tallying import Tally, agent_of, app_of, day_of, is_done, step_of
from greenlane.kit.clock import parse
from greenlane.kit.database import Database
from greenlane.ledger import queries as ledger
from greenlane.ledger.receipt import Entry, Receipt

AT_ONCE = 1000
"""Receipts that are read between two commits."""

ANSWERS = frozenset({"approved", "declined", "sent-back", "withdrawn", "expired"})
"""How a question to people ends."""

ASKED_AGAIN = "asked-again"
"""How a question ends that its author asked anew before anybody answered."""

_READER = "tallies"

Step = Callable[[Connection, Counter[Tally]], None]
"""What one receipt changes in the rows; it may count more."""


class Tallies:
    """The tallies of one installation. ``write`` is the ledger's writer for rows without a receipt."""

    def __init__(self, database: Database, write: Callable[[Rows], None]) -> None:
        self._database = database
        self._write = write
        self._one_at_a_time = threading.Lock()

    def catch_up(self, pages: int | None = None) -> bool:
        """Count the receipts that came since the last time, at most so many pages; whether any are left."""
        with self._one_at_a_time:
            read = 0
            while pages is None or read < pages:
                with self._database.read() as connection:
                    found = ledger.entries(connection, after=counted_to(connection), limit=AT_ONCE)
                    if not found:
                        return False
                    page = _read(connection, found)
                self._write(page.rows)
                read += 1
            return True


def counted_to(connection: Connection) -> int:
    """The last receipt that is in the tallies; -1 before the first."""
    seq = connection.scalar(select(TALLIED.c.seq).where(TALLIED.c.reader == _READER))
    return -1 if seq is None else int(seq)


@dataclass
class _Page:
    """A page of receipts, read: what it adds, and what it changes step by step."""

    upto: int
    counts: Counter[Tally] = field(default_factory=Counter)
    agents: list[dict[str, Any]] = field(default_factory=list)
    held: list[dict[str, Any]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    apps: set[str] = field(default_factory=set)

    def rows(self, connection: Connection) -> None:
        """Everything together, with the place in the ledger."""
        counts = Counter(self.counts)
        for step in self.steps:
            step(connection, counts)
        _add(connection, counts)
        if self.agents:
            connection.execute(insert(AGENT_RECEIPT), self.agents)
        if self.held:
            connection.execute(insert(HELD_RECEIPT), self.held)
        _see_content(connection, self.apps)
        connection.execute(delete(TALLIED).where(TALLIED.c.reader == _READER))
        connection.execute(insert(TALLIED).values(reader=_READER, seq=self.upto))


def _read(connection: Connection, found: Sequence[Entry]) -> _Page:
    page = _Page(found[-1].seq)
    decided = {str(one.receipt.action["id"]): one.receipt for one in found if one.receipt.half == "decided"}
    for entry in found:
        one = entry.receipt
        page.counts.update(tallying.counts(one))
        key = {"seq": entry.seq, "verb": one.action["verb"], "lane": one.decided.get("lane"), "half": one.half}
        if (agent := agent_of(one)) is not None:
            page.agents.append({"agent": agent, **key})
        if key["lane"] not in (None, "green"):
            page.held.append(key)
        if is_done(one) and (app := app_of(one)) is not None:
            page.apps.add(app)
        page.steps += _steps(connection, entry, decided)
    return page


def _steps(connection: Connection, entry: Entry, decided: Mapping[str, Receipt]) -> Iterable[Step]:
    one = entry.receipt
    if one.half == "decided":
        yield from _of_decided(one)
    elif one.happened.get("state") == "waiting":
        yield _ask(entry, _policies(connection, one, decided))
    elif one.happened.get("state") == "refused":
        yield _refuse(entry)
    elif is_done(one) and one.happened.get("outcome") in ANSWERS:
        yield _answer(one)
    elif is_done(one, "publish") and one.happened.get("environment") == "production":
        yield _go_live(one, _began(connection, one))
    elif is_done(one, "rollback"):
        yield _undo(one)


def _of_decided(one: Receipt) -> Iterable[Step]:
    if one.happened.get("after_refusal"):
        yield _try_again(one)
    if one.decided["facts"].get("leaked_credentials") and (app := app_of(one)) is not None:
        yield _credential(app, one.at)


def _policies(connection: Connection, one: Receipt, decided: Mapping[str, Receipt]) -> list[str]:
    """The policies that made a person necessary, from the first half of the same action."""
    action = str(one.action["id"])
    first = decided.get(action) or next(
        (entry.receipt for entry in ledger.by_action(connection, action) if entry.receipt.half == "decided"), None
    )
    return [] if first is None else [str(reason["policy"]) for reason in first.decided["reasons"]]


def _began(connection: Connection, one: Receipt) -> str:
    """When the piece of work began that a receipt belongs to."""
    first = ledger.entries(connection, process=one.process, limit=1)
    return first[0].receipt.at if first else one.at


# -- the steps ---------------------------------------------------------------------------------------------------------


def _ask(entry: Entry, policies: Sequence[str]) -> Step:
    one = entry.receipt
    request = str(one.happened["request"])

    def step(connection: Connection, counts: Counter[Tally]) -> None:
        still_open = (ASKED.c.request == request) & ASKED.c.outcome.is_(None)
        connection.execute(update(ASKED).where(still_open).values(outcome=ASKED_AGAIN))
        connection.execute(
            insert(ASKED).values(
                seq=entry.seq,
                request=request,
                verb=one.action["verb"],
                subject=one.action["subject"],
                policies=list(policies),
                at=one.at,
            )
        )

    return step


def _answer(one: Receipt) -> Step:
    request, outcome = str(one.happened["request"]), str(one.happened["outcome"])
    waited = int(one.happened["waited_ms"])

    def step(connection: Connection, counts: Counter[Tally]) -> None:
        counts[tallying.OUTCOME, day_of(one), outcome] += 1
        counts[tallying.WAITED, day_of(one), step_of(waited / 1000)] += 1
        still_open = (ASKED.c.request == request) & ASKED.c.outcome.is_(None)
        found = connection.execute(select(ASKED.c.seq, ASKED.c.policies).where(still_open)).one_or_none()
        if found is None:
            return
        connection.execute(update(ASKED).where(ASKED.c.seq == found.seq).values(outcome=outcome, waited_ms=waited))
        for policy in found.policies:
            counts[tallying.ANSWER, day_of(one), f"{policy} {outcome}"] += 1
        if outcome == "approved" and not one.happened.get("unreviewed"):
            _lengthen(connection, found.policies, one.at)
        elif outcome in {"declined", "sent-back"}:
            _break(connection, found.policies)

    return step


def _go_live(one: Receipt, began: str) -> Step:
    app = str(app_of(one))
    seconds = max(0, round((parse(one.at) - parse(began)).total_seconds()))

    def step(connection: Connection, counts: Counter[Tally]) -> None:
        known = select(WENT_LIVE.c.process).where(WENT_LIVE.c.process == one.process)
        if connection.execute(known).one_or_none() is None:
            connection.execute(insert(WENT_LIVE).values(process=one.process, app=app, at=one.at, seconds=seconds))
            counts[tallying.LIVE, day_of(one), step_of(seconds)] += 1
        _put(connection, SPOT, {"app": app}, {"unreviewed": bool(one.happened.get("unreviewed"))}, _UNSEEN)
        if one.cause is not None:
            asked = (ASKED.c.subject == f"app:{app}") & (ASKED.c.outcome == "approved") & ASKED.c.deploy.is_(None)
            newest = select(ASKED.c.seq).where(asked).order_by(ASKED.c.seq.desc()).limit(1).scalar_subquery()
            connection.execute(update(ASKED).where(ASKED.c.seq == newest).values(deploy=one.happened["deploy"]))

    return step


def _undo(one: Receipt) -> Step:
    def step(connection: Connection, counts: Counter[Tally]) -> None:
        undone = (
            (ASKED.c.subject == one.action["subject"])
            & (ASKED.c.deploy == one.happened.get("previous"))
            & ASKED.c.undone_at.is_(None)
        )
        for found in connection.execute(select(ASKED.c.seq, ASKED.c.policies).where(undone)).all():
            connection.execute(update(ASKED).where(ASKED.c.seq == found.seq).values(undone_at=one.at))
            _break(connection, found.policies)

    return step


def _refuse(entry: Entry) -> Step:
    one = entry.receipt

    def step(connection: Connection, counts: Counter[Tally]) -> None:
        connection.execute(
            insert(REFUSED).values(
                action=one.action["id"],
                seq=entry.seq,
                verb=one.action["verb"],
                subject=one.action["subject"],
                at=one.at,
            )
        )

    return step


def _try_again(one: Receipt) -> Step:
    first = (REFUSED.c.action == one.happened["after_refusal"]) & REFUSED.c.next.is_(None)
    tried = {"next": str(one.action["verb"]), "next_seconds": int(one.happened["after_seconds"])}

    def step(connection: Connection, counts: Counter[Tally]) -> None:
        connection.execute(update(REFUSED).where(first).values(**tried))

    return step


def _credential(app: str, at: str) -> Step:
    def step(connection: Connection, counts: Counter[Tally]) -> None:
        _put(connection, SPOT, {"app": app}, {"credential_at": at}, _UNSEEN)

    return step


_UNSEEN = {"rung": "me", "data_classes": [], "personal": False, "unreviewed": False}
"""An app before anything is known of it."""


# -- rows --------------------------------------------------------------------------------------------------------------


def _lengthen(connection: Connection, policies: Sequence[str], at: str) -> None:
    for policy in policies:
        longer = update(STREAK).where(STREAK.c.policy == policy).values(approved=STREAK.c.approved + 1)
        if connection.execute(longer).rowcount == 0:
            connection.execute(insert(STREAK).values(policy=policy, approved=1, since=at))


def _break(connection: Connection, policies: Sequence[str]) -> None:
    connection.execute(delete(STREAK).where(STREAK.c.policy.in_(policies)))


def _see_content(connection: Connection, apps: set[str]) -> None:
    """Who may open these apps today, and what is live in them."""
    for app, one in deploys.live_contents(connection, sorted(apps)).items():
        seen = {
            "rung": one.rung,
            "data_classes": list(one.facts.get("data_classes", ())),
            "personal": bool(one.facts.get("personal_data")),
        }
        _put(connection, SPOT, {"app": app}, seen, _UNSEEN)


def _add(connection: Connection, counts: Mapping[Tally, int]) -> None:
    if not counts:
        return
    adding = _upsert(connection, TALLY)
    connection.execute(
        adding.on_conflict_do_update(
            index_elements=[TALLY.c.kind, TALLY.c.day, TALLY.c.name],
            set_={"number": TALLY.c.number + adding.excluded.number},
        ),
        [
            {"kind": kind, "day": day, "name": name, "number": number}
            for (kind, day, name), number in sorted(counts.items())
        ],
    )


def _put(
    connection: Connection,
    table: Table,
    key: Mapping[str, Any],
    values: Mapping[str, Any],
    otherwise: Mapping[str, Any],
) -> None:
    """Set these values of a row, which begins with the others where it is new."""
    putting = _upsert(connection, table).values(**{**otherwise, **key, **values})
    connection.execute(putting.on_conflict_do_update(index_elements=list(key), set_=dict(values)))


def _upsert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
