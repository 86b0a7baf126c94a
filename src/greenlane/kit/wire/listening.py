"""The sockets that visitors connect to: opened before anybody serves them, and held while whoever does is started anew.

As long as somebody holds a socket that listens, the kernel takes connections for it: who comes while the server is away
waits in line, and is not turned away. A service manager can hold them over a restart of everything (sd_listen_fds(3)).
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

_LOG = logging.getLogger(__name__)
BACKLOG = 1024
"""Connections that wait in line; the kernel's own limit may be lower (listen(2))."""
_FIRST_GIVEN = 3
"""SD_LISTEN_FDS_START (systemd/sd-daemon.h)."""


def named(path: Path) -> socket.socket:
    """A unix socket of that name, in place of whatever had it. Whoever reaches its folder may connect."""
    path.unlink(missing_ok=True)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    bound.bind(str(path))
    path.chmod(0o666)
    return bound


def opened(hosts: Sequence[str], port: int) -> list[socket.socket]:
    """One listening socket for each address in ``hosts``, all at one ``port`` (0: any that is free on all of them).

    A machine without IPv6 listens on what it has. OSError when the port is taken on any of the addresses.
    """
    attempts = 1 if port else 20
    for attempt in range(attempts):
        sockets: list[socket.socket] = []
        chosen = port
        try:
            for host in hosts:
                bound = _socket(host, chosen)
                if bound is not None:
                    sockets.append(bound)
                    chosen = bound.getsockname()[1]
            if not sockets:
                raise OSError(f"None of the addresses {', '.join(hosts)} is on this machine.")
            return sockets
        except OSError:
            for bound in sockets:
                bound.close()
            if attempt == attempts - 1:
                raise
    raise AssertionError("unreachable")


def given(environment: Mapping[str, str]) -> list[socket.socket]:
    """The listening sockets that a service manager opened for this very process; none where there is no such manager."""
    if environment.get("LISTEN_PID") != str(os.getpid()):
        return []
    found = []
    for number in range(_FIRST_GIVEN, _FIRST_GIVEN + int(environment.get("LISTEN_FDS", "0"))):
        os.set_inheritable(number, False)
        found.append(socket.socket(fileno=number))
    return found


def _socket(host: str, port: int) -> socket.socket | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if family == socket.AF_INET6 and not _has_ipv6(host):
        _LOG.warning("This machine has no address %s; not listening there.", host)
        return None
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        bound.bind((host, port))
        bound.listen(BACKLOG)
    except OSError:
        bound.close()
        raise
    return bound


def _has_ipv6(host: str) -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind((host, 0))
    except OSError:
        return False
    return True
