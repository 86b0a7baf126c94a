"""All benchmarks, one after another: `make bench`, or `python -m benchmarks [--quick] [--json FILE]`.

Each compares with a peer or a floor in the same run and prints ratios; absolute figures depend on the machine. Nothing
is asserted: these are claims to be repeated, not tests. A benchmark whose peers are not installed says what it lacks.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"
"""Debian keeps nginx where only root looks."""


@dataclass(frozen=True)
class Run:
    """A benchmark: what it is given, what it is given in a quick run, and which programs it needs."""

    name: str
    usual: Sequence[str] = ()
    quick: Sequence[str] = ()
    needs: Sequence[str] = ()


RUNS = (
    Run("decisions", quick=("--decisions", "3000", "--replayed", "10000")),
    Run("ledger", ("--receipts", "1000000"), ("--receipts", "50000", "--seconds", "3")),
    Run("deploys", quick=("--files", "300")),
    Run("console", ("--rounds", "40"), ("--apps", "500", "--receipts", "20000", "--rounds", "10")),
    Run("credentials", quick=("--packages", "12", "--planted", "200", "--megabytes", "1"), needs=("npm",)),
    Run("identity", quick=("--people", "1000", "--sign-ins", "30", "--questions", "50")),
    Run("perimeter", quick=("--rounds", "2", "--numbers", "20000")),
    Run("wheel"),
    Run(
        "cold_starts", quick=("--rounds", "5", "--kinds", "deno,asgi,starlette", "--sleeping", "200"), needs=("bwrap",)
    ),
    Run("builds", quick=("--rounds", "1"), needs=("npm",)),
    Run("hop", quick=("--requests", "2000"), needs=("nginx",)),
    Run(
        "model_calls",
        quick=("--rounds", "1", "--seconds", "1", "--streams", "32"),
        needs=("nginx", "wrk", "openssl"),
    ),
    Run("edge", quick=("--rounds", "2", "--seconds", "2"), needs=("nginx", "caddy", "wrk", "taskset")),
)
"""Each in a process of its own. Decisions include the simulation of the default policy on seeded hazards."""


def measured(run: Run, *, quick: bool) -> dict[str, Any] | str:
    """The figures of one benchmark, or why there are none."""
    missing = [one for one in run.needs if shutil.which(one, path=PATH) is None]
    if missing:
        return f"not installed: {', '.join(missing)} (apt-get install nginx-light caddy wrk bubblewrap)"
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "figures.json"
        command = [
            sys.executable,
            str(HERE / f"{run.name}.py"),
            *(run.quick if quick else run.usual),
            "--json",
            figures,
        ]
        ended = subprocess.run(command, check=False, env={**os.environ, "PATH": PATH})
        if ended.returncode or not figures.exists():
            return f"it ended with {ended.returncode}"
        found: dict[str, Any] = json.loads(figures.read_text())[run.name]
        return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true", help="smaller runs, about two minutes altogether")
    options.add_argument("--json", type=Path, help="write all figures there as well")
    chosen = options.parse_args()
    every: dict[str, Any] = {"cores": os.cpu_count()}
    for run in RUNS:
        print(f"\n== {run.name} ==", flush=True)
        every[run.name] = measured(run, quick=chosen.quick)
        if isinstance(every[run.name], str):
            print(f"No figures: {every[run.name]}.")
    if chosen.json:
        chosen.json.write_text(json.dumps(every, indent=2) + "\n")
    if any(str(one).startswith("it ended") for one in every.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
