"""Money that a person lends an agent: calls under the grant spend from it, a chain shares it, and its end ends them."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.gateway.test_callers_leave import STREAMED, Paused
from tests.gateway.test_keys_end import cut_off
from tests.gateway.test_setting_up import OPENAI, PRICES
from tests.gateway.test_setting_up import World as House
from tests.gateway.test_setting_up import world as _house
from tests.gateway.world import World, budget

from greenlane.gateway import accounts, queries, runs
from greenlane.gateway.budgets.books import Lease, write_leases
from greenlane.gateway.budgets.messages import Key
from greenlane.gateway.budgets.period import EVER
from greenlane.gateway.prices.money import PICO
from greenlane.gateway.serving.standing import Standing
from greenlane.govern.actor import Actor
from greenlane.govern.errors import WrongInput
from greenlane.identity.actions import SuspendPerson
from greenlane.identity.delegation.actions import (
    Delegate,
    EndDelegation,
    RegisterAgent,
    ReplaceAgentKey,
    RetireAgent,
)
from greenlane.identity.delegation.issuing import Claims, Issuer
from greenlane.insights import seeing_calls, sentences

house = _house
CONSOLE = "http://console.test"
ISSUER = Issuer(CONSOLE, bytes(32))
GRANT = "dlg_1"
LENT = {
    "process": "prc_1",
    "person": "p_ada",
    "agent": "codex",
    "depth": 2,
    "signed_in": "ses_1",
    "account": "run:dlg_1",
}


# what control tells


@pytest.fixture
def ana(house: House) -> Actor:
    house.does(OPENAI)
    ana = house.doorway.hire("Ana", "builder")
    house.does(RegisterAgent("codex"), ana)
    return ana


def lent(house: House, ana: Actor, **more: Any) -> str:
    return str(house.does(Delegate("codex", dollars="5", **more), ana).answer["delegation"])


def told(house: House, section: str) -> dict[str, Any]:
    return dict(house.following.authority.entries(section))


def budget_of(house: House, grant: str) -> Any:
    return {one["account"]: one for one in told(house, "budgets").values()}.get(f"run:{grant}")


def test_a_grant_with_money_has_a_hard_budget_inside_its_persons(house: House, ana: Actor) -> None:
    grant = lent(house, ana)
    assert told(house, "accounts")[f"run:{grant}"] == {"kind": "run", "parent": f"person:{ana.id}"}
    found = budget_of(house, grant)
    assert (found["amount"], found["period"], found["hard"]) == (5 * PICO, "total", True)
    entry = told(house, "grants")[grant]
    assert (entry["person"], entry["agent"], entry["account"]) == (ana.id, "codex", f"run:{grant}")
    assert told(house, "agents") == {"codex": {"epoch": 1}}
    assert house.reads(accounts.words, f"run:{grant}") == "what Ana lent the agent codex"
    (made,) = house.doorway.receipts("delegate")
    assert entry["process"] == made.process
    assert {"delegation", "budget"} <= {edge["kind"] for edge in made.used}
    names = house.reads(sentences.Names.of, [made.document()])
    assert "lent the agent codex read, deploy in preview, and 5 dollars" in sentences.receipt(made.document(), names)


def test_whoever_lends_money_has_the_small_budget_of_everybody(house: House, ana: Actor) -> None:
    lent(house, ana)
    assert f"person:{ana.id}" in {one["account"] for one in told(house, "budgets").values()}


def test_a_grant_without_money_lends_no_calls(house: House, ana: Actor) -> None:
    house.does(Delegate("codex"), ana)
    assert told(house, "grants") == {}


@pytest.mark.parametrize("dollars", ["0", "-1", "much", "10000000"])
def test_what_is_no_amount_is_not_lent(house: House, ana: Actor, dollars: str) -> None:
    with pytest.raises(WrongInput):
        house.does(Delegate("codex", dollars=dollars), ana)


@pytest.mark.parametrize("how", ["the grant", "the agent", "the key", "the person"])
def test_whatever_ends_it_the_gateway_hears_before_the_answer(house: House, ana: Actor, how: str) -> None:
    grant = lent(house, ana)
    does = {
        "the grant": lambda: house.does(EndDelegation(grant), ana),
        "the agent": lambda: house.does(RetireAgent("codex"), ana),
        "the key": lambda: house.does(ReplaceAgentKey("codex"), ana),
        "the person": lambda: house.does(SuspendPerson(ana.id)),
    }
    does[how]()
    if how == "the key":
        assert told(house, "agents") == {"codex": {"epoch": 2}}
    else:
        assert told(house, "grants") == {}


def test_the_budget_of_a_grant_ends_with_it_and_what_was_spent_stays(house: House, ana: Actor) -> None:
    grant = lent(house, ana, minutes=60)
    (id,) = [id for id, one in told(house, "budgets").items() if one["account"] == f"run:{grant}"]
    totals = [(Key(id, EVER), "w1", Lease(granted=5 * PICO, spent=5 * PICO))]
    house.doorway.control.ledger.write(lambda connection: write_leases(connection, totals))
    house.following.end_runs()
    assert budget_of(house, grant) is not None, "a spent budget still stops calls"
    house.doorway.clock.forward(timedelta(hours=1).total_seconds())
    house.following.end_runs()
    assert (budget_of(house, grant), told(house, "grants")) == (None, {})
    assert house.reads(runs.spent, [grant, "dlg_other"]) == {grant: 5 * PICO}


def test_its_person_alone_sees_the_budget_of_a_grant(house: House, ana: Actor) -> None:
    grant = lent(house, ana)

    def seen(person: str) -> list[str]:
        def ask(connection: Any) -> list[str]:
            found = queries.standings(connection, house.doorway.clock.now(), f"run:{grant}")
            return [whose for _, whose in seeing_calls.budgets(connection, found, queries.Seen(person))]

        return list(house.reads(ask))

    assert seen(ana.id) == ["what Ana lent the agent codex"]
    assert seen("p_somebody_else") == []


# what the gateway lets through


def token(*agents: tuple[str, int], audience: str = f"{CONSOLE}/ai", minutes: float = 5, grant: str = GRANT) -> str:
    now = datetime.now(UTC)
    said = Claims("p_ada", agents or (("codex", 1),), grant, ("read",), audience, now + timedelta(minutes=minutes))
    return ISSUER.issue(said, now)


@pytest.fixture
def lending(world: World) -> World:
    world.serve("openai")
    expires = (datetime.now(UTC) + timedelta(hours=1)).timestamp()
    world.change(
        {
            "accounts": {"run:dlg_1": {"kind": "run", "parent": "person:p_ada"}},
            "grants": {GRANT: {**LENT, "expires": expires}},
            "agents": {"codex": {"epoch": 1}, "linter": {"epoch": 3}, "third": {"epoch": 1}},
            "lending": {"issuer": {"says": CONSOLE}, "keys": {"says": ISSUER.keys()}},
            "budgets": {"b_grant": budget(PICO, "run:dlg_1"), "b_ada": budget(PICO, "person:p_ada")},
        }
    )
    return world


def test_a_call_spends_from_the_grant_and_from_its_person_and_names_the_chain(lending: World) -> None:
    assert lending.ask(key=token()).status == 200
    (record,) = lending.records("begin")
    assert [budget for budget, _ in record["budgets"]] == ["b_grant", "b_ada"]
    assert (record["run"], record["key"], record["person"]) == (GRANT, GRANT, "p_ada")
    assert record["process"] == LENT["process"]
    assert record["actor"] == [
        {"kind": "person", "id": "p_ada", "credential": "ses_1"},
        {"kind": "agent", "id": "codex", "credential": GRANT},
    ]


def test_a_sub_agent_spends_what_is_left_of_the_same_grant(lending: World) -> None:
    assert lending.ask(key=token(("codex", 1), ("linter", 3))).status == 200
    (record,) = lending.records("begin")
    assert [link["id"] for link in record["actor"]] == ["p_ada", "codex", "linter"]
    lending.change({"budgets": {"b_grant": budget(0, "run:dlg_1")}})
    for chain in ([("codex", 1)], [("codex", 1), ("linter", 3)]):
        refused = lending.ask(key=token(*chain))
        assert refused.status == 402
        assert "The budget of this grant has $0 left" in refused.says


def test_what_a_person_may_spend_bounds_what_they_lend(lending: World) -> None:
    lending.change({"budgets": {"b_ada": budget(0, "person:p_ada")}})
    assert lending.ask(key=token()).status == 402


@pytest.mark.parametrize(
    "other",
    [
        {"audience": CONSOLE},
        {"audience": "http://board.console.test"},
        {"minutes": -1},
        {"grant": "dlg_2"},
    ],
)
def test_a_token_for_something_else_calls_no_model(lending: World, other: dict[str, Any]) -> None:
    assert lending.ask(key=token(**other)).status == 401


@pytest.mark.parametrize(
    "chain",
    [
        [("codex", 2)],
        [("linter", 3)],
        [("codex", 1), ("unknown", 1)],
        [("codex", 1), ("linter", 2)],
        [("codex", 1), ("linter", 3), ("third", 1)],
    ],
)
def test_a_chain_that_the_grant_is_not_for_calls_no_model(lending: World, chain: list[tuple[str, int]]) -> None:
    assert lending.ask(key=token(*chain)).status == 401


def test_a_token_of_another_key_calls_no_model(lending: World) -> None:
    now = datetime.now(UTC)
    said = Claims("p_ada", (("codex", 1),), GRANT, ("read",), f"{CONSOLE}/ai", now + timedelta(minutes=5))
    assert lending.ask(key=Issuer(CONSOLE, b"\x01" * 32).issue(said, now)).status == 401


def test_a_call_that_began_while_its_token_lasted_goes_on_with_its_grant() -> None:
    now = time.time()
    standing = Standing(PRICES)
    lending = {"issuer": {"says": CONSOLE}, "keys": {"says": ISSUER.keys()}}
    grant = {**LENT, "expires": now + 3600}
    standing.replace({"version": 1, "grants": {GRANT: grant}, "agents": {"codex": {"epoch": 1}}, "lending": lending})
    short = token(minutes=1)
    assert standing.lent("name", short, now + 61) is None, "no call begins"
    found = standing.lent("name", short, now)
    assert found is not None
    assert found.expires == now + 3600
    assert standing.lent("name", short, now + 61) is None, "not by a second look either"
    standing.replace({"version": 2, "agents": {"codex": {"epoch": 1}}, "lending": lending})
    assert standing.lent("name", short, now) is None


def test_a_token_opens_nothing_from_a_sandbox(lending: World) -> None:
    assert lending.in_sandbox(key=token()).status == 403


def test_an_open_stream_ends_with_the_grant(lending: World) -> None:
    paused = Paused()
    lending.serve("other", paused.stream)
    streaming = lending.begin({**STREAMED, "model": "other/gpt-4o-mini"}, key=token())
    assert b"Hel" in streaming.read1()
    lending.change({"agents": {"another": {"epoch": 1}}})
    lending.change(drop={"grants": [GRANT]})
    cut_off(lending, streaming)
    lending.call(paused.go_on.set)
    assert [one["outcome"] for one in lending.ends(1)] == ["left"]
    assert lending.ask(key=token()).status == 401
