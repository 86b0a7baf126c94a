"""The life of `greenlane dev`: processes up, a version made and shown, another after each change, all down at Ctrl-C."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO, Any, TypeVar

from greenlane.cli import holding
from greenlane.cli.developing import FILES, Wish, local_values
from greenlane.cli.errors import FileTrouble
from greenlane.cli.holding import Doors
from greenlane.cli.output import Output, counted
from greenlane.cli.starting import START_WITHIN
from greenlane.dev.making import Making, Version
from greenlane.dev.models import NO_KEY, ModelsRelay
from greenlane.dev.project import Project
from greenlane.dev.standing_in import Pretended, StandIn
from greenlane.edge import process as edge_process
from greenlane.edge.options import EdgeOptions
from greenlane.gateway.deploy_keys import variables
from greenlane.govern.errors import Conflict, Refused
from greenlane.kit import log as logs
from greenlane.kit.blobs import Blobs
from greenlane.kit.errors import GreenlaneError, Unavailable
from greenlane.kit.places import Places
from greenlane.kit.settings import Settings, read
from greenlane.kit.supervisor import Child, Supervisor
from greenlane.runtime.asking import Runtime
from greenlane.runtime.building.builder import BuilderLine
from greenlane.runtime.egress.driver import EgressProcess
from greenlane.runtime.release import Key
from greenlane.runtime.way_out import PLATFORM_ADDRESS

Answer = TypeVar("Answer")

LOOK_EVERY = 0.25
"""Seconds between two looks at the files."""

_STARTED_WITHIN = 65.0
"""Seconds that an app may take until it listens, and a little more: the sandbox gives up first and says why."""
_AWAKE_MINUTES = 24 * 60.0
"""Nothing sleeps while somebody works on it."""
_LOOPBACK = ("127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Parts:
    """What only the composition root knows: how to be one of the platform's processes, and what the edge is told."""

    process: Callable[[str, Settings], None]
    edge: Callable[[Settings, Places], EdgeOptions]


def run(parts: Parts, wish: Wish, out: Output) -> Mapping[str, Any]:
    """Run the app of a folder until Ctrl-C or SIGTERM. Raises what is wrong with the folder before anything is served."""
    logs.configure("dev", "warning")
    settings = read(
        data=wish.data, port=wish.port, listen=_LOOPBACK, app_idle_minutes=_AWAKE_MINUTES, log_level="warning"
    )
    _lay_out(settings.folder)
    places = Places(settings.folder)
    with _alone(settings.folder), holding.doors(settings) as doors:
        settings = settings.model_copy(update={"port": doors[0].getsockname()[1]})
        return _live(wish, parts, out, settings, places, doors)


def _live(wish: Wish, parts: Parts, out: Output, settings: Settings, places: Places, doors: Doors) -> Mapping[str, Any]:
    others = [Child(name, partial(_be, parts, name, settings, doors)) for name in ("egress", "builder", "runtime")]
    told: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: told.append(number))
    supervisor = Supervisor([*others, Child("edge", partial(_be_edge, parts, settings, places, doors))])
    supervisor.start()  # before anything here has a thread: the store of files begins with one
    try:
        project = Project(wish.folder, Blobs(settings.blob_place))
        project.recognise()
        work = _Work(wish, settings, places, project, out, lambda: bool(told))
        try:
            while not told:
                if died := supervisor.look():
                    raise Unavailable(f"The {died[0]} process ended.", next_step="The lines above say why.")
                work.look()
                time.sleep(LOOK_EVERY)
        finally:
            work.stop()
    finally:
        holding.close(doors)
        supervisor.stop()
    return {"address": work.address, "versions": work.versions, "exit_code": 0}


def _be(parts: Parts, name: str, settings: Settings, doors: Doors) -> None:
    holding.close(doors)
    parts.process(name, settings)


def _be_edge(parts: Parts, settings: Settings, places: Places, doors: Doors) -> None:
    edge_process.run(replace(parts.edge(settings, places), sockets=doors, visits=Pretended))


def _lay_out(folder: Path) -> None:
    """The folder that everything is kept in: out of version control, without an older table, with one set of tools for all."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / ".gitignore").write_text("*\n")
        (folder / "edge" / "table.json").unlink(missing_ok=True)
        tools = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "greenlane" / "tools"
        tools.mkdir(parents=True, exist_ok=True)
        (folder / "builds").mkdir(exist_ok=True, mode=0o700)
        if not (folder / "builds" / "tools").exists():
            (folder / "builds" / "tools").symlink_to(tools)
    except OSError as error:
        raise FileTrouble(
            f"{folder} cannot be written to.", next_step="Say another folder with --data.", detail=str(error)
        ) from error


def _alone(folder: Path) -> IO[str]:
    """The lock of a folder's data, which two at once would spoil for each other. It is gone with this process."""
    lock = (folder / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise Conflict(
            f"`greenlane dev` runs already with its data in {folder}.",
            next_step="Stop it with Ctrl-C where it runs, or say another folder with --data.",
        ) from error
    return lock


class _Work:
    """What goes on between the processes: versions made, shown and talked about."""

    def __init__(
        self, wish: Wish, settings: Settings, places: Places, project: Project, out: Output, over: Callable[[], bool]
    ) -> None:
        self._wish = wish
        self._out = out
        self._over = over
        self._project = project
        self._making = Making(
            wish.app,
            Blobs(settings.blob_place),
            BuilderLine.to(places.socket("builder"), settings.folder / "builds"),
            settings.release_age_days,
            lambda line: self._print(f"  {line}"),
            over,
        )
        self._runtime = Runtime(places.socket("runtime"))
        self._stand_in = StandIn(wish, settings.port, places.socket("feed"), places.socket("releases"), self._wanted)
        self._egress = EgressProcess(places.socket("egress"))
        self._models = _relay(wish, places, self._print)
        self._later = ThreadPoolExecutor(1, thread_name_prefix="later")
        self._listening: _Listening | None = None
        self._own: Mapping[str, str] = {}
        self._own_read = False
        self.address = f"http://localhost:{settings.port}/"
        self.versions = 0
        self._stand_in.start()
        if self._models is not None:
            self._models.start()
        self._patiently(lambda: self._egress.tell(self._stand_in.server_hosts))

    def look(self) -> None:
        """Make another version if a file changed, and say what came of it."""
        try:
            changed = self._project.changed()
            if not changed:
                return
            if self.versions and changed:
                more = f" and {counted(len(changed) - 1, 'other file')}" if len(changed) > 1 else ""
                self._print(f"{changed[0]}{more} changed.")
            began = time.monotonic()
            if not self._own_read or set(changed) & set(FILES):
                self._own, self._own_read = local_values(self._wish.folder, self._out), True
            version = self._version()
            if self._over():
                return
            self._show(version, time.monotonic() - began)
        except GreenlaneError as error:
            if isinstance(error, Refused) and not self.versions:
                raise
            if self._over():
                return
            self._out.error(error)
            self._print("Change a file, and it is tried again.")

    def stop(self) -> None:
        """Let go of everything that was begun."""
        if self._listening is not None:
            self._listening.over.set()
        self._stand_in.stop()
        if self._models is not None:
            self._models.stop()
        self._later.shutdown(wait=False, cancel_futures=True)

    def _version(self) -> Version:
        found = self._project.recognise()
        running, building = {**self._wish.running, **self._own}, {**self._wish.building, **self._own}
        if self._models is not None:
            running = {**variables(NO_KEY, PLATFORM_ADDRESS, running), **running}
        return self._patiently(lambda: self._making.make(found, running, building))

    def _show(self, version: Version, seconds: float) -> None:
        before = self._stand_in.show(version)
        self.versions += 1
        if before is not None:
            self._later.submit(self._forget, before)
        if self.versions == 1:
            self._await_edge()
            self._welcome()
        if self._listening is not None:
            self._listening.over.set()
        if not version.run:
            self._print(f"Version {self.versions} is served.")
            return
        key = self._stand_in.key(version)
        self._listening = _Listening(self._runtime, key, self._print)
        self._listening.start()
        began = time.monotonic()
        self._runtime.started(key, _STARTED_WITHIN)
        self._print(
            f"Version {self.versions} runs, built in {seconds:.1f} s, started in {time.monotonic() - began:.1f} s."
        )

    def _forget(self, key: Key) -> None:
        with suppress(GreenlaneError):  # it ends with the process that owns it
            self._runtime.forget(key)

    def _welcome(self) -> None:
        who = "the public" if self._wish.public else f"{self._wish.person} (--as NAME for somebody else)"
        self._out.say(f"{self._wish.app} runs here, as the platform would run it. Its address:")
        self._out.raw("")
        self._out.raw(self.address)
        self._out.raw("")
        self._out.say(f"Everybody who opens it is {who}. It stores in {self._wish.data / 'runtime' / 'durable'}.")
        self._print("Each change is taken up by itself; Ctrl-C stops it.")

    def _wanted(self, directive: str, host: str) -> None:
        self._print(
            f"A page wanted {host} ({directive}), which is not declared. Allow it here with --host {host}, and on the "
            f"platform with `greenlane hosts add {self._wish.app} {host}`."
        )

    def _await_edge(self) -> None:
        deadline = time.monotonic() + START_WITHIN
        while not self._stand_in.authority.followers():
            if time.monotonic() > deadline:
                raise Unavailable("The edge did not start.", next_step="The lines above may say why.")
            time.sleep(0.01)

    def _patiently(self, ask: Callable[[], Answer]) -> Answer:
        """Ask a process that is starting at this moment."""
        deadline = time.monotonic() + START_WITHIN
        while True:
            try:
                return ask()
            except Unavailable:
                if time.monotonic() > deadline or self._over():
                    raise
                time.sleep(0.02)

    def _print(self, line: str) -> None:
        self._out.raw(line)
        sys.stdout.flush()


def _relay(wish: Wish, places: Places, say: Callable[[str], None]) -> ModelsRelay | None:
    return None if wish.models is None else ModelsRelay(places.socket("models"), wish.models, say)


class _Listening(threading.Thread):
    """Hands on what a release says, until it is over."""

    def __init__(self, runtime: Runtime, key: Key, hear: Callable[[str], None]) -> None:
        super().__init__(name=f"log of {key.deploy}", daemon=True)
        self.over = threading.Event()
        self._runtime = runtime
        self._key = key
        self._hear = hear

    def run(self) -> None:
        """Until ``over``."""
        after = 0
        while not self.over.is_set():
            try:
                lines = self._runtime.lines(self._key, after=after, within=2.0)
            except Unavailable:
                self.over.wait(0.1)
                continue
            for line in lines:
                after = max(after, int(line["seq"]))
                self._hear(f"  {'' if not line['ours'] else '· '}{line['text']}")
