"""The evidence of a review, gathered: one document with the frozen list, the decisions, their receipts, and a proof of each.

How it is checked is told in ``evidence``.
"""

from __future__ import annotations

import io
import time
from collections.abc import Collection, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection

from greenlane.identity import queries as identity
from greenlane.identity.reviews import queries
from greenlane.identity.reviews.effects import decision
from greenlane.identity.reviews.evidence import FORMAT
from greenlane.identity.reviews.queries import Review
from greenlane.kit.clock import Clock, stamp
from greenlane.ledger import export
from greenlane.ledger import queries as ledger
from greenlane.ledger.proof import NotProven

PATIENCE = 3.0
"""Seconds that evidence waits for a checkpoint that covers its newest receipt."""

MOST_RECEIPTS = 50_000
"""Receipts that one review's evidence holds at most."""


def gather(
    connection: Connection, review: str, still_there: Collection[tuple[str, ...]], clock: Clock
) -> dict[str, Any]:
    """The evidence as it is now. ``still_there`` are rights that people have at this moment, by ``same``.

    Raises ``NotFound``, and ``NotProven`` where no checkpoint comes that covers its receipts.
    """
    one = queries.review(connection, review)
    found = queries.rights(connection, review)
    people = {one.started_by, *one.reviewers, *(each.person for each in found)}
    people |= {person for each in found if (person := each.decided_by)} | ({one.closed_by} if one.closed_by else set())
    return {
        "greenlane": FORMAT,
        "at": stamp(clock.now()),
        "review": {
            "id": one.id,
            "scope": one.scope,
            "reviewers": list(one.reviewers),
            "started_by": one.started_by,
            "started": one.started,
            "due": one.due,
            "closed": one.closed,
            "closed_by": one.closed_by,
            "action": one.action,
            "process": one.process,
            "digest": one.digest,
        },
        "rights": [{"id": each.id, **each.frozen} for each in found],
        "decisions": [{**decision(each), "because": each.because, "trouble": each.trouble} for each in found],
        "still_there": [each.id for each in found if each.same in still_there],
        "names": identity.names(connection, people),
        "teams": {each.id: each.name for each in identity.teams(connection)},
        "receipts": _proven(connection, one, [each.removed for each in found if each.removed], clock),
    }


def _proven(connection: Connection, one: Review, removed: Sequence[str], clock: Clock) -> list[dict[str, Any]]:
    """The lines of an export of the review's receipts, waiting a little for a checkpoint that covers them."""
    deadline = clock.monotonic() + PATIENCE
    while True:
        about = ledger.entries(connection, subject=f"review:{one.id}", limit=MOST_RECEIPTS)
        seqs = [entry.seq for entry in (*about, *ledger.by_actions(connection, [one.action, *removed]))]
        out = io.BytesIO()
        try:
            export.write_export(connection, out, only=seqs)
        except NotProven:
            if clock.monotonic() > deadline:
                raise
            time.sleep(0.1)  # the signer and the witness prove in their own time, and tell nobody here
            connection.rollback()  # the next look sees what was written meanwhile
            continue
        return [orjson.loads(line) for line in out.getvalue().splitlines()]
