"""When a budget runs out if all goes on as it did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

HOURS = 24
"""Hours that are looked back on: a day has its nights in it."""


def runs_out(left: int, by_hour: Sequence[int], now: datetime, until: datetime | None) -> datetime | None:
    """The moment at which ``left`` pico-dollars are gone, None where the budget begins anew before that, or never.

    ``by_hour`` is what was spent in each of the last hours, the newest last, the current one not among them; no more than
    the last 24 count, and a history that is shorter counts as it is.
    """
    recent = by_hour[-HOURS:]
    spent = sum(recent)
    if left <= 0:
        return now
    if spent <= 0:
        return None
    seconds = left * 3_600 * len(recent) // spent
    if until is not None and seconds >= (until - now).total_seconds():
        return None
    return now + timedelta(seconds=seconds) if seconds < FAR else None


FAR = 10 * 365 * 24 * 3_600
"""Seconds after which nobody asks when."""
