"""A front end's packages in its project: from the last build with the same lock, or installed; then what scripts they run.

Nothing runs code of a package before ``run_scripts``. What is kept was installed in a room that held the lock and the
list of packages alone, so it is the same whoever asked first.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from greenlane.runtime.building import installing
from greenlane.runtime.building.build import Build
from greenlane.runtime.building.installing import Installing
from greenlane.runtime.building.locks import Lock
from greenlane.runtime.building.room import PROJECT, Room
from greenlane.runtime.building.tree import Tree


def install(build: Build, lock: Lock) -> None:
    """Packages into the project, without any script: from what is kept, or anew. Raises ``StepFailed``."""
    how = installing.node(lock, berry=build.berry)
    tree, room, caches = build.tree, build.room, build.shop.caches
    if lock.file == "yarn.lock" and build.shop.registries.npm:
        named = build.here / lock.file
        named.write_text(installing.at_registry(tree.text(lock.file), build.shop.registries.npm))
    own = _changed_in_place(lock, tree)
    if not installing.can_be_kept(tree, lock):
        room.log.say(f"installing packages with {lock.manager}")
        room.hand_over()
        if not (lock.in_step and _installs(build, room, how.exact, how, folder=build.inside)):
            _install_anew(build, how, lock)
        return
    key = installing.key("node", {**build.key_parts(lock), "list": build.digest_of("package.json")})
    modules = build.here / "node_modules"
    if caches.fetch(key, modules, own=own):
        build.cached = True
        room.log.say("packages come from the last build with this lock")
        return
    room.log.say(f"installing packages with {lock.manager}, exactly as {lock.file} says")
    alone = room.bare("install")
    try:
        for name in ("package.json", lock.file):
            shutil.copyfile(build.here / name, alone.project / name)
        alone.hand_over()
        if not _installs(build, alone, how.exact, how):
            _install_anew(build, how, lock)
            return
        made = alone.project / "node_modules"
        if not made.is_dir():
            made.mkdir()
        caches.keep(key, made)
    finally:
        build.shop.throw_away(alone.folder)
    caches.fetch(key, modules, own=own)


def run_scripts(build: Build, lock: Lock) -> None:
    """Scripts of packages, then the project's own, in the room of the build, where nothing is kept of what they leave.

    Raises ``StepFailed`` where one of the project's own fails.
    """
    tree = build.tree
    if not _has_scripts(lock, tree):
        return
    if installing.packages_run_scripts(lock, tree):
        how = installing.node(lock, berry=build.berry)
        build.room.run("Scripts of packages", how.scripts, folder=build.inside, may_fail=True)
    for command in _own_scripts(lock, tree):
        build.room.run(f"The script {command[-1]}", command, environment=build.variables, folder=build.inside)


def _install_anew(build: Build, how: Installing, lock: Lock) -> None:
    """The lock does not do: take what the project asks for, and say so."""
    if lock.in_step:
        build.notes.append(f"{lock.file} could not be followed, so packages were installed without it.")
        build.room.log.say(build.notes[-1])
        build.unlocked = True
    build.room.hand_over()
    build.say_what_is_too_young(lock)
    told = installing.no_younger_than(build.job.cooldown, datetime.now(UTC))
    if not _installs(build, build.room, how.anew, how, environment=told, folder=build.inside):
        raise installing.failure(lock, build.job.cooldown, freely=True)


def _installs(
    build: Build,
    room: Room,
    command: tuple[str, ...],
    how: Installing,
    *,
    environment: Mapping[str, str] | None = None,
    folder: str = PROJECT,
) -> bool:
    """Install, and where packages disagree about one another, as whoever made the project must have done.

    Tools that write projects by themselves leave such lists behind: a package asks for an older release of a
    neighbour than the project does, and only npm minds.
    """

    def goes(words: tuple[str, ...]) -> bool:
        return room.run("Installing", words, environment=environment, folder=folder, may_fail=True)

    if goes(command):
        return True
    if not how.in_spite or installing.PEERS_DISAGREE not in room.log.recent:
        return False
    room.log.say("packages disagree about one another: they are installed all the same")
    if not goes((*command, *how.in_spite)):
        return False
    build.notes.append(
        "Packages ask for other releases of one another than are installed. The log of the build names them."
    )
    return True


def _own_scripts(lock: Lock, tree: Tree) -> list[tuple[str, ...]]:
    return installing.own_scripts(lock, tree.package.get("scripts", {}))


def _has_scripts(lock: Lock, tree: Tree) -> bool:
    """Whether packages or the project run code of their own while they are installed."""
    return bool(_own_scripts(lock, tree)) or installing.packages_run_scripts(lock, tree)


def _changed_in_place(lock: Lock, tree: Tree) -> Callable[[str], bool]:
    """Which folders of installed packages the build needs as its own: those whose scripts run, or all of them."""
    if _own_scripts(lock, tree) or not lock.scripts:
        everything = _has_scripts(lock, tree)
        return lambda _folder: everything
    return lambda folder: folder.rpartition("node_modules/")[2] in lock.scripts
