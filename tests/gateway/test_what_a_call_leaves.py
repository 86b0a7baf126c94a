"""A call leaves nothing in memory that only the collector of cycles would find."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from tests.gateway.world import World

ASKED = {"model": "gpt-4o-mini", "max_tokens": 10, "messages": []}


@pytest.fixture
def kept() -> Iterator[list[object]]:
    """What the collector finds is kept there, and it looks when it is told to alone."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    yield gc.garbage
    gc.set_debug(0)
    gc.garbage.clear()
    gc.enable()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_call_leaves_no_cycle(world: World, kept: list[object], stream: bool) -> None:
    world.serve("openai")
    for _ in range(5):
        assert world.ask(body={**ASKED, "stream": stream}).status == 200
    world.ends(5)
    gc.collect()
    assert not [one for one in kept if type(one).__module__.startswith("greenlane.")]
