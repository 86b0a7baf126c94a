"""Where `greenlane up` was started as root, what answers the network cannot read what signs."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from tests.stories.running import Running, until

from greenlane.kit import users

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can give processes users of their own")


SANDBOXES = sum(1 << power for power in users.FOR_OTHERS)
"""The powers that it takes to lay out sandboxes, as one number."""


def status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def test_signer_and_witness_are_users_of_their_own_and_the_others_have_no_power_over_them(greenlane: Running) -> None:
    found = {name: status(pid) for name, pid in greenlane.processes().items()}
    ids = {name: int(one["Uid"].split()[0]) for name, one in found.items()}
    assert len({ids["signer"], ids["witness"], ids["control"]}) == 3
    for name in ("signer", "witness"):
        assert int(found[name]["CapEff"], 16) == 0
        folder = greenlane.data / name
        assert {path.stat().st_uid for path in (folder, *folder.iterdir())} == {ids[name]}
        assert {path.stat().st_mode & 0o077 for path in (folder, *folder.iterdir())} == {0}
    for name in ("control", "edge", "egress", "gateway"):
        assert int(found[name]["CapBnd"], 16) == 0, name
    for name in ("builder", "runtime"):
        assert int(found[name]["CapBnd"], 16) | SANDBOXES == SANDBOXES, name
        assert int(found[name]["CapEff"], 16) == int(found[name]["CapBnd"], 16), name


def test_a_killed_signer_comes_back_apart(greenlane: Running) -> None:
    before = greenlane.kill("signer")
    greenlane.owner.does("people", "add", "Sam Somebody", "--team", "home")
    after = greenlane.processes()["signer"]
    assert after != before
    assert status(after)["Uid"].split()[0] != "0"


def test_nobody_is_left_behind_when_the_parent_is_killed(fresh: Running) -> None:
    left = [*fresh.processes().values()]
    os.kill(fresh._running.pid, signal.SIGKILL)
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in left), "the end of every process")
    assert fresh._running.ended().code == -9
    fresh.start()
    assert fresh.ready()
