"""The tools of builds: Node, npm, pnpm, yarn and esbuild from the npm registry, pinned by version and digest.

A tool is fetched once by the platform, checked against the digest that was reviewed, and unpacked where only the
platform writes. Builds see it read-only. ``python -m tests.laws.toolchains`` pins newer ones.
"""

from __future__ import annotations

import base64
import hashlib
import io
import platform
import shutil
import tarfile
import tempfile
import threading
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import httpx2
import orjson

from greenlane.runtime.building.registries import NoRegistry, Registries

_SHIMS = {
    "node": ("node-22", "bin/node"),
    "npm": ("npm", "bin/npm-cli.js"),
    "npx": ("npm", "bin/npx-cli.js"),
    "pnpm": ("pnpm", "bin/pnpm.cjs"),
    "pnpx": ("pnpm", "bin/pnpx.cjs"),
    "yarn": ("yarn", "bin/yarn.js"),
    "yarnpkg": ("yarn", "bin/yarn.js"),
}
INSIDE = "/tools"
"""Where a sandbox sees the tools."""

_LARGEST = 256 * 1024 * 1024
_WITHIN = httpx2.Timeout(120.0, connect=10.0)


@dataclass(frozen=True, slots=True)
class Tool:
    """One pinned tool: the package it comes from, its version, and the digest of its archive as npm writes it."""

    name: str
    package: str
    version: str
    integrity: str

    @property
    def label(self) -> str:
        """Package and version."""
        return f"{self.package}@{self.version}"

    @property
    def sha512(self) -> str:
        """The digest in hexadecimal."""
        return base64.b64decode(self.integrity.removeprefix("sha512-")).hex()


@cache
def tool(name: str, machine: str = "") -> Tool:
    """A tool by name for this kind of processor. Raises ``NoRegistry`` where there is none for it."""
    told = orjson.loads(files("greenlane.runtime.building.data").joinpath("toolchains.json").read_bytes())[name]
    one = told.get("") or told.get(machine or platform.machine())
    if one is None:
        raise NoRegistry(
            f"There is no {name} for this kind of processor.", next_step="Build on x86_64 or aarch64, or elsewhere."
        )
    return Tool(name, one["package"], one["version"], one["integrity"])


class Toolbox:
    """Tools on this disk. Safe to use from several threads."""

    def __init__(self, folder: Path, registries: Registries) -> None:
        self._folder = folder
        self._registries = registries
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True, mode=0o755)

    def place(self, name: str) -> Path:
        """The folder of a tool, fetched when it is not here yet. Raises ``NoRegistry`` when it cannot be."""
        one = tool(name)
        place = self._folder / f"{name}-{one.version}-{one.sha512[:12]}"
        with self._lock:
            if not place.is_dir():
                self._fetch(one, place)
        return place

    def shims(self, node: int, yarn: str = "yarn") -> Path:
        """A folder for `PATH`: `node`, `npm`, `npx`, `pnpm` and `yarn` as commands, for tools mounted at ``INSIDE``."""
        place = (
            self._folder / f"bin-{node}-{yarn}-{hashlib.sha256(repr(sorted(_SHIMS.items())).encode()).hexdigest()[:8]}"
        )
        if place.is_dir():
            return place
        draft = Path(tempfile.mkdtemp(dir=self._folder))
        for command, (owner, file) in _SHIMS.items():
            owned, inner = ("yarn-berry", "bin/yarn.js") if owner == "yarn" and yarn == "yarn-berry" else (owner, file)
            line = f'exec {INSIDE}/node/bin/node {INSIDE}/{owned}/{inner} "$@"'
            if command == "node":
                line = f'exec {INSIDE}/node/bin/node "$@"'
            (draft / command).write_text(f"#!/bin/sh\n{line}\n")
            (draft / command).chmod(0o755)
        draft.chmod(0o755)
        _become(draft, place)
        return place

    def _fetch(self, one: Tool, place: Path) -> None:
        if not self._registries.npm:
            raise NoRegistry(
                "No npm registry is set, and builds of front ends take Node from there.",
                next_step="Set npm_registry in settings.toml, or install npm on this machine.",
            )
        address = f"{self._registries.npm}/{one.package}/-/{one.package.rpartition('/')[2]}-{one.version}.tgz"
        try:
            answer = httpx2.get(address, verify=self._registries.context, timeout=_WITHIN, follow_redirects=True)
            answer.raise_for_status()
        except httpx2.HTTPError as error:
            raise NoRegistry(
                f"{one.label} could not be fetched from the npm registry.",
                next_step="Look whether the registry in npm_registry answers, and deploy again.",
                detail=repr(error),
            ) from error
        if hashlib.sha512(answer.content).hexdigest() != one.sha512:
            raise NoRegistry(
                f"What the npm registry gave for {one.label} is not what was reviewed, and it was thrown away.",
                next_step="Ask the platform team to look at the registry before anybody builds.",
            )
        draft = Path(tempfile.mkdtemp(dir=self._folder))
        try:
            _unpack(answer.content, draft)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        draft.chmod(0o755)
        _become(draft, place)


def _become(draft: Path, place: Path) -> None:
    try:
        draft.rename(place)
    except OSError:
        shutil.rmtree(draft, ignore_errors=True)
        if not place.is_dir():
            raise


def _unpack(archive: bytes, folder: Path) -> None:
    """Member by member, files alone, below the folder: an archive's first folder is left off, as npm does it."""
    unpacked = 0
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as members:
        for member in members:
            parts = member.name.split("/")[1:]
            if not member.isfile() or not parts or any(part in ("", ".", "..") for part in parts):
                continue
            unpacked += member.size
            if unpacked > _LARGEST:
                raise NoRegistry("A tool is larger than any should be.", next_step="Ask the platform team to look.")
            if parts[0] in ("include", "share"):
                continue  # headers and manuals, which no build here reads
            place = folder.joinpath(*parts)
            place.parent.mkdir(parents=True, exist_ok=True)
            content = members.extractfile(member)
            assert content is not None, "a file has content"
            with place.open("wb") as file:
                shutil.copyfileobj(content, file)
            place.chmod(0o755 if member.mode & 0o100 or "bin" in parts[:-1] else 0o644)
