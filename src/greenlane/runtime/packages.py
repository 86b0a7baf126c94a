"""The server that runs Python apps which bring none: a few packages of the platform's own, compiled once."""

from __future__ import annotations

import compileall
import importlib.util
import py_compile
import shutil
import sys
import threading
from importlib.metadata import version
from pathlib import Path

from greenlane.kit import digest

NAMES = ("a2wsgi", "click", "h11", "httptools", "uvicorn", "websockets")
"""What ``inside/start.py`` imports, and what that imports."""
_ONE_AT_A_TIME = threading.Lock()


def gathered(folder: Path) -> Path:
    """The folder that holds them, made when it is not there for these versions and this Python."""
    stamp = digest.of({"python": sys.version, **{name: version(name) for name in NAMES}})
    place = folder / digest.bare(stamp)[:16]
    with _ONE_AT_A_TIME:
        if not place.is_dir():
            _gather(place)
    return place


def _gather(place: Path) -> None:
    draft = place.with_suffix(".new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for name in NAMES:
        found = importlib.util.find_spec(name)
        assert found is not None, f"{name} is in the lock"
        for origin in found.submodule_search_locations or ():
            shutil.copytree(origin, draft / name, ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(draft, quiet=1, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    for one in (draft, *draft.rglob("*")):
        one.chmod(0o755 if one.is_dir() else 0o644)
    draft.rename(place)
