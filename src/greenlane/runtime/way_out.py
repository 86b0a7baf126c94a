"""The one way out of a sandbox: an address inside its empty network that leads to one socket outside.

The listener is made from outside, in the sandbox's own network namespace (setns(2)), before its command begins: so
ordinary programs find a proxy at ``127.0.0.1:3128``, nothing inside has to be started for it, and what the address
leads to cannot be changed from inside.
"""

from __future__ import annotations

import array
import asyncio
import ctypes
import fcntl
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

PORT = 3128
"""Where proxies are expected (IANA: squid-http's customary port)."""

PLATFORM_ADDRESS = f"http://127.0.0.1:{PORT}"
"""Where a program in a sandbox finds its proxy, and the platform itself beside it."""
WAY_OUT = {
    **dict.fromkeys(
        ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"), PLATFORM_ADDRESS
    ),
    **dict.fromkeys(("NO_PROXY", "no_proxy"), "localhost,127.0.0.1,::1"),
}
"""The variables by which programs find it; some read the small ones alone, some the large."""

_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
"""CLONE_NEWUSER and CLONE_NEWNET (linux/sched.h)."""
_OWNER = 0xB701
"""NS_GET_USERNS (linux/nsfs.h, ioctl_ns(2)): the user namespace that a namespace belongs to."""
_FREE_BIND = 15
"""IP_FREEBIND (linux/in.h): the loopback device may come up a moment later."""
_WITHIN = 10.0
_BACK_WITHIN = 3.0
"""Seconds that a program waits for the egress process to be started again before it hears that there is no way out."""
_ASKED_EVERY = 0.05
_AWAY = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_CHUNK = 65536


class WaysOut:
    """The listeners of all sandboxes, served by one thread. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._servers: dict[str, asyncio.Server] = {}
        # a loop holds its tasks weakly, so one that only waits could be collected
        self._led: set[asyncio.Task[None]] = set()

    def open(self, name: str, pid: int, target: Path) -> None:
        """Listen in the network of that process and lead to ``target``. OSError when it cannot be entered."""
        listener = _from_this_process(pid) if os.getuid() == 0 else _from_another_process(pid)
        asyncio.run_coroutine_threadsafe(self._serve(name, listener, target), self._running()).result(_WITHIN)

    def close(self, name: str) -> None:
        """Stop listening; what is under way ends with the sandbox."""
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._end(name), self._loop).result(_WITHIN)

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="ways out", daemon=True).start()
            return self._loop

    async def _serve(self, name: str, listener: socket.socket, target: Path) -> None:
        def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(led(reader, writer))
            self._led.add(task)
            task.add_done_callback(self._led.discard)

        async def led(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                beyond = await _reach(target)
            except OSError:
                await _say_away(reader, writer)
                return
            try:
                await asyncio.gather(_pump(reader, beyond[1]), _pump(beyond[0], writer))
            finally:
                writer.close()
                beyond[1].close()

        self._servers[name] = await asyncio.start_server(lead, sock=listener)

    async def _end(self, name: str) -> None:
        server = self._servers.pop(name, None)
        if server is not None:
            server.close()


async def _reach(target: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect, and wait for whoever is being started again behind it. OSError when nobody comes."""
    deadline = time.monotonic() + _BACK_WITHIN
    while True:
        try:
            return await _connect(target)
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(_ASKED_EVERY)


async def _connect(target: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """By way of the folder's descriptor: a whole path may be too long for a socket (unix(7), 108 bytes)."""
    opened = os.open(target.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        return await asyncio.open_unix_connection(f"/proc/self/fd/{opened}/{target.name}")
    finally:
        os.close(opened)


async def _say_away(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer as a proxy does that reaches nobody: a line that is cut without a word is tried again and again by some."""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(_WITHIN):
            await reader.read(_CHUNK)
        writer.write(_AWAY)
        await writer.drain()
    writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes one way, no faster than they are taken; an end is handed on as an end."""
    with suppress(OSError):  # who hangs up in the middle has ended as well
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()


def _from_this_process(pid: int) -> socket.socket:
    """Root may enter at once: in a thread that is thrown away, because a namespace is a thread's own."""
    found: list[socket.socket | OSError] = []

    def enter() -> None:
        try:
            found.append(_listener_in(pid, users_too=False))
        except OSError as error:
            found.append(error)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    if isinstance(found[0], OSError):
        raise found[0]
    return found[0]


def _from_another_process(pid: int) -> socket.socket:
    """A process with threads may not enter a user namespace: one of its own does, and hands the listener over."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        subprocess.run(
            [sys.executable, "-I", "-S", __file__, str(pid), str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            check=True,
            timeout=_WITHIN,
        )
        _, ancillary, _, _ = ours.recvmsg(1, socket.CMSG_SPACE(4))
        return socket.socket(fileno=array.array("i", ancillary[0][2][:4])[0])


def _listener_in(pid: int, *, users_too: bool) -> socket.socket:
    library = ctypes.CDLL(None, use_errno=True)

    def enter(descriptor: int, flag: int, kind: str) -> None:
        if library.setns(descriptor, flag) != 0:
            raise OSError(ctypes.get_errno(), f"the {kind} namespace of {pid} cannot be entered")

    network = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        if users_too:
            # Not the process's own: bubblewrap lays another one into it, which has no power over the network.
            owner = fcntl.ioctl(network, _OWNER)
            try:
                enter(owner, _NEW_USER, "user")
            finally:
                os.close(owner)
        enter(network, _NEW_NETWORK, "net")
    finally:
        os.close(network)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.IPPROTO_IP, _FREE_BIND, 1)
    listener.bind(("127.0.0.1", PORT))
    listener.listen(128)
    return listener


def _hand_over(pid: int, descriptor: int) -> None:
    """What the other process does."""
    listener = _listener_in(pid, users_too=True)
    with socket.socket(fileno=descriptor) as channel, suppress(BrokenPipeError):
        channel.sendmsg([b"."], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [listener.fileno()]))])


if __name__ == "__main__":
    _hand_over(int(sys.argv[1]), int(sys.argv[2]))
