"""A driver for tests: releases answer from threads of this process, and fail as they are told to by their entry."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from greenlane.runtime.asking import NotAnswered
from greenlane.runtime.cgroups import Use
from greenlane.runtime.driver import CannotRun, Capabilities, DidNotStart, Instance, Room
from greenlane.runtime.jail import Ended
from greenlane.runtime.release import KINDS, Key, Release

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"


class FakeDriver:
    """``entry`` "broken" ends before it listens, "mute" never listens; anything else says hello. Counts its starts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.started: list[Release] = []
        self.running: list[FakeInstance] = []
        self.had: Room | None = None

    def capabilities(self) -> Capabilities:
        """Everything, in no sandbox at all."""
        return Capabilities(KINDS, "", "")

    def plan(self, release: Release) -> None:
        """Refuse what is none of the kinds."""
        if release.kind not in KINDS:
            raise CannotRun(f"{release.key.app} is nothing that runs.", next_step="Deploy an app.")

    def ensure(self, release: Release, output: Callable[[bytes], None], over: Callable[[Ended], None]) -> Instance:
        """Listen, or not."""
        self.plan(release)
        self.started.append(release)
        output(f"starting {release.entry}\n".encode())
        if release.entry == "broken":
            ended = Ended(1, "failed")
            over(ended)
            raise DidNotStart("It ended before it listened.", ended=ended)
        if release.entry == "mute":
            raise DidNotStart("It does not listen.")
        instance = FakeInstance(release.key, self._folder / f"{uuid4().hex[:8]}.sock", over)
        self.running.append(instance)
        return instance

    def room(self, app: str, environment: str) -> Room | None:
        """What a test put there."""
        return self.had

    def owner(self, app: str, environment: str) -> int | None:
        """Everybody is the same user."""
        return None

    @contextmanager
    def still(self, app: str, environment: str) -> Iterator[None]:
        """Nothing here stores anything."""
        yield

    @contextmanager
    def emptied(self, app: str, environment: str) -> Iterator[None]:
        """End what runs of it."""
        for instance in self.running:
            if instance.key[:2] == (app, environment):
                instance.stop(0)
        yield

    def close(self) -> None:
        """End everything."""
        for instance in self.running:
            instance.stop(0)


class FakeInstance:
    """A thread that says hello."""

    def __init__(self, key: Key, path: Path, over: Callable[[Ended], None]) -> None:
        self.key = key
        self.endpoint = path
        self.ended: Ended | None = None
        self.outgrown = False
        self._over = over

        class Hello(socketserver.StreamRequestHandler):
            """One request."""

            def handle(self) -> None:
                while self.rfile.readline().strip():
                    pass
                self.wfile.write(ANSWER)

        self._server = socketserver.ThreadingUnixStreamServer(str(path), Hello)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def probe(self) -> bool:
        """Whether it runs."""
        return self.ended is None

    def use(self) -> Use:
        """Nothing worth counting."""
        return Use(0, 0, 0.0, 0)

    def retire(self) -> None:
        """Take its socket away."""
        self.endpoint.unlink(missing_ok=True)

    def stop(self, grace: float) -> None:
        """End it."""
        self._end(Ended(0, "killed"))

    def crash(self) -> None:
        """End it as its own fault would."""
        self._end(Ended(1, "failed"))

    def _end(self, ended: Ended) -> None:
        if self.ended is None:
            self.ended = ended
            self._server.shutdown()
            self._server.server_close()
            self.endpoint.unlink(missing_ok=True)
            self._over(ended)


class FakeCamera:
    """Hands out one picture for every page. ``cannot`` is why there are none here; ``fails`` why there is none of a page."""

    def __init__(self) -> None:
        self.cannot = ""
        self.fails = ""
        self.visited: list[tuple[str, str]] = []

    def no_pictures(self) -> str:
        """As it was told."""
        return self.cannot

    def picture(self, host: str, token: str) -> bytes:
        """A picture of nothing. Raises ``NotAnswered`` when it was told so."""
        self.visited.append((host, token))
        if self.fails:
            raise NotAnswered(self.fails)
        return b"\x89PNG\r\n\x1a\nof nothing"
