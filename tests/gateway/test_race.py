"""No order of calls and kills spends more than there is, loses a record, or says another price than the provider."""

from __future__ import annotations

from pathlib import Path

from tests.gateway.race import INPUT, MOST, OUTPUT, race


def test_killed_workers_overspend_nothing_and_lose_nothing(tmp_path: Path) -> None:
    amount = 900 * (20 * INPUT + MOST // 2 * OUTPUT)
    told = race(tmp_path, calls=2_000, at_once=32, workers=2, kills=3, amount=amount)
    assert told.kills == 3
    assert told.spent <= amount
    assert told.lost == []
    assert told.wrong == []
    assert told.seen > 250, "enough to judge by; a kill takes along what it finds, on a busy machine more"
    assert told.refused > 0, "the budget was reached"
    assert amount - told.spent < told.worst * 32, "what is unused is less than all callers held at once"
