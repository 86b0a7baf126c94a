"""What builds are carried out with: sandboxes, tools, registries, the way out, what is kept, and a folder for rooms."""

from __future__ import annotations

import shutil
import threading
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from greenlane.kit.blobs import Blobs
from greenlane.runtime.building.caches import Caches
from greenlane.runtime.building.registries import Registries
from greenlane.runtime.building.room import BuildLimits, Sandboxes
from greenlane.runtime.building.toolchains import Toolbox
from greenlane.runtime.building.way_out import WayOut


@dataclass(frozen=True, slots=True)
class Workshop:
    """What every build shares. ``folder`` is the workshop's own; ``uv`` the program that installs for Python."""

    folder: Path
    jailer: Sandboxes
    toolbox: Toolbox
    registries: Registries
    way_out: WayOut
    caches: Caches
    blobs: Blobs
    uv: Path
    limits: BuildLimits = field(default_factory=BuildLimits)

    def place(self, build: str) -> Path:
        """Where the room of a build is made; the folder above it is there."""
        rooms = self.folder / "rooms"
        rooms.mkdir(parents=True, exist_ok=True)
        return rooms / build

    def tidy(self) -> None:
        """Throw away what a killed predecessor left, and what nobody used for long."""
        self.caches.tidy()
        shutil.rmtree(self.folder / "gone", ignore_errors=True)
        for left in (self.folder / "rooms").glob("*"):
            self.way_out.forget(left.name)
            shutil.rmtree(left, ignore_errors=True)

    def throw_away(self, folder: Path) -> None:
        """Take a folder out of the way at once, and what lies in it meanwhile: nobody waits for fifty thousand files."""
        if folder.exists():
            (self.folder / "gone").mkdir(mode=0o700, exist_ok=True)
            gone = folder.rename(self.folder / "gone" / uuid4().hex)
            threading.Thread(target=shutil.rmtree, args=(gone, True), name=f"end of {folder.name}", daemon=True).start()
