"""The folder that is worked on: what would be sent of it now, whether it changed, and what the platform would do with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from greenlane.cli import folder as folders
from greenlane.deploys.bundle import Bundle, check_paths
from greenlane.govern.errors import Refused, WrongInput
from greenlane.kit.blobs import Blobs
from greenlane.runtime.building import source
from greenlane.runtime.building.plan import Plan
from greenlane.runtime.building.tree import Tree


@dataclass(frozen=True, slots=True)
class Recognised:
    """The files as they are now, and how they are built; no plan for pages that are served as they are."""

    bundle: Bundle
    plan: Plan | None


class Project:
    """A folder. ``blobs`` is where its files are put."""

    def __init__(self, folder: Path, blobs: Blobs) -> None:
        self._folder = folder
        self._blobs = blobs
        self._stamps: dict[str, tuple[int, int]] = {}

    def changed(self) -> list[str]:
        """The files that changed, came or went since this was last asked. Raises ``FileTrouble``."""
        now = folders.stamps(self._folder)
        before, self._stamps = self._stamps, now
        return sorted(name for name in now.keys() | before.keys() if now.get(name) != before.get(name))

    def recognise(self) -> Recognised:
        """What the platform would make of it. Raises ``WrongInput`` where there is no app, ``Refused`` for what is
        recognised and cannot be run.
        """
        files = {}
        for name, path in folders.sent(self._folder):
            data = path.read_bytes()  # in one go: a file may be written to while it is read
            files[name] = {"sha256": self._blobs.put(data), "size": len(data)}
        if not files:
            raise self._nothing()
        bundle = check_paths(files)
        tree = Tree(bundle.files, lambda path: self._blobs.get(bundle.files[path].sha256))
        found = source.recognise(tree) or source.refused_program(tree)
        if isinstance(found, source.Refused):
            raise Refused(found.says, next_step=found.instead)
        if found is None and not any(path.endswith((".html", ".htm")) for path in files):
            raise self._nothing()
        return Recognised(bundle, found)

    def _nothing(self) -> WrongInput:
        return WrongInput(
            f"There is no app in {self._folder}.",
            next_step="Name a folder with an index.html, a package.json, a Python app or functions/ in it.",
        )
