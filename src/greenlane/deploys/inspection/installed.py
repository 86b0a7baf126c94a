"""Packages that lie installed in a tree: in `node_modules`, and beside the `dist-info` of a Python environment.

What is really there is the better witness than what a lock file wished for: a built tree is read as well as its lock.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from email.parser import HeaderParser

import orjson

from greenlane.deploys.inspection.packages import Package, pypi_name

_NODE = re.compile(r"(?:^|/)node_modules/(?:@[^/]+/)?[^/]+/package\.json$")
_PYTHON = re.compile(r"(?:^|/)[^/]+\.(?:dist-info/METADATA|egg-info/PKG-INFO)$")
_LARGEST = 1024 * 1024


def is_installed(path: str) -> bool:
    """Whether a path is where an installed package says what it is."""
    return bool(_NODE.search(path) or _PYTHON.search(path))


def installed(paths: Iterable[str], read: Callable[[str], bytes]) -> Iterator[Package]:
    """The packages that lie in a tree, by what they say of themselves. What cannot be read is passed over."""
    for path in paths:
        if _NODE.search(path):
            yield from _node(read(path)[:_LARGEST])
        elif _PYTHON.search(path):
            yield from _python(read(path)[:_LARGEST])


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
