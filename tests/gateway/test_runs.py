"""A run of an agent spends from a hard budget of its own inside its person's, is named on the record, and ends by itself."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from tests.gateway.recorded import written
from tests.gateway.test_keeping import Slot, begin, end, life
from tests.gateway.test_keeping import slot as _slot
from tests.gateway.test_setting_up import OPENAI
from tests.gateway.test_setting_up import World as House
from tests.gateway.test_setting_up import world as _house
from tests.gateway.world import KEY, World, budget, hashed, key
from tests.house import Doorway

from greenlane.gateway import accounts, queries
from greenlane.gateway.actions import MakeGatewayKey, RevokeGatewayKey
from greenlane.gateway.budgets.account import Kind
from greenlane.gateway.budgets.books import Lease, write_leases
from greenlane.gateway.budgets.messages import Key
from greenlane.gateway.budgets.period import EVER
from greenlane.gateway.prices.money import PICO
from greenlane.gateway.queries.calls import Filter, Seen, spent_since
from greenlane.govern.actor import Actor
from greenlane.govern.errors import WrongInput
from greenlane.insights import seeing_calls, sentences

slot, house = _slot, _house
NIGHTLY = MakeGatewayKey(run="nightly review", budget="5", hours=8)


@pytest.fixture
def ana(house: House) -> Actor:
    house.does(OPENAI)
    return house.doorway.hire("Ana", "builder")


def begun(house: House, ana: Actor) -> dict[str, Any]:
    answer: dict[str, Any] = dict(house.does(NIGHTLY, ana).answer)
    return answer


def budget_of(house: House, run: str) -> Any:
    return {one["account"]: one for one in house.table()["budgets"].values()}.get(f"run:{run}")


def test_a_run_has_an_account_inside_its_persons_and_a_hard_budget(house: House, ana: Actor) -> None:
    answer = begun(house, ana)
    run, table = answer["run"], house.table()
    entry = table["keys"][sha256(answer["token"].encode()).hexdigest()]
    assert (entry["run"], entry["spenders"], entry["person"]) == (run, [f"run:{run}"], ana.id)
    assert table["accounts"][f"run:{run}"] == {"kind": "run", "parent": f"person:{ana.id}"}
    assert budget_of(house, run) == {
        "account": f"run:{run}",
        "amount": 5 * PICO,
        "period": "total",
        "zone": "UTC",
        "hard": True,
        "instead": "",
    }
    assert house.reads(accounts.words, f"run:{run}") == "the run nightly review of Ana"
    (made,) = [one for one in house.doorway.receipts("make-gateway-key") if one.happened.get("run")]
    assert made.happened["run"] == run
    names = house.reads(sentences.Names.of, [made.document()])
    assert sentences.receipt(made.document(), names).startswith(
        "Ana made a key for model calls for the run nightly review"
    )
    assert {"run", "budget"} <= {edge["kind"] for edge in made.used}


def test_a_run_on_an_app_spends_for_the_app_too(house: House, ana: Actor) -> None:
    house.doorway.deploys(ana)
    answer = house.does(MakeGatewayKey("vendor-board", run="fix", budget="1", hours=1), ana).answer
    entry = house.table()["keys"][sha256(answer["token"].encode()).hexdigest()]
    assert entry["spenders"] == ["environment:vendor-board/dev", f"run:{answer['run']}"]


def test_a_run_ends_when_its_time_is_over(house: House, ana: Actor) -> None:
    answer = begun(house, ana)
    house.following.end_runs()
    assert budget_of(house, answer["run"]) is not None
    house.doorway.clock.forward(timedelta(hours=8).total_seconds())
    house.following.end_runs()
    table = house.table()
    assert budget_of(house, answer["run"]) is None
    assert not [name for name, one in table["accounts"].items() if one["kind"] == "run"]
    assert sha256(answer["token"].encode()).hexdigest() not in table["keys"]
    assert house.reads(queries.key, answer["key"]).ended is not None


def test_a_run_ends_when_its_budget_is_spent_or_somebody_ends_its_key(house: House, ana: Actor) -> None:
    first, second = begun(house, ana), begun(house, ana)
    budgets = {one["account"]: id for id, one in house.table()["budgets"].items()}
    spent = [(Key(budgets[f"run:{first['run']}"], EVER), "w1", Lease(granted=5 * PICO, spent=5 * PICO))]
    house.doorway.control.ledger.write(lambda connection: write_leases(connection, spent))
    house.does(RevokeGatewayKey(second["key"]), ana)
    house.following.end_runs()
    assert budget_of(house, first["run"]) is None
    assert budget_of(house, second["run"]) is None
    assert house.reads(queries.key, first["key"]).ended is not None


@pytest.mark.parametrize(
    "more",
    [
        {"run": "x", "hours": 8},
        {"run": "x", "budget": "0", "hours": 8},
        {"run": "x", "budget": "much", "hours": 8},
        {"run": "x", "budget": "5"},
        {"run": "x", "budget": "5", "hours": 745},
        {"run": "<b>", "budget": "5", "hours": 8},
        {"budget": "5"},
        {"hours": 8},
    ],
)
def test_a_run_has_a_name_a_budget_and_an_end(more: dict[str, Any]) -> None:
    with pytest.raises(WrongInput):
        MakeGatewayKey(**more)


def test_calls_of_a_run_are_told_by_run(slot: Slot) -> None:
    slot.writes([life("w1"), begin("c1", run="run_1", app="", team=None, person="p_ana"), end("c1", 40)])
    slot.writes([begin("c2"), end("c2", 60)])
    assert [(one.name, one.pico) for one in slot.asks(queries.spend, "run", Filter())] == [("", 60), ("run_1", 40)]
    assert slot.asks(queries.call, "c1").run == "run_1"
    assert [one.id for one in slot.asks(queries.calls, Filter(run="run_1"))] == ["c1"]


def test_only_its_person_sees_the_budget_of_a_run(house: House, ana: Actor) -> None:
    run = begun(house, ana)["run"]

    def seen(person: str) -> list[str]:
        def ask(connection: Any) -> list[str]:
            found = queries.standings(connection, house.doorway.clock.now(), f"run:{run}")
            return [whose for _, whose in seeing_calls.budgets(connection, found, Seen(person))]

        return list(house.reads(ask))

    assert seen(ana.id) == ["the run nightly review of Ana"]
    assert seen("p_somebody_else") == []


def test_the_record_of_a_call_names_the_run_and_its_budget_stops_it(world: World) -> None:
    world.serve("openai")
    account = {"run:run_1": {"kind": Kind.RUN.value, "parent": "person:p_ada"}}
    mine = key(spenders=["run:run_1"], run="run_1")
    spends = {"amount": PICO, "period": "total", "zone": "UTC", "hard": True}
    world.change(
        {
            "accounts": account,
            "keys": {hashed(KEY): mine},
            "budgets": {"b_run": {"account": "run:run_1", **spends}, "b_ada": {"account": "person:p_ada", **spends}},
        }
    )
    assert world.ask().status == 200
    (record,) = world.records("begin")
    assert record["run"] == "run_1"
    assert [budget for budget, _ in record["budgets"]] == ["b_run", "b_ada"]
    world.change({"budgets": {"b_run": {"account": "run:run_1", **spends, "amount": 0}}})
    refused = world.ask()
    assert refused.status == 402
    assert "The budget of this run has $0 left" in refused.says


@pytest.mark.parametrize("asked", [{}, {"max_tokens": 100_000}])
@pytest.mark.parametrize("small", ["b_run", "b_ada"])
def test_an_answer_in_a_run_is_made_shorter_before_it_is_refused(
    world: World, small: str, asked: dict[str, int]
) -> None:
    stub = world.serve("openai")
    budgets = {"b_run": budget(PICO, "run:run_1"), "b_ada": budget(PICO, "person:p_ada")}
    world.change(
        {
            "accounts": {"run:run_1": {"kind": Kind.RUN.value, "parent": "person:p_ada"}},
            "keys": {hashed(KEY): key(spenders=["run:run_1"], run="run_1")},
            "budgets": {**budgets, small: {**budgets[small], "amount": PICO // 1_000}},
        }
    )
    answer = world.ask(body={"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hi"}], **asked})
    assert answer.status == 200
    (record,) = world.records("begin")
    said = stub.asked[0].json
    assert record["clamped"] == said.get("max_tokens", said.get("max_completion_tokens"))
    assert f"at most {record['clamped']} tokens" in answer.headers["greenlane-clamped"]
    assert record["reserved"] <= PICO // 1_000


def test_a_budget_of_a_run_counts_that_run_alone(doorway: Doorway) -> None:
    now = doorway.clock.now()

    def rows(connection: Any) -> None:
        written(connection, "call_1", now, pico=300, run="run_1")
        written(connection, "call_2", now, pico=500)

    doorway.control.ledger.write(rows)
    with doorway.control.database.read() as connection:
        assert spent_since(connection, "run:run_1", EVER) == 300
