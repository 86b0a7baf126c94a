"""Access reviews in words: each right with who has it, by which way, what was decided, and whether it is still there."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from greenlane.catalog import queries as catalog
from greenlane.identity import queries as identity
from greenlane.identity.groups import queries as groups
from greenlane.identity.reviews.collecting import AppInReview, collect
from greenlane.identity.reviews.queries import Review, ReviewedRight
from greenlane.insights import standing

COLUMNS = (
    "right",
    "person",
    "name",
    "kind",
    "what",
    "scope",
    "by",
    "since",
    "until",
    "decided",
    "decided_by",
    "decided_at",
    "because",
    "removed",
    "trouble",
    "still_there",
)
"""The columns of a review as a table."""


@dataclass(frozen=True, slots=True)
class Line:
    """A right in a review as people read it. ``by`` is the way it came, ``still_there`` whether they have it now."""

    id: str
    person: str
    name: str
    kind: str
    what: str
    scope: str
    by: str
    since: str
    until: str
    decided: str
    decided_by: str
    decided_at: str
    because: str
    removed: str
    trouble: str
    still_there: bool


def apps(connection: Connection) -> list[AppInReview]:
    """Apps with their guests, as a review of access sees them."""
    let_in = catalog.guests_by_app(connection)
    return [
        AppInReview(
            one.name, one.team, [(guest.person, guest.since, guest.action) for guest in let_in.get(one.name, ())]
        )
        for one in catalog.all_apps(connection)
    ]


def there_now(connection: Connection, review: Review, now: datetime) -> frozenset[tuple[str, ...]]:
    """What people have at this moment of what a review is about, by ``same``."""
    return frozenset(one.same for one in collect(connection, review.scope, apps(connection), now))


def lines(connection: Connection, review: Review, found: Sequence[ReviewedRight], now: datetime) -> list[Line]:
    """Rights of a review in words."""
    there = there_now(connection, review, now)
    names = identity.names(connection, [one for each in found for one in (each.person, each.decided_by) if one])
    scopes = standing.scope_words(connection, sorted({one.scope for one in found}))
    rules = {one.id: one.group_name for one in groups.rules(connection)}
    givers = _givers(connection, {one.given_by for one in found if one.kind == "role"})
    return [
        Line(
            one.id,
            one.person,
            names.get(one.person, ""),
            one.kind,
            one.what,
            scopes[one.scope],
            _by(one, rules, givers),
            one.since,
            one.until,
            one.decided,
            names.get(one.decided_by or "", ""),
            one.decided_at or "",
            one.because,
            one.removed or "",
            one.trouble,
            one.same in there,
        )
        for one in found
    ]


def _givers(connection: Connection, actions: Iterable[str]) -> dict[str, str]:
    """The names of those who gave roles, by the action that did."""
    giver = {one: standing.giving(connection, one)[0] for one in actions}
    names = identity.names(connection, [one for one in giver.values() if one])
    return {
        action: names.get(one, "somebody who was erased") if one else "the platform" for action, one in giver.items()
    }


def _by(one: ReviewedRight, rules: Mapping[str, str], givers: Mapping[str, str]) -> str:
    """The way in which somebody has a right, in words."""
    match one.kind:
        case "group":
            return f"by the group {rules[one.source]}" if one.source in rules else "by a rule about a group that ended"
        case "creation":
            return "created the app"
        case "elevation":
            return "for some hours"
        case "guest":
            return "let in as a guest"
        case "token":
            return "an API token of theirs"
        case "grant":
            return "lent to an agent"
        case "workload":
            return "trusted to a build elsewhere"
    return f"given by {givers[one.given_by]}"


def as_csv(found: Sequence[Line]) -> str:
    """A review as a table. A cell that a spreadsheet would take for a formula is kept from it."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for one in found:
        writer.writerow([one.id, *(_plain(getattr(one, name)) for name in COLUMNS[1:])])
    return text.getvalue()


def _plain(value: Any) -> str:
    said = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
    text = str(said)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
