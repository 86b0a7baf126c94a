"""What was done to one person changes their keys and accounts alone, and the table is what a whole compile says."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.gateway.test_setting_up import OPENAI, World
from tests.house import Doorway

from greenlane.gateway.actions import MakeGatewayKey, RevokeGatewayKey
from greenlane.gateway.budgets.actions import SetBudget, SetModelSettings
from greenlane.gateway.compile import Compiler
from greenlane.govern.actor import Actor
from greenlane.identity.actions import ErasePerson, RestorePerson, SuspendPerson
from greenlane.identity.delegation.actions import Delegate, EndDelegation, RegisterAgent
from greenlane.kit.errors import GreenlaneError

AGENTS = ("codex", "linter")
SECTIONS = ("keys", "accounts", "budgets", "grants", "agents")


@pytest.fixture
def world(doorway: Doorway, tmp_path: Path) -> World:
    made = World(doorway, tmp_path / "feed")
    doorway.deploys(doorway.owner)
    made.does(OPENAI)
    made.does(SetModelSettings(people="5"))
    return made


def held(world: World) -> dict[str, Any]:
    return {name: dict(world.following.authority.entries(name)) for name in SECTIONS}


def meant(world: World) -> dict[str, Any]:
    whole = world.reads(world.compiler.whole)
    return {name: whole[name] for name in SECTIONS}


class Life:
    """Things that happen to people who call models, one after the other, as a die says."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.house, self.die = world, world.doorway, random.Random(seed)
        self.people = [self.house.hire(name, "developer") for name in ("Ada", "Ben")]
        self.keys: list[str] = ["nothing"]
        self.grants: list[str] = ["nothing"]

    def steps(self, rounds: int) -> Iterator[None]:
        """Everything that can happen, in any order, several times. What is not possible just now changes nothing."""
        for _ in range(rounds):
            things = self._things(self.die.choice(self.people))
            for thing in self.die.sample(things, len(things)):
                with suppress(GreenlaneError):
                    thing()
                yield

    def _things(self, who: Actor) -> list[Callable[[], Any]]:
        does, owner = self.world.does, self.house.owner
        return [
            lambda: self.people.append(self.house.hire("Dora", "developer")),
            lambda: self._makes(who, MakeGatewayKey()),
            lambda: self._makes(who, MakeGatewayKey("vendor-board")),
            lambda: self._makes(who, MakeGatewayKey(run="nightly", budget="2", hours=4)),
            lambda: does(RevokeGatewayKey(self.die.choice(self.keys)), owner),
            lambda: does(RegisterAgent(self.die.choice(AGENTS)), who),
            lambda: self._lends(who, Delegate(self.die.choice(AGENTS), dollars="1")),
            lambda: does(EndDelegation(self.die.choice(self.grants)), owner),
            lambda: does(SuspendPerson(who.id)),
            lambda: does(RestorePerson(who.id)),
            lambda: does(SetBudget("3", person=who.id)) if self.die.random() < 0.3 else None,
            lambda: does(ErasePerson(who.id)) if self.die.random() < 0.2 else None,
        ]

    def _makes(self, who: Actor, action: MakeGatewayKey) -> None:
        answer = self.world.does(action, who).answer
        self.keys += [str(answer["key"])] if "key" in answer else []

    def _lends(self, who: Actor, action: Delegate) -> None:
        answer = self.world.does(action, who).answer
        self.grants += [str(answer["delegation"])] if "delegation" in answer else []


@pytest.mark.parametrize("seed", [1, 2])
def test_after_whatever_happens_the_table_is_what_a_whole_compile_says(world: World, seed: int) -> None:
    life = Life(world, seed)
    for _ in life.steps(4):
        assert held(world) == meant(world)
    assert len(life.keys) > 4
    assert len(life.grants) > 1


def test_what_is_done_to_one_person_reads_nothing_of_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, ben = Life(world, 0).people
    for one in (ada, ben):
        world.does(MakeGatewayKey(), one)
    assert {one["person"] for one in held(world)["keys"].values()} == {ada.id, ben.id}

    def whole(_self: Compiler, _connection: Any) -> Any:
        raise AssertionError("everybody was compiled anew")

    with monkeypatch.context() as patched:
        patched.setattr(Compiler, "rest", whole)
        world.doorway.session(ben)
    world.does(SuspendPerson(ada.id))
    assert {one["person"] for one in held(world)["keys"].values()} == {ben.id}


def test_a_key_that_ended_does_not_come_back_with_what_was_read_before(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, _ben = Life(world, 0).people
    world.does(MakeGatewayKey(), ada)
    has_read, may_go_on = threading.Event(), threading.Event()
    rest = Compiler.rest

    def slowly(self: Compiler, connection: Any) -> dict[str, Any]:
        found = rest(self, connection)
        has_read.set()
        assert may_go_on.wait(60)
        return found

    monkeypatch.setattr(Compiler, "rest", slowly)
    slow = threading.Thread(target=world.does, args=(SetModelSettings(capture_days="30"),))
    slow.start()
    assert has_read.wait(60)
    ledger, settled = world.doorway.control.ledger, threading.Event()
    append = ledger.append

    def appended(*what: Any) -> Any:
        entry = append(*what)
        settled.set()
        return entry

    monkeypatch.setattr(ledger, "append", appended)
    shutting_out = threading.Thread(target=world.does, args=(SuspendPerson(ada.id),))
    shutting_out.start()
    assert settled.wait(60)
    may_go_on.set()
    shutting_out.join(60)
    slow.join(60)
    assert held(world)["keys"] == {}
