"""Points in time as people type them: ``2h``, ``3d``, or a date with its time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from greenlane.govern.errors import WrongInput

_SPAN = re.compile(r"(\d{1,4})\s*(m|h|d|w)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str, now: datetime | None = None) -> str:
    """The moment in UTC as ``2026-12-24T08:00:00Z``. A time without a zone is this machine's. Raises ``WrongInput``."""
    span = _SPAN.fullmatch(text.strip().lower())
    try:
        if span:
            found = (now or datetime.now(UTC)) + timedelta(**{_UNITS[span[2]]: int(span[1])})
        else:
            found = datetime.fromisoformat(text.strip())
        return found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError) as error:
        raise WrongInput(
            f"{text!r} is no time.", next_step="Say 2h, 3d, or a date such as 2026-12-24T08:00:00Z."
        ) from error
