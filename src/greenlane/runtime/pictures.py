"""Pictures of previews: a browser in a sandbox of its own looks at one page, and what it hands back is made anew.

The browser is a user of its own, sees no network, and has one socket, which leads to the edge; a bridge beside it lets
through requests to the one host alone and adds the token that opens that preview. Its own inner sandbox is off, because it
would need powers that ours does not give; ours is the boundary. One picture is taken at a time.
"""

from __future__ import annotations

import os
import shutil
import socket
import stat
import threading
from base64 import b64encode
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from uuid import uuid4

import structlog

from greenlane.kit import png
from greenlane.kit.errors import GreenlaneError
from greenlane.runtime.bubblewrap import PROGRAMS, interpreter
from greenlane.runtime.inside.picture import PORT
from greenlane.runtime.jail import Jail, Limits, Mount
from greenlane.runtime.sandbox import Jailer

log = structlog.get_logger()

WIDTH, HEIGHT = 1280, 800
"""Points of the window that a page is shown in: a small laptop's."""
SCALE = 0.5
"""How much smaller the picture is."""
SIZE = (int(WIDTH * SCALE), int(HEIGHT * SCALE))
"""Points of the picture."""

USER = 61998
"""Who the browser becomes where the platform is root; no app and no build has this number."""

LOADING = 10.0
"""Seconds that a page may go on loading; then the picture is of what is there."""
_WHOLE = 40.0
"""Seconds for everything; a page whose script never rests is given up then."""
_VISIT = 45.0
"""Seconds that the first visit waits: an app that sleeps is woken by it."""
_MIB = 1024 * 1024
LIMITS = Limits(memory=1024 * _MIB, processes=300, cpu=1.0, files=4096, disk=64 * _MIB, seconds=_WHOLE)
"""What one picture may use: a browser with a page in it takes about 280 MB."""
_LARGEST = 8 * _MIB
_BROWSERS = ("/usr/lib/chromium/chromium", "/usr/lib/chromium-browser/chromium-browser", "/usr/bin/chromium")
_SETTINGS = ("/etc/fonts",)
INSTALL = "Install Chromium, as by `apt-get install chromium`."


class NoPicture(GreenlaneError):
    """There is no picture, and the message says why."""

    code = "no-picture"
    status = 502


def browser() -> Path | None:
    """The browser's program; None where none is installed."""
    return next((path for one in _BROWSERS if (path := Path(one)).is_file()), None)


class Photographer:
    """Takes pictures. ``folder`` is short-lived work, ``edge`` the socket that answers for previews, and
    ``found`` finds the browser.
    """

    def __init__(
        self,
        jailer: Jailer,
        folder: Path,
        edge: Path,
        *,
        limits: Limits = LIMITS,
        found: Callable[[], Path | None] = browser,
    ) -> None:
        self._jailer = jailer
        self._folder = folder
        self._edge = edge
        self._limits = limits
        self._found = found
        self._one = threading.Lock()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)

    @property
    def answers(self) -> dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]]:
        """The questions that it answers for the runtime process.

        {"ask": "pictures"}                 -> {"cannot"}: why none can be taken, empty where they can
        {"ask": "picture", "host", "token"} -> {"picture": base64}, or a refusal in words
        """
        return {"pictures": lambda _asked: {"cannot": self.cannot()}, "picture": self._answer}

    def _answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        return {"picture": b64encode(self.take(str(question["host"]), str(question["token"]))).decode("ascii")}

    def cannot(self) -> str:
        """Nothing where pictures can be taken, otherwise what to do about it."""
        return self._jailer.available() or ("" if self._found() is not None else INSTALL)

    def take(self, host: str, token: str) -> bytes:
        """A PNG of the first page of a host (with its port where it has one). Raises ``NoPicture``."""
        with self._one:
            program = self._found()
            if (why := self.cannot()) or program is None:
                raise NoPicture("No pictures are taken on this machine.", next_step=why)
            self._visit(host, token)
            return self._picture(program, host, token)

    def _visit(self, host: str, token: str) -> None:
        """Ask for the page once without a browser: it wakes the app, and tells a page from a refusal."""
        asking = _Local(self._edge)
        try:
            asking.request("GET", "/", headers={"Host": host, "Greenlane-Preview": token, "Connection": "close"})
            answer = asking.getresponse()
            kind = answer.headers.get_content_type()
        except (OSError, HTTPException) as error:
            raise NoPicture("The preview did not answer.", detail=repr(error)) from error
        finally:
            asking.close()
        if answer.status >= 400:
            raise NoPicture(f"The preview answered with the status {answer.status}.")
        if answer.status < 300 and kind not in ("text/html", "application/xhtml+xml"):
            raise NoPicture("Its first address is no page.")

    def _picture(self, program: Path, host: str, token: str) -> bytes:
        name = f"picture-{uuid4().hex[:12]}"
        folder = self._folder / name
        folder.mkdir(mode=0o700)
        user = USER if os.getuid() == 0 else None
        if user is not None:
            os.chown(folder, user, user)
        sizes = (str(WIDTH), str(HEIGHT), str(SCALE), str(LOADING))
        said: list[bytes] = []
        jail = Jail(
            name=name,
            command=(interpreter(), "-I", "-S", "-B", "/opt/greenlane/picture.py", str(program), host, *sizes),
            environment={"PICTURE_TOKEN": token},
            mounts=(
                Mount("/opt/greenlane/picture.py", PROGRAMS / "picture.py"),
                Mount("/run/edge.sock", self._edge),
                *(Mount(one, Path(one)) for one in _SETTINGS if Path(one).is_dir()),
            ),
            folder="/tmp",  # noqa: S108  the sandbox's own
            limits=self._limits,
            user=user,
            sockets=folder,
            ports=(PORT,),
        )
        try:
            ended = self._jailer.start(jail, lambda part: said.append(part) if len(said) < 64 else None).wait()
            data = _read(folder / "picture.png")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if data is None:
            log.info("a picture could not be taken", why=ended.why, status=ended.status)
            raise NoPicture(
                {
                    "time": "The page never came to rest.",
                    "memory": "The page needs more memory than a picture is worth.",
                }.get(ended.why, "The browser gave up on the page."),
                detail=b"".join(said).decode("utf-8", "replace")[-2000:],
            )
        try:
            return png.made_anew(data, *SIZE)
        except png.NotPng as error:
            raise NoPicture("What the browser handed back is no picture.", detail=str(error)) from error


def _read(path: Path) -> bytes | None:
    """A file that hostile code may have put there: a plain one of a size that is taken, or None."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode) or state.st_size > _LARGEST:
            return None
        return os.read(descriptor, _LARGEST)
    finally:
        os.close(descriptor)


class _Local(HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("edge", timeout=_VISIT)
        self._path = str(path)

    def connect(self) -> None:
        """Connect to the socket instead of an address."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
