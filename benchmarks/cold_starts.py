"""From a visitor's request for an app that sleeps to the first byte, beside a bare start of the same thing in the same run.

    python benchmarks/cold_starts.py [--rounds 15] [--sleeping 1000] [--kinds deno,asgi,...] [--json FILE]

The real edge and the real runtime process serve the apps, each in its full sandbox: run it as root, as `greenlane up` would
be, or get the slower way's figures. Between two rounds the app is put to sleep. The bare start is the same app started by
the same interpreter without any sandbox, edge or check, from spawning it to the first byte. Starlette, FastAPI, Flask and
Streamlit come from the package index (`uv pip install`), compiled, as a build leaves them.

Beside that: what one more live app takes of memory (PSS of everything that the runtime process started, so that what is
shared counts once), what 1,000 sleeping ones take in the edge and in the runtime process, and how long a quiet app takes to
answer beside one that takes all it can. The apps are in `apps.py`, what serves them in `processes.py`.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import socket
import statistics
import tempfile
import time
import tracemalloc
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from apps import APPS, GREEDY, bare, installed  # beside this file
from processes import House, many_hosts, quiet  # beside this file

from edge import cookie, table  # beside this file
from greenlane.edge.table import Table
from greenlane.kit import digest
from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import SystemClock
from greenlane.runtime.building import gathering
from greenlane.runtime.fake import FakeDriver
from greenlane.runtime.logs import Logs
from greenlane.runtime.release import Key, Release
from greenlane.runtime.stage import LONG_ASLEEP, Stage

LIVE = {"asgi": 12, "deno": 6}
"""How many at once, to see what one more takes."""


def starts(folder: Path, names: list[str], rounds: int) -> dict[str, Any]:
    apps = {name: APPS[name] for name in names}
    blobs = Blobs(folder / "blobs")
    packages = {name: installed(app, folder) for name, app in apps.items()}
    layers = {}
    for name, place in packages.items():
        if place is not None:
            layers[name] = gathering.pack(place, blobs, gathering.Bounds(), within=folder)["digest"]
    for name, app in apps.items():
        for path, text in app.files.items():
            file = folder / "bare" / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    house = House(folder, apps, layers)
    cold: dict[str, list[float]] = {name: [] for name in names}
    without: dict[str, list[float]] = {name: [] for name in names}
    with house.open():
        for name in names:
            house.patiently(name)
        for _ in range(rounds):
            for name, app in apps.items():
                house.put_to_sleep(name)
                without[name].append(bare(app, folder / "bare" / name, packages[name]))
                cold[name].append(house.first_byte(name))
    figures = {}
    for name in names:
        ours, floor = spread(cold[name]), spread(without[name])
        figures[name] = {
            "cold ms p50, p95": ours,
            "bare ms p50, p95": floor,
            "of bare p50": round(ours[0] / floor[0], 2),
            "goal p95": apps[name].goal,
        }
    return figures


def spread(values: list[float]) -> tuple[float, float]:
    return round(statistics.median(values), 1), round(statistics.quantiles(values, n=20)[18], 1)


def memory_of(pid: int) -> float:
    """MiB of a process and all that it started, each shared page counted once (PSS, proc_pid_smaps_rollup(5))."""
    children: dict[int, list[int]] = {}
    for one in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError):
            parent = int(one.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(one.parent.name))
    waiting, total = [pid], 0
    while waiting:
        one = waiting.pop()
        waiting += children.get(one, [])
        with suppress(OSError):
            rollup = Path(f"/proc/{one}/smaps_rollup").read_text()
            total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total / 1024


def live(folder: Path, kind: str, count: int) -> dict[str, float]:
    """MiB for one more live app, and how many a GB holds."""
    apps = {f"{kind}{number:02}": APPS[kind] for number in range(count + 1)}
    house = House(folder, apps, {})
    with house.open():
        first, *rest = apps
        house.patiently(first)
        assert house.runtime.pid is not None
        time.sleep(1)
        before = memory_of(house.runtime.pid)
        for name in rest:
            house.patiently(name)
        time.sleep(1)
        each = (memory_of(house.runtime.pid) - before) / count
    return {"MiB each": round(each, 1), "per GB": int(1024 / each)}


def fairness(folder: Path, requests: int) -> dict[str, Any]:
    """How long a quiet app takes to answer, alone and beside one that burns, forks and fills all it can, with 10,000
    connections held open to it.
    """
    apps = {"quiet": APPS["asgi"], "greedy": replace(APPS["asgi"], files={"main.py": GREEDY})}
    house = House(folder, apps, {})
    lines: list[socket.socket] = []
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with house.open():
        house.patiently("quiet")
        alone = spread([house.first_byte("quiet") for _ in range(requests)])
        with suppress(OSError):
            house.first_byte("greedy")
        ask = f"GET / HTTP/1.1\r\nHost: greedy.localhost\r\nCookie: {cookie('greedy.localhost')}\r\n\r\n".encode()
        with suppress(OSError):
            while len(lines) < 10_000:
                lines.append(socket.create_connection(("127.0.0.1", house.port), timeout=1))
                lines[-1].sendall(ask)
        beside = spread([house.first_byte("quiet") for _ in range(requests)])
        held = len(lines)
        for line in lines:
            line.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return {
        "alone ms p50, p95": alone,
        "beside a greedy one ms p50, p95": beside,
        "p95 ratio": round(beside[1] / alone[1], 1),
        "connections held": held,
    }


def sleeping(folder: Path, count: int) -> dict[str, float]:
    """Bytes that each app takes that was woken once and sleeps, in the runtime process, at first and after an hour, and in
    the edge's table.
    """
    driver, passed = FakeDriver(folder), [0.0]
    stage = Stage(
        driver,
        lambda key: Release(key, "asgi", "main:app", "sha256:" + "0" * 64),
        Logs(folder, SystemClock()),
        idle=60,
        clock=lambda: time.monotonic() + passed[0],
    )
    told = many_hosts(table(folder), {f"app-{number}": APPS["asgi"] for number in range(count)})
    told["deploys"] = {deploy: "sha256:" + digest.bare(digest.of(deploy)) for deploy in told["deploys"]}

    def all_asleep() -> None:
        for number in range(count):
            key = Key(f"app-{number}", "production", f"d{number}")
            assert "socket" in stage.endpoint(key, 10)
            stage.sleep(key)
        driver.started.clear()
        driver.running.clear()

    kept: list[Any] = []

    def in_the_table() -> None:
        kept.append(Table())
        kept[0].replace(json.loads(json.dumps(told)))

    taken = {}
    for name, act in (("runtime", all_asleep), ("edge", in_the_table)):
        gc.collect()
        tracemalloc.start()
        act()
        gc.collect()
        taken[name] = round(tracemalloc.get_traced_memory()[0] / count)
        if name == "runtime":
            passed[0] = LONG_ASLEEP + 60
            stage.look()
            gc.collect()
            taken["runtime, an hour later"] = round(tracemalloc.get_traced_memory()[0] / count)
        tracemalloc.stop()
    stage.close()
    return {f"bytes in the process: {name}": value for name, value in taken.items()}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=30, help="cold starts of each app")
    options.add_argument("--kinds", default=",".join(APPS), help="which apps")
    options.add_argument("--sleeping", type=int, default=1000)
    options.add_argument("--no-memory", action="store_true", help="leave out live and sleeping apps, and fairness")
    options.add_argument("--json", type=Path, help="also write the figures there")
    chosen = options.parse_args()
    quiet()
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="cs-") as name:
        figures["starts"] = starts(Path(name), chosen.kinds.split(","), max(2, chosen.rounds))
    for kind, told in figures["starts"].items():
        print(f"{kind}: {told}", flush=True)
    if not chosen.no_memory:
        for kind, count in LIVE.items():
            with tempfile.TemporaryDirectory(prefix="cs-") as name:
                figures[f"live {kind}"] = live(Path(name), kind, count)
            print(f"live {kind}: {figures[f'live {kind}']}", flush=True)
        with tempfile.TemporaryDirectory(prefix="cs-") as name:
            figures["fairness"] = fairness(Path(name), 200)
        print(f"fairness: {figures['fairness']}", flush=True)
        with tempfile.TemporaryDirectory(prefix="cs-") as name:
            figures["sleeping"] = sleeping(Path(name), chosen.sleeping)
        print(f"sleeping: {figures['sleeping']}")
    if chosen.json:
        chosen.json.write_text(json.dumps({"cold_starts": figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
