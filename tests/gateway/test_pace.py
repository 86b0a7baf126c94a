"""A limit by the minute lets exactly that much through; a projection says when the money ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from greenlane.gateway.budgets.pace import MINUTE, Bucket
from greenlane.gateway.budgets.projection import runs_out

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@given(some.integers(1, 10**7), some.lists(some.tuples(some.integers(0, MINUTE), some.integers(0, 10**6)), max_size=50))
def test_no_stretch_of_time_lets_more_through_than_the_limit(per_minute: int, calls: list[tuple[int, int]]) -> None:
    bucket, now, taken = Bucket(per_minute, 0), 0, 0
    for later, wanted in calls:
        now += later
        amount = min(wanted, per_minute)
        if bucket.take(amount, now) == 0:
            taken += amount
        assert taken * MINUTE <= per_minute * (MINUTE + now)


@given(some.integers(1, 10**7), some.integers(1, 10**7))
def test_whoever_waits_as_long_as_told_gets_through_and_not_before(per_minute: int, amount: int) -> None:
    bucket = Bucket(per_minute, 0)
    assert bucket.take(per_minute, 0) == 0
    wait = bucket.take(amount, 0)
    assert wait > 0
    assert bucket.take(amount, wait - 1) > 0
    assert bucket.take(amount, wait) == 0


def test_what_is_larger_than_the_bucket_goes_through_when_it_is_full_and_is_owed() -> None:
    bucket = Bucket(60, 0)
    assert bucket.take(180, 0) == 0
    assert bucket.take(1, 0) == MINUTE * 121 // 60


def test_what_a_call_took_in_the_end_is_put_right() -> None:
    bucket = Bucket(100, 0)
    assert bucket.take(100, 0) == 0
    bucket.correct(-40, 0)
    assert bucket.take(40, 0) == 0
    bucket.correct(100, 0)
    assert bucket.take(1, MINUTE) > 0


def test_a_burst_can_be_smaller_than_a_minute() -> None:
    bucket = Bucket(60, 0, burst=2)
    assert [bucket.take(1, 0) for _ in range(3)] == [0, 0, MINUTE // 60]
    with pytest.raises(ValueError, match="lets something through"):
        Bucket(0, 0)


def test_the_money_ends_when_it_ends_at_the_pace_of_the_last_day() -> None:
    assert runs_out(240, [10] * 24, NOW, None) == NOW + timedelta(hours=24)
    assert runs_out(240, [0] * 12 + [20] * 12, NOW, None) == NOW + timedelta(hours=24)
    assert runs_out(30, [99] * 9 + [10] * 24, NOW, None) == NOW + timedelta(hours=3), "older hours do not count"
    assert runs_out(30, [10], NOW, None) == NOW + timedelta(hours=3)


def test_nobody_is_told_of_an_end_that_does_not_come() -> None:
    assert runs_out(240, [10] * 24, NOW, NOW + timedelta(hours=24)) is None
    assert runs_out(241, [10] * 24, NOW, NOW + timedelta(hours=24, minutes=7)) == NOW + timedelta(hours=24, minutes=6)
    assert runs_out(240, [0] * 24, NOW, None) is None
    assert runs_out(240, [], NOW, None) is None
    assert runs_out(10**18, [1], NOW, None) is None
    assert runs_out(0, [], NOW, None) == NOW
