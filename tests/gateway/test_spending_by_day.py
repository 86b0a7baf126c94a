"""Sums by day say what the calls themselves say, whatever became of those, and whatever was priced anew."""

from __future__ import annotations

import random
from importlib import import_module
from typing import Any, get_args

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, Row, case, func, select
from tests.gateway import setting_up
from tests.gateway.test_keeping import Slot, begin, end, life, refused
from tests.gateway.test_keeping import slot as _slot
from tests.house import Doorway

from greenlane.gateway import daily, queries
from greenlane.gateway.budgets.actions import SetPrice
from greenlane.gateway.queries.calls import By, Filter, Seen
from greenlane.gateway.repricing.actions import RepriceCalls
from greenlane.gateway.tables import CALL, CALL_DAY

slot = _slot


def from_calls(connection: Connection) -> set[tuple[Any, ...]]:
    """The sums, counted anew from every call."""
    c = CALL.c
    keys = [c[name] for name in daily.KEYS]
    refused_, still = (func.sum(case((c.state == state, 1), else_=0)) for state in ("refused", "open"))
    sums = (func.count() - refused_, refused_, still, func.sum(c.pico), func.sum(c.read), func.sum(c.written))
    return {_plain(row) for row in connection.execute(select(*keys, *sums).group_by(*keys))}


def kept(connection: Connection) -> set[tuple[Any, ...]]:
    rows = connection.execute(select(CALL_DAY)).all()
    return {found for row in rows if any((found := _plain(row))[len(daily.KEYS) :])}


def _plain(row: Row[Any]) -> tuple[Any, ...]:
    return tuple(one if isinstance(one, str) else int(one) for one in row)


def busy(slot: Slot, seed: int) -> None:
    """Calls that begin, end now or later, go elsewhere, are refused, or have no end."""
    dice = random.Random(seed)
    slot.writes([life("w1")])
    open_still: list[str] = []
    for batch in range(6):
        records: list[dict[str, Any]] = []
        for number in range(12):
            call = f"c{batch}_{number}"
            who = {
                "app": dice.choice(["board", "rates"]),
                "person": dice.choice([None, "p_ana"]),
                "run": dice.choice([None, "r1"]),
            }
            if dice.random() < 0.2:
                records.append(refused(call, **who))
                continue
            records.append(
                begin(call, reserved=dice.randrange(1_000), at=f"2026-11-2{batch % 3}T10:00:00.000000Z", **who)
            )
            open_still.append(call)
        dice.shuffle(open_still)
        for call in open_still[: len(open_still) * 2 // 3]:
            served = {"provider": dice.choice(["openai", "local"]), "model": "llama3", "status": 200}
            records.append(end(call, dice.randrange(1_000), tries=dice.choice([[], [served]])))
        del open_still[: len(open_still) * 2 // 3]
        slot.writes(records)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_sums_are_those_of_the_calls(slot: Slot, seed: int) -> None:
    busy(slot, seed)
    assert slot.asks(kept) == slot.asks(from_calls)
    for by in get_args(By):
        for which in (
            Filter(),
            Filter(app="board"),
            Filter(seen=Seen("p_ana")),
            Filter(since="2026-11-21", provider="local"),
        ):
            sums = slot.asks(queries.spend, by, which)
            ones = slot.asks(lambda at, it=which: queries.calls(at, it, limit=1_000))
            assert sum(one.pico for one in sums) == sum(one.pico for one in ones)
            assert sum(one.calls + one.refused for one in sums) == len(ones)


def test_what_is_priced_anew_is_summed_anew(slot: Slot, doorway: Doorway) -> None:
    busy(slot, 3)
    control = slot.control
    control.ledger.write(lambda connection: setting_up.provider(connection, "local", "compatible", prices=""))
    doorway.does(doorway.owner, SetPrice("local", "llama3", "3", "7"))
    answer = doorway.does(doorway.owner, RepriceCalls("2026-11-20", "2026-11-22", model="llama3")).answer
    assert answer["changed"] > 0
    assert slot.asks(kept) == slot.asks(from_calls)


def test_calls_from_before_the_sums_are_summed_when_the_database_is_brought_up(slot: Slot) -> None:
    busy(slot, 4)
    before = slot.asks(kept)
    step = import_module("greenlane.migrations.versions.0036_spending_by_day")
    with slot.control.database.engine.begin() as connection:
        CALL_DAY.drop(connection)
        with Operations.context(MigrationContext.configure(connection)):
            step.upgrade()
    assert slot.asks(kept) == before
