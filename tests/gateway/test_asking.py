"""A prompt of the console is a call like any other: through the gateway, with a key, and answered piece by piece."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.gateway.stub import Asked, Line, chunks
from tests.gateway.world import KEY, World

from greenlane.gateway.asking import Asking, Begun, NotAnsweredByModel, Words
from greenlane.kit.errors import Unavailable


@pytest.fixture
def asking(tmp_path: Path, lists: Path):
    """A gateway with one provider, and the asking side of it."""
    with World(tmp_path, lists, public=tmp_path / "gateway.sock").living() as world:
        yield world, Asking(tmp_path / "gateway.sock")


async def streaming(asked: Asked, line: Line) -> None:
    await line.head()
    for one in chunks(["Hel", "lo\n"], usage=True):
        await line.event(one)
    await line.event(b"[DONE]")
    await line.end()


async def breaking(asked: Asked, line: Line) -> None:
    await line.head()
    await line.event(chunks(["Hel"], usage=False)[0])
    line.reset()


def test_an_answer_comes_piece_by_piece_with_the_call_first(asking: tuple[World, Asking]) -> None:
    world, models = asking
    stub = world.serve("openai", streaming)
    call, *words = models.ask(KEY, "gpt-4o-mini", "Say hello")
    (end,) = world.ends(1)
    assert call == Begun(end["call"])
    assert [one for one in words if isinstance(one, Words)] == words
    assert "".join(one.text for one in words if isinstance(one, Words)) == "Hello\n"
    assert stub.asked[0].json["messages"] == [{"role": "user", "content": "Say hello"}]


def test_a_refusal_is_said_in_the_gateways_own_words(asking: tuple[World, Asking]) -> None:
    world, models = asking
    world.serve("openai", streaming)
    with pytest.raises(NotAnsweredByModel, match="does not know this key"):
        list(models.ask("glk_nobody", "gpt-4o-mini", "Hi"))


def test_an_answer_that_breaks_off_says_so(asking: tuple[World, Asking]) -> None:
    world, models = asking
    world.serve("openai", breaking)
    found: list[Begun | Words] = []
    with pytest.raises(NotAnsweredByModel, match="broke off"):
        found.extend(models.ask(KEY, "gpt-4o-mini", "Hi"))
    assert Words("Hel") in found


def test_without_a_gateway_it_says_that_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        list(Asking(tmp_path / "gateway.sock").ask(KEY, "x", "Hi"))
