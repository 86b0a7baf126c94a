"""A moment as text: what RFC 3339 says, sorted as time is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from greenlane.kit.clock import parse, stamp

ZONES = st.one_of(st.just(UTC), st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))))
MOMENTS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=ZONES)  # noqa: DTZ001  bounds for Hypothesis, which adds the zone


@given(MOMENTS)
def test_a_stamp_is_the_moment_in_utc(moment: datetime) -> None:
    said = stamp(moment)
    assert said == moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    assert parse(said) == moment


@given(MOMENTS, MOMENTS)
def test_stamps_sort_as_time_does(one: datetime, other: datetime) -> None:
    assert (stamp(one) < stamp(other)) == (one < other)
