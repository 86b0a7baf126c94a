"""A provider that says nothing for too long is not waited for: another one is asked, and both are paid what they used."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.gateway.stub import Answers, Asked, Line, chat, chunks
from tests.gateway.world import World, budget

DOLLAR = 10**12
ASKED = {"model": "fast", "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]}
COST = 10 * 150_000 + 5 * 600_000
SOON = 0.2
"""Seconds of silence that are borne here."""


class Held:
    """A provider that says nothing until it is let go."""

    def __init__(self, *, first: bool = False) -> None:
        self.go_on = asyncio.Event()
        self._head = first

    async def __call__(self, asked: Asked, line: Line) -> None:
        if self._head:
            await line.head()
        await self.go_on.wait()
        if not self._head:
            await line.answer(chat("late"))
            return
        for one in [*chunks(["la", "te"]), b"[DONE]"]:
            await line.event(one)
        await line.end()


def route(*providers: str, timeout: float = 0) -> dict[str, Any]:
    first, *others = [{"provider": one, "model": "gpt-4o-mini", "weight": 1} for one in providers]
    return {"fast": {"targets": [first], "otherwise": others, "timeout": timeout}}


def furnish(world: World, first: Answers, **more: Any) -> None:
    """Two providers: what is late, and what takes over."""
    world.serve("first", first, **more)
    world.serve("second")
    world.change({"routes": route("first", "second"), "budgets": {"b_1": budget(DOLLAR)}})


def ended(world: World, call: str) -> dict[str, Any]:
    world.until(lambda: any(one["call"] == call for one in world.records("end")))
    return next(one for one in world.records("end") if one["call"] == call)


def test_another_one_is_asked_and_both_are_paid_what_they_used(world: World) -> None:
    held = Held()
    furnish(world, held, timeout=SOON)
    answer = world.ask(body=ASKED)
    assert answer.json["choices"][0]["message"]["content"] == "Hello"
    first, second = world.records("begin")
    assert answer.headers["greenlane-call"] == second["call"]
    assert (first["provider"], second["provider"]) == ("first", "second")
    assert second["after"] == {"call": first["call"], "seconds": SOON}
    assert (first["request"], first["reserved"]) == (second["request"], second["reserved"])
    assert [one["call"] for one in world.records("end")] == [second["call"]], "the first is still being heard out"
    world.call(held.go_on.set)
    late = ended(world, first["call"])
    assert (late["outcome"], late["status"], late["estimated"], late["pico"]) == ("late", 200, False, COST)
    world.until(lambda: world.control.spent("b_1") == 2 * COST)


def test_who_never_answers_is_charged_what_was_reserved(tmp_path, lists) -> None:
    with World(tmp_path, lists, drain=SOON).living() as world:
        furnish(world, Held(), timeout=SOON)
        assert world.ask(body=ASKED).status == 200
        first, _ = world.records("begin")
        late = ended(world, first["call"])
        assert (late["outcome"], late["estimated"], late["pico"]) == ("late", True, first["reserved"])
        world.until(lambda: world.control.spent("b_1") == first["reserved"] + COST)


def test_who_breaks_off_after_all_is_charged_what_was_reserved(world: World) -> None:
    go_on = asyncio.Event()

    async def breaking(asked: Asked, line: Line) -> None:
        await go_on.wait()
        line.reset()

    furnish(world, breaking, timeout=SOON)
    assert world.ask(body=ASKED).status == 200
    world.call(go_on.set)
    first, _ = world.records("begin")
    late = ended(world, first["call"])
    assert (late["outcome"], late["estimated"], late["pico"]) == ("late", True, first["reserved"])


def test_without_money_for_two_the_first_is_waited_for(world: World) -> None:
    held = Held()
    furnish(world, held, timeout=SOON)
    assert world.ask(body={**ASKED, "model": "second/gpt-4o-mini"}).status == 200
    (alone,) = world.records("begin")
    world.until(lambda: world.control.spent("b_1") == COST)
    world.change({"budgets": {"b_1": budget(COST + alone["reserved"] + 10)}})
    waiting = world.send(ASKED)
    world.until(lambda: world.control.asks >= 2 and len(world.records("begin")) == 2)
    world.call(lambda: asyncio.get_running_loop().call_later(3 * SOON, held.go_on.set))
    assert b"late" in waiting.getresponse().read()
    waiting.close()
    assert len(world.stubs["second"].asked) == 1, "nobody was asked a second time"
    assert len(world.records("begin")) == 2


def test_without_anybody_else_the_only_one_is_waited_for(world: World) -> None:
    held = Held()
    world.serve("only", held, timeout=SOON)
    waiting = world.send({**ASKED, "model": "gpt-4o-mini"})
    world.until(lambda: len(world.stubs["only"].asked) == 1)
    world.call(lambda: asyncio.get_running_loop().call_later(3 * SOON, held.go_on.set))
    assert b"late" in waiting.getresponse().read()
    waiting.close()
    assert len(world.stubs["only"].asked) == 1


def test_a_stream_that_begins_and_says_nothing_is_late_too(world: World) -> None:
    held = Held(first=True)

    async def streaming(asked: Asked, line: Line) -> None:
        await line.head()
        for one in [*chunks(["Hel", "lo"]), b"[DONE]"]:
            await line.event(one)
        await line.end()

    world.serve("first", held)
    world.serve("second", streaming)
    world.change({"routes": route("first", "second", timeout=SOON), "budgets": {"b_1": budget(DOLLAR)}})
    answer = world.ask(body={**ASKED, "stream": True})
    assert b"Hel" in answer.body
    assert b"late" not in answer.body
    world.call(held.go_on.set)
    late, passed = (ended(world, one["call"]) for one in world.records("begin"))
    assert (late["outcome"], late["pico"]) == ("late", 10 * 150_000 + 2 * 600_000)
    assert (passed["outcome"], passed["pico"]) == ("answered", 10 * 150_000 + 2 * 600_000)


def test_the_next_one_may_be_late_as_well(world: World) -> None:
    held = Held()
    world.serve("first", held)
    world.serve("second", held)
    world.serve("third")
    world.change({"routes": route("first", "second", "third", timeout=SOON)})
    assert world.ask(body=ASKED).status == 200
    first, second, third = world.records("begin")
    assert (second["after"]["call"], third["after"]["call"]) == (first["call"], second["call"])
    world.call(held.go_on.set)
    assert sorted(one["outcome"] for one in world.ends(3)) == ["answered", "late", "late"]


def test_who_cannot_be_connected_to_in_time_costs_nothing(tmp_path, lists) -> None:
    async def nowhere(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    with World(tmp_path, lists, look_up=nowhere).living() as world:
        furnish(world, Held(), timeout=SOON, base_url="http://models.example")
        assert world.ask(body=ASKED).status == 200
        (end,) = world.ends(1)
        assert [one["status"] for one in end["tries"]] == [0, 200]
        assert len(world.records("begin")) == 1


def test_the_routes_word_stands_above_the_providers(world: World) -> None:
    held = Held()
    furnish(world, held, timeout=600)
    world.change({"routes": route("first", "second", timeout=SOON)})
    assert world.ask(body=ASKED).status == 200
    assert world.records("begin")[1]["after"]["seconds"] == SOON
    world.call(held.go_on.set)
    world.ends(2)


def test_who_is_late_again_and_again_rests(world: World) -> None:
    held = Held()
    furnish(world, held, timeout=SOON)
    for _ in range(4):
        assert world.ask(body=ASKED).status == 200
    assert len(world.stubs["first"].asked) == 3
    world.until(lambda: [one for one in world.control.notices if one["notice"] == "provider-rests"])
    assert {one["about"] for one in world.control.notices} == {"first"}
    world.call(held.go_on.set)
    world.ends(7)


def test_a_caller_who_leaves_meanwhile_pays_for_both(world: World) -> None:
    first, second = Held(), Held()
    world.serve("first", first)
    world.serve("second", second)
    world.change({"routes": route("first", "second", timeout=SOON)})
    asking = world.send(ASKED)
    world.until(lambda: len(world.stubs["second"].asked) == 1)
    world.leave(asking)
    world.until(lambda: len(world.gateway._house.draining) == 2)
    world.call(first.go_on.set)
    world.call(second.go_on.set)
    assert sorted(one["outcome"] for one in world.ends(2)) == ["late", "left"]
    assert [one["pico"] for one in world.records("end")] == [COST, COST]


@pytest.mark.parametrize("status", [500, 429])
def test_what_fails_in_time_is_no_call_of_its_own(world: World, status: int) -> None:
    async def failing(asked: Asked, line: Line) -> None:
        await line.answer({"error": {"message": "no"}}, status)

    furnish(world, failing, timeout=20)
    assert world.ask(body=ASKED).status == 200
    (end,) = world.ends(1)
    assert [one["status"] for one in end["tries"]] == [status, 200]
