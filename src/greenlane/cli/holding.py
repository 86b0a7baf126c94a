"""What `greenlane up` holds for all of its processes, whichever of them dies: the data folder and the visitors' sockets."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from greenlane.kit.errors import GreenlaneError
from greenlane.kit.places import Places
from greenlane.kit.settings import Settings
from greenlane.kit.wire import listening

Doors = Sequence[socket.socket]
"""The sockets that visitors connect to."""

LEFT_WITHIN = 40.0
"""Seconds that a predecessor's processes may take until the last of them has ended."""
_LOOK_EVERY = 0.02
_WORTH_SAYING = 1.0
"""Seconds of waiting after which a person should be told what for."""


@contextmanager
def folder(places: Places) -> Iterator[None]:
    """Have the data folder for oneself and for whatever is forked from here.

    The lock belongs to all of them together (flock(2)), so a predecessor that was killed gives way when its last process
    has ended, and never before. Raises ``GreenlaneError`` when it does not.
    """
    held = os.open(places.folder / "run" / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        began, said = time.monotonic(), False
        while not _locked(held):
            waited = time.monotonic() - began
            if waited > LEFT_WITHIN:
                raise GreenlaneError(
                    f"Another Greenlane runs on {places.folder}.",
                    next_step="Stop it first, or give this one another folder with `--data`.",
                )
            if waited > _WORTH_SAYING and not said:
                said = True
                print(f"Waiting for another Greenlane on {places.folder} to end.", file=sys.stderr, flush=True)
            time.sleep(_LOOK_EVERY)
        yield
    finally:
        os.close(held)


@contextmanager
def doors(settings: Settings) -> Iterator[Doors]:
    """The sockets that visitors connect to: those that a service manager hands over, else our own.

    Raises ``GreenlaneError`` in words where they cannot be opened.
    """
    try:
        opened = listening.given(os.environ) or listening.opened(settings.listen, settings.port)
    except OSError as error:
        raise GreenlaneError(_why(error, settings), next_step=_instead(error), detail=repr(error)) from error
    try:
        yield opened
    finally:
        close(opened)


def close(sockets: Doors) -> None:
    """Let go of them in this process; whoever else holds them goes on."""
    for one in sockets:
        one.close()


def _locked(held: int) -> bool:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _why(error: OSError, settings: Settings) -> str:
    where = f"port {settings.port} of {' and '.join(settings.listen)}"
    if error.errno == errno.EADDRINUSE:
        return f"Somebody listens on {where} already."
    if error.errno == errno.EACCES:
        return f"This user may not listen on {where}."
    return f"Nobody can listen on {where}: {error}."


def _instead(error: OSError) -> str:
    if error.errno == errno.EACCES:
        return "Ports below 1024 need root or a service manager that opens them; choose another with `--port`."
    return "Choose another port with `--port`, or 0 for any that is free; `listen` names the addresses."
