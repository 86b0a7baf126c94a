"""A sandbox that bubblewrap lays out: its first process, the line that keeps it, and what everybody in it writes to."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property

import orjson

from greenlane.runtime import bubblewrap, seccomp
from greenlane.runtime.bubblewrap import Files
from greenlane.runtime.jail import Jail
from greenlane.runtime.zygote import memory

_LAID_OUT_WITHIN = 30.0
"""Seconds that bubblewrap may take on a machine that has much to do."""


class Place:
    """Laid out for one app, whose command waits in it for a word over ``line``; without a ``jail`` for nobody yet, and then
    what holds it there waits until nobody listens. ``before`` are words that run first, outside.

    It ends with the *thread* that made it: Linux tells a child that its parent died when the thread ends that started it
    (PR_SET_PDEATHSIG). Raises OSError when the machine has no room for another.
    """

    def __init__(self, jail: Jail | None = None, before: Sequence[str] = ()) -> None:
        with ExitStack() as made, ExitStack() as handed:
            self.line, theirs = socket.socketpair()
            made.callback(self.line.close)
            handed.enter_context(theirs)
            self.pipe, self.written = os.pipe2(os.O_CLOEXEC)
            made.callback(os.close, self.pipe)
            made.callback(self.hand_on)
            self._told, told = os.pipe()
            made.callback(os.close, self._told)
            handed.callback(os.close, told)
            self._laid_out, blocked = socket.socketpair()
            made.callback(self._laid_out.close)
            handed.enter_context(blocked)
            self._laid_out.send(b".")
            content = bubblewrap.usual() | ({} if jail is None else bubblewrap.written(jail))
            filter_, *contents = [memory(one) for one in (seccomp.program(), *content.values())]
            for one in (filter_, *contents):
                handed.callback(os.close, one)
            files = Files(filter_, told, dict(zip(content, contents, strict=True)))
            if jail is None:
                options, command = bubblewrap.empty(files, blocked.fileno()), list(bubblewrap.HOLDING)
            else:
                options, command = bubblewrap.options(jail, files), bubblewrap.command(jail)
            words = memory(b"".join(word.encode() + b"\0" for word in options))
            handed.callback(os.close, words)
            self.process = subprocess.Popen(
                [*before, "bwrap", "--args", str(words), *command],
                stdin=theirs.fileno(),
                stdout=self.written,
                stderr=self.written,
                pass_fds=[told, words, filter_, *contents, *([] if jail else [blocked.fileno()])],
                env={"PATH": os.environ.get("PATH", "/usr/bin:/bin")},
            )
            self._opened = made.pop_all()

    @cached_property
    def first(self) -> int:
        """The id of its first process, as seen from here; 0 when bubblewrap ended before it could tell it, and then it says
        why in what it wrote.
        """
        told = b""
        while part := os.read(self._told, 4096):
            told += part
        return int(orjson.loads(told)["child-pid"]) if told else 0

    def is_laid_out(self) -> bool:
        """Wait until all is laid out for nobody, and whether it is. bubblewrap reads then what lay there for it, and closes
        its end. An end that is closed before what came was read is a line that broke (``unix_release_sock`` in Linux,
        net/unix/af_unix.c).
        """
        self._laid_out.settimeout(_LAID_OUT_WITHIN)
        try:
            return self._laid_out.recv(1) == b""
        except ConnectionResetError:
            return False

    def hand_on(self) -> None:
        """What is written to belongs to whoever was given it: with the last of them it ends."""
        if self.written >= 0:
            os.close(self.written)
            self.written = -1

    def kill(self) -> None:
        """End everything in it."""
        if self.process.poll() is None:
            self.process.kill()

    def close(self) -> None:
        """End everything in it, wait for that, and let go of it."""
        self.kill()
        self.process.wait()
        self._opened.close()
