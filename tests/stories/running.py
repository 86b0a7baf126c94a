"""A Greenlane that runs: started by the real command, asked and stopped as its owner would."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from tests.stories.browser import Answered, Browser, ask
from tests.stories.terminal import Terminal, Typing, Typist, bare_environment

START_WITHIN = 45.0
"""Seconds within which a start on a busy machine has to succeed."""


def until(so: object, what: str, within: float = 20.0) -> object:
    """Ask again and again until something is so. The pauses only spare the machine; what ends the wait is the answer."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        found = so()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f"{what} did not come about within {within:g} s")


class Running:
    """One installation in a folder of its own. It can be stopped, killed and started again."""

    def __init__(
        self,
        typist: Typist,
        folder: Path,
        settings: Mapping[str, str] | None = None,
        door: socket.socket | None = None,
    ) -> None:
        """``door`` is the visitors' socket, where somebody else holds it over each stop and start."""
        self.typist = typist
        self.folder = folder
        self.data = folder / "data"
        if not self.data.exists():
            shutil.copytree(typist.kept, self.data)
        self.token_file = folder / "owner-token"
        self.settings = {"GREENLANE_OWNER_NAME": "Olga Owner", "GREENLANE_TEAM": "home", "GREENLANE_PICTURES": "off"}
        self.settings |= settings or {}
        self._homes = count()
        self._up: Typing | None = None
        self._door = door
        self.port = 0 if door is None else door.getsockname()[1]
        self.start()

    # -- life ----------------------------------------------------------------------------------------------------

    def start(self, *, wait: bool = True) -> None:
        """`greenlane up`, until it answers; without ``wait`` only begun. The port stays the same over a restart, as links do."""
        home = self.folder / "operator"
        home.mkdir(exist_ok=True)
        typed = ("up", "--data", self.data, "--port", self.port, "--owner-token-file", self.token_file)
        environment = {**bare_environment(home), **self.settings}
        self._up = self.typist.begin(tuple(map(str, typed)), environment, home, door=self._door)
        if not wait:
            return
        until(lambda: "Ctrl-C" in self.printed or self._over(), "a start", START_WITHIN)
        if "Ctrl-C" not in self.printed:
            ended, self._up = self._running.ended(), None
            raise AssertionError(ended.err)
        found = re.search(r"^https?://[a-z0-9.-]+:(\d+)/$", self.printed, re.MULTILINE)
        assert found, self.printed
        self.port = int(found.group(1))

    def _over(self) -> bool:
        return not Path(f"/proc/{self._running.pid}").exists()

    @property
    def _running(self) -> Typing:
        assert self._up is not None, "it was stopped"
        return self._up

    @property
    def printed(self) -> str:
        """What `greenlane up` showed."""
        return self._running.printed

    @property
    def log(self) -> str:
        """What the processes wrote down."""
        return self._running.logged

    def stop(self) -> None:
        """Ctrl-C."""
        if self._up is None:
            return
        os.kill(self._running.pid, signal.SIGINT)
        ended = self._running.ended()
        self._up = None
        assert ended.code == 0, ended.err[-2000:]

    def processes(self) -> dict[str, int]:
        """The process ids by name; told apart by the socket that each of them listens on."""
        listening = {
            line.split()[6]: Path(line.split()[7]).stem
            for line in Path("/proc/net/unix").read_text().splitlines()[1:]
            if len(line.split()) == 8 and line.split()[3] == "00010000" and line.endswith(".sock")
        }
        found = {}
        for pid in self._children():
            if not Path(f"/proc/{pid}/exe").exists():
                continue  # a process that has ended and is about to be started again
            names = {listening[one] for one in _sockets(pid) if one in listening}
            known = names & {"signer", "witness", "egress", "builder", "runtime", "control", "gateway"}
            found[known.pop() if known else "edge"] = pid
        return found

    def _children(self) -> list[int]:
        pid = self._running.pid
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def kill(self, name: str) -> int:
        """kill -9 of one process. Returns its id."""
        pid = int(str(until(lambda: self.processes().get(name), f"the process {name}")))
        os.kill(pid, signal.SIGKILL)
        return pid

    def kill_everything(self) -> None:
        """kill -9 of all of it at once, as when the power fails."""
        pids = [self._running.pid, *self._children()]
        for pid in pids:  # stopped first, so that nobody can be started anew in between
            os.kill(pid, signal.SIGSTOP)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        self._running.ended()
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), "the end of every process")
        self._up = None

    def kill_the_parent(self) -> list[int]:
        """kill -9 of `greenlane up` itself. Returns the process ids of those that it had started."""
        left = self._children()
        os.kill(self._running.pid, signal.SIGKILL)
        self._running.ended()
        self._up = None
        return left

    # -- addresses -----------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The console's address."""
        return f"http://localhost:{self.port}"

    def address(self, host: str, path: str = "/") -> str:
        """The address of an app (or ``deploy--app``)."""
        return f"http://{host}.localhost:{self.port}{path}"

    def ask(self, host: str, path: str = "/", token: str = "", **headers: str) -> Answered:
        """Ask an app as a machine does; an underscore in a header's name stands for a hyphen."""
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            fields["Authorization"] = f"Bearer {token}"
        return ask(self.address(host, path), headers=fields)

    def ready(self) -> bool:
        """Whether /readyz answers 200."""
        try:
            return ask(f"{self.url}/readyz").status == 200
        except OSError:
            return False

    # -- people --------------------------------------------------------------------------------------------------

    def terminal(self, name: str = "", token: str = "") -> Terminal:
        """A terminal in a home of its own."""
        home = self.folder / f"home-{next(self._homes)}"
        home.mkdir()
        return Terminal(self.typist, home, self.url, token, name)

    @property
    def owner(self) -> Terminal:
        """The first owner, with the token that automation gets."""
        return self.terminal("Olga Owner", self.token_file.read_text().strip())

    def joins(self, name: str, role: str = "builder", team: str = "home") -> Terminal:
        """Somebody is added, and signs in at their own terminal with the link they got."""
        link = self.owner.does("people", "add", name, "--team", team, "--role", role)["answer"]["url"]
        terminal = self.terminal(name)
        person = terminal.does("login", link)["id"]
        return replace(terminal, id=person)

    def browser(self, terminal: Terminal | None = None) -> Browser:
        """A browser; signed in at the console where it is somebody's."""
        browser = Browser()
        if terminal is not None:
            link = terminal.does("people", "link", terminal.id or terminal.does("whoami")["id"])["answer"]["url"]
            assert browser.open(link).status == 200
            assert browser.send(link).status == 200
            assert urlsplit(browser.at).path == "/welcome"
        return browser


def _sockets(pid: int) -> list[str]:
    """The sockets that a process holds, by inode; none for a process that has just gone."""
    found = []
    with suppress(OSError):
        for one in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):  # it was closed this moment
                target = str(one.readlink())
                if target.startswith("socket:["):
                    found.append(target[8:-1])
    return found
