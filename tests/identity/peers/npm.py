"""What peers of the npm registry need: installed once into ``.cache/`` from a lock file, without any script of a package."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
CACHE = HERE.parents[2] / ".cache"


def installed(name: str) -> Path:
    """The folder where the packages of ``tests/identity/peers/<name>`` lie, with what else is in that folder."""
    there = CACHE / f"identity-{name}"
    there.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"identity-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shutil.copytree(HERE / name, there, dirs_exist_ok=True)
        wanted, stamp = (there / "package-lock.json").read_bytes(), there / "installed"
        if not stamp.exists() or stamp.read_bytes() != wanted:
            subprocess.run(["npm", "ci", "--ignore-scripts", "--silent"], cwd=there, check=True, capture_output=True)
            stamp.write_bytes(wanted)
    return there
