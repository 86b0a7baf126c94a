"""Exchanges of rare shapes pass byte by byte, and cost what their provider bills for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from tests.gateway.stub import Asked, Line
from tests.gateway.unusual import EXCHANGES
from tests.gateway.unusual.shapes import Exchange
from tests.gateway.world import World

KINDS = ("openai", "anthropic", "gemini")
PIECE = 61
"""Bytes of each piece in which an answer comes: no event and no line ends where a piece does."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, lists: Path) -> Iterator[World]:
    """One gateway for all of them, with a provider of each kind."""
    with World(tmp_path_factory.mktemp("world"), lists).living() as running:
        for kind in KINDS:
            running.serve(kind, kind=kind)
        running.change({"usual": {kind: kind for kind in KINDS}})
        yield running


@pytest.mark.parametrize("one", EXCHANGES, ids=lambda one: one.name)
def test_it_passes_as_it_is_and_costs_what_is_billed(world: World, one: Exchange) -> None:
    stub = world.stubs[one.path.split("/")[2]]
    streams = one.answer.startswith((b"data:", b"event:"))

    async def answers(asked: Asked, line: Line) -> None:
        await line.head(kind="text/event-stream; charset=utf-8" if streams else "application/json; charset=UTF-8")
        for place in range(0, len(one.answer), PIECE):
            await line.chunk(one.answer[place : place + PIECE])
        await line.end()

    stub.answers = answers
    before = len(world.records("end"))
    sent = orjson.dumps(one.asked)
    answer = world.ask(one.path, sent)
    assert answer.status == 200
    assert answer.body == (one.answer if one.said is None else one.said)
    if one.said is None:
        assert stub.asked[-1].body == sent
    end = world.ends(before + 1)[-1]
    assert end["usage"] == dict(one.usage)
    assert (end["pico"], end["outcome"]) == (one.pico, "answered")
    assert end.get("speed", {}) == dict(one.speed)
