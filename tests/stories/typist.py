"""A typist: has read the program once, and types each command in a fork of itself.

Started by ``terminal.Typist``. Each connection to its socket is one command: one JSON line says what to type, where,
with which environment and which files as its three streams; back come its process id and, when it ended, its exit code.
Nothing of one command is left for the next, as with processes that were started the long way round.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import select
import signal
import socket
import sys
import traceback

import httpcore2  # noqa: F401 - a command reads it with its first request

from greenlane import __main__ as greenlane
from greenlane import main as _root  # noqa: F401 - read before the first fork, as all that it imports
from greenlane.api import app as api
from greenlane.govern.action import REGISTRY
from greenlane.govern.policy import Pack

PR_SET_PDEATHSIG = 1
"""From <linux/prctl.h>: the signal that a process gets when its parent dies."""


def serve(path: str) -> None:
    """Type for whoever connects, until the one who started us is gone."""
    api.create(None)
    Pack.default(verbs=[verb.name for verb in REGISTRY])  # as each control checks it; it is kept with the routes
    gc.collect()
    gc.freeze()  # what is here stays, and its memory is shared by the forks until one of them writes to it
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks: the socket tells how they ended
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen(64)
        print("ready", flush=True)
        while listening in select.select([listening, sys.stdin], [], [])[0]:  # our standard input ends with our test
            connection, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _type(connection)
            connection.close()


def _type(connection: socket.socket) -> None:
    """In the fork: become the command. Never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    ctypes.CDLL(None).prctl(
        PR_SET_PDEATHSIG, signal.SIGTERM
    )  # nothing outlives the typist, whatever becomes of the test
    line, doors = b"", []
    while not line.endswith(b"\n"):
        part, found, _, _ = socket.recv_fds(connection, 65536, 1)
        line, doors = line + part, doors + found
    wanted = json.loads(line)
    connection.sendall(b"%d\n" % os.getpid())
    os.environ.clear()
    os.environ.update(wanted["environment"])
    if doors:  # as a service manager hands a listening socket over (sd_listen_fds(3))
        os.dup2(doors[0], 3)
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
    os.chdir(wanted["folder"])
    for number, (stream, flags) in enumerate(
        (("stdin", os.O_RDONLY), ("stdout", os.O_WRONLY | os.O_APPEND), ("stderr", os.O_WRONLY | os.O_APPEND))
    ):
        os.dup2(os.open(wanted[stream], flags), number)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - the streams live as long as the process
    sys.argv = ["greenlane", *wanted["typed"]]
    code = 70
    try:
        greenlane.main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # noqa: BLE001 - whatever it is, the command ends with it on the record
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        connection.sendall(b"%d\n" % code)
        os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1])
