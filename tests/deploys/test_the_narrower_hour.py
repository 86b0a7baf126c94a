"""Within the hour in which an audience is narrower, what is published is decided for those who will see it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.house import HOUR, PAGE, Doorway

from greenlane.deploys.actions import Rollback
from greenlane.govern.decision import Lane
from greenlane.kit import disk

CONTACTS = b"mail,phone\n" + b"\n".join(b"person%d@example.com,+41 44 668 18 %02d" % (n, n) for n in range(40))


def opened_narrower(doorway: Doorway) -> None:
    doorway.hire("Bea Builder", "builder")
    doorway.deploys(doorway.owner)
    assert "narrower-first" in doorway.publishes(doorway.owner, "everyone").decision.safeguards
    assert doorway.app().rung == "team"


def test_personal_data_does_not_ride_out_with_the_hour(doorway: Doorway) -> None:
    opened_narrower(doorway)
    doorway.deploys(doorway.owner, files={**PAGE, "people.csv": CONTACTS})
    answer = doorway.publishes(doorway.owner)
    assert (answer.state, answer.decision.lane) == ("waiting", Lane.RED)
    doorway.after(2 * HOUR)
    assert doorway.app().rung == "everyone", "what was decided for everyone is what everyone gets"


def test_a_correction_within_the_hour_goes_through(doorway: Doorway) -> None:
    opened_narrower(doorway)
    doorway.deploys(doorway.owner, files={"index.html": b"<h1>Vendors, corrected</h1>"})
    assert doorway.publishes(doorway.owner).state == "done"


def test_rolling_back_within_the_hour_is_an_objection(doorway: Doorway) -> None:
    opened_narrower(doorway)
    doorway.deploys(doorway.owner, files={"index.html": b"<h1>Vendors, corrected</h1>"})
    doorway.publishes(doorway.owner)
    doorway.does(doorway.owner, Rollback("vendor-board"))
    doorway.after(2 * HOUR)
    assert doorway.app().rung == "team"


def test_bytes_are_safe_from_a_power_cut_before_a_receipt_names_them(
    doorway: Doorway, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    real = disk.settle

    def settle(folder: Path) -> None:
        seen.append(len(doorway.receipts("deploy")))
        real(folder)

    monkeypatch.setattr(disk, "settle", settle)
    doorway.deploys(doorway.owner)
    assert seen == [0], "the deploy's receipt was settled after the bytes were safe"
