"""A key for models that an app has among its own values becomes a provider's key in one step."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.gateway.test_setting_up import KEY, OPENAI, World
from tests.house import Doorway

from greenlane.catalog.actions import CreateApp
from greenlane.gateway.actions import MoveModelKey
from greenlane.govern.decision import Lane
from greenlane.govern.errors import NotFound
from greenlane.insights import sentences
from greenlane.secrets import resolving
from greenlane.secrets.actions import PutVariable

OWN = "sk-proj-of-the-app-0123456789abcdef"


@pytest.fixture
def world(doorway: Doorway, tmp_path: Path) -> World:
    doorway.does(doorway.owner, CreateApp("board"))
    made = World(doorway, tmp_path / "feed")
    made.does(OPENAI)
    return made


def test_the_provider_has_the_key_and_the_app_has_not(world: World) -> None:
    world.does(PutVariable("OPENAI_API_KEY", OWN + "\n", app="board", environment="production"))
    answer = world.does(MoveModelKey("board", "OPENAI_API_KEY", "openai"))
    assert answer.decision.lane is Lane.AMBER
    assert [one["secret"] for one in world.table()["providers"]["openai"]["credentials"]] == [OWN, KEY]
    assert "OPENAI_API_KEY" not in world.reads(resolving.names_of, "board", "production", "run")
    (receipt,) = [one for one in world.doorway.receipts("move-model-key") if one.happened["state"] == "done"]
    assert OWN not in str(receipt) + str(answer)
    says = world.reads(
        lambda connection: sentences.receipt(block := receipt.document(), sentences.Names.of(connection, [block]))
    )
    assert "took the key OPENAI_API_KEY over from production of board for the provider openai" in says


def test_a_value_that_is_not_there_or_a_provider_that_is_not_is_told_and_nothing_is_lost(world: World) -> None:
    world.does(PutVariable("OPENAI_API_KEY", OWN, app="board", environment="production"))
    for action in (
        MoveModelKey("board", "OPENAI_API_KEY", "nobody"),
        MoveModelKey("board", "OTHER", "openai"),
        MoveModelKey("board", "OPENAI_API_KEY", "openai", environment="staging"),
    ):
        with pytest.raises(NotFound):
            world.does(action)
    assert "OPENAI_API_KEY" in world.reads(resolving.names_of, "board", "production", "run")


def test_whoever_makes_apps_cannot_fill_the_platforms_keys_with_them(world: World) -> None:
    ben = world.doorway.hire("Ben Builder", "builder")
    world.does(PutVariable("OPENAI_API_KEY", OWN, app="board", environment="production"))
    answer = world.does(MoveModelKey("board", "OPENAI_API_KEY", "openai"), ben)
    assert answer.decision.lane is Lane.CLOSED
    assert [one["secret"] for one in world.table()["providers"]["openai"]["credentials"]] == [KEY]
