"""What was done to one person changes their entries in the table alone, and the table is what a whole compile says."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.house import Doorway
from tests.identity.scim.directory import Directory

from greenlane.catalog.actions import SetAudience
from greenlane.edge.compile import Compiler
from greenlane.edge.following import Following
from greenlane.govern.action import REGISTRY
from greenlane.govern.actor import Actor
from greenlane.identity.actions import (
    CreateTeam,
    CreateToken,
    ErasePerson,
    GrantRole,
    JoinTeam,
    LeaveTeam,
    RemoveRole,
    RenamePerson,
    RestorePerson,
    RevokeToken,
    SignOut,
    SuspendPerson,
)
from greenlane.identity.concerning import ABOUT_ONE
from greenlane.identity.delegation.actions import Delegate, EndDelegation, RegisterAgent
from greenlane.identity.groups.actions import AddGroupRule
from greenlane.kit.errors import GreenlaneError
from greenlane.ledger.receipt import Receipt

APP = "vendor-board"
SECTIONS = ("people", "sessions", "tokens", "grants", "agents", "previews")


class Followed:
    """A house whose table is followed, receipt by receipt, and everything that was ever made in it."""

    def __init__(self, doorway: Doorway, folder: Path) -> None:
        one = doorway.control
        self.doorway = doorway
        self.compiler = Compiler(one.addresses, doorway.clock, bytes(32), 60, 1)
        doorway.deploys(doorway.owner)
        self.directory = Directory(doorway)
        self.following = Following(
            database=one.database,
            write=one.ledger.write,
            compiler=self.compiler,
            passports=one.passports,
            blobs=one.blobs,
            socket=folder / "feed.sock",
            later=lambda task: task(),
            seen=one.coming_in.arrivals.seen_at_an_app,
        )
        self.heard: Counter[str] = Counter()
        doorway.door.subscribe(self.following.hear)
        doorway.door.subscribe(self._count)

    def _count(self, receipt: Receipt) -> None:
        if receipt.happened.get("state") == "done":
            self.heard[str(receipt.action["verb"])] += 1

    def held(self) -> dict[str, Any]:
        return {name: dict(self.following.authority.entries(name)) for name in SECTIONS}

    def meant(self) -> dict[str, Any]:
        with self.doorway.control.database.read() as connection:
            whole = self.compiler.people(connection)
        return {name: whole[name] for name in SECTIONS}


@pytest.fixture
def followed(doorway: Doorway, tmp_path: Path) -> Followed:
    return Followed(doorway, tmp_path)


# what happens


class Life:
    """Things that happen to people, one after the other, as a die says."""

    def __init__(self, followed: Followed, seed: int) -> None:
        self.die = random.Random(seed)
        self.house, self.directory = followed.doorway, followed.directory
        self.people = [self.house.hire(name, "builder") for name in ("Ada", "Ben", "Cleo")]
        self.sent = [str(self.directory.adds().body["id"]) for _ in range(2)]
        self.people += [Actor("person", one) for one in self.sent]
        self.inner = self.directory.groups("Buyers", *self.sent)
        self.outer = self.directory.groups("Purchasing", self.inner)
        self.does(self.house.owner, SetAudience(APP, "named", groups=("Purchasing",)))
        self.made: dict[str, list[str]] = {"token": [], "agent": [], "delegation": []}

    def does(self, actor: Actor, action: Any) -> Any:
        return self.house.does(actor, action).answer

    def anybody(self) -> Actor:
        return self.die.choice(self.people)

    def any(self, kind: str) -> str:
        return self.die.choice(self.made[kind] or ["nothing"])

    def steps(self, rounds: int) -> Iterator[None]:
        """Everything that can happen, in any order, several times. What is not possible just now changes nothing."""
        for _ in range(rounds):
            for number in self.die.sample(range(len(self._things())), len(self._things())):
                with suppress(GreenlaneError):
                    self._things()[number]()
                yield

    def _things(self) -> list[Callable[[], Any]]:
        owner, who, die = self.house.owner, self.anybody(), self.die
        team = die.choice(["home", "sales"])
        return [
            lambda: self.people.append(self.house.hire("Dora", "builder")),
            lambda: self.house.session(who),
            lambda: self.house.session(who),
            lambda: self.does(who, SignOut(everywhere=True)),
            lambda: self.does(owner, SuspendPerson(who.id)),
            lambda: self.does(owner, RestorePerson(who.id)),
            lambda: self.does(owner, RestorePerson(who.id)),
            lambda: self.does(owner, RenamePerson(who.id, name=f"Name {die.random()}")),
            lambda: self.does(owner, ErasePerson(who.id)) if die.random() < 0.2 else None,
            lambda: self.does(owner, CreateTeam("sales")),
            lambda: self.does(owner, JoinTeam(team, who.id)),
            lambda: self.does(owner, LeaveTeam(team, who.id)),
            lambda: self.does(owner, GrantRole(who.id, "builder")),
            lambda: self.does(owner, RemoveRole(who.id, "builder")),
            lambda: self._keeps("token", "id", self.does(who, CreateToken("desk", ("visit",)))),
            lambda: self.does(who, RevokeToken(self.any("token"))),
            lambda: self._registers(who),
            lambda: self._lends(who),
            lambda: self._lends(who),
            lambda: self.does(owner, EndDelegation(self.any("delegation"))),
            lambda: self.people.append(Actor("person", str(self.directory.adds().body["id"]))),
            lambda: self.directory.switches(who.id, on=die.random() < 0.5),
            lambda: self.directory.sends("DELETE", f"/Users/{who.id}") if die.random() < 0.3 else None,
            lambda: self.directory.patches(f"/Groups/{self.inner}", _member("add", who.id)),
            lambda: self.directory.patches(f"/Groups/{self.inner}", _member("remove", who.id)),
            lambda: self.does(owner, AddGroupRule(self.outer, "visitor", f"team:{team}")),
        ]

    def _keeps(self, kind: str, name: str, answer: Mapping[str, Any]) -> None:
        if name in answer:
            self.made[kind].append(str(answer[name]))

    def _registers(self, who: Actor) -> None:
        name = f"agent-{len(self.made['agent'])}"
        self._keeps("agent", "agent", self.does(who, RegisterAgent(name, ("visit", "deploy"))))

    def _lends(self, who: Actor) -> None:
        self._keeps("delegation", "delegation", self.does(who, Delegate(self.any("agent"), ("visit",))))


def _member(does: str, person: str) -> dict[str, Any]:
    if does == "add":
        return {"op": "add", "path": "members", "value": [{"value": person}]}
    return {"op": "remove", "path": f'members[value eq "{person}"]'}


@pytest.mark.parametrize("seed", [1, 2])
def test_after_whatever_happens_the_table_is_what_a_whole_compile_says(followed: Followed, seed: int) -> None:
    life = Life(followed, seed)
    for _ in life.steps(3):
        assert followed.held() == followed.meant(), followed.heard
    assert len(ABOUT_ONE & followed.heard.keys()) >= 10, followed.heard


def test_every_verb_about_one_person_is_one(followed: Followed) -> None:
    assert {one.name for one in REGISTRY} >= ABOUT_ONE


def test_what_is_done_to_one_person_reads_and_says_nothing_of_others(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = Life(followed, 0)
    ada, ben = life.people[:2]
    followed.doorway.session(ben)

    def whole(_self: Compiler, _connection: Any) -> Any:
        raise AssertionError("everybody was compiled anew")

    monkeypatch.setattr(Compiler, "people", whole)
    before = followed.held()
    followed.directory.adds()
    followed.doorway.session(ada)
    followed.doorway.does(followed.doorway.owner, SuspendPerson(ada.id))
    after = followed.held()
    assert not after["people"][ada.id]["active"]
    assert ada.id not in after["sessions"].values()
    assert len(after["people"]) == len(before["people"]) + 1
    assert all(after["people"][one] is before["people"][one] for one in before["people"] if one != ada.id)


def test_who_is_shut_out_takes_along_what_they_lent_and_the_agents_they_answer_for(followed: Followed) -> None:
    life = Life(followed, 0)
    ada, ben = life.people[:2]
    house = followed.doorway
    house.does(ada, RegisterAgent("codex", ("visit",)))
    house.does(ben, RegisterAgent("helper", ("visit",)))
    by_ben = house.does(ben, Delegate("codex", ("visit",))).answer["delegation"]
    by_ada = house.does(ada, Delegate("helper", ("visit",))).answer["delegation"]
    kept = house.does(ben, Delegate("helper", ("visit",))).answer["delegation"]
    assert set(followed.held()["grants"]) == {by_ben, by_ada, kept}
    house.does(house.owner, SuspendPerson(ada.id))
    assert (set(followed.held()["grants"]), set(followed.held()["agents"])) == ({kept}, {"helper"})


def test_what_was_read_before_never_replaces_what_is_newer(followed: Followed, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = Life(followed, 0).people[0]
    has_read, may_go_on = threading.Event(), threading.Event()
    whole = Compiler.people

    def slowly(self: Compiler, connection: Any) -> dict[str, Any]:
        found = whole(self, connection)
        has_read.set()
        assert may_go_on.wait(60)
        return found

    monkeypatch.setattr(Compiler, "people", slowly)
    slow = threading.Thread(target=followed.following.refresh_people)
    slow.start()
    assert has_read.wait(60)
    house = followed.doorway
    settled = threading.Event()
    one = house.control.ledger
    append = one.append

    def appended(*what: Any) -> Any:
        entry = append(*what)
        settled.set()
        return entry

    monkeypatch.setattr(one, "append", appended)
    shutting_out = threading.Thread(target=house.does, args=(house.owner, SuspendPerson(ada.id)))
    shutting_out.start()
    assert settled.wait(60)
    may_go_on.set()
    shutting_out.join(60)
    slow.join(60)
    assert not followed.held()["people"][ada.id]["active"]
