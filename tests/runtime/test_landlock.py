"""The second wall: what the kernel forbids a sandbox's command even where the view of files would let it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from tests.runtime.conftest import LIMITS, USER, Run, give

from greenlane.runtime.inside import landlock
from greenlane.runtime.jail import Jail, Mount
from greenlane.runtime.sandbox import Jailer

spoken = pytest.mark.skipif(not landlock.abi(), reason="this kernel has no landlock")


@spoken
def test_nothing_is_written_but_where_that_was_said(run: Run, tmp_path: Path) -> None:
    give(tmp_path)
    mounts = (Mount("/data", tmp_path, writable=True),)
    for place in ("/data/x", "/tmp/x", "/dev/shm/x", "/dev/null"):
        assert run("sh", "-c", f"echo y > {place}", mounts=mounts).ended.why == "done"
    refused = run("sh", "-c", "echo 1000 > /proc/self/oom_score_adj")  # it is its own file, and more of it is allowed
    assert "Permission denied" in refused.output


@spoken
def test_nobody_outside_of_it_is_signalled(run: Run) -> None:
    """Whatever else is in the sandbox holds its place; bringing that down is not the command's business."""
    program = (
        "import os\n"
        "for pid in os.listdir('/proc'):\n"
        "    if pid.isdigit() and int(pid) != os.getpid():\n"
        "        try: os.kill(int(pid), 0); print('reached', pid)\n"
        "        except PermissionError: print('refused')\n"
    )
    said = run("python3", "-c", program)
    assert "refused" in said.output
    assert "reached" not in said.output


@spoken
@pytest.mark.skipif(landlock.abi() < 4, reason="this kernel bounds no ports")
@pytest.mark.parametrize(("ports", "outcomes"), [(None, "111 0"), ((3128,), "13 13"), ((), "13 13")])
def test_no_port_is_reached_or_opened_but_those_that_were_said(
    jailer: Jailer, ports: tuple[int, ...] | None, outcomes: str
) -> None:
    program = (
        "import socket\n"
        "def number(act):\n"
        "    try: act()\n"
        "    except OSError as error: return error.errno\n"
        "    return 0\n"
        "print(number(lambda: socket.create_connection(('127.0.0.1', 5000))), number(lambda: socket.create_server(('', 5001))))\n"
    )
    said: list[bytes] = []
    jail = Jail(f"t{uuid4().hex[:8]}", ("python3", "-c", program), {}, (), "/", LIMITS, USER, ports=ports)
    assert jailer.start(jail, said.append).wait(20).why == "done"
    assert b"".join(said).decode().strip() == outcomes


def test_where_the_kernel_has_none_the_command_runs_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "abi", lambda: 0)
    assert landlock.restrict(["/nowhere"], [80]) == 0


@spoken
@pytest.mark.parametrize("version", range(1, 8))
def test_an_older_kernel_is_asked_for_what_it_knows(version: int) -> None:
    """Every version's own structures and rights are taken by a newer kernel as well."""
    program = (
        f"import sys; sys.path.insert(0, {str(Path(landlock.__file__).parent)!r}); import landlock, json\n"
        f"landlock.abi = lambda: min({version}, {landlock.abi()})\n"
        "landlock.restrict(['/tmp'], [3128])\n"
        "try: open('/var/x', 'w'); print('written')\n"
        "except PermissionError: print('refused')\n"
    )
    said = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout == "refused\n"


@spoken
def test_as_a_program_it_becomes_the_command_with_signals_as_they_were() -> None:
    bounds = json.dumps({"writable": [], "ports": None})
    show = ["sh", "-c", "grep SigIgn /proc/self/status"]
    said = subprocess.run(
        [sys.executable, "-I", "-S", landlock.__file__, bounds, "--", *show], capture_output=True, text=True, check=True
    )
    assert int(said.stdout.split()[1], 16) & (1 << 12) == 0  # SIGPIPE
    missing = subprocess.run(
        [sys.executable, "-I", "-S", landlock.__file__, bounds, "--", "no-such"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (missing.returncode, "no-such" in missing.stderr) == (1, True)
