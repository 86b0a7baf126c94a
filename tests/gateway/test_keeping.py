"""What the gateway's journals say becomes rows with their batches: every call once, and every dead process buried."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.house import Doorway

from greenlane.gateway import keeping, queries
from greenlane.gateway.budgets.messages import Key
from greenlane.gateway.queries.calls import Filter, Seen
from greenlane.govern.errors import NotFound
from greenlane.insights import seeing_calls
from greenlane.kit.clock import parse
from greenlane.kit.digest import canonical
from greenlane.ledger import proving
from greenlane.ledger import queries as ledger_queries
from greenlane.ledger.batches import Journal
from greenlane.ledger.journal import Sealer, prove_record

DAY = "2026-11-22T00:00:00.000000Z"
AT = "2026-11-22T10:00:0{}.000000Z"


def life(worker: str, at: str = AT.format(0)) -> dict[str, Any]:
    return {"k": "life", "worker": worker, "at": at}


def begin(call: str, worker: str = "w1", reserved: int = 100, **more: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        "k": "begin",
        "call": call,
        "at": AT.format(1),
        "worker": worker,
        "key": "deploy",
        "app": "board",
        "environment": "production",
        "deploy": "dep_1",
        "use": "run",
        "team": "t_1",
        "person": None,
        "actor": [{"kind": "app", "id": "board", "credential": "dep_1"}],
        "wire": "openai-chat",
        "asked": "fast",
        "provider": "openai",
        "model": "gpt-5-mini",
        "because": "fast leads here",
        "reserved": reserved,
        "budgets": [["b_1", DAY], ["b_2", DAY]],
        "clamped": None,
        "request": "sha256:00",
        "data": [],
        "sandbox": True,
    }
    return said | more


def end(call: str, pico: int = 40, **more: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        "k": "end",
        "call": call,
        "at": AT.format(2),
        "outcome": "answered",
        "status": 200,
        "usage": {"input": 10, "cache_read": 5, "output": 7, "reasoning": 3},
        "estimated": False,
        "pico": pico,
        "rates": {"input": 1},
        "prices": "sha256:11",
        "footprint": None,
        "answer": "sha256:22",
        "ms": 120,
        "first_ms": None,
        "tries": [{"provider": "openai", "model": "gpt-5-mini", "status": 200}],
        "credential": "mc_1",
        "masked": {},
    }
    return said | more


def refused(call: str, **more: Any) -> dict[str, Any]:
    kept = ("key", "app", "environment", "deploy", "use", "team", "person", "actor", "wire", "asked")
    who = {name: value for name, value in begin(call).items() if name in kept}
    return {"k": "refused", "call": call, "at": AT.format(3), **who, "code": "budget-spent", "status": 402} | more


class Slot:
    """One of the gateway's worker processes, as far as its journal goes, and what control makes of it."""

    def __init__(self, doorway: Doorway, folder: Path, slot: int = 0) -> None:
        control = doorway.control
        self.control = control
        self.journal = Journal(folder / str(slot))
        self.sealer = Sealer(
            folder / str(slot),
            control.ledger,
            control.database,
            keep=control.blobs.put,
            beside=partial(keeping.rows_of, slot),
            clock=control.clock,
            series=f"models-{slot}",
        )

    def writes(self, records: Sequence[dict[str, Any]]) -> None:
        """Append, seal, and have control take it."""
        for one in records:
            self.journal.append(canonical(one))
        self.journal.seal()
        self.sealer.seal_all()

    def asks(self, ask: Any, *given: Any) -> Any:
        with self.control.database.read() as connection:
            return ask(connection, *given)


@pytest.fixture
def slot(doorway: Doorway, tmp_path: Path) -> Iterator[Slot]:
    made = Slot(doorway, tmp_path / "gateway-journal")
    yield made
    made.journal.close()


def test_a_call_is_one_row_whether_its_records_come_together_or_apart(slot: Slot) -> None:
    slot.writes([life("w1"), begin("c1"), end("c1"), begin("c2")])
    whole = slot.asks(queries.call, "c1")
    assert (whole.state, whole.pico, whole.micro_cents, whole.read, whole.written) == ("settled", 40, 1, 15, 7)
    assert (whole.begun_in, whole.ended_in) == ("models-0_000000000001/1", "models-0_000000000001/2")
    open_still = slot.asks(queries.call, "c2")
    assert (open_still.state, open_still.pico, open_still.ended) == ("open", 100, {})
    slot.writes([end("c2")])
    later = slot.asks(queries.call, "c2")
    assert later.ended_in == "models-0_000000000002/0"
    assert (later.pico, later.begun, later.ended) == (whole.pico, whole.begun, whole.ended)


def test_a_call_names_who_really_served_it(slot: Slot) -> None:
    tries = [
        {"provider": "openai", "model": "gpt-5-mini", "status": 529},
        {"provider": "local", "model": "llama3", "status": 200},
    ]
    slot.writes([life("w1"), begin("c1"), end("c1", tries=tries)])
    found = slot.asks(queries.call, "c1")
    assert (found.provider, found.model, found.asked) == ("local", "llama3", "fast")


def test_rules_are_kept_once_for_the_calls_that_they_decided(slot: Slot) -> None:
    rules = {"k": "rules", "at": AT.format(0), "digest": "sha256:33", "rules": {"limits": {}}}
    by_them = {"decided": {"lane": "green", "because": [], "rules": "sha256:33"}}
    slot.writes([life("w1"), rules, begin("c1", **by_them), begin("c2")])
    slot.writes([life("w2"), rules, begin("c3", **by_them)])
    for call in ("c1", "c3"):
        assert slot.asks(queries.rules_of, slot.asks(queries.call, call)) == {"limits": {}}
    assert slot.asks(queries.rules_of, slot.asks(queries.call, "c2")) is None


def test_what_was_refused_is_told_and_costs_nothing(slot: Slot) -> None:
    slot.writes([life("w1"), refused("c1")])
    found = slot.asks(queries.call, "c1")
    assert (found.state, found.code, found.status, found.pico) == ("refused", "budget-spent", 402, 0)
    (summed,) = slot.asks(queries.spend, "app", Filter())
    assert (summed.calls, summed.refused, summed.pico) == (0, 1, 0)


def test_spending_adds_up_by_whatever_is_asked(slot: Slot) -> None:
    slot.writes([life("w1"), begin("c1"), end("c1", 40), begin("c2", app="rates"), end("c2", 60), begin("c3")])
    by_app = {one.name: (one.calls, one.open, one.pico) for one in slot.asks(queries.spend, "app", Filter())}
    assert by_app == {"board": (2, 1, 140), "rates": (1, 0, 60)}
    (by_day,) = slot.asks(queries.spend, "day", Filter(since="2026-11-22", until="2026-11-22"))
    assert (by_day.name, by_day.pico, by_day.read, by_day.written) == ("2026-11-22", 200, 30, 14)
    assert slot.asks(queries.spend, "day", Filter(since="2026-11-23")) == []
    assert [one.name for one in slot.asks(queries.spend, "model", Filter(app="rates"))] == ["gpt-5-mini"]


def test_calls_are_listed_page_by_page(slot: Slot) -> None:
    slot.writes([life("w1"), *(one for n in range(5) for one in (begin(f"c{n}"), end(f"c{n}")))])

    def page(before: Any) -> Any:
        with slot.control.database.read() as connection:
            return queries.calls(connection, Filter(), before=before, limit=2)

    first = page(None)
    second = page((first[-1].at, first[-1].id))
    assert [one.id for one in (*first, *second)] == ["c4", "c3", "c2", "c1"]


def test_everybody_sees_their_own_and_what_their_apps_and_teams_called(slot: Slot) -> None:
    slot.writes([life("w1"), begin("c1"), begin("c2", app="", team=None, person="p_ana"), begin("c3", app="rates")])

    def seen(sight: Seen) -> set[str]:
        return {one.id for one in slot.asks(queries.calls, Filter(seen=sight))}

    assert seen(Seen("p_ana")) == {"c2"}
    assert seen(Seen("p_ben", apps=frozenset({"rates"}))) == {"c3"}
    assert seen(Seen("p_ben", teams=frozenset({"t_1"}))) == {"c1", "c3"}
    found = slot.asks(queries.call, "c1")
    assert seeing_calls.check(found, None) is found
    with pytest.raises(NotFound):
        seeing_calls.check(found, Seen("p_ana"))


def test_a_dead_process_is_told_with_all_that_it_spent(slot: Slot) -> None:
    slot.writes([life("w1"), begin("c1"), end("c1", 40), begin("c2"), begin("c3")])
    slot.writes([end("c3", 10)])
    assert slot.asks(keeping.dead, 2) == {}, "the only life of a slot is alive"
    slot.writes([life("w2", AT.format(5)), begin("c4", "w2")])
    since = parse(DAY)
    assert slot.asks(keeping.dead, 2) == {"w1": {Key("b_1", since): 150, Key("b_2", since): 150}}
    slot.control.ledger.write(keeping.over(["w1"]))
    assert slot.asks(keeping.dead, 2) == {}


def test_slots_live_and_die_apart(slot: Slot, doorway: Doorway, tmp_path: Path) -> None:
    other = Slot(doorway, tmp_path / "gateway-journal", 1)
    slot.writes([life("w1"), begin("c1")])
    other.writes([life("v1"), begin("d1", "v1")])
    assert slot.asks(keeping.dead, 2) == {}
    other.writes([life("v2", AT.format(6))])
    assert set(slot.asks(keeping.dead, 2)) == {"v1"}
    other.journal.close()


def test_processes_that_are_not_wanted_any_more_are_dead(slot: Slot) -> None:
    slot.writes([life("w1"), begin("c1")])
    assert set(slot.asks(keeping.dead, 0)) == {"w1"}


def test_a_record_of_a_call_is_proven_to_the_checkpoint(slot: Slot) -> None:
    slot.writes([life("w1"), begin("c1"), end("c1")])
    found = slot.asks(queries.call, "c1")
    batch, _, place = found.ended_in.partition("/")
    (entry,) = slot.asks(ledger_queries.by_action, batch)
    slot.control.ledger.close()
    data = slot.control.blobs.get(entry.receipt.happened["blob"])
    outer = slot.asks(proving.prove, entry.seq)
    proven = prove_record(data, int(place), entry.receipt.encode(), outer)
    proven.check(canonical(end("c1")), slot.control.trust.log)


def test_a_budget_beyond_sixty_four_bits_of_pico_dollars_is_still_a_sum(slot: Slot) -> None:
    million = 10**6 * 10**12
    slot.writes([life("w1"), begin("c1"), end("c1", 4 * million), begin("c2"), end("c2", 4 * million)])
    (summed,) = slot.asks(queries.spend, "app", Filter())
    assert summed.pico == 8 * million
