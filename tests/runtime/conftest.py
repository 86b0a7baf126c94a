"""A jailer of the test's own, and a short way to run something in a sandbox."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest
from tests.stories.running import until

from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import SystemClock
from greenlane.runtime import cgroups, packages
from greenlane.runtime.driver import Instance
from greenlane.runtime.egress.fake import FakeWaysOut
from greenlane.runtime.jail import Ended, Jail, Limits, Mount
from greenlane.runtime.local import LocalDriver
from greenlane.runtime.release import Release
from greenlane.runtime.sandbox import Jailer
from greenlane.runtime.spares import Spares
from greenlane.runtime.zygote import Zygote
from greenlane.store.keeping import Keeping

LIMITS = Limits(memory=256 * 1024**2, processes=64, cpu=1.0, files=256, disk=64 * 1024**2, seconds=20.0)
QUOTA = 16 * 1024**2
"""Bytes that an app of a test may store."""
USER = 61201 if os.getuid() == 0 else None


@dataclass(frozen=True)
class Said:
    """What came of a command."""

    ended: Ended
    output: str


Run = Callable[..., Said]


WAYS = ("itself", "zygote", "spare") if os.getuid() == 0 else ("itself",)
"""How a sandbox's command is started: by what holds its place, or where the platform is root by a process that is ready, in a
sandbox that is laid out for it or was laid out beforehand.
"""


@pytest.fixture(scope="session")
def itself() -> Iterator[Jailer]:
    made = Jailer(cgroups.find(f"greenlane-test-{uuid4().hex[:8]}"))
    assert made.available() == ""
    yield made
    made.close()


@pytest.fixture(scope="session")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jailer]:
    folder = tmp_path_factory.mktemp("packages")
    ready = Zygote(lambda: packages.gathered(folder))
    assert ready.ready()
    made = Jailer(cgroups.find(f"greenlane-test-{uuid4().hex[:8]}"), ready)
    yield made
    made.close()


def await_spare(spares: Spares) -> None:
    """Until one waits."""
    until(lambda: bool(spares._waiting), "a spare sandbox")


@pytest.fixture(scope="session")
def spares() -> Spares:
    return Spares(quiet=0)


@pytest.fixture(scope="session")
def spare(tmp_path_factory: pytest.TempPathFactory, spares: Spares) -> Iterator[Jailer]:
    folder = tmp_path_factory.mktemp("packages")
    made = Jailer(cgroups.find(f"greenlane-test-{uuid4().hex[:8]}"), Zygote(lambda: packages.gathered(folder)), spares)
    assert made.warm()
    await_spare(spares)
    yield made
    made.close()


@pytest.fixture(scope="session", params=WAYS)
def jailer(request: pytest.FixtureRequest) -> Jailer:
    found: Jailer = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def run(jailer: Jailer) -> Run:
    def one(
        *command: str,
        mounts: tuple[Mount, ...] = (),
        environment: Mapping[str, str] | None = None,
        sockets: Path | None = None,
        egress: Path | None = None,
        **limits: float,
    ) -> Said:
        said: list[bytes] = []
        jail = Jail(
            name=f"t{uuid4().hex[:8]}",
            command=command,
            environment=environment or {},
            mounts=mounts,
            folder="/",
            limits=replace(LIMITS, **limits),
            user=USER,
            sockets=sockets,
            egress=egress,
        )
        ended = jailer.start(jail, said.append).wait(30)
        return Said(ended, b"".join(said).decode("utf-8", "replace"))

    return one


def give(path: Path) -> Path:
    """Let the sandbox's user own a file or folder, as a driver does with what it may write to."""
    if USER is not None:
        os.chown(path, USER, USER)
    return path


class _Telling(LocalDriver):
    """Prints what apps say, which a test that fails then shows."""

    def ensure(self, release: Release, output: Callable[[bytes], None], over: Callable[[Ended], None]) -> Instance:
        def tell(said: bytes) -> None:
            print(said.decode("utf-8", "replace"), end="")
            output(said)

        return super().ensure(release, tell, over)


@contextmanager
def local_driver(jailer: Jailer, folder: Path, blobs: Blobs) -> Iterator[LocalDriver]:
    """This machine's driver, with all that it needs, until it is left."""
    sockets = Path(tempfile.mkdtemp(prefix="gl-"))
    patient = replace(LIMITS, seconds=None)
    rooms = Keeping(folder / "runtime", QUOTA, 3, SystemClock()).room
    driver = _Telling(
        jailer, folder / "runtime", sockets, blobs, patient, FakeWaysOut(sockets / "out"), rooms, folder / "known"
    )
    yield driver
    driver.close()
    shutil.rmtree(sockets)
