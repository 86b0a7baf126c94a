"""A person at a terminal: the real commands, each in a process of its own, in that person's own home."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

from greenlane.gateway import lists
from greenlane.runtime import packages

TYPIST = Path(__file__).with_name("typist.py")
PATIENCE = 60.0
"""Seconds after which a command that has not ended is a failure of the test."""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    typed: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


class Typing:
    """A command that is being typed: its process, and how it ends."""

    def __init__(self, typed: tuple[str, ...], connection: socket.socket, out: Path, err: Path) -> None:
        self.typed = typed
        self._connection = connection
        self._answers = connection.makefile("rb")
        self._out, self._err = out, err
        self.pid = int(self._answers.readline())

    def ended(self, within: float = PATIENCE) -> Ended:
        """Wait for its end. A command that was killed ended with -9."""
        self._connection.settimeout(within)
        code = self._answers.readline()
        self._answers.close()
        self._connection.close()
        return Ended(self.typed, int(code) if code else -9, self.printed, self._err.read_text())

    @property
    def printed(self) -> str:
        """What it has written to its output so far."""
        return self._out.read_text()

    @property
    def logged(self) -> str:
        """What it has written to its error stream so far."""
        return self._err.read_text()


class Typist:
    """Types commands quickly, because the program was read once for all of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count()
        self._socket = str(folder / "typist")
        self._process = subprocess.Popen(
            [sys.executable, str(TYPIST), self._socket],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    @cached_property
    def kept(self) -> Path:
        """What a first start makes in its data folder that is the same in all of them, made once: the compiled lists of
        prices and footprints, and the packages that serve apps. Each is taken only where its versions fit. Starts from
        an empty folder are tried by `tests/laws/test_wheel.py` and `test_automation.py`.
        """
        folder = self._folder / "kept"
        for name in ("", "gateway", "runtime"):
            (folder / name).mkdir(mode=0o700)
        lists.load(folder / "gateway")
        packages.gathered(folder / "runtime" / "packages")
        return folder

    def begin(
        self,
        typed: tuple[str, ...],
        environment: Mapping[str, str],
        folder: Path,
        stdin: bytes = b"",
        door: socket.socket | None = None,
    ) -> Typing:
        """Type a command and let it run. ``door`` is a listening socket to be handed over."""
        number = next(self._numbers)
        streams = {one: self._folder / f"{number}.{one}" for one in ("stdin", "stdout", "stderr")}
        streams["stdin"].write_bytes(stdin)
        streams["stdout"].touch()
        streams["stderr"].touch()
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(PATIENCE)
        connection.connect(self._socket)
        wanted = {
            "typed": typed,
            "environment": dict(environment),
            "folder": str(folder),
            **{name: str(path) for name, path in streams.items()},
        }
        told = json.dumps(wanted).encode() + b"\n"
        if door is None:
            connection.sendall(told)
        else:
            socket.send_fds(connection, [told], [door.fileno()])
        return Typing(typed, connection, streams["stdout"], streams["stderr"])

    def close(self) -> None:
        """Let the typist go."""
        self._process.communicate()


def bare_environment(home: Path) -> dict[str, str]:
    """What a person's shell knows before anything of Greenlane is set."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
    }


@dataclass(frozen=True)
class Terminal:
    """One person's terminal. ``token`` is what GREENLANE_TOKEN says; empty after `greenlane login`."""

    typist: Typist
    home: Path
    url: str = ""
    token: str = ""
    name: str = ""
    id: str = ""
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What the commands find in their environment."""
        named = {"GREENLANE_URL": self.url, "GREENLANE_TOKEN": self.token}
        return {**bare_environment(self.home), **{name: said for name, said in named.items() if said}, **self.more}

    def begins(self, *typed: object, stdin: bytes = b"") -> Typing:
        """Type a command without waiting for its end."""
        return self.typist.begin(tuple(str(one) for one in typed), self.environment, self.home, stdin)

    def types(self, *typed: object, stdin: bytes = b"") -> Ended:
        """Type a command and wait for its end."""
        return self.begins(*typed, stdin=stdin).ended()

    def gets(self, code: int, *typed: object, stdin: bytes = b"") -> Any:
        """Type a command with --json, see it end with this code, and take its document."""
        ended = self.types(*typed, "--json", stdin=stdin)
        assert ended.code == code, f"{ended.typed} ended with {ended.code}: {ended.out}{ended.err}"
        return ended.document

    def does(self, *typed: object, stdin: bytes = b"") -> Any:
        """Type a command with --json that goes through, and take its document."""
        return self.gets(0, *typed, stdin=stdin)
