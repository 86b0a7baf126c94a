"""Take over the list of frameworks from a maintained package: ``python -m tests.laws.frameworks``. Needs npm and Node."""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from pathlib import Path

PACKAGE = "@vercel/frameworks@3.34.0"
DIGEST = "50b102643e2bb8a7d25eab5459330a18d3acf671852ae2178e72dc09052ab84d"
KEPT = Path(__file__).parents[2] / "src" / "greenlane" / "runtime" / "building" / "data" / "frameworks.json"


def fetch() -> None:
    """Download the package and keep what it knows, if it is what was reviewed."""
    with tempfile.TemporaryDirectory() as folder:
        install = ["npm", "install", "--silent", "--ignore-scripts", "--no-audit", "--prefix", folder, PACKAGE]
        subprocess.run(install, check=True)
        script = Path(__file__).with_suffix(".js")
        listed = Path(folder) / "node_modules" / "@vercel" / "frameworks"
        told = subprocess.run(["node", script, listed], check=True, capture_output=True).stdout
    assert hashlib.sha256(told).hexdigest() == DIGEST, "this is not the list that was reviewed"
    KEPT.write_bytes(told)


if __name__ == "__main__":
    fetch()
