"""What calls cost is counted anew at later prices: beside the first figure, with receipts of its own, and never twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.gateway import setting_up
from tests.gateway.recorded import written
from tests.house import Doorway

from greenlane.api.app import create
from greenlane.gateway import queries
from greenlane.gateway.budgets.actions import RemovePrice, SetPrice
from greenlane.gateway.queries.calls import Filter
from greenlane.gateway.repricing import counting
from greenlane.gateway.repricing.actions import RepriceCalls
from greenlane.govern.decision import Lane
from greenlane.govern.errors import WrongInput
from greenlane.identity.actions import CreateToken
from greenlane.insights import record_proof, sentences

FIRST = 3_600_000_000
"""What a recorded call was charged at: 1,000 tokens read and 200 written."""
ANEW = 1_000 * 1_000_000 + 200 * 2_000_000


class House:
    """An organisation whose own model cost too much, until somebody says what it really costs."""

    def __init__(self, doorway: Doorway) -> None:
        self.doorway = doorway
        self.now = doorway.control.clock.now()
        self.today = self.now.date().isoformat()
        local = {"provider": "local", "model": "llama3"}
        at_bound = {"usage": {"input": 1_000, "output": 200, "estimated": True}, "estimated": True, "prices": None}

        def rows(connection: Any) -> None:
            setting_up.provider(connection, "local", "compatible", prices="")
            setting_up.provider(connection, "openai")
            for number in range(3):
                written(connection, f"call_{number}", self.now, **local)
            own = {"app": "", "environment": "", "person": doorway.owner.id}
            written(connection, "call_own", self.now, **local, **own)
            written(connection, "call_bound", self.now, **local, ended=at_bound)
            written(connection, "call_failed", self.now, **local, pico=0, ended={"usage": {}, "prices": None})
            written(connection, "call_open", self.now, **local, state="open")
            written(connection, "call_old", self.now - timedelta(days=9), **local)
            written(connection, "call_gone", self.now, provider="gone", model="nobody-knows")

        doorway.control.ledger.write(rows)
        self.does(SetPrice("local", "llama3", "1", "2"))

    def does(self, action: Any) -> Any:
        return self.doorway.does(self.doorway.owner, action)

    def reprices(self, **more: str) -> Any:
        return self.does(RepriceCalls(self.today, self.today, **more))

    def reads(self, ask: Any, *given: Any) -> Any:
        with self.doorway.control.database.read() as connection:
            return ask(connection, *given)

    def call(self, name: str) -> queries.Call:
        found: queries.Call = self.reads(queries.call, name)
        return found


@pytest.fixture
def house(doorway: Doorway) -> House:
    return House(doorway)


def test_calls_of_these_days_cost_what_is_set_now_and_what_they_were_charged_at_stays(house: House) -> None:
    answer = house.reprices().answer
    assert answer == {"calls": 7, "changed": 4, "left": 2, "was": 4 * FIRST, "now": 4 * ANEW}
    one = house.call("call_1")
    assert one.corrected is not None
    assert (one.pico, one.micro_cents, one.corrected["first"]) == (ANEW, ANEW // 10_000, FIRST)
    assert one.corrected["rates"] == {"input": 1_000_000, "output": 2_000_000} | {
        kind: one.corrected["rates"][kind] for kind in one.corrected["rates"] if kind not in ("input", "output")
    }
    assert [house.call(name).pico for name in ("call_old", "call_bound", "call_gone")] == [FIRST] * 3
    assert house.call("call_bound").corrected is None
    (summed,) = [one for one in house.reads(queries.spend, "person", Filter()) if one.name]
    assert summed.pico == ANEW


def test_each_correction_is_proven_by_a_receipt_of_its_own(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "AT_ONCE", 2)
    house.reprices()
    (settled,) = [one for one in house.doorway.receipts("reprice-calls") if one.half == "settled"]
    noted = house.doorway.receipts("calls.reprice")
    assert (settled.happened["batches"], settled.happened["now"]) == (len(noted), 4 * ANEW)
    assert {one.cause for one in noted} == {settled.action["id"]}
    assert sum(one.happened["records"] for one in noted) == 4
    control = house.doorway.control
    corrected = house.call("call_2").corrected
    assert corrected is not None
    found = house.reads(record_proof.recorded, control.blobs, control.trust, corrected["in"])
    assert found is not None
    assert found.holds, found.trouble
    assert '"call":"call_2"' in found.text
    assert f'"first":{FIRST}' in found.text
    names = house.reads(sentences.Names.of, [noted[0].document()])
    assert sentences.receipt(noted[0].document(), names).endswith("calls to models counted anew.")


def test_counting_twice_changes_nothing_and_the_first_figure_stays_the_first(house: House) -> None:
    house.reprices()
    assert house.reprices().answer["changed"] == 0
    house.does(SetPrice("local", "llama3", "5", "5"))
    house.reprices()
    one = house.call("call_1")
    assert one.corrected is not None
    assert (one.pico, one.corrected["first"]) == (1_200 * 5_000_000, FIRST)
    house.does(RemovePrice("local", "llama3"))
    assert house.reprices().answer["left"] == 6, "without a price nobody knows better"


def test_it_can_be_narrowed_and_is_said_beforehand(house: House) -> None:
    assert house.reprices(model="nobody-knows").answer["calls"] == 1
    control, token = house.doorway.control, house.does(CreateToken("reads", scopes=("read",))).answer["token"]
    _, decision = control.door.explain(house.doorway.owner, RepriceCalls("2026-01-01", "2026-12-31"))
    assert decision.lane is Lane.AMBER
    api = TestClient(create(control._api()), headers={"authorization": f"Bearer {token}"})
    asked = {"since": house.today, "until": house.today}
    said = api.get("/v1/gateway/prices/preview", params=asked).json()
    assert [(one["whose"], one["calls"], one["was"], one["now"]) for one in said["items"]] == [
        ("production of vendor-board", 3, 3 * FIRST, 3 * ANEW),
        ("Olga Owner", 1, FIRST, ANEW),
    ]
    assert house.call("call_1").corrected is None, "nothing changed by asking"


def test_too_many_calls_and_days_that_are_none_are_refused(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST", 3)
    with pytest.raises(WrongInput, match="more than 3 calls"):
        house.reprices()
    for since, until in (("2026-11-02", "2026-11-01"), ("yesterday", "2026-11-01"), ("2026-11-01", "2026-02-30")):
        with pytest.raises(WrongInput):
            RepriceCalls(since, until)
