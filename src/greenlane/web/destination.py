"""Where a visitor may be sent after signing in: to an address of one of our apps, and nowhere else.

An address is accepted by a narrow pattern, not by a parser: browsers and parsers disagree about backslashes, user
names, tabs and missing slashes, and every such difference has been somebody's open redirect. What does not look exactly
as our own edge writes it is nobody's address.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

_LONGEST = 4096
_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>/[!-\"$-\[\]-~]*)?",  # printable ASCII without # and backslash
)
_DEFAULT_PORT = {"http": 80, "https": 443}
_OWN_PATHS = "/.greenlane/"


@dataclass(frozen=True, slots=True)
class Destination:
    """A place in one of our apps: its origin, its host (no port), and the path with its query."""

    origin: str
    host: str
    path: str

    @property
    def address(self) -> str:
        """The whole address, as a person reads it and a form remembers it."""
        return self.origin + self.path

    def with_code(self, code: str) -> str:
        """The address at which the app's host takes a one-time code, and then leads on to the place."""
        return f"{self.origin}{_OWN_PATHS}visit?{urlencode({'code': code, 'to': self.path})}"


def destination(wanted: str, *, console_origin: str, is_ours: Callable[[str], bool]) -> Destination | None:
    """The place that a text names, or None when it is not one of ours.

    Apps are served by the console's own listener, so scheme and port must be the console's; ``is_ours`` knows the hosts.
    """
    if len(wanted) > _LONGEST:
        return None
    address, console = _ADDRESS.fullmatch(wanted), _ADDRESS.fullmatch(console_origin)
    if address is None or console is None or address["host"] == console["host"]:
        return None
    if _listener(address) != _listener(console) or not is_ours(address["host"]):
        return None
    # Two slashes at the start would be read as a host wherever only the path is passed on.
    path = "/" + (address["path"] or "").lstrip("/")
    origin = wanted[: address.end("port") if address["port"] else address.end("host")]
    return Destination(origin, address["host"], "/" if path.startswith(_OWN_PATHS) else path)


def _listener(address: re.Match[str]) -> tuple[str, int]:
    return address["scheme"], int(address["port"] or _DEFAULT_PORT[address["scheme"]])


_OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")  # printable ASCII without backslash; never the start of a host


def own_path(wanted: str) -> str:
    """A place in the console itself, path and query, to go on to; empty for what is anything else."""
    return wanted if len(wanted) <= _LONGEST and _OWN_PATH.fullmatch(wanted) else ""
