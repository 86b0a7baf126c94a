"""Running apps follow their values: led over to new ones, stopped at once where one was destroyed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.house import Doorway

from greenlane.catalog.actions import CreateApp
from greenlane.deploys import renewing
from greenlane.deploys.renewing import Due, Renewing, due
from greenlane.govern.action import REGISTRY
from greenlane.kit.errors import Unavailable
from greenlane.runtime.release import Key
from greenlane.secrets import resolving
from greenlane.secrets.actions import PutVariable, RevokeVariable, RotateVariable

KEY = Key("vendor-board", "production", "d1")


class Runs:
    """Runs one release, and does as it is told."""

    def __init__(self, world: Doorway) -> None:
        self.world = world
        self.told: list[str] = []
        self.has: tuple[str, ...] = ()
        self.away = False
        self.start()

    def start(self) -> None:
        control = self.world.control
        with control.database.read() as connection:
            found = resolving.resolution(connection, KEY.app, KEY.environment, "run", control.clock.now())
        self.has = tuple(one.id for one in found.versions)

    def given(self) -> Mapping[Key, Sequence[str]]:
        if self.away:
            raise Unavailable("The runtime is away.")
        return {KEY: self.has}

    def renew(self, key: Key) -> None:
        self.told.append(f"renew {key.app}")
        self.start()

    def forget(self, key: Key) -> None:
        self.told.append(f"forget {key.app}")
        self.start()


def test_what_is_due_is_known_by_the_versions() -> None:
    assert due(["a/1"], ["a/1"], frozenset({"a/1"})) == Due.NOTHING
    assert due([], [], frozenset()) == Due.NOTHING
    assert due(["a/1"], ["a/2", "a/1"], frozenset({"a/1", "a/2"})) == Due.ANEW
    assert due(["a/2", "a/1"], ["a/2"], frozenset({"a/1", "a/2"})) == Due.ANEW, "a rotation that ended by itself"
    assert due(["a/1"], [], frozenset()) == Due.AT_ONCE
    assert due(["a/1", "b/1"], ["a/2"], frozenset({"a/1", "a/2"})) == Due.AT_ONCE, "b was destroyed"


def test_every_verb_that_it_listens_to_is_one() -> None:
    assert {verb.name for verb in REGISTRY} >= renewing.VERBS


def test_a_running_app_follows_what_is_put_in_rotated_and_revoked(doorway: Doorway) -> None:
    owner, where = doorway.owner, {"app": KEY.app, "environment": KEY.environment}
    doorway.does(owner, CreateApp(KEY.app))
    runs = Runs(doorway)
    follows = Renewing(doorway.control.database, runs, doorway.clock)
    follows.round()
    assert runs.told == []
    doorway.does(owner, PutVariable("API_KEY", "the first of them", **where))
    follows.round()
    doorway.does(owner, RotateVariable("API_KEY", "the second of them", **where, hours=1))
    follows.round()
    assert runs.told == ["renew vendor-board"] * 2
    follows.round()
    assert len(runs.told) == 2, "nothing is left to do"
    doorway.after(3601)
    follows.round()
    assert runs.told == ["renew vendor-board"] * 3, "the time of the old one is over"
    doorway.does(owner, PutVariable("API_KEY", "elsewhere", app=KEY.app, environment="staging"))
    follows.round()
    assert len(runs.told) == 3, "another environment is no business of it"
    doorway.does(owner, RevokeVariable("API_KEY", app=KEY.app))
    runs.away = True
    follows.round()
    runs.away = False
    follows.round()
    assert runs.told[3:] == ["forget vendor-board"]
