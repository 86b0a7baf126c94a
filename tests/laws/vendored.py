"""Fetch what is vendored from the npm registry, by version and digest: ``python -m tests.laws.vendored``."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

STATIC = Path(__file__).parents[2] / "src" / "greenlane" / "web" / "static" / "vendor"

PACKAGE = "htmx.org@4.0.1"
"""0BSD. The console's only script that is not our own."""

FILES = {
    "htmx.min.js": ("dist/htmx.min.js", "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130"),
    "hx-sse.min.js": ("dist/ext/hx-sse.min.js", "18ef2761356ec1fe0bb6d92612315b37517a7c1e9856b661c5ae81fef239d103"),
    "hx-csp.min.js": ("dist/ext/hx-csp.min.js", "a7e1e6711ae6c3e50ad300fba7936cbe8d07599cdae313414a179ddd6b26e143"),
    "htmx.LICENSE": ("LICENSE", "d3d2456f76414f2456104660ebd65aff1c04cd7966b942bdabd63f3cdb316a38"),
}
"""What is taken: the name here, the place in the package, the SHA-256."""


def fetch() -> None:
    """Download the package and keep what is taken from it, if every digest is the one that was reviewed."""
    with tempfile.TemporaryDirectory() as folder:
        npm = shutil.which("npm") or "npm"
        subprocess.run([npm, "pack", PACKAGE, "--pack-destination", folder, "--silent"], check=True)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as package:
            for name, (place, digest) in FILES.items():
                member = package.extractfile(f"package/{place}")
                assert member is not None, place
                body = member.read()
                assert hashlib.sha256(body).hexdigest() == digest, f"{place} is not the file that was reviewed"
                (STATIC / name).write_bytes(body)


if __name__ == "__main__":
    fetch()
