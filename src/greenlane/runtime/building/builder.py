"""The side of a builder that is spoken to: it takes jobs, carries out a few at a time, and remembers what came of them.

It has no database and no key. Results and logs lie in its folder, each written once, so that control learns them after
a restart of either. A job, whose variables may be secret, is told over the socket alone and never written down.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import structlog

from greenlane.kit.errors import GreenlaneError
from greenlane.ledger.call import Line, answer_until_told
from greenlane.runtime.building import pipeline
from greenlane.runtime.building.job import Job, Made
from greenlane.runtime.building.workshop import Workshop

log = structlog.get_logger()

USERS = range(61_900, 61_990)
"""Users that builds become where the platform is root: each build under way is one of its own."""

AT_ONCE = 2
"""Builds that are carried out at the same time; the others wait their turn."""

ASKED_WITHIN = 60.0
"""Seconds that control waits for an answer: none of them waits for a build."""


def log_of(folder: Path, build: str) -> Path:
    """Where the log of a build lies."""
    return folder / "told" / f"{build}.log"


def result_of(folder: Path, build: str) -> Path:
    """Where the result of a build lies, once there is one."""
    return folder / "told" / f"{build}.json"


class Builder:
    """Carries out builds. ``opened`` makes the workshop when it is first needed; it may fail, in words."""

    def __init__(
        self, folder: Path, available: Callable[[], str], opened: Callable[[], Workshop], *, at_once: int = AT_ONCE
    ) -> None:
        self._folder = folder
        self._available = available
        self._open = opened
        self._shop: Workshop | None = None
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="build")
        self._users = list(USERS) if os.getuid() == 0 else []
        self._under_way: dict[str, threading.Event] = {}
        self._lock = threading.Lock()
        (folder / "told").mkdir(parents=True, exist_ok=True, mode=0o700)

    def answer(self, question: Mapping[str, Any]) -> Any:
        """Answer one question: ``can``, ``begin``, ``stop`` or ``state``."""
        match question["ask"]:
            case "can":
                return self._available()
            case "begin":
                return self._begin(Job.from_dict(question["job"]))
            case "stop":
                stopping = self._under_way.get(question["build"])
                if stopping is not None:
                    stopping.set()
                return stopping is not None
            case "state":
                build = question["build"]
                ended = result_of(self._folder, build).exists()
                return "ended" if ended else "building" if build in self._under_way else "unknown"
            case unknown:
                raise ValueError(f"no question called {unknown!r}")

    def _begin(self, job: Job) -> bool:
        with self._lock:
            if job.id in self._under_way or result_of(self._folder, job.id).exists():
                return True
            self._under_way[job.id] = threading.Event()
        self._pool.submit(self._carry_out, job)
        return True

    def _carry_out(self, job: Job) -> None:
        user = None
        try:
            user = self._take_user()
            shop = self._shop_of_this_process()
            made = pipeline.carry_out(shop, job, log_of(self._folder, job.id), user, self._under_way[job.id])
        except GreenlaneError as error:
            made = Made(job.id, "failed", error.message, error.next_step)
        except Exception:  # whoever waits for the build must hear of its end, whatever went wrong
            log.exception("a build failed in a way that nobody thought of", build=job.id)
            made = Made(job.id, "failed", "Something went wrong on our side.", "Try again, and tell the platform team.")
        finally:
            if user is not None:
                self._users.append(user)
        draft = result_of(self._folder, job.id).with_suffix(".new")
        draft.write_bytes(orjson.dumps(made.as_dict()))
        draft.rename(result_of(self._folder, job.id))
        self._under_way.pop(job.id, None)

    def _take_user(self) -> int | None:
        with self._lock:
            return self._users.pop(0) if self._users else None

    def _shop_of_this_process(self) -> Workshop:
        with self._lock:
            if self._shop is None:
                shop = self._open()
                shop.tidy()
                self._shop = shop
            return self._shop


def serve(socket: Path, builder: Builder) -> None:
    """Be the builder's process until SIGTERM. Only this user's processes are answered."""
    answer_until_told(socket, builder.answer, allowed=frozenset({os.getuid()}), ready=lambda: None)


@dataclass(frozen=True, slots=True)
class BuilderLine:
    """A builder as control sees it: questions over its socket, results and logs in its folder."""

    line: Line
    folder: Path

    @classmethod
    def to(cls, socket: Path, folder: Path) -> BuilderLine:
        """The builder behind a socket."""
        return cls(Line(socket, who="builder", refusals={}, timeout=ASKED_WITHIN), folder)

    def cannot(self) -> str:
        """Why nothing can be built here, with what to install; nothing when it can. Raises ``Unavailable``."""
        return str(self.line.ask(ask="can"))

    def begin(self, job: Job) -> None:
        """Have a job carried out; twice is once. Raises ``Unavailable``."""
        self.line.ask(ask="begin", job=job.as_dict())

    def stop(self, build: str) -> bool:
        """End a build; whether it was under way. Raises ``Unavailable``."""
        return bool(self.line.ask(ask="stop", build=build))

    def state(self, build: str) -> str:
        """``building``, ``ended`` or ``unknown``. Raises ``Unavailable``."""
        return str(self.line.ask(ask="state", build=build))

    def result(self, build: str) -> Made | None:
        """What came of a build, once it ended."""
        file = result_of(self.folder, build)
        return Made.from_dict(orjson.loads(file.read_bytes())) if file.exists() else None

    def log(self, build: str, start: int = 0) -> tuple[str, int]:
        """What a log holds from a byte on, in whole lines, and the byte after them."""
        file = log_of(self.folder, build)
        if not file.exists():
            return "", start
        with file.open("rb") as opened:
            opened.seek(start)
            data = opened.read()
        whole = data[: data.rfind(b"\n") + 1]
        return whole.decode("utf-8", "replace"), start + len(whole)

    def forget(self, builds: Sequence[str]) -> None:
        """Throw logs and results away."""
        for build in builds:
            log_of(self.folder, build).unlink(missing_ok=True)
            result_of(self.folder, build).unlink(missing_ok=True)
