"""The keeper of data as it is: copies of one moment, brought back whole or not at all, whatever interrupts it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from greenlane.kit.clock import FakeClock
from greenlane.store.keeping import Keeping, NotKept

QUOTA = 1024 * 1024
BOARD, PRODUCTION = "board", "production"


@dataclass
class Holding:
    """Notes when it holds something."""

    held: list[str] = field(default_factory=list)

    @contextmanager
    def still(self, app: str, environment: str) -> Iterator[None]:
        self.held.append("still")
        yield
        self.held.append("goes on")

    @contextmanager
    def emptied(self, app: str, environment: str) -> Iterator[None]:
        self.held.append("emptied")
        yield
        self.held.append("may start")

    def owner(self, app: str, environment: str) -> int | None:
        return 61234 if os.getuid() == 0 else None


class House:
    """A keeper of a test's own, asked as it is over the socket."""

    def __init__(self, folder: Path, keeps: int = 3) -> None:
        self.folder = folder
        self.holding = Holding()
        self.clock = FakeClock()
        self.keeping = Keeping(folder, QUOTA, keeps, self.clock)
        self.answers = self.keeping.answers(self.holding)

    @property
    def data(self) -> Path:
        return self.keeping.room(BOARD, PRODUCTION).folder

    def ask(self, what: str, **question: Any) -> dict[str, Any]:
        self.clock.forward(1)
        return self.answers[what]({"app": BOARD, "environment": PRODUCTION, **question})

    def snapshot(self, name: str) -> dict[str, Any]:
        return self.ask("snapshot", snapshot=name, action=f"act-{name}")

    def restore(self, name: str, digest: str, action: str = "act-restore") -> dict[str, Any]:
        return self.ask("restore", snapshot=name, digest=digest, before=f"before-{action}", action=action)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "runtime")


def test_a_snapshot_is_taken_while_the_app_stands_still(house: House) -> None:
    (house.data / "app.db").write_text("one")
    kept = house.snapshot("s1")["kept"]
    assert house.holding.held == ["still", "goes on"]
    assert (kept["bytes"], kept["files"], kept["left_out"]) == (3, 1, 0)
    archive = house.folder / "snapshots" / BOARD / PRODUCTION / "s1.tar"
    assert archive.stat().st_mode & 0o777 == 0o600 or archive.parent.stat().st_mode & 0o777 == 0o700


def test_asked_twice_it_is_taken_once(house: House) -> None:
    (house.data / "app.db").write_text("one")
    first = house.snapshot("s1")["kept"]
    (house.data / "app.db").write_text("two")
    assert house.snapshot("s1")["kept"] == first


def test_where_nothing_is_stored_there_is_nothing_to_keep(house: House) -> None:
    assert house.snapshot("s1") == {"dropped": []}
    assert house.data.is_dir()
    assert house.snapshot("s1") == {"dropped": []}


def test_the_newest_stay_and_the_oldest_goes(house: House) -> None:
    (house.data / "app.db").write_text("x")
    dropped = [house.snapshot(f"s{number}")["dropped"] for number in range(5)]
    assert dropped == [[], [], [], ["s0"], ["s1"]]
    assert [one.id for one in house.keeping.kept(BOARD, PRODUCTION)] == ["s4", "s3", "s2"]
    assert house.ask("data")["environments"][0]["snapshots"] == ["s4", "s3", "s2"]


def test_a_restore_keeps_what_it_replaces_and_can_be_restored_itself(house: House) -> None:
    (house.data / "app.db").write_text("one")
    first = house.snapshot("s1")["kept"]
    (house.data / "app.db").write_text("two")
    (house.data / "new").mkdir()
    before = house.restore("s1", first["digest"])["before"]
    assert house.holding.held[-2:] == ["emptied", "may start"]
    assert [one.name for one in house.data.iterdir()] == ["app.db"]
    assert (house.data / "app.db").read_text() == "one"
    owner = house.holding.owner(BOARD, PRODUCTION)
    assert {one.stat().st_uid for one in (house.data, house.data / "app.db")} == {
        os.getuid() if owner is None else owner
    }
    house.restore(before["id"], before["digest"], "act-undo")
    assert (house.data / "app.db").read_text() == "two"
    assert (house.data / "new").is_dir()


def test_the_snapshot_that_is_restored_is_not_given_up_for_the_one_before_it(tmp_path: Path) -> None:
    house = House(tmp_path / "runtime", keeps=1)
    (house.data / "app.db").write_text("one")
    first = house.snapshot("s1")["kept"]
    answer = house.restore("s1", first["digest"])
    assert answer["dropped"] == []
    assert {one.id for one in house.keeping.kept(BOARD, PRODUCTION)} == {"s1", "before-act-restore"}


def test_the_same_restore_is_not_done_twice(house: House) -> None:
    (house.data / "app.db").write_text("one")
    first = house.snapshot("s1")["kept"]
    (house.data / "app.db").write_text("two")
    answer = house.restore("s1", first["digest"])
    (house.data / "app.db").write_text("written since the restore")
    assert house.restore("s1", first["digest"]) == answer
    assert (house.data / "app.db").read_text() == "written since the restore"


def test_a_snapshot_that_somebody_changed_is_not_restored(house: House) -> None:
    (house.data / "app.db").write_text("one")
    kept = house.snapshot("s1")["kept"]
    archive = house.folder / "snapshots" / BOARD / PRODUCTION / "s1.tar"
    archive.write_bytes(archive.read_bytes().replace(b"one", b"two"))
    with pytest.raises(NotKept, match="not what it was when it was made"):
        house.restore("s1", kept["digest"])
    assert (house.data / "app.db").read_text() == "one"
    assert [one.name for one in house.data.parent.iterdir()] == [PRODUCTION]


def test_what_is_too_much_is_said_and_nothing_half_is_left(house: House) -> None:
    with (house.data / "holes").open("wb") as file:
        file.truncate(QUOTA * 10)
    with pytest.raises(NotKept, match="No snapshot can be made of what board stores in production"):
        house.snapshot("s1")
    assert list((house.folder / "snapshots" / BOARD / PRODUCTION).iterdir()) == []


def test_a_full_disk_is_said_and_nothing_half_is_left(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    (house.data / "app.db").write_text("one")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NotKept, match="There is no room on the disk") as said:
        house.snapshot("s1")
    assert "app_snapshots" in said.value.next_step
    assert list((house.folder / "snapshots" / BOARD / PRODUCTION).iterdir()) == []


def test_a_folder_over_its_quota_is_full(house: House) -> None:
    assert not house.keeping.room(BOARD, PRODUCTION).full
    (house.data / "much").write_bytes(bytes(QUOTA + 1))
    assert house.keeping.room(BOARD, PRODUCTION).full


def test_environments_have_nothing_in_common(house: House) -> None:
    (house.data / "app.db").write_text("one")
    kept = house.snapshot("s1")["kept"]
    with pytest.raises(NotKept, match="not there any more"):
        house.ask("restore", environment="staging", snapshot="s1", digest=kept["digest"], before="b", action="a")
    assert list(house.keeping.room(BOARD, "staging").folder.iterdir()) == []


def test_erasing_leaves_nothing(house: House) -> None:
    (house.data / "app.db").write_text("one")
    house.snapshot("s1")
    assert house.ask("erase")["dropped"] == ["s1"]
    assert not (house.folder / "durable" / BOARD / PRODUCTION).exists()
    assert house.ask("data")["environments"] == []
    assert house.ask("erase") == {"stored": 0, "dropped": []}


@pytest.mark.parametrize("name", ["../other", "a/b", "", ".", "A", "x.tar"])
def test_a_name_that_leads_elsewhere_is_no_name(house: House, name: str) -> None:
    for question in ({"app": name}, {"environment": name}, {"snapshot": name}):
        with pytest.raises(ValueError, match="cannot be"):
            house.ask("snapshot", **{"snapshot": "s1", "action": "a", **question})


@pytest.mark.parametrize(
    ("there", "left", "then"),
    [
        ({"production": "old", "production.new": "half"}, "old", "a copy was not whole yet"),
        ({"production": "old", "production.ready": "new"}, "old", "the old one had not gone yet"),
        ({"production.old": "old", "production.ready": "new"}, "new", "the old one had gone"),
        ({"production": "new", "production.old": "old"}, "new", "only tidying up was left"),
    ],
)
def test_whatever_was_interrupted_is_old_or_new(tmp_path: Path, there: dict[str, str], left: str, then: str) -> None:
    for name, text in there.items():
        (tmp_path / "durable" / BOARD / name).mkdir(parents=True)
        (tmp_path / "durable" / BOARD / name / "app.db").write_text(text)
    house = House(tmp_path)
    assert [one.name for one in (tmp_path / "durable" / BOARD).iterdir()] == [PRODUCTION], then
    assert (house.data / "app.db").read_text() == left


def test_what_is_saved_for_a_backup_is_there_where_the_backup_comes_back(house: House, tmp_path: Path) -> None:
    (house.data / "app.db").write_text("one")
    (house.data / "link").symlink_to("app.db")
    assert house.ask("save") == {"saved": 1}
    assert house.holding.held == ["still", "goes on"]
    back = tmp_path / "back"
    shutil.copytree(house.folder / "saved", back / "saved")
    again = House(back)
    assert (again.data / "link").readlink() == Path("app.db")
    assert (again.data / "app.db").read_text() == "one"
    assert not (back / "saved").exists()
    house.ask("saved")
    assert not (house.folder / "saved").exists()


def test_what_is_saved_replaces_nothing_and_brings_back_nothing_that_was_erased(house: House) -> None:
    (house.data / "app.db").write_text("one")
    house.ask("save")
    (house.data / "app.db").write_text("two")
    assert (House(house.folder).data / "app.db").read_text() == "two", "killed in the middle of a backup"
    house.ask("save")
    house.ask("erase")
    assert list(House(house.folder).data.iterdir()) == []


BEING_KEEPER = """
import sys
from pathlib import Path
from tests.store.test_keeping import House
house = House(Path(sys.argv[1]), keeps=10_000)
kept = house.keeping.kept("board", "production")[0]
print("ready", flush=True)
for number in range(10_000):
    house.snapshot(f"again-{number % 2}-{number}")
    house.restore(kept.id, kept.digest, f"act-{number}")
    (house.data / "late").write_text("x")
"""


def test_killed_at_any_moment_there_is_the_old_or_the_new_and_never_half(tmp_path: Path) -> None:
    """kill -9 in the middle of snapshots and restores, again and again; every time the data is whole afterwards."""
    house = House(tmp_path, keeps=10_000)
    for number in range(60):
        (house.data / f"file-{number:02}").write_text(f"{number}" * 2000)
    whole = {f"file-{number:02}" for number in range(60)}
    house.snapshot("s0")
    for turn in range(12):
        command = [sys.executable, "-c", BEING_KEEPER, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as keeper:
            assert keeper.stdout is not None
            assert keeper.stdout.readline() == b"ready\n"
            with pytest.raises(subprocess.TimeoutExpired):
                keeper.wait(0.01 + turn * 0.013)
            keeper.send_signal(signal.SIGKILL)
        again = House(tmp_path, keeps=10_000)
        assert {one.name for one in again.data.iterdir()} - {"late"} == whole
        assert all((again.data / name).stat().st_size == 2000 * len(str(int(name[-2:]))) for name in whole)
        assert not list((tmp_path / "durable" / BOARD).glob("*.*"))
        for kept in again.keeping.kept(BOARD, PRODUCTION):
            if kept.id == "s0":
                again.restore(kept.id, kept.digest, f"check-{turn}")
        assert {one.name for one in again.data.iterdir()} == whole
        for left in (tmp_path / "snapshots" / BOARD / PRODUCTION).glob("again-*"):
            left.unlink()
