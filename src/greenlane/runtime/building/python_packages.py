"""A Python app's packages as a layer beside its files: from the last build with the same lock, or installed and packed."""

from __future__ import annotations

import re
import shutil
import sys
from datetime import UTC, datetime
from typing import Any

from greenlane.runtime.bubblewrap import interpreter
from greenlane.runtime.building import gathering, installed, installing
from greenlane.runtime.building.build import Build
from greenlane.runtime.building.locks import Lock
from greenlane.runtime.building.room import OUT, PROJECT, Room
from greenlane.runtime.building.toolchains import INSIDE
from greenlane.runtime.building.tree import Tree

FOLDER = "_packages"
"""The layer's folder: below ``OUT`` while it is built, and beside the app's files when it runs."""

_TARGET = f"{OUT}/{FOLDER}"
_COMPILES = (interpreter(), "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash", _TARGET)
_NAMES_A_FILE = re.compile(r"^\s*(?:-r|-c|-e|--requirement|--constraint|--editable|\.|/)", re.MULTILINE)


def install(build: Build, lock: Lock) -> dict[str, Any]:
    """The layer of the installed packages, with their bytecode, as a run names it. Raises ``StepFailed``, ``TooLarge``."""
    shop = build.shop
    parts = {
        **build.key_parts(lock),
        "python": sys.version,
        "list": build.digest_of("pyproject.toml") if lock.file == "uv.lock" else "",
    }
    simple = lock.in_step and not lock.outside and not _names_files(lock, build.tree)
    key = installing.key("python-packages", parts)
    if simple and (kept := shop.caches.recall(key)) is not None and shop.blobs.has(str(kept["layer"]["digest"])):
        build.cached = True
        build.room.log.say("packages come from the last build with this lock")
        build.packages = tuple((one[0], one[1], one[2]) for one in kept["packages"])
        return dict(kept["layer"])
    build.room.log.say(f"installing packages{f' as {lock.file} says' if lock.file else ''}")
    room = _bare_room(build, lock) if simple else build.room
    room.hand_over()
    from_source = _install(build, lock, room, PROJECT if simple else build.inside)
    room.run("Compiling", _COMPILES, network=False, may_fail=True)
    made = room.out / FOLDER
    made.mkdir(exist_ok=True)
    build.packages = installed.lying_in(made)
    layer = {**gathering.pack(made, shop.blobs, build.job.bounds, within=room.out), "at": FOLDER}
    if simple and not from_source:
        shop.caches.remember(key, {"layer": layer, "packages": build.packages})
    if room is not build.room and build.plan.command:
        shutil.rmtree(build.room.out / FOLDER, ignore_errors=True)
        made.rename(build.room.out / FOLDER)
    return layer


def _bare_room(build: Build, lock: Lock) -> Room:
    """A room that holds the lock and the list of packages alone."""
    alone = build.room.bare("install")
    for name in {lock.file, "pyproject.toml"}:
        if (build.here / name).is_file():
            shutil.copyfile(build.here / name, alone.project / name)
    return alone


def _install(build: Build, lock: Lock, room: Room, folder: str) -> bool:
    """Install into the target; whether something had to be built from source. Raises ``StepFailed``."""
    if not lock.in_step:
        build.say_what_is_too_young(lock)
    if _installs(build, lock, room, folder, wheels_alone=True):
        return False
    build.notes.append("Some packages are built from source, which runs code of theirs.")
    if not _installs(build, lock, room, folder, wheels_alone=False):
        raise installing.failure(lock, build.job.cooldown, freely=not lock.in_step)
    return True


def _installs(build: Build, lock: Lock, room: Room, folder: str, *, wheels_alone: bool) -> bool:
    ways = installing.python(f"{INSIDE}/uv", lock, folder, _TARGET, interpreter(), wheels_alone=wheels_alone)
    told = {"UV_NO_CACHE": "1", "UV_NO_CONFIG": "1", "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    if not lock.in_step:
        told |= installing.no_younger_than(build.job.cooldown, datetime.now(UTC))
    return any(
        all(room.run("Installing", one, environment=told, folder=folder, may_fail=True) for one in commands)
        for commands in ways
    )


def _names_files(lock: Lock, tree: Tree) -> bool:
    """Whether the list of packages names other files of the project, such as `-r more.txt` or `./package`."""
    return lock.file == "requirements.txt" and bool(_NAMES_A_FILE.search(tree.text(lock.file)))
