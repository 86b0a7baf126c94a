"""The compiled lists of prices and footprints, read from files that are made where they are missing or of another version."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson

from greenlane.gateway.footprint.table import Footprints
from greenlane.gateway.prices.listed import Listed
from greenlane.gateway.prices.table import Table

PRICES, FOOTPRINTS = "prices.jsonl", "footprints.json"


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
    listed, footprints = found
    return Table(listed), Footprints(footprints)


def _read(folder: Path) -> tuple[Listed, dict[str, Any]] | None:
    """Both lists, None where one of them is missing, broken, or was made from another version."""
    try:
        with (folder / PRICES).open("rb") as lines:
            listed = Listed.read(lines)
        footprints = orjson.loads((folder / FOOTPRINTS).read_bytes())
        sources = listed.source, footprints["source"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return (listed, footprints) if all(map(_is_installed, sources)) else None


def _is_installed(source: str) -> bool:
    """Whether a package is here in the version that a list was made from: ``genai-prices 1.2``.

    Its folder tells (packaging.python.org, "Recording installed projects"); ``importlib.metadata`` takes two megabytes.
    """
    name, _, version = source.partition(" ")
    return any(Path(place, f"{name.replace('-', '_')}-{version}.dist-info").is_dir() for place in sys.path)
