"""Where builds are carried out: a room of its own for each, in a sandbox, from the plan to what is kept of it."""

from __future__ import annotations

import os
import re
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from greenlane.govern.errors import WrongInput
from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import stamp
from greenlane.kit.errors import GreenlaneError
from greenlane.runtime import fallback
from greenlane.runtime.building import gathering, installed, installing, python_versions, toolchains
from greenlane.runtime.building.caches import Caches
from greenlane.runtime.building.gathering import Files
from greenlane.runtime.building.installed import Package
from greenlane.runtime.building.job import Job, Made
from greenlane.runtime.building.locks import Lock
from greenlane.runtime.building.log import BuildLog, Masks
from greenlane.runtime.building.plan import PYTHON
from greenlane.runtime.building.registries import Registries
from greenlane.runtime.building.room import HOME, OUT, PROJECT, BuildLimits, Room, Sandboxes, StepFailed, Stopped
from greenlane.runtime.building.toolchains import INSIDE, Toolbox
from greenlane.runtime.building.tree import Tree
from greenlane.runtime.building.way_out import Record, WayOut
from greenlane.runtime.jail import Mount

FUNCTIONS = ".greenlane/functions"
"""Where a made site holds its functions: below a path that the edge never serves as a page."""

_INTERPRETER = f"{sys.base_prefix}/bin/python{python_versions.shown()}"
_PACKAGES = "_packages"
_BUNDLE = (
    "--bundle",
    "--format=esm",
    "--platform=node",
    "--target=es2022",
    "--banner:js=import { createRequire as __of } from 'node:module'; const require = __of(import.meta.url);",
)
"""One file with everything in it. What packages `require` while they run is given to them; esbuild itself declares
`__require` in some bundles, so that name is left to it.
"""


@dataclass(frozen=True, slots=True)
class Workshop:
    """What builds are carried out with. ``folder`` is the workshop's own; ``uv`` the program that installs for Python."""

    folder: Path
    jailer: Sandboxes
    toolbox: Toolbox
    registries: Registries
    way_out: WayOut
    caches: Caches
    blobs: Blobs
    uv: Path
    limits: BuildLimits = field(default_factory=BuildLimits)

    def build(self, job: Job, log_file: Path, user: int | None, stopping: threading.Event | None = None) -> Made:
        """Carry a build out. Whatever goes wrong is told in the answer; nothing of the build is left behind."""
        began = datetime.now(UTC)
        log = BuildLog(log_file, Masks(job.secrets))
        folder = self.folder / "rooms" / job.id
        folder.parent.mkdir(parents=True, exist_ok=True)
        room = Room(job.id, folder, user, self.jailer, self.limits, log, stopping=stopping or threading.Event())
        network: Record | None = None
        try:
            log.say(job.plan.says)
            for note in job.plan.notes:
                log.say(note)
            room.prepare()
            with self._way(job, room) as network:
                made = _Build(self, job, room).carry_out()
            made = replace(made, state="done")
        except Stopped as error:
            made = Made(job.id, "stopped", error.message, error.next_step)
        except GreenlaneError as error:
            made = Made(job.id, "failed", error.message, error.next_step)
        except OSError as error:
            made = Made(
                job.id, "failed", "The machine could not go on with this build.", f"Try again. ({error.strerror})"
            )
        finally:
            self.throw_away(folder)
        log.say("done" if made.state == "done" else made.why)
        log.close()
        return replace(
            made,
            steps=tuple(room.steps),
            network={} if network is None else network.as_dict(),
            began=stamp(began),
            ended=stamp(datetime.now(UTC)),
        )

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

    @contextmanager
    def _way(self, job: Job, room: Room) -> Iterator[Record]:
        """The way out, where anything is installed or executed at all."""
        if job.plan.lock is None and not job.plan.command:
            yield Record()
            return
        with self.way_out.opened(job.id, job.app, self.registries.places, models=job.plan.models) as way:
            room.egress = way.socket
            yield way.record


class _Build:
    """One build under way."""

    def __init__(self, shop: Workshop, job: Job, room: Room) -> None:
        self.shop = shop
        self.job = job
        self.plan = job.plan
        self.room = room
        self.materials: list[dict[str, Any]] = []
        self.notes: list[str] = []
        self.packages: tuple[Package, ...] = ()
        self.cached = False
        self.unlocked = False

    @property
    def inside(self) -> str:
        """The project's folder, as a step sees it."""
        return f"{PROJECT}/{self.plan.folder}".rstrip("/")

    @property
    def here(self) -> Path:
        """The project's folder, as the platform sees it."""
        return self.room.project / self.plan.folder

    def carry_out(self) -> Made:
        """From the source to what is kept."""
        self._lay_out()
        self._equip()
        return self._python() if self.plan.kind == PYTHON else self._site()

    # -- before ----------------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        """The source as it was sent. What begins with `#!` can be executed, since an upload says nothing about that."""
        for path, entry in self.job.files.items():
            place = self.room.project / path
            place.parent.mkdir(parents=True, exist_ok=True)
            data = self.shop.blobs.get(str(entry["sha256"]))
            place.write_bytes(data)
            place.chmod(0o755 if data.startswith(b"#!") else 0o644)

    def _equip(self) -> None:
        """Mount the tools that the plan asks for, and set what they read of the environment."""
        plan, shop, mounts = self.plan, self.shop, []
        names: dict[str, str] = {}
        berry = self._berry
        if plan.node:
            names |= {"node": f"node-{plan.node}", "npm": "npm"}
            if plan.lock is not None and plan.lock.manager == "pnpm":
                names["pnpm"] = "pnpm"
            if plan.lock is not None and plan.lock.manager == "yarn":
                names["yarn-berry" if berry else "yarn"] = "yarn-berry" if berry else "yarn"
        if plan.functions:
            names["esbuild"] = "esbuild"
        for inside, name in names.items():
            mounts.append(Mount(f"{INSIDE}/{inside}", shop.toolbox.place(name)))
            one = toolchains.tool(name)
            self.materials.append({"name": one.label, "digest": {"sha512": one.sha512}})
        path = "/usr/local/bin:/usr/bin:/bin"
        if plan.node:
            mounts.append(Mount(f"{INSIDE}/bin", shop.toolbox.shims(plan.node, "yarn-berry" if berry else "yarn")))
            path = f"{self.inside}/node_modules/.bin:{INSIDE}/bin:{path}"
        if plan.kind == PYTHON:
            mounts.append(Mount(f"{INSIDE}/uv", shop.uv))
            path = f"{INSIDE}:{Path(_INTERPRETER).parent}:{path}"
        if shop.registries.authorities is not None:
            mounts.append(Mount(installing.AUTHORITIES, shop.registries.authorities))
        self.room.mounts = tuple(mounts)
        self.room.environment = {
            **installing.environment(shop.registries),
            "PATH": path,
            "HOME": HOME,
        }
        if plan.lock is not None and plan.lock.file:
            self._note_lock(plan.lock.file)

    @property
    def _berry(self) -> bool:
        lock = self.plan.lock
        if lock is None or lock.manager != "yarn":
            return False
        return lock.version.split(".")[0] not in ("", "0", "1") or "__metadata:" in self._tree.text("yarn.lock")[:2000]

    @property
    def _tree(self) -> Tree:
        whole = Tree(self.job.files, lambda path: self.shop.blobs.get(str(self.job.files[path]["sha256"])))
        return whole.below(self.plan.folder)

    def _note_lock(self, file: str) -> None:
        entry = self.job.files[f"{self.plan.folder}/{file}".lstrip("/")]
        self.materials.append({"name": file, "digest": {"sha256": str(entry["sha256"]).removeprefix("sha256:")}})

    # -- front ends ------------------------------------------------------------------------------------------------------

    def _site(self) -> Made:
        plan = self.plan
        if plan.lock is not None:
            self._install_node(plan.lock)
            self.packages = installed.lying_in(self.room.project)  # before any code of theirs runs
        self.room.hand_over()
        if plan.lock is not None:
            self._scripts(plan.lock)
        if plan.command:
            self.room.log.say(f"building: {plan.command}")
            told = {**plan.environment, **self.job.variables}
            self.room.run("The build", ("sh", "-c", plan.command), environment=told, folder=self.inside)
        for place, one in enumerate(plan.functions):
            bundled = (f"{INSIDE}/esbuild/bin/esbuild", one.file, *_BUNDLE, f"--outfile={OUT}/functions/{one.name}.mjs")
            self.room.run(f"The function {one.name}", bundled, folder=self.inside, network=False)
            if place == 0:
                self.room.log.say("functions are bundled, each into one file")
        return self._gathered()

    def _install_node(self, lock: Lock) -> None:
        """Packages into the project, without any script: from what is kept, or anew."""
        how = installing.node(lock, berry=self._berry)
        tree = self._tree
        if lock.file == "yarn.lock" and self.shop.registries.npm:
            named = self.here / lock.file
            named.write_text(installing.at_registry(tree.text(lock.file), self.shop.registries.npm))
        own = self._changed_in_place(lock, tree)
        if not installing.can_be_kept(tree, lock):
            self.room.log.say(f"installing packages with {lock.manager}")
            self.room.hand_over()
            if not (lock.in_step and self._installs(self.room, how.exact, how, folder=self.inside)):
                self._install_anew(how, lock)
            return
        key = installing.key("node", {**self._key_parts(lock), "list": self._digest_of("package.json")})
        modules = self.here / "node_modules"
        if self.shop.caches.fetch(key, modules, own=own):
            self.cached = True
            self.room.log.say("packages come from the last build with this lock")
            return
        self.room.log.say(f"installing packages with {lock.manager}, exactly as {lock.file} says")
        alone = self._bare_room("install")
        try:
            for name in ("package.json", lock.file):
                shutil.copyfile(self.here / name, alone.project / name)
            alone.hand_over()
            if not self._installs(alone, how.exact, how):
                self._install_anew(how, lock)
                return
            made = alone.project / "node_modules"
            if not made.is_dir():
                made.mkdir()
            self.shop.caches.keep(key, made)
        finally:
            self.shop.throw_away(alone.folder)
        self.shop.caches.fetch(key, modules, own=own)

    def _install_anew(self, how: installing.Installing, lock: Lock) -> None:
        """The lock does not do: take what the project asks for, and say so."""
        if lock.in_step:
            self.notes.append(f"{lock.file} could not be followed, so packages were installed without it.")
            self.room.log.say(self.notes[-1])
            self.unlocked = True
        self.room.hand_over()
        self._say_what_is_too_young(lock)
        told = installing.no_younger_than(self.job.cooldown, datetime.now(UTC))
        if not self._installs(self.room, how.anew, how, environment=told, folder=self.inside):
            raise self._not_installed(lock, freely=True)

    def _installs(
        self,
        room: Room,
        command: tuple[str, ...],
        how: installing.Installing,
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
        self.notes.append(
            "Packages ask for other releases of one another than are installed. The log of the build names them."
        )
        return True

    def _say_what_is_too_young(self, lock: Lock) -> None:
        if said := installing.about_young_releases(lock, self.job.cooldown, berry=self._berry):
            self.room.log.say(said)

    def _not_installed(self, lock: Lock, *, freely: bool) -> StepFailed:
        """Why packages could not be installed, as far as it is known. ``freely``: no lock decided which."""
        if lock.outside:
            return StepFailed(
                f"Installing failed. {lock.outside[0]} does not come from a package registry, and a build reaches nothing else.",
                next_step="Take it from a registry, or have an owner name its host in registry_hosts.",
            )
        if freely and self.job.cooldown:
            return StepFailed(
                "Installing failed. The log's end says why.",
                next_step=f"Releases younger than {self.job.cooldown} days are not taken where no lock file that fits "
                "decides: send one, ask for older releases, or have an owner lower release_age_days.",
            )
        return StepFailed("Installing failed.", next_step="The log's end says why.")

    def _bare_room(self, name: str) -> Room:
        """A second room beside the first, with nothing in it: same user, same limits, same log, same clock."""
        alone = replace(self.room, name=f"{self.room.name}-{name}", folder=self.room.folder / name)
        alone.folder.mkdir(mode=0o755)
        for place in (alone.project, alone.folder / "home", alone.out):
            place.mkdir(mode=0o755)
        return alone

    def _key_parts(self, lock: Lock) -> dict[str, object]:
        return {
            "lock": self._digest_of(lock.file),
            "tools": [one["name"] for one in self.materials],
            "machine": os.uname().machine,
            "registries": [self.shop.registries.npm, self.shop.registries.python],
        }

    def _digest_of(self, file: str) -> str:
        return str(self.job.files[f"{self.plan.folder}/{file}".lstrip("/")]["sha256"]) if file else ""

    def _has_scripts(self, lock: Lock, tree: Tree) -> bool:
        """Whether packages or the project run code of their own while they are installed."""
        own = installing.own_scripts(lock, tree.package.get("scripts", {}))
        return bool(own) or installing.packages_run_scripts(lock, tree)

    def _changed_in_place(self, lock: Lock, tree: Tree) -> Callable[[str], bool]:
        """Which folders of installed packages the build needs as its own: those whose scripts run, or all of them."""
        if installing.own_scripts(lock, tree.package.get("scripts", {})) or not lock.scripts:
            everything = self._has_scripts(lock, tree)
            return lambda _folder: everything
        return lambda folder: folder.rpartition("node_modules/")[2] in lock.scripts

    def _scripts(self, lock: Lock) -> None:
        """Scripts of packages, then the project's own: here, where nothing is kept of what they leave behind."""
        tree = self._tree
        if not self._has_scripts(lock, tree):
            return
        if installing.packages_run_scripts(lock, tree):
            how = installing.node(lock, berry=self._berry)
            self.room.run("Scripts of packages", how.scripts, folder=self.inside, may_fail=True)
        for command in installing.own_scripts(lock, tree.package.get("scripts", {})):
            told = {**self.plan.environment, **self.job.variables}
            self.room.run(f"The script {command[-1]}", command, environment=told, folder=self.inside)

    def _gathered(self) -> Made:
        plan = self.plan
        place, published = self._published()
        ignored = gathering.IGNORED if published else gathering.IGNORED | {"netlify", "functions"}
        files, aside = gathering.gather(place, self.shop.blobs, self.job.bounds, ignored, within=self.room.project)
        files = {path: entry for path, entry in files.items() if published or not _of_the_project(path)}
        if aside:
            self.notes.append(f"Links are left out: {', '.join(aside[:5])}{' and more' if len(aside) > 5 else ''}.")
        if published and (says := fallback.reason(self._tree, files)):
            files[fallback.FALLBACK] = files["index.html"]
            self.notes.append(says)
        run: dict[str, Any] = {"kind": plan.app_kind}
        if plan.functions:
            run["functions"] = [{**one.as_dict(), "file": f"{FUNCTIONS}/{one.name}.mjs"} for one in plan.functions]
            bundled, _aside = gathering.gather(
                self.room.out / "functions", self.shop.blobs, self.job.bounds, within=self.room.out
            )
            files |= {f"{FUNCTIONS}/{path}": entry for path, entry in bundled.items()}
        if not files:
            raise WrongInput(
                "The build made no files.", next_step="Look at the log, and say `publish` in greenlane.toml."
            )
        return self._made(files, run)

    def _published(self) -> tuple[Path, bool]:
        """The folder that is served, and whether the build filled it. Raises ``WrongInput`` when it cannot be found.

        Some builders write into a folder within the one they are known for, such as `dist/app/browser`.
        """
        plan = self.plan
        if not plan.command and not plan.publish:
            return self.here, False
        names = (plan.publish,) if plan.publish else _USUAL
        for name in names:
            place = self.here / name
            if not _is_within(place, self.here) or not place.is_dir():
                continue
            if plan.publish and (plan.app_kind == "functions" or (place / "index.html").is_file()):
                return place, True
            inner = sorted(
                (one.parent for one in place.rglob("index.html") if one.is_file()), key=lambda one: len(one.parts)
            )
            if inner and _is_within(inner[0], self.here):
                return inner[0], True
            if plan.publish and any(place.iterdir()):
                return place, True
        raise WrongInput(
            f"The build did not fill {' or '.join(names)}.",
            next_step="Say `publish` under `[build]` in greenlane.toml.",
        )

    # -- Python ----------------------------------------------------------------------------------------------------------

    def _python(self) -> Made:
        plan = self.plan
        assert plan.lock is not None, "a Python plan knows its packages"
        layer = self._packages(plan.lock)
        if plan.command:
            self.room.hand_over()
            self.room.log.say(f"building: {plan.command}")
            told = {**plan.environment, **self.job.variables, "PYTHONPATH": f"{OUT}/{_PACKAGES}"}
            self.room.run("The build", ("sh", "-c", plan.command), environment=told, folder=self.inside)
        files, _aside = gathering.gather(self.here, self.shop.blobs, self.job.bounds, within=self.room.project)
        run = {
            "kind": plan.app_kind,
            "entry": plan.entry,
            "python": python_versions.shown(),
            "layers": [layer],
        }
        return self._made(files, run)

    def _packages(self, lock: Lock) -> dict[str, Any]:
        """The installed packages as a layer, with their bytecode: from what is kept, or anew."""
        parts = {
            **self._key_parts(lock),
            "python": sys.version,
            "list": self._digest_of("pyproject.toml") if lock.file == "uv.lock" else "",
        }
        simple = lock.in_step and not lock.outside and not self._names_files(lock)
        key = installing.key("python-packages", parts)
        if (
            simple
            and (kept := self.shop.caches.recall(key)) is not None
            and self.shop.blobs.has(str(kept["layer"]["digest"]))
        ):
            self.cached = True
            self.room.log.say("packages come from the last build with this lock")
            self.packages = tuple((one[0], one[1], one[2]) for one in kept["packages"])
            return dict(kept["layer"])
        self.room.log.say(f"installing packages{f' as {lock.file} says' if lock.file else ''}")
        alone = self._bare_room("install") if simple else self.room
        if simple:
            for name in {lock.file, "pyproject.toml"}:
                if (self.here / name).is_file():
                    shutil.copyfile(self.here / name, alone.project / name)
        alone.hand_over()
        folder = PROJECT if simple else self.inside
        target = f"{OUT}/{_PACKAGES}"
        if not lock.in_step:
            self._say_what_is_too_young(lock)
        from_source = not self._uv(alone, lock, folder, target, wheels_alone=True)
        if from_source:
            self.notes.append("Some packages are built from source, which runs code of theirs.")
            if not self._uv(alone, lock, folder, target, wheels_alone=False):
                raise self._not_installed(lock, freely=not lock.in_step)
        compile_all = (
            _INTERPRETER,
            "-m",
            "compileall",
            "-q",
            "-j",
            "0",
            "--invalidation-mode",
            "unchecked-hash",
            target,
        )
        alone.run("Compiling", compile_all, network=False, may_fail=True)
        (alone.out / _PACKAGES).mkdir(exist_ok=True)
        self.packages = installed.lying_in(alone.out / _PACKAGES)
        layer = {
            **gathering.pack(alone.out / _PACKAGES, self.shop.blobs, self.job.bounds, within=alone.out),
            "at": _PACKAGES,
        }
        if simple and not from_source:
            self.shop.caches.remember(key, {"layer": layer, "packages": self.packages})
        if alone is not self.room and self.plan.command:
            shutil.rmtree(self.room.out / _PACKAGES, ignore_errors=True)
            (alone.out / _PACKAGES).rename(self.room.out / _PACKAGES)
        return layer

    def _uv(self, room: Room, lock: Lock, folder: str, target: str, *, wheels_alone: bool) -> bool:
        ways = installing.python(f"{INSIDE}/uv", lock, folder, target, _INTERPRETER, wheels_alone=wheels_alone)
        told = {"UV_NO_CACHE": "1", "UV_NO_CONFIG": "1", "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
        if not lock.in_step:
            told |= installing.no_younger_than(self.job.cooldown, datetime.now(UTC))
        return any(
            all(room.run("Installing", one, environment=told, folder=folder, may_fail=True) for one in commands)
            for commands in ways
        )

    def _names_files(self, lock: Lock) -> bool:
        """Whether the list of packages names other files of the project, such as `-r more.txt` or `./package`."""
        if lock.file != "requirements.txt":
            return False
        return bool(
            re.search(
                r"^\s*(?:-r|-c|-e|--requirement|--constraint|--editable|\.|/)", self._tree.text(lock.file), re.MULTILINE
            )
        )

    # -- after -----------------------------------------------------------------------------------------------------------

    def _made(self, files: Files, run: Mapping[str, Any]) -> Made:
        return Made(
            build=self.job.id,
            state="done",
            files=files,
            run=run,
            materials=tuple(self.materials),
            notes=tuple(self.notes),
            packages=self.packages,
            cached=self.cached,
            unlocked=self.unlocked,
        )


_USUAL = ("dist", "build", "out", "public", "_site", "www")
"""Folders that builders fill, for a project that says nothing."""


def _is_within(place: Path, folder: Path) -> bool:
    """Whether a folder really lies in another one: a build may have put a link there that leads elsewhere."""
    return gathering.is_within(place, folder)


_PROJECT_FILES = frozenset(
    [
        "package.json",
        "package-lock.json",
        "pnpm-lock.yaml",
        "yarn.lock",
        "netlify.toml",
        "greenlane.toml",
        "tsconfig.json",
    ]
)


def _of_the_project(path: str) -> bool:
    """Files that make a project and are no pages: they stay out where the project's own folder is what is served."""
    return path in _PROJECT_FILES or path.startswith(".")
