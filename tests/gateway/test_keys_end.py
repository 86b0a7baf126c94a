"""A key ends while answers come: whoever had it hears no more, and what was used is on the record all the same."""

from __future__ import annotations

import http.client

import pytest
from tests.gateway.test_callers_leave import DOLLAR, STREAMED, Paused
from tests.gateway.world import KEY, World, budget, hashed, key


def cut_off(world: World, asking: http.client.HTTPResponse) -> None:
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        asking.read()


def test_an_open_stream_ends_with_its_key_and_its_provider_is_heard_out(world: World) -> None:
    paused = Paused()
    world.serve("openai", paused.stream)
    world.change({"budgets": {"b_1": budget(DOLLAR)}})
    streaming = world.begin(STREAMED)
    assert b"Hel" in streaming.read1()
    world.change(drop={"keys": [hashed(KEY)]})
    cut_off(world, streaming)
    world.until(lambda: len(world.gateway._house.draining) == 1)
    world.call(paused.go_on.set)
    (end,) = world.ends(1)
    assert (end["outcome"], end["usage"]) == ("left", {"input": 10, "output": 2})
    assert world.ask(body=STREAMED).status == 401


def test_the_end_of_one_key_leaves_others_alone(world: World) -> None:
    paused = Paused()
    world.serve("openai", paused.stream)
    world.change({"keys": {hashed("another"): key(id="gk_2")}})
    streaming = world.begin(STREAMED)
    assert b"Hel" in streaming.read1()
    world.change(drop={"keys": [hashed("another")]})
    world.call(paused.go_on.set)
    assert streaming.read().endswith(b"data: [DONE]\n\n")
    (end,) = world.ends(1)
    assert end["outcome"] == "answered"
