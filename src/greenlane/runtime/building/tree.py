"""A source tree as building sees it: paths, and the bytes of the few that it asks for."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

import orjson

READ_AT_MOST = 8 * 1024 * 1024
"""Bytes of one file that are looked at: lock files of large projects stay below that."""


class Tree:
    """Files by path, with `/` between folders. ``read`` gives the bytes of one of the paths."""

    def __init__(self, paths: Iterable[str], read: Callable[[str], bytes]) -> None:
        self.paths = frozenset(paths)
        self._read = read
        self._texts: dict[str, str] = {}

    def __contains__(self, path: str) -> bool:
        return path in self.paths

    def text(self, path: str) -> str:
        """A file as text; empty where there is none."""
        if path not in self.paths:
            return ""
        if path not in self._texts:
            self._texts[path] = self._read(path)[:READ_AT_MOST].decode("utf-8-sig", "replace")
        return self._texts[path]

    def json(self, path: str) -> dict[str, Any]:
        """A JSON object; an empty one where there is none or it cannot be read."""
        try:
            sheet = orjson.loads(self.text(path))
        except ValueError:
            return {}
        return sheet if isinstance(sheet, dict) else {}

    def toml(self, path: str) -> dict[str, Any]:
        """A TOML file; an empty one where there is none or it cannot be read."""
        try:
            return tomllib.loads(self.text(path))
        except tomllib.TOMLDecodeError:
            return {}

    def beginning(self, *starts: str) -> str:
        """The first file at the top whose name begins with one of these, such as `next.config.`; empty without one."""
        names = sorted(path for path in self.paths if "/" not in path)
        return next((name for start in starts for name in names if name.startswith(start)), "")

    def below(self, folder: str) -> Tree:
        """The same tree seen from one of its folders."""
        if not folder:
            return self
        start = folder.rstrip("/") + "/"
        return Tree(
            (path.removeprefix(start) for path in self.paths if path.startswith(start)),
            lambda path: self._read(start + path),
        )

    @cached_property
    def package(self) -> dict[str, Any]:
        """`package.json`, with only the members that have the shape they should."""
        sheet = self.json("package.json")
        for name in ("scripts", "engines", "volta", *DEPENDENCIES):
            if not isinstance(sheet.get(name), dict):
                sheet.pop(name, None)
        return sheet

    @cached_property
    def packages(self) -> dict[str, str]:
        """What `package.json` asks for: ranges by name, all its sections together."""
        found: dict[str, str] = {}
        for section in DEPENDENCIES:
            found |= {str(name): str(wanted) for name, wanted in self.package.get(section, {}).items()}
        return found


DEPENDENCIES = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
"""The sections of `package.json` that name packages."""
