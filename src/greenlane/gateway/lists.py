"""The compiled lists of prices and footprints, read from files that are made where they are missing or of another version."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson

from greenlane.gateway.footprint.table import Footprints
from greenlane.gateway.prices.table import Table

_FILES = {"prices.json": "genai-prices", "footprints.json": "ecologits"}
"""Each list's file, and the package that it is compiled from."""


def load(folder: Path) -> tuple[Table, Footprints]:
    """Both tables. Several workers may start at once: one compiles, the others wait for it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = _read(folder)
        if found is None:
            program = [sys.executable, "-m", "greenlane.gateway.laying_out", str(folder)]
            subprocess.run(
                program,
                check=True,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )
            found = _read(folder)
        if found is None:
            raise ValueError("the lists of prices and footprints could not be compiled")
    return Table(found["prices.json"]), Footprints(found["footprints.json"])


def _read(folder: Path) -> dict[str, Any] | None:
    """The documents, None where one of them is missing, broken, or was made from another version."""
    found: dict[str, Any] = {}
    for name, package in _FILES.items():
        try:
            document = orjson.loads((folder / name).read_bytes())
        except (OSError, orjson.JSONDecodeError):
            return None
        if not isinstance(document, dict) or document.get("source") != f"{package} {version(package)}":
            return None
        found[name] = document
    return found
