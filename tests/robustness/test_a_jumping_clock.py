"""A clock that jumps: order comes from the ledger's sequence, expiries within one run from a clock that never jumps."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from tests.house import DAY, HOUR, Doorway

from greenlane.deploys import queries as deploys
from greenlane.deploys.actions import Publish, Rollback
from greenlane.edge.lease import Leases
from greenlane.edge.table import Table
from greenlane.edge.visits import Visits
from greenlane.govern.actions import SetPolicy
from greenlane.kit.clock import SystemClock
from greenlane.ledger import queries as ledger
from greenlane.ledger.verify import verify


class Wall:
    """The machine's wall clock, which somebody corrects while the program runs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._off = 0.0
        right = time.time
        monkeypatch.setattr(time, "time", lambda: right() + self._off)

    def jump(self, seconds: float) -> None:
        self._off += seconds


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    return Wall(monkeypatch)


def version(number: int) -> dict[str, bytes]:
    return {"index.html": f"<!doctype html><title>Board</title><h1>{number}</h1>".encode()}


# -- within one run


@pytest.mark.parametrize("by", [-10 * DAY, 10 * DAY])
def test_a_jump_while_it_runs_moves_neither_the_time_nor_an_expiry(wall: Wall, by: float):
    clock = SystemClock()
    before, measured = clock.now(), clock.monotonic()
    wall.jump(by)
    assert timedelta() <= clock.now() - before < timedelta(minutes=1)
    assert 0 <= clock.monotonic() - measured < 60
    assert abs((SystemClock().now() - clock.now()).total_seconds() - by) < 60, "the next start takes the clock as it is"


@pytest.mark.parametrize("by", [-10 * DAY, 10 * DAY])
def test_no_jump_revives_or_ends_a_lease_or_a_token_at_the_edge(wall: Wall, by: float):
    clock, leases = SystemClock(), Leases()
    visits = Visits(Table(), leases, clock)
    leases.beat(60, 1)
    until, expiry = leases.page.until, visits._moment(time.time() + 60)
    wall.jump(by)
    assert leases.page.until == until
    assert abs(visits._moment(clock.now().timestamp() + 60) - expiry) < 5
    assert visits._moment((clock.now() - timedelta(seconds=1)).timestamp()) < time.monotonic(), (
        "what is over stays over"
    )


# -- over a restart, when the clock was set back in between


def test_the_newest_deploy_is_the_one_recorded_last(doorway: Doorway):
    first = doorway.deploys(doorway.owner, files=version(1)).answer["deploy"]
    doorway.clock.forward(-10 * DAY)
    second = doorway.deploys(doorway.owner, files=version(2)).answer["deploy"]
    with doorway.control.database.read() as connection:
        assert [one.id for one in deploys.deploys(connection, "vendor-board")] == [second, first]
        assert [one.id for one in deploys.deploys(connection, "vendor-board", before=second)] == [first]
        assert [one.id for one in deploys.deploys(connection, "vendor-board", before=first)] == []
    assert doorway.publishes(doorway.owner).answer["deploy"] == second


def test_a_rollback_goes_to_what_was_there_before_and_not_to_what_a_clock_says(doorway: Doorway):
    made = []
    for number in range(3):
        made.append(doorway.deploys(doorway.owner, files=version(number)).answer["deploy"])
        doorway.publishes(doorway.owner)
        doorway.clock.forward(-3 * HOUR)
    assert doorway.does(doorway.owner, Rollback("vendor-board")).answer["deploy"] == made[1]
    doorway.does(doorway.owner, Publish("vendor-board", unlock=True))
    with doorway.control.database.read() as connection:
        placed = deploys.placing_actions(connection, "vendor-board", made[1])
        assert [ledger.by_action(connection, one)[0].receipt.action["verb"] for one in placed] == [
            "publish",
            "rollback",
        ]


def test_the_policies_in_force_are_those_that_were_set_last(doorway: Doorway):
    def text(number: int) -> str:
        return (
            f'@id("ours-{number}") @says("s") @instead("i") @owner("o") @lane("closed")\n'
            'forbid (principal, action == Action::"lock", resource);'
        )

    doorway.does(doorway.owner, SetPolicy((text(1),)))
    doorway.clock.forward(-10 * DAY)
    last = doorway.does(doorway.owner, SetPolicy((text(2),))).answer["pack"]
    doorway.control.policies.load()
    assert doorway.control.policies.in_force().digest == last


def test_receipts_keep_their_order_and_still_verify(doorway: Doorway):
    doorway.deploys(doorway.owner)
    doorway.clock.forward(-10 * DAY)
    doorway.publishes(doorway.owner)
    doorway.clock.forward(30 * DAY)
    doorway.deploys(doorway.owner, files=version(2))
    with doorway.control.database.read() as connection:
        receipts = [one.receipt for one in ledger.entries(connection, subject="app:vendor-board")]
    verbs = [one.action["verb"] for one in receipts if one.half == "decided"]
    assert verbs == ["create-app", "deploy", "publish", "deploy"]
    assert [one.at for one in receipts] != sorted(one.at for one in receipts), "the clock did jump"
    assert verify(doorway.control.database, doorway.control.trust, running=True).holds
