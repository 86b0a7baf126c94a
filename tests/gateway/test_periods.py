"""Periods begin when people in the place say that they begin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as some

from greenlane.gateway.budgets.period import EVER, Period, Window, window


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("period", "zone", "at", "since", "until"),
    [
        (Period.DAY, "Europe/Berlin", utc(2026, 3, 29, 12), utc(2026, 3, 28, 23), utc(2026, 3, 29, 22)),  # 23 hours
        (Period.DAY, "Europe/Berlin", utc(2026, 10, 25, 12), utc(2026, 10, 24, 22), utc(2026, 10, 25, 23)),  # 25 hours
        (Period.WEEK, "America/New_York", utc(2026, 11, 2, 4, 59), utc(2026, 10, 26, 4), utc(2026, 11, 2, 5)),
        (Period.WEEK, "America/New_York", utc(2026, 11, 2, 5), utc(2026, 11, 2, 5), utc(2026, 11, 9, 5)),
        (Period.MONTH, "Asia/Tokyo", utc(2026, 1, 31, 15), utc(2026, 1, 31, 15), utc(2026, 2, 28, 15)),
        (Period.MONTH, "UTC", utc(2028, 2, 29, 23, 59), utc(2028, 2, 1), utc(2028, 3, 1)),
        # Where clocks skip midnight the day begins at one.
        (Period.DAY, "Africa/Cairo", utc(2026, 4, 24, 12), utc(2026, 4, 23, 22), utc(2026, 4, 24, 21)),
        # Where midnight comes twice it begins at the first.
        (Period.DAY, "America/Havana", utc(2026, 11, 1, 4, 30), utc(2026, 11, 1, 4), utc(2026, 11, 2, 5)),
        (Period.DAY, "America/Havana", utc(2026, 11, 1, 5, 30), utc(2026, 11, 1, 4), utc(2026, 11, 2, 5)),
        # Clocks went from one minute past midnight to the evening before: that evening is part of the new day.
        (Period.DAY, "America/St_Johns", utc(2009, 11, 1, 3, 0), utc(2009, 11, 1, 2, 30), utc(2009, 11, 2, 3, 30)),
        # A date that an island left out is nobody's day.
        (Period.DAY, "Pacific/Apia", utc(2011, 12, 30, 9, 59), utc(2011, 12, 29, 10), utc(2011, 12, 30, 10)),
        (Period.DAY, "Pacific/Apia", utc(2011, 12, 30, 10), utc(2011, 12, 30, 10), utc(2011, 12, 31, 10)),
    ],
)
def test_a_period_begins_and_ends(period: Period, zone: str, at: datetime, since: datetime, until: datetime) -> None:
    assert window(period, zone, at) == Window(since, until)


def test_a_budget_without_an_end_has_one_period() -> None:
    assert window(Period.TOTAL, "Europe/Berlin", utc(2026, 1, 1)) == Window(EVER, None)


zones = some.sampled_from(sorted(available_timezones() - {"localtime", "Factory"}))
moments = some.integers(0, 70 * 366 * 24 * 60).map(lambda minutes: utc(1990, 1, 1) + timedelta(minutes=minutes))


@given(some.sampled_from([Period.DAY, Period.WEEK, Period.MONTH]), zones, moments)
def test_every_moment_lies_in_one_period_and_the_next_one_follows_at_once(
    period: Period, zone: str, at: datetime
) -> None:
    found = window(period, zone, at)
    assert found.until is not None
    assert found.holds(at)
    assert window(period, zone, found.since) == found
    following = window(period, zone, found.until)
    assert following.since == found.until
    assert not found.holds(found.until)
    assert window(period, zone, found.until - timedelta(microseconds=1)) == found
    assert ZoneInfo(zone)
