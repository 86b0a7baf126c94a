"""Programs of others through the gateway, told key and address alone: the official libraries of Node, and coding agents."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.gateway.agents_and_libraries import EVERYTHING, anthropics_agent, libraries, openais_agent
from tests.gateway.provider import Provider
from tests.gateway.test_official_libraries import stand_in_table
from tests.gateway.world import KEY, World

from greenlane.gateway.deploy_keys import variables

pytestmark = pytest.mark.xdist_group("npm")


class Desk(NamedTuple):
    """Somebody's machine, with what finds the gateway in its environment."""

    world: World
    provider: Provider
    environment: dict[str, str]
    home: Path
    work: Path

    def balanced(self, calls: int) -> None:
        """As many calls as the provider served, at what it charges."""
        assert sum(one["pico"] for one in self.world.ends(calls)) == self.provider.account.pico


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Iterator[Desk]:
    home, work = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    work.mkdir()
    found = variables(KEY, f"http://127.0.0.1:{world.port}", {})
    fast = {"targets": [{"provider": "openai", "model": "gpt-5-mini", "weight": 1}]}
    with Provider() as provider:
        world.change({**stand_in_table(provider), "routes": {"fast": fast}})
        environment = {"PATH": os.environ["PATH"], "TERM": "dumb", "HOME": str(home), **found}
        yield Desk(world, provider, environment, home, work)


def test_the_libraries_of_node_find_the_gateway_by_themselves(desk: Desk) -> None:
    assert libraries(desk.environment) == EVERYTHING
    # countTokens costs nothing, and Google's embeddings tell no usage: there ours is an upper bound
    served = [one for one in desk.provider.account if one.outcome == "answered" and one.wire != "models"]
    exact = [one for one in desk.world.ends(len(served)) if not one["estimated"]]
    assert sum(one["pico"] for one in exact) == sum(one.pico for one in served if one.wire != "gemini-embed")


def test_a_coding_agent_of_anthropic_s_works_through_the_gateway(desk: Desk) -> None:
    assert "Done." in anthropics_agent(desk.work, desk.environment, desk.home)
    assert (desk.work / "hello.txt").read_text() == "hello from a model"
    calls = [one for one in desk.provider.account if one.wire == "anthropic-messages"]
    assert len(calls) >= 2
    assert calls[-1].counts.cached > 1000, "what it marks to be kept is kept through the gateway"
    desk.balanced(len(calls))


def test_a_coding_agent_of_openai_s_works_through_the_gateway(desk: Desk) -> None:
    assert "Done." in openais_agent(desk.work, desk.environment, desk.home)
    assert (desk.work / "hello.txt").read_text() == "hello from a model"
    calls = [one for one in desk.provider.account if one.wire == "openai-responses"]
    assert len(calls) == 2
    desk.balanced(2)
