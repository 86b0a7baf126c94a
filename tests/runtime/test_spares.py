"""Sandboxes that were laid out before anybody asked: each is used once, and has in the end what its app may have."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from tests.runtime.conftest import LIMITS, USER, await_spare, give
from tests.stories.running import until

from greenlane.runtime import cgroups, packages, spares
from greenlane.runtime.inside import furnishing
from greenlane.runtime.jail import Jail, Mount
from greenlane.runtime.place import Place
from greenlane.runtime.sandbox import Jailer
from greenlane.runtime.spares import Spares
from greenlane.runtime.zygote import Zygote

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="entering a sandbox that was laid out takes root's powers")


@pytest.fixture
def some() -> Iterator[Spares]:
    made = Spares(quiet=0)
    made.begin()
    until(lambda: len(made._waiting) == spares.MOST, "as many as there may be")
    yield made
    made.close()


def _jail(*command: str, **more: object) -> Jail:
    return replace(Jail(f"t{uuid4().hex[:8]}", command, {}, (), "/", LIMITS, USER), **more)  # type: ignore[arg-type]


def _said(jailer: Jailer, jail: Jail) -> str:
    said: list[bytes] = []
    running = jailer.start(jail, said.append)
    assert running.wait(20).why == "done", b"".join(said)
    return b"".join(said).decode()


def test_each_is_used_once(spare: Jailer, spares: Spares) -> None:
    """Nothing of the app before is left in it: not what it kept in memory, and not a process."""
    for name in ("one", "two", "three"):
        await_spare(spares)
        waiting = spares._waiting[0].place.first
        said: list[bytes] = []
        leave = 'ls -A /tmp /dev/shm; set -- /proc/[0-9]*; echo $#; touch "/tmp/$0" "/dev/shm/$0"; sleep 1000 &'
        running = spare.start(_jail("sh", "-c", leave, name), said.append)
        assert running.pid == waiting, "it moved into the one that waited longest"
        assert running.wait(20).why == "done"
        assert b"".join(said).decode() == "/dev/shm:\n\n/tmp:\n3\n", "what laid it out, what holds it, and the shell"
        until(lambda waiting=waiting: not Path(f"/proc/{waiting}").exists(), "the end of all that was in it")


def test_it_has_what_its_app_may_have_and_no_more(spare: Jailer, spares: Spares, tmp_path: Path) -> None:
    for name in ("app", "data", "sockets"):
        (tmp_path / name).mkdir()
        give(tmp_path / name)
    (tmp_path / "app" / "m.py").write_text("mine")
    await_spare(spares)
    jail = _jail(
        *("sh", "-c", "cat /app/m.py /etc/passwd; touch /data/kept /run/app/here; cat /proc/self/mountinfo"),
        mounts=(Mount("/app", tmp_path / "app"), Mount("/data", tmp_path / "data", writable=True)),
        sockets=tmp_path / "sockets",
        limits=replace(LIMITS, disk=3 * 1024**2),
    )
    said = _said(spare, jail)
    assert said.startswith(f"mineapp:x:{USER}:{USER}:")
    assert (tmp_path / "data" / "kept").exists()
    assert (tmp_path / "sockets" / "here").exists()
    mounts = {line.split()[4]: line for line in said.splitlines() if " - " in line}
    for place, how in (("/", "ro"), ("/usr", "ro"), ("/app", "ro"), ("/data", "rw"), ("/run/app", "rw")):
        assert mounts[place].split()[5].split(",")[:3] == [how, "nosuid", "nodev"], place
        assert "shared:" not in mounts[place], "what is mounted outside later does not appear inside"
    for place in ("/tmp", "/dev/shm"):
        assert "size=3072k" in mounts[place], place


def test_one_that_ended_or_is_old_is_not_handed_out(some: Spares, monkeypatch: pytest.MonkeyPatch) -> None:
    with some._changed:  # nobody makes another one meanwhile
        for one in some._waiting:
            one.place.process.kill()
            one.place.process.wait()
        assert some.take() is None
    await_spare(some)
    monkeypatch.setattr(spares, "_OLDEST", 0.0)
    waiting = some._waiting[0].place
    assert some.take() is None
    assert waiting.process.poll() is not None, "nobody else would end it"


def test_none_is_left_when_it_is_over(some: Spares) -> None:
    waiting = [one.place for one in some._waiting]
    some.close()
    assert waiting
    assert all(one.process.poll() is not None for one in waiting)
    assert some.take() is None


def test_what_cannot_be_laid_out_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread goes on: whatever moved into a sandbox that it made would end with it."""
    tries: list[bool] = []

    def laid_out() -> Place:
        tries.append(True)
        if len(tries) == 1:
            raise OSError("no room")
        return Place()

    monkeypatch.setattr(spares, "Place", laid_out)
    monkeypatch.setattr(spares, "_AFTER_FAILURE", 0.01)
    some = Spares(1, quiet=0)
    some.begin()
    await_spare(some)
    some.close()


def test_whoever_comes_while_there_is_none_gets_one_all_the_same(spare: Jailer, spares: Spares) -> None:
    jails = [_jail("sh", "-c", "echo here") for _ in range(spares._most + 4)]
    said: list[str] = []
    threads = [threading.Thread(target=lambda one=one: said.append(_said(spare, one))) for one in jails]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == ["here\n"] * len(jails)


def test_an_app_goes_on_when_others_are_laid_out(spare: Jailer, spares: Spares) -> None:
    """A sandbox ends with the thread that made it, which goes on making others."""
    await_spare(spares)
    running = spare.start(_jail("sh", "-c", "sleep 1000"), lambda _said: None)
    taken = []
    for _ in range(2):
        await_spare(spares)
        taken.append(spares.take())
    assert running.ended is None
    for place in taken:
        assert place is not None
        place.close()
    assert running.stop().why == "killed"


def test_a_kernel_that_cannot_bring_anything_starts_apps_the_slower_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert furnishing.possible()
    monkeypatch.setattr(furnishing, "possible", lambda: False)
    own = Spares()
    jailer = Jailer(cgroups.find(f"greenlane-test-{uuid4().hex[:8]}"), Zygote(lambda: packages.gathered(tmp_path)), own)
    assert not jailer.warm()
    assert _said(jailer, _jail("echo", "here")) == "here\n"
    assert own._thread is None, "nobody could move in"
    jailer.close()
