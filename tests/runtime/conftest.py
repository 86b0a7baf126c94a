"""A jailer of the test's own, and a short way to run something in a sandbox."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest

from greenlane.runtime import cgroups
from greenlane.runtime.sandbox import Ended, Jail, Jailer, Limits, Mount

LIMITS = Limits(memory=256 * 1024**2, processes=64, cpu=1.0, files=256, disk=64 * 1024**2, seconds=20.0)
USER = 61201 if os.getuid() == 0 else None


@dataclass(frozen=True)
class Said:
    """What came of a command."""

    ended: Ended
    output: str


Run = Callable[..., Said]


@pytest.fixture(scope="session")
def jailer() -> Iterator[Jailer]:
    made = Jailer(cgroups.find(f"greenlane-test-{uuid4().hex[:8]}"))
    assert made.available() == ""
    yield made
    made.close()


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
