"""The runtime process: owns every sandbox, has no database and no key, and answers one line of JSON with another.

{"ask": "endpoint", "app", "environment", "deploy", "within"?}   -> {"socket"} or {"refused", "says", "next_step", "wait"}
{"note": "used", "keys": [[app, environment, deploy], …]}        -> nothing
{"ask": "logs", "app", "environment", "deploy", "after", "contains", "limit", "within"} -> {"lines": […]}
{"ask": "standing", "app"?}                                      -> {"releases": […]}
{"ask": "forget", "app", "environment", "deploy"}                -> {}
{"ask": "renew", "app", "environment", "deploy"}                 -> {}
{"ask": "given"}                                                 -> {"releases": [{"app", "environment", "deploy", "given"}]}
{"ask": "capabilities"}                                          -> {"kinds", "refused", "weaker"}

What it is asked about apps' data is answered by whoever keeps that, and is handed in; about pictures see ``pictures``.
"""

from __future__ import annotations

import os
import signal
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import orjson
import structlog

from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import SystemClock
from greenlane.kit.errors import GreenlaneError
from greenlane.runtime import cgroups, packages
from greenlane.runtime.driver import Room, RuntimeDriver
from greenlane.runtime.egress.driver import EgressProcess
from greenlane.runtime.jail import Limits
from greenlane.runtime.local import LocalDriver
from greenlane.runtime.logs import Logs
from greenlane.runtime.pictures import Photographer
from greenlane.runtime.release import Key
from greenlane.runtime.releases import ask_control
from greenlane.runtime.sandbox import Jailer
from greenlane.runtime.spares import Spares
from greenlane.runtime.stage import Stage, key_of
from greenlane.runtime.zygote import Zygote

log = structlog.get_logger()

LONGEST_LINE = 1024 * 1024
LOOK_EVERY = 1.0
"""Seconds between two looks for what may sleep."""
LONGEST_WAIT = 30.0
"""Seconds that one question may wait for lines of a log."""


@dataclass(frozen=True, slots=True)
class RuntimeOptions:
    """Where things lie, and how much an app may use. ``idle`` in seconds."""

    folder: Path
    socket: Path
    releases: Path
    egress: Path
    sandboxes: Path
    blobs: str | Path
    limits: Limits
    idle: float
    known: Path
    edge: Path
    """Where the edge answers whoever takes pictures."""


Answer = Callable[[Mapping[str, Any]], dict[str, Any]]
"""Answers one kind of question. Raises ``GreenlaneError``, or KeyError and the like for what is not understood."""


class Keeping(Protocol):
    """Whoever keeps what apps store."""

    def room(self, app: str, environment: str) -> Room:
        """The folder of an app in an environment, made where there is none."""
        ...

    def answers(self, stage: Stage) -> Mapping[str, Answer]:
        """Further questions, by their names, and who answers them. ``stage`` holds apps still and ends them."""
        ...


def run(options: RuntimeOptions, keeping: Keeping) -> None:
    """Answer until SIGTERM. Must run in a process's main thread."""
    os.umask(0o077)
    options.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    zygote = None
    if os.getuid() == 0:  # entering a sandbox that was laid out takes root's powers
        zygote = Zygote(lambda: packages.gathered(options.folder / "packages"))
    jailer = Jailer(cgroups.find(cgroups.base_of(options.folder)), zygote, Spares())
    if refused := jailer.available():
        log.debug("apps cannot run on this machine; files are served as ever", why=refused)
    elif zygote is not None:
        threading.Thread(target=jailer.warm, name="importing", daemon=True).start()
    blobs, ways_out = Blobs(options.blobs), EgressProcess(options.egress)
    driver = LocalDriver(
        jailer, options.folder, options.sandboxes, blobs, options.limits, ways_out, keeping.room, options.known
    )
    logs = Logs(options.folder / "logs", SystemClock())
    stage = Stage(driver, lambda key: ask_control(options.releases, key), logs, idle=options.idle)
    photographer = Photographer(jailer, options.folder / "pictures", options.edge)
    further = {**keeping.answers(stage), **photographer.answers}
    Desk(options.socket, stage, logs, driver, further).serve_until_told()
    jailer.close()


class Desk:
    """Where questions are answered: a thread for each caller, of whom there are a few."""

    def __init__(
        self, path: Path, stage: Stage, logs: Logs, driver: RuntimeDriver, further: Mapping[str, Answer]
    ) -> None:
        self._path = path
        self._stage = stage
        self._logs = logs
        self._driver = driver
        self._over = threading.Event()
        self._answers: dict[str, Answer] = {
            **further,
            "endpoint": self._endpoint,
            "logs": self._lines,
            "standing": self._standing,
            "forget": self._forget,
            "renew": self._renew,
            "given": self._given,
            "capabilities": self._capabilities,
        }

    def serve_until_told(self) -> None:
        """Answer until SIGTERM or SIGINT, then end every app."""
        for told in (signal.SIGTERM, signal.SIGINT):
            signal.signal(told, lambda *_: self._over.set())
        with self.serving():
            while not self._over.wait(LOOK_EVERY):
                self._stage.look()
        self._stage.close()

    def serving(self) -> socketserver.ThreadingUnixStreamServer:
        """The server, answering in a thread of its own until it is left."""
        desk = self

        class Conversation(socketserver.StreamRequestHandler):
            """One caller, question after question."""

            def handle(self) -> None:
                credentials = self.request.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
                if struct.unpack("3i", credentials)[1] != os.getuid():
                    return
                while (line := self.rfile.readline(LONGEST_LINE)).endswith(b"\n"):
                    answer = desk.answer(line)
                    if answer is not None:
                        self.wfile.write(orjson.dumps(answer) + b"\n")

        class Server(socketserver.ThreadingUnixStreamServer):
            """Callers that hang up in the middle are no event; they come back."""

            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request: Any, client_address: Any) -> None:
                """Say nothing."""

            def __exit__(self, *args: object) -> None:
                self.shutdown()
                self.server_close()
                desk._path.unlink(missing_ok=True)

        self._path.unlink(missing_ok=True)
        server = Server(str(self._path), Conversation)
        self._path.chmod(0o600)
        threading.Thread(target=server.serve_forever, args=(0.1,), name="desk", daemon=True).start()
        return server

    def answer(self, line: bytes) -> dict[str, Any] | None:
        """The answer to a line; None for a note."""
        try:
            question = orjson.loads(line)
            if question.get("note") == "used":
                self._stage.used(Key(*map(str, key)) for key in question["keys"])
                return None
            return self._answers[question["ask"]](question)
        except GreenlaneError as error:
            return {"refused": error.code, "says": error.message, "next_step": error.next_step, "wait": False}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return {
                "refused": "not-understood",
                "says": f"The question was not understood: {error!r}",
                "next_step": "",
                "wait": False,
            }

    def _endpoint(self, question: Mapping[str, Any]) -> dict[str, Any]:
        within = question.get("within")
        key = key_of(question)
        return self._stage.endpoint(key) if within is None else self._stage.endpoint(key, float(within))

    def _lines(self, question: Mapping[str, Any]) -> dict[str, Any]:
        found = self._logs.wait(
            key_of(question),
            int(question.get("after", 0)),
            str(question.get("contains", "")),
            min(int(question.get("limit", 200)), 5000),
            min(float(question.get("within", 0)), LONGEST_WAIT),
        )
        return {"lines": [line.as_dict() for line in found]}

    def _standing(self, question: Mapping[str, Any]) -> dict[str, Any]:
        found = self._stage.standing(str(question.get("app", "")))
        return {
            "releases": [
                {
                    **one.key._asdict(),
                    "state": one.state,
                    "says": one.says,
                    "starts": one.starts,
                    "memory": one.memory,
                    "cpu": one.cpu,
                }
                for one in found
            ]
        }

    def _forget(self, question: Mapping[str, Any]) -> dict[str, Any]:
        self._stage.forget(key_of(question))
        return {}

    def _renew(self, question: Mapping[str, Any]) -> dict[str, Any]:
        self._stage.renew(key_of(question))
        return {}

    def _given(self, question: Mapping[str, Any]) -> dict[str, Any]:
        return {"releases": [{**key._asdict(), "given": list(given)} for key, given in self._stage.given().items()]}

    def _capabilities(self, question: Mapping[str, Any]) -> dict[str, Any]:
        able = self._driver.capabilities()
        return {"kinds": sorted(able.kinds), "refused": able.refused, "weaker": able.weaker}
