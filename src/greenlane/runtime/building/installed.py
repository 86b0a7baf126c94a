"""Packages that lie installed in a tree: in `node_modules`, and beside the `dist-info` of a Python environment.

What is really there is the better witness than what a lock file wished for: a built tree is read as well as its lock.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from email.parser import HeaderParser
from pathlib import Path

import orjson

Package = tuple[str, str, str]
"""Ecosystem as package URLs call it (npm, pypi, gem), name, version (empty where none is pinned)."""

_NODE = re.compile(r"(?:^|/)node_modules/(?:@[^/]+/)?[^/]+/package\.json$")
_PYTHON = re.compile(r"(?:^|/)[^/]+\.(?:dist-info/METADATA|egg-info/PKG-INFO)$")
_INSIDE_OF_ONE = re.compile(r"/node_modules/(?:@[^/]+/)?[^/@.][^/]*$")
_SAY = ("package.json", "METADATA", "PKG-INFO")
_LARGEST = 1024 * 1024


def installed(paths: Iterable[str], read: Callable[[str], bytes]) -> Iterator[Package]:
    """The packages that lie in a tree, by what they say of themselves. What cannot be read is passed over."""
    for path in paths:
        if _NODE.search(path):
            yield from _node(read(path)[:_LARGEST])
        elif _PYTHON.search(path):
            yield from _python(read(path)[:_LARGEST])


def lying_in(folder: Path) -> tuple[Package, ...]:
    """The packages that lie in a folder on the disk, each once. No link is followed, and nothing but files is read."""
    found = (str(path) for path in _below(folder) if _NODE.search(str(path)) or _PYTHON.search(str(path)))
    return tuple(sorted(set(installed(found, _read))))


def _below(folder: Path) -> Iterator[Path]:
    """Where packages may say what they are: within an installed one, only what is installed below it is looked at."""
    for place, names, files in os.walk(folder):
        if _INSIDE_OF_ONE.search(place):
            names[:] = [name for name in names if name == "node_modules"]
        yield from (Path(place, name) for name in files if name in _SAY)


def _read(path: str) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return b""  # a link, or gone
    with os.fdopen(descriptor, "rb") as file:
        return file.read(_LARGEST) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""


def pypi_name(name: str) -> str:
    """A package's normalised name (PyPA, names and normalization)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _node(content: bytes) -> Iterator[Package]:
    try:
        sheet = orjson.loads(content)
    except ValueError:
        return
    if isinstance(sheet, dict):
        name, version = sheet.get("name"), sheet.get("version")
        if isinstance(name, str) and isinstance(version, str) and name:
            yield ("npm", name, version)


def _python(content: bytes) -> Iterator[Package]:
    sheet = HeaderParser().parsestr(content.decode("utf-8", "replace"), headersonly=True)
    if name := str(sheet.get("Name", "")).strip():
        yield ("pypi", pypi_name(name), str(sheet.get("Version", "")).strip())
