"""Schedules: what is one, what is none, when they come, and how they are said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from greenlane.govern.errors import WrongInput
from greenlane.runtime import cron

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "next_at", "says"),
    [
        ("0 6 * * *", "2026-11-23T06:00", "at 06:00 every day, UTC"),
        ("*/10 * * * *", "2026-11-22T12:10", "every 10th minute of every hour, UTC"),
        ("@hourly", "2026-11-22T13:00", "at the start of every hour, UTC"),
        (" @Daily ", "2026-11-23T00:00", "at 00:00 every day, UTC"),
        ("@weekly", "2026-11-29T00:00", "at 00:00 on Sunday, UTC"),
        ("@monthly", "2026-12-01T00:00", "at 00:00 on the first day of every month, UTC"),
        ("@yearly", "2027-01-01T00:00", "at 00:00 on January 1, UTC"),
        ("0  9 * * MON-FRI", "2026-11-23T09:00", "at 09:00 on Monday through Friday, UTC"),
    ],
)
def test_a_schedule_comes_when_it_says(expression: str, next_at: str, says: str) -> None:
    one = cron.read(expression, "functions/nightly.ts")
    assert one.after(NOON).isoformat().startswith(next_at)
    assert one.says == says


@pytest.mark.parametrize(
    "expression",
    ["", "every day", "61 * * * *", "* * * * * *", "@reboot", "0 0 31 4 *", "0 0 * * 8", "* * * *", "\x00", "9" * 4000],
)
def test_what_is_no_schedule_is_refused_with_its_file_and_a_good_one(expression: str) -> None:
    with pytest.raises(WrongInput) as refused:
        cron.read(expression, "functions/nightly.ts")
    assert refused.value.message.startswith("functions/nightly.ts says the schedule '")
    assert '"0 6 * * *"' in refused.value.next_step
    assert len(refused.value.message) < 500


def test_a_schedule_is_read_in_the_zone_that_was_set_also_where_clocks_change() -> None:
    berlin = cron.read("30 2 * * *", "a.ts", "Europe/Berlin")
    winter = berlin.after(datetime(2026, 1, 10, tzinfo=UTC))
    assert winter.hour == 1
    spring = berlin.after(datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert spring == datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "half past two does not come that night: three does"


def test_what_was_missed_is_counted_up_to_a_bound() -> None:
    every_minute = cron.read("* * * * *", "a.ts")
    assert every_minute.missed(NOON, NOON) == 0
    assert every_minute.missed(NOON, NOON + timedelta(minutes=3)) == 3
    assert every_minute.missed(NOON, NOON + timedelta(days=365)) == cron.MOST_MISSED
