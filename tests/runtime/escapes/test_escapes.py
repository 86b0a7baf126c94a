"""A hundred attempts and more in each tier to get at what lies outside a sandbox. None succeeds.

The attempts are real: what they go for exists, and the same attempts succeed outside (``test_the_attempts_are_meant``).
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.runtime.apps import ASGI, function, get, release
from tests.runtime.conftest import LIMITS, Run

from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import SystemClock
from greenlane.runtime import seccomp
from greenlane.runtime.egress.fake import FakeWaysOut
from greenlane.runtime.jail import Ended, Mount
from greenlane.runtime.local import LocalDriver
from greenlane.runtime.sandbox import Jailer
from greenlane.store.keeping import Keeping

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def driver(jailer: Jailer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalDriver, Blobs]]:
    folder = tmp_path_factory.mktemp("driver")
    sockets = Path(tempfile.mkdtemp(prefix="gl-"))
    blobs = Blobs(folder / "blobs")
    made = LocalDriver(
        jailer,
        folder / "runtime",
        sockets,
        blobs,
        replace(LIMITS, seconds=None, files=4096),
        FakeWaysOut(sockets / "out"),
        Keeping(folder / "runtime", LIMITS.disk, 1, SystemClock()).room,
    )
    yield made, blobs
    made.close()
    shutil.rmtree(sockets)


@pytest.fixture(scope="module")
def outside(driver: tuple[LocalDriver, Blobs]) -> Iterator[dict[str, Any]]:
    """What there is to be had: a platform's keys and sockets, another app that runs, ports, processes, shared memory."""
    local, blobs = driver
    other = local.ensure(release(blobs, "asgi", "m:app", {"m.py": ASGI}), lambda _said: None, lambda _ended: None)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gl-")))
        for name in ("payload.key", "variables.key", "log.pem", "greenlane.db"):
            (folder / name).write_text("the platform's own")
            (folder / name).chmod(0o666)
        (folder / "owner-token").write_text("private")
        (folder / "owner-token").chmod(0o600)
        folder.chmod(0o755)
        hosts = ("127.0.0.1", "0.0.0.0")
        listeners = [stack.enter_context(socket.create_server((host, 0))) for host in hosts]
        abstract = f"greenlane-{uuid4().hex}"
        for name in (str(folder / "control.sock"), str(folder / "signer.sock"), "\0" + abstract):
            one = stack.enter_context(socket.socket(socket.AF_UNIX))
            one.bind(name)
            one.listen()
        (folder / "control.sock").chmod(0o666)
        sleeper = subprocess.Popen(["sleep", "600"], env={"PLATFORM_SECRET": "x"})
        stack.callback(sleeper.wait)
        stack.callback(sleeper.kill)
        key = int(uuid4().hex[:7], 16)
        shared = ctypes.CDLL(None).shmget(key, 4096, 0o1666)
        stack.callback(ctypes.CDLL(None).shmctl, shared, 0, None)
        yield {
            "paths": [str(one) for one in folder.iterdir() if one.is_file()],
            "sockets": [str(folder / "control.sock"), str(folder / "signer.sock"), str(other.endpoint)],
            "ports": [one.getsockname()[1] for one in listeners],
            "addresses": sorted({socket.gethostbyname("localhost"), *_own_addresses()}),
            "pids": [os.getpid(), sleeper.pid],
            "abstract": abstract,
            "key": key,
            "namespaces": [
                str(Path(f"/proc/self/ns/{one}").readlink())
                for one in ("mnt", "pid", "pid_for_children", "net", "ipc", "uts")
            ],
            "refused": seccomp.refused(os.uname().machine),
        }


def _own_addresses() -> list[str]:
    found = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=False).stdout.split()
    return [one for one in found if ":" not in one]


def _escaped(told: dict[str, str]) -> dict[str, str]:
    return {name: outcome for name, outcome in told.items() if outcome.startswith("ESCAPED")}


def test_no_python_app_gets_out(run: Run, outside: dict[str, Any]) -> None:
    mounts = (Mount("/app", HERE),)
    said = run("python3", "/app/attempts.py", json.dumps(outside), mounts=mounts, seconds=60.0)
    told: dict[str, dict[str, str]] = json.loads(said.output.splitlines()[-1])
    assert set(told) == {"files", "processes", "network", "kernel"}
    assert sum(map(len, told.values())) >= 150
    assert {tier: found for tier, all_ in told.items() if (found := _escaped(all_))} == {}


def test_no_function_gets_out(driver: tuple[LocalDriver, Blobs], outside: dict[str, Any]) -> None:
    local, blobs = driver
    files = {"functions/attempts.ts": (HERE / "attempts.ts").read_text()}
    told_of = {name: value for name, value in outside.items() if name != "refused"}
    one = release(
        blobs, "functions", "", files, functions=[function("attempts", "/")], variables={"OUTSIDE": json.dumps(told_of)}
    )
    said: list[bytes] = []
    ends: list[Ended] = []
    instance = local.ensure(one, said.append, ends.append)
    try:
        answer, body = get(instance.endpoint)
    except OSError:
        pytest.fail(f"it did not answer: {ends}, {b''.join(said)!r}")
    assert answer.status == 200, b"".join(said)
    told: dict[str, str] = json.loads(body)
    assert len(told) >= 100
    assert _escaped(told) == {}


def test_the_attempts_are_meant(outside: dict[str, Any]) -> None:
    """Outside a sandbox the harmless ones of them succeed: so a refusal above is the sandbox's doing."""
    program = (
        f"import sys, json; sys.path.insert(0, {str(HERE)!r}); import attempts\n"
        "outside = json.loads(sys.argv[1]); told = {}\n"
        "for tier in (attempts.files, attempts.processes, attempts.network):\n"
        "    for name, attempt in tier(outside):\n"
        "        if name.startswith(('read ', 'environment of ', 'signal ', 'socket ', '127.0.0.1:', 'an abstract')):\n"
        "            try: told[name] = bool(attempt())\n"
        "            except Exception as error: told[name] = False\n"
        "print(json.dumps(told))\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", program, json.dumps(outside)], capture_output=True, text=True, check=True, timeout=30
    )
    told: dict[str, bool] = json.loads(said.stdout)
    meant = {name for name, got in told.items() if got}
    assert {f"read {path}" for path in outside["paths"]} <= meant
    assert {f"socket {path}" for path in outside["sockets"]} <= meant
    assert {f"127.0.0.1:{port}" for port in outside["ports"]} <= meant
    assert {f"signal {pid}" for pid in outside["pids"]} <= meant
    assert "an abstract socket" in meant
