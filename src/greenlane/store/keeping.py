"""Where data of apps lies, and how it is copied and brought back: the part that runs beside the sandboxes.

    durable/APP/ENVIRONMENT           what the app sees as /data
    durable/APP/ENVIRONMENT.new       being brought back, not whole yet
    durable/APP/ENVIRONMENT.ready     whole; about to take the place of what is there
    durable/APP/ENVIRONMENT.old       what was there; about to be removed
    snapshots/APP/ENVIRONMENT/ID.tar  a snapshot, beside it ID.json with what is known of it
    snapshots/APP/ENVIRONMENT/done    the last restore, by the action that asked for it
    saved/APP/ENVIRONMENT.tar         a copy for a backup, while one is written; what a restored backup has instead of data

Every step is a rename, so that a power cut leaves one of these names and what to do about it is plain (``_settle``).
A snapshot is a tar archive; its digest, which receipts hold, is that of the file.
"""

from __future__ import annotations

import errno
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from hashlib import file_digest
from io import BufferedRandom, BufferedReader
from pathlib import Path
from typing import Any, Protocol

import orjson

from greenlane.kit import disk, trees
from greenlane.kit.clock import Clock, SystemClock, stamp
from greenlane.kit.errors import GreenlaneError
from greenlane.kit.places import write_private
from greenlane.kit.settings import Settings

MIB = 1024 * 1024
LARGEST = 4
"""How many times the quota a snapshot may hold at most: more can only be there by trickery, such as files with holes."""

Question = Mapping[str, Any]
Answers = Mapping[str, Callable[[Question], dict[str, Any]]]


class NotKept(GreenlaneError):
    """What an app stores could not be copied, or not be brought back. Nothing was changed."""

    code = "data-not-kept"
    status = 503


class Holding(Protocol):
    """Whoever runs apps: holds them still, and ends them."""

    def still(self, app: str, environment: str) -> AbstractContextManager[None]:
        """All of an app in an environment stands still meanwhile."""
        ...

    def emptied(self, app: str, environment: str) -> AbstractContextManager[None]:
        """Nothing of an app in an environment runs meanwhile."""
        ...

    def owner(self, app: str, environment: str) -> int | None:
        """The user that its files belong to."""
        ...


class NothingRuns:
    """Holds apps where none of them runs."""

    def still(self, app: str, environment: str) -> AbstractContextManager[None]:
        """Nothing moves."""
        return nullcontext()

    def emptied(self, app: str, environment: str) -> AbstractContextManager[None]:
        """Nothing is there."""
        return nullcontext()

    def owner(self, app: str, environment: str) -> int | None:
        """Whoever starts it is told."""
        return None


@dataclass(frozen=True, slots=True)
class Room:
    """The folder of an app in an environment: where it is, the bytes in it, and how many it may hold."""

    folder: Path
    stored: int
    quota: int

    @property
    def full(self) -> bool:
        """Whether there are more than it may hold."""
        return self.stored > self.quota


@dataclass(frozen=True, slots=True)
class Kept:
    """A snapshot: its id, when and by which action it was made, bytes and files in it, how many pipes, sockets and
    devices were left out, and the digest of its archive.
    """

    id: str
    at: str
    action: str
    bytes: int
    files: int
    left_out: int
    digest: str


class Keeping:
    """The data of all apps, in ``folder``: ``quota`` bytes for each app in each environment, and its newest ``keeps``
    snapshots. Thread-safe. What an earlier process left half done is finished or taken back first.
    """

    def __init__(self, folder: Path, quota: int, keeps: int, clock: Clock) -> None:
        self._durable = folder / "durable"
        self._snapshots = folder / "snapshots"
        self._saved = folder / "saved"
        self._quota = quota
        self._keeps = keeps
        self._clock = clock
        self._lock = threading.Lock()
        self._locks: dict[tuple[str, str], threading.Lock] = {}
        for place in (self._durable, self._snapshots):
            place.mkdir(parents=True, mode=0o700, exist_ok=True)
        _settle(self._durable, self._snapshots, self._saved)

    def room(self, app: str, environment: str) -> Room:
        """The folder of an app in an environment, made where there is none."""
        folder = self._durable / app / environment
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        return Room(folder, trees.measure(folder), self._quota)

    def answers(self, holding: Holding) -> Answers:
        """What can be asked about data over the runtime process's socket.

        {"ask": "data", "app"} -> {"quota", "keeps", "environments": [{"environment", "stored", "snapshots": [id, …]}]}
        {"ask": "snapshot", "app", "environment", "snapshot", "action"} -> {"kept"?, "dropped"}
        {"ask": "restore", "app", "environment", "snapshot", "digest", "before", "action"} -> {"before"?, "dropped"}
        {"ask": "erase", "app", "environment"} -> {"stored", "dropped"}
        {"ask": "save"} -> {"saved": how many}, {"ask": "saved"} -> {}: before and after a backup
        """
        desk = _Desk(self, holding)
        return {
            "data": self._standing,
            "snapshot": desk.snapshot,
            "restore": desk.restore,
            "erase": desk.erase,
            "save": lambda _question: {"saved": self.save(holding)},
            "saved": lambda _question: self.end_saving(),
        }

    def save(self, holding: Holding) -> int:
        """Copy what every app stores, each as of one moment, for a backup to take along. Raises ``NotKept``."""
        saved = 0
        for app in _folders(self._durable):
            for place in _folders(app):
                copy = self._saved / app.name / f"{place.name}.tar"
                copy.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
                with self.alone(app.name, place.name):
                    try:
                        with copy.open("wb") as archive, holding.still(app.name, place.name):
                            trees.pack(place, archive, LARGEST * self._quota)
                    except (OSError, trees.TooMuch) as error:
                        raise _not_kept(app.name, place.name, error) from error
                saved += 1
        return saved

    def end_saving(self) -> dict[str, Any]:
        """Remove the copies again."""
        trees.remove(self._saved)
        return {}

    def _standing(self, question: Question) -> dict[str, Any]:
        app = _name(question, "app")
        there = {one.name for top in (self._durable, self._snapshots) for one in _folders(top / app)}
        return {
            "quota": self._quota,
            "keeps": self._keeps,
            "environments": [
                {
                    "environment": one,
                    "stored": trees.measure(self._durable / app / one),
                    "snapshots": [kept.id for kept in self.kept(app, one)],
                }
                for one in sorted(there)
            ],
        }

    @contextmanager
    def alone(self, app: str, environment: str) -> Iterator[None]:
        """One at a time at the data of an app in an environment."""
        with self._lock:
            lock = self._locks.setdefault((app, environment), threading.Lock())
        with lock:
            yield

    def kept(self, app: str, environment: str) -> list[Kept]:
        """The snapshots there are, the newest first."""
        folder = self._snapshots / app / environment
        if not folder.is_dir():
            return []
        found = [Kept(**orjson.loads(one.with_suffix(".json").read_bytes())) for one in folder.glob("*.tar")]
        return sorted(found, key=lambda one: (one.at, one.id), reverse=True)

    def keep(
        self, app: str, environment: str, name: str, action: str, standing: AbstractContextManager[None]
    ) -> Kept | None:
        """Make the snapshot of that name, or find it made already; None where nothing is stored. Raises ``NotKept``.

        The app stands still only while its files are read; everything that waits for the disk comes after that.
        """
        for one in self.kept(app, environment):
            if one.id == name:
                return one
        root, folder = self._durable / app / environment, self._snapshots / app / environment
        if not root.is_dir() or not any(root.iterdir()):
            return None
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        draft = folder / f"{name}.new"
        try:
            with draft.open("w+b") as archive:
                with standing:
                    packed = trees.pack(root, archive, LARGEST * self._quota)
                archive.flush()
                os.fsync(archive.fileno())
                digest = _digest(archive)
            one = Kept(name, stamp(self._clock.now()), action, packed.bytes, packed.files, packed.left_out, digest)
            write_private(folder / f"{name}.json", orjson.dumps(asdict(one)).decode())
            draft.rename(folder / f"{name}.tar")
            _sync(folder)
        except (OSError, trees.TooMuch) as error:
            raise _not_kept(app, environment, error) from error
        finally:
            draft.unlink(missing_ok=True)
        return one

    def drop(self, app: str, environment: str, *spared: str) -> list[str]:
        """Remove what is more than is kept, the oldest first. Returns the ids."""
        dropped = [one.id for one in self.kept(app, environment)[self._keeps :] if one.id not in spared]
        for one in dropped:
            self._remove(app, environment, one)
        return dropped

    def bring_back(self, app: str, environment: str, one: str, digest: str, user: int | None) -> None:
        """Put a snapshot in the place of what is there; to be called while nothing of the app runs. Raises ``NotKept``."""
        place = self._durable / app / environment
        place.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        new, ready, old = (place.with_name(f"{environment}.{step}") for step in ("new", "ready", "old"))
        try:
            with (self._snapshots / app / environment / f"{one}.tar").open("rb") as archive:
                if _digest(archive) != digest:
                    raise NotKept(
                        f"The snapshot {one} is not what it was when it was made, so nothing was brought back.",
                        next_step="Choose another one, and find out who can write to the data folder.",
                    )
                archive.seek(0)
                new.mkdir(mode=0o700)
                trees.unpack(archive, new, user)
            if user is not None:
                os.chown(new, user, user)
            disk.settle(new)  # before the names say that it is there
        except (OSError, trees.NotPacked) as error:
            trees.remove(new)
            raise _not_back(app, environment, error) from error
        except NotKept:
            trees.remove(new)
            raise
        new.rename(ready)
        if place.exists():
            place.rename(old)
        ready.rename(place)
        _sync(place.parent)

    def clear(self, app: str, environment: str) -> None:
        """Take away what is in the place of the data before, once it is not needed any more."""
        trees.remove(self._durable / app / f"{environment}.old")

    def erase(self, app: str, environment: str) -> tuple[int, list[str]]:
        """Take away the data and every snapshot of it. Returns the bytes that were stored, and the ids."""
        place = self._durable / app / environment
        stored, dropped = trees.measure(place), [one.id for one in self.kept(app, environment)]
        if place.exists():
            place.rename(place.with_name(f"{environment}.old"))
        self.clear(app, environment)
        trees.remove(self._snapshots / app / environment)
        (self._saved / app / f"{environment}.tar").unlink(missing_ok=True)
        return stored, dropped

    def done(self, app: str, environment: str) -> dict[str, Any]:
        """What is known of the last restore; nothing where there was none."""
        file = self._snapshots / app / environment / "done"
        return dict(orjson.loads(file.read_bytes())) if file.exists() else {}

    def note(self, app: str, environment: str, done: Mapping[str, Any]) -> None:
        """Remember a restore."""
        write_private(self._snapshots / app / environment / "done", orjson.dumps(done).decode())

    def _remove(self, app: str, environment: str, one: str) -> None:
        for ending in (".tar", ".json"):
            (self._snapshots / app / environment / f"{one}{ending}").unlink(missing_ok=True)


def of(settings: Settings) -> Keeping:
    """The data of an installation, as it is set up."""
    return Keeping(settings.folder / "runtime", settings.app_disk_mib * MIB, settings.app_snapshots, SystemClock())


@dataclass(frozen=True, slots=True)
class _Desk:
    """Answers what changes something, with the apps held as it needs."""

    keeping: Keeping
    holding: Holding

    def snapshot(self, question: Question) -> dict[str, Any]:
        """Make one while the app stands still."""
        app, environment = _name(question, "app"), _name(question, "environment")
        with self.keeping.alone(app, environment):
            name, action = _name(question, "snapshot"), str(question["action"])
            one = self.keeping.keep(app, environment, name, action, self.holding.still(app, environment))
            return {**_told("kept", one), "dropped": self.keeping.drop(app, environment)}

    def restore(self, question: Question) -> dict[str, Any]:
        """Keep what is there, then bring back what was there. Asked twice for the same action, it is done once."""
        app, environment = _name(question, "app"), _name(question, "environment")
        wanted, before, action = _name(question, "snapshot"), _name(question, "before"), str(question["action"])
        with self.keeping.alone(app, environment):
            if (done := self.keeping.done(app, environment)).get("action") == action:
                return dict(done["answer"])
            if wanted not in {one.id for one in self.keeping.kept(app, environment)}:
                raise NotKept(f"The snapshot {wanted} is not there any more.", next_step="Choose another one.")
            with self.holding.emptied(app, environment):
                one = self.keeping.keep(app, environment, before, action, nullcontext())
                owner = self.holding.owner(app, environment)
                self.keeping.bring_back(app, environment, wanted, str(question["digest"]), owner)
                answer = {**_told("before", one), "dropped": self.keeping.drop(app, environment, wanted)}
                self.keeping.note(app, environment, {"action": action, "answer": answer})
            self.keeping.clear(app, environment)
            return answer

    def erase(self, question: Question) -> dict[str, Any]:
        """Take everything away."""
        app, environment = _name(question, "app"), _name(question, "environment")
        with self.keeping.alone(app, environment), self.holding.emptied(app, environment):
            stored, dropped = self.keeping.erase(app, environment)
        return {"stored": stored, "dropped": dropped}


def _told(name: str, one: Kept | None) -> dict[str, Any]:
    return {} if one is None else {name: asdict(one)}


_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


def _name(question: Question, field: str) -> str:
    """A name that can be one of a file. Raises ValueError."""
    name = str(question[field])
    if not _NAME.fullmatch(name):
        raise ValueError(f"{field} cannot be {name!r}")
    return name


def _settle(durable: Path, snapshots: Path, saved: Path) -> None:
    """Finish what was interrupted: the data that was there stays, unless the new had taken its place already. What came
    with a backup takes the place of data where there is none.
    """
    for app in _folders(durable):
        for half in app.glob("*.new"):
            trees.remove(half)
        for ready in app.glob("*.ready"):
            if ready.with_suffix("").exists():
                trees.remove(ready)
            else:
                ready.rename(ready.with_suffix(""))
        for old in app.glob("*.old"):
            trees.remove(old)
    for copy in saved.glob("*/*.tar"):
        place = durable / copy.parent.name / copy.stem
        if not place.exists():
            new = place.with_name(f"{place.name}.new")
            new.mkdir(parents=True, mode=0o700)
            with copy.open("rb") as archive:
                trees.unpack(archive, new, None)  # its app's user is given what is in it when the app starts
            new.rename(place)
    trees.remove(saved)
    for half in snapshots.glob("*/*/*.new"):
        half.unlink()
    for about in snapshots.glob("*/*/*.json"):
        if not about.with_suffix(".tar").exists():
            about.unlink()


def _folders(top: Path) -> list[Path]:
    return [one for one in top.iterdir() if one.is_dir() and "." not in one.name] if top.is_dir() else []


def _digest(file: BufferedReader | BufferedRandom) -> str:
    file.seek(0)
    return f"sha256:{file_digest(file, 'sha256').hexdigest()}"


def _sync(folder: Path) -> None:
    """Have the disk hold the names in a folder."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _not_kept(app: str, environment: str, error: Exception) -> NotKept:
    whose = f"what {app} stores in {environment}"
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return NotKept(
            f"There is no room on the disk for a snapshot of {whose}.",
            next_step="Make room on the disk, or keep fewer snapshots: the setting app_snapshots says how many.",
            detail=repr(error),
        )
    if isinstance(error, trees.TooMuch):
        return NotKept(
            f"No snapshot can be made of {whose}: it holds {error}.",
            next_step=f"Have the app remove them, or look at what lies there: `greenlane data {app}`.",
        )
    return NotKept(
        f"No snapshot could be made of {whose}.",
        next_step="Try again in a moment; the log of Greenlane says more.",
        detail=repr(error),
    )


def _not_back(app: str, environment: str, error: Exception) -> NotKept:
    return NotKept(
        f"The data of {app} in {environment} could not be brought back, so it stays as it is.",
        next_step="Make room on the disk and try again; the log of Greenlane says more.",
        detail=repr(error),
    )
