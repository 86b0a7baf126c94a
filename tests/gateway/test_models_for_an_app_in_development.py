"""What an app asks of its proxy in `greenlane dev` goes to the platform, with the key of whoever develops it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.gateway.provider import Provider
from tests.gateway.test_official_libraries import stand_in_table
from tests.gateway.world import KEY, World
from tests.runtime.egress.conftest import ask

from greenlane.cli.developing import Models
from greenlane.dev.models import NO_KEY, ModelsRelay
from greenlane.govern.errors import Refused

BODY = b'{"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": "Say hello."}]}'
HEAD = (
    b"POST /ai/openai/v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:3128\r\nAuthorization: Bearer %b\r\n"
    b"x-api-key: %b\r\nGreenlane-Sandbox: {}\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    % (NO_KEY.encode(), NO_KEY.encode(), len(BODY))
)


class Bench(NamedTuple):
    """A relay, what it asked for, and what it said."""

    path: Path
    asked: list[str]
    said: list[str]
    provider: Provider


@pytest.fixture
def bench(world: World, tmp_path: Path) -> Iterator[Bench]:
    asked: list[str] = []
    said: list[str] = []

    def key() -> str:
        asked.append("a key")
        return KEY

    relay = ModelsRelay(tmp_path / "m.sock", Models(f"http://127.0.0.1:{world.port}", key), said.append)
    relay.start()
    with Provider() as provider:
        world.change(stand_in_table(provider))
        yield Bench(tmp_path / "m.sock", asked, said, provider)
    relay.stop()


def test_its_calls_go_to_the_platform_with_a_key_that_is_asked_for_once(bench: Bench, world: World) -> None:
    assert bench.asked == []
    for _ in range(3):
        answer = ask(bench.path, HEAD + BODY)
        assert b"You said: Say hello." in answer
    assert bench.asked == ["a key"]
    assert len(bench.said) == 1
    assert {one["person"] for one in world.records("begin")} == {"p_ada"}
    assert NO_KEY not in str([entry.headers for entry in bench.provider.account])


def test_why_there_is_no_key_is_told_to_the_app(world: World, tmp_path: Path) -> None:
    def refused() -> str:
        raise Refused("The platform gives you no key for models.", next_step="Ask your team.")

    relay = ModelsRelay(tmp_path / "m.sock", Models(f"http://127.0.0.1:{world.port}", refused), [].append)
    relay.start()
    answer = ask(tmp_path / "m.sock", HEAD + BODY)
    relay.stop()
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert answer.endswith(b"The platform gives you no key for models. Ask your team.\n")


def test_a_platform_that_is_away_is_told_to_the_app(tmp_path: Path) -> None:
    relay = ModelsRelay(tmp_path / "m.sock", Models("http://127.0.0.1:9", lambda: KEY), [].append)
    relay.start()
    answer = ask(tmp_path / "m.sock", HEAD + BODY)
    relay.stop()
    assert answer.startswith(b"HTTP/1.1 502 ")
