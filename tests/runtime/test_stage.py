"""The life of releases: woken, put to sleep, started again after a pause, left alone when they fall again and again."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from greenlane.kit.clock import SystemClock
from greenlane.kit.errors import Unavailable
from greenlane.runtime.fake import FakeDriver
from greenlane.runtime.logs import Logs
from greenlane.runtime.release import Key, Release
from greenlane.runtime.stage import CALM, LONG_ASLEEP, LOOP, Stage, State, Unknown
from greenlane.store.keeping import Room

KEY = Key("board", "production", "d1")


class World:
    """A stage with a driver that obeys, control that may be away, and time that stands still."""

    def __init__(self, folder: Path) -> None:
        self.now = 1000.0
        self.driver = FakeDriver(folder)
        self.logs = Logs(folder / "logs", SystemClock())
        self.release = Release(KEY, "asgi", "fine", "sha256:0")
        self.away = False
        self.asked = 0
        self.stage = Stage(self.driver, self._find, self.logs, idle=300, clock=lambda: self.now)

    def _find(self, key: Key) -> Release:
        self.asked += 1
        if self.away:
            raise Unavailable("Control is away.")
        if key.app != KEY.app:
            raise Unknown("There is nothing to run here.", next_step="Deploy it.")
        return replace(self.release, key=key)

    def ask(self) -> dict[str, object]:
        return self.stage.endpoint(KEY, 10)

    def state(self) -> State:
        return self.stage.standing()[0].state

    def said(self) -> str:
        return "\n".join(line.text for line in self.logs.of(KEY).lines())


@pytest.fixture
def world() -> Iterator[World]:
    folder = Path(tempfile.mkdtemp(prefix="gl-"))
    made = World(folder)
    yield made
    made.stage.close()
    shutil.rmtree(folder)


def until(true: Callable[[], bool]) -> None:
    enough = threading.Event()
    for _ in range(500):
        if true():
            return
        enough.wait(0.01)
    raise AssertionError("it never came to be")


def test_whoever_asks_wakes_it_and_is_told_where_it_is(world: World) -> None:
    assert Path(str(world.ask()["socket"])).is_socket()
    assert world.ask() == world.ask()
    assert (len(world.driver.started), world.asked) == (1, 1)


def test_a_crowd_wakes_it_once(world: World) -> None:
    answers: list[dict[str, object]] = []
    crowd = [threading.Thread(target=lambda: answers.append(world.ask())) for _ in range(20)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert len(world.driver.started) == 1
    assert len({str(answer["socket"]) for answer in answers}) == 1


def test_who_does_not_wait_is_told_that_it_wakes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    plain = world.driver.ensure
    monkeypatch.setattr(world.driver, "ensure", lambda *words: (go_on.wait(10), plain(*words))[1])
    answer = world.stage.endpoint(KEY, 0)
    assert (answer["refused"], answer["wait"]) == ("waking", True)
    assert world.state() == State.WAKING
    go_on.set()
    assert "socket" in world.ask()


def test_what_nobody_uses_is_put_to_sleep_and_wakes_again(world: World) -> None:
    world.ask()
    world.now += 299
    world.stage.look()
    assert world.state() == State.AWAKE
    world.stage.used([KEY, Key("other", "production", "d9")])
    world.now += 299
    world.stage.look()
    assert world.state() == State.AWAKE
    world.now += 2
    world.stage.look()
    assert world.state() == State.ASLEEP
    assert "sleeps" in world.said()
    assert "socket" in world.ask()
    assert world.asked == 1


def test_what_slept_for_long_is_forgotten_and_heard_of_anew(world: World) -> None:
    world.ask()
    world.now += 301
    world.stage.look()
    world.now += LONG_ASLEEP - 301
    world.stage.look()
    assert (world.state(), world.asked) == (State.ASLEEP, 1)
    world.now += 1
    world.stage.look()
    assert (world.stage.standing(), world.stage.given()) == ([], {})
    assert "socket" in world.ask()
    assert (world.state(), world.asked) == (State.AWAKE, 2)


def test_what_is_awake_or_resting_is_not_forgotten(world: World) -> None:
    world.ask()
    world.stage.used([KEY])
    world.driver.running[0].crash()
    until(lambda: world.state() == State.RESTING)
    world.now += LONG_ASLEEP + 1
    world.stage.look()
    assert world.state() == State.RESTING


def test_who_comes_while_it_is_forgotten_wakes_the_one_that_everybody_finds(world: World) -> None:
    world.ask()
    world.stage.sleep(KEY)
    life = world.stage._lives[KEY]
    answers: list[dict[str, object]] = []
    visitor = threading.Thread(target=lambda: answers.append(world.ask()))
    with life.lock:
        visitor.start()
        visitor.join(0.2)  # it has found the old one by now, and waits
        del world.stage._lives[KEY]
    visitor.join()
    assert "socket" in answers[0]
    assert world.state() == State.AWAKE
    assert life.instance is None


def test_what_falls_rests_before_it_is_started_again(world: World) -> None:
    world.ask()
    world.driver.running[0].crash()
    until(lambda: world.state() == State.RESTING)
    answer = world.ask()
    assert (answer["refused"], answer["wait"]) == ("resting", True)
    assert "ended with an error" in str(answer["says"])
    world.now += 1
    assert "socket" in world.ask()


def test_what_falls_again_and_again_says_why_and_is_not_tried_at_each_request(world: World) -> None:
    world.release = replace(world.release, entry="broken")
    for _ in range(LOOP):
        world.ask()
        world.now += CALM - 1
    world.now -= CALM - 1
    assert world.state() == State.FALLING
    answer = world.ask()
    assert (answer["refused"], answer["wait"]) == ("falling", False)
    assert "5 times in a row" in str(answer["says"])
    assert "greenlane logs board" in str(answer["next_step"])
    assert len(world.driver.started) == LOOP
    world.now += 61
    world.ask()
    assert len(world.driver.started) == LOOP + 1


def test_a_calm_while_makes_up_for_earlier_falls(world: World) -> None:
    for _ in range(LOOP + 2):
        assert "socket" in world.ask()
        world.now += CALM + 1
        world.driver.running[-1].crash()
        until(lambda: world.state() == State.RESTING)
        world.now += 1
    assert "socket" in world.ask()


def test_what_runs_runs_on_without_control_and_what_was_heard_of_wakes(world: World) -> None:
    world.ask()
    world.away = True
    assert "socket" in world.ask()
    world.stage.sleep(KEY)
    assert "socket" in world.ask()
    refused = world.stage.endpoint(KEY._replace(deploy="d2"), 10)
    assert (refused["refused"], refused["wait"]) == ("unavailable", True)


def test_what_is_no_release_is_refused_and_leaves_nothing_behind(world: World) -> None:
    refused = world.stage.endpoint(Key("nobody", "production", "d1"), 10)
    assert (refused["refused"], refused["wait"]) == ("no-release", False)
    assert world.stage.standing() == []


def test_what_cannot_run_here_says_so(world: World) -> None:
    world.release = replace(world.release, kind="cobol")
    refused = world.ask()
    assert (refused["refused"], refused["wait"]) == ("cannot-run", False)
    assert world.ask() == refused
    assert world.state() == State.REFUSED


def test_a_release_that_is_forgotten_is_heard_of_anew(world: World) -> None:
    world.ask()
    world.stage.forget(KEY)
    assert world.state() == State.ASLEEP
    assert "socket" in world.ask()
    assert world.asked == 2


def test_a_thousand_sleeping_releases_cost_little(world: World) -> None:
    for number in range(1000):
        world.stage.sleep(KEY._replace(deploy=f"d{number}"))
    assert len(world.stage.standing()) == 1000
    world.now += LONG_ASLEEP + 1
    world.stage.look()
    assert world.stage.standing() == []
    assert world.driver.started == []


def test_what_has_new_values_is_started_beside_itself_and_takes_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("greenlane.runtime.stage.DRAIN", 0.0)
    before = world.ask()
    assert world.stage.given() == {KEY: ()}
    world.release = replace(world.release, variables={"KEY": "new"}, given=("app:board/production/run/KEY/2",))
    go_on = threading.Event()
    plain = world.driver.ensure
    monkeypatch.setattr(world.driver, "ensure", lambda *words: (go_on.wait(10), plain(*words))[1])
    world.stage.renew(KEY)
    world.stage.renew(KEY)
    assert world.ask() == before, "it goes on as long as the new one is not there"
    go_on.set()
    until(lambda: world.driver.running[0].ended is not None)
    assert not Path(str(before["socket"])).exists(), "whoever knew the old one asks anew"
    assert Path(str(world.ask()["socket"])).is_socket()
    assert world.stage.given() == {KEY: ("app:board/production/run/KEY/2",)}
    assert len(world.driver.started) == 2, "asked for twice is done once"
    assert world.state() == State.AWAKE
    assert "took over" in world.said()


def test_what_does_not_start_with_its_new_values_goes_on_with_the_old_ones(world: World) -> None:
    before = world.ask()
    world.release = replace(world.release, entry="broken")
    world.stage.renew(KEY)
    until(lambda: "goes on with those from before" in world.said())
    assert world.ask() == before
    world.stage.renew(KEY)
    assert len(world.driver.started) == 2, "it is not tried again and again"
    world.now += 61
    world.stage.renew(KEY)
    until(lambda: len(world.driver.started) == 3)


def test_what_sleeps_hears_of_new_values_when_it_wakes(world: World) -> None:
    world.ask()
    world.stage.sleep(KEY)
    world.release = replace(world.release, given=("new",))
    world.stage.renew(KEY)
    assert len(world.driver.started) == 1
    world.ask()
    assert world.driver.started[-1].given == ("new",)


def test_what_is_being_started_while_a_value_is_revoked_is_started_without_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, begun = threading.Event(), threading.Event()
    plain = world.driver.ensure
    monkeypatch.setattr(world.driver, "ensure", lambda *words: (begun.set(), go_on.wait(10), plain(*words))[2])
    world.release = replace(world.release, given=("revoked",))
    assert world.stage.endpoint(KEY, 0)["refused"] == "waking"
    begun.wait(10)
    world.release = replace(world.release, given=())
    world.stage.forget(KEY)
    go_on.set()
    assert "socket" in world.ask()
    assert [one.given for one in world.driver.started] == [("revoked",), ()]
    assert [one.ended is None for one in world.driver.running] == [False, True]


MIB = 1024 * 1024


def test_what_stored_more_than_it_may_is_put_to_sleep_and_says_so(world: World) -> None:
    world.driver.had = Room(Path("data"), 0, 8 * MIB)
    world.ask()
    world.stage.look()
    assert world.state() is State.AWAKE
    world.driver.running[-1].outgrown = True
    world.stage.look()
    assert world.state() is State.ASLEEP
    assert "It stores more in /data than the 8 MiB that are its quota" in world.said()


def test_what_is_full_says_so_at_each_start_and_gets_no_other_hint(world: World) -> None:
    world.driver.had = Room(Path("data"), 9 * MIB, 8 * MIB)
    world.release = replace(world.release, entry="Read-only file system")
    world.ask()
    said = [line.text for line in world.logs.of(KEY).lines() if line.ours]
    full = "/data is full: 9 of 8 MiB. It can be read and not written to."
    assert said == [f"{full} `greenlane data board` shows what lies there and how to make room."]


def test_what_is_emptied_sleeps_and_did_not_fall(world: World) -> None:
    world.ask()
    with world.stage.emptied("board", "production"):
        assert world.state() is State.ASLEEP
        assert world.driver.running[-1].ended is not None
    assert "socket" in world.ask()
    with world.stage.emptied("board", "staging"):
        assert world.state() is State.AWAKE
