"""When those who decide are reminded: a little before a review is due, and once it is."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from greenlane.identity.reviews import queries
from greenlane.identity.reviews.queries import Review
from greenlane.kit.clock import parse

BEFORE = timedelta(days=3)
"""How long before it is due somebody is reminded."""


def wanted(review: Review, now: datetime) -> int:
    """How many reminders there should have been by now."""
    due = parse(review.due)
    return 2 if now >= due else 1 if now >= due - BEFORE else 0


def due(connection: Connection, now: datetime) -> list[str]:
    """Ids of the reviews whose reviewers are to be reminded now."""
    return [one.id for one in queries.running(connection) if one.undecided and one.reminded < wanted(one, now)]
