"""Telling an address outside something, without being led to what is not meant to be reached from here.

A name is looked up once, every address that it has is checked, and the connection goes to an address that was checked:
a name that changes in between leads nowhere (no DNS rebinding). Redirects are not followed.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import ip_network
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from greenlane.govern.errors import WrongInput
from greenlane.identity.names import readable
from greenlane.kit.in_the_open import in_the_open, plain
from greenlane.notices.driver import Postponed, Undeliverable

PATIENCE = 10.0
"""Seconds for each step of a call."""

LONGEST = 20.0
"""Seconds for a whole call: who answers letter by letter holds nobody else up."""

LONGEST_ADDRESS = 2000
"""Letters of an address."""

LONGEST_FETCH = 900.0
"""Seconds for bringing something large."""

LARGEST_FETCH = 1024 * 1024 * 1024
"""Bytes of it."""

_CHUNK = 256 * 1024
_FINE = 200
_GONE = 410


@dataclass(frozen=True, slots=True)
class Address:
    """An address taken apart. ``target`` is path and query."""

    scheme: str
    host: str
    port: int
    target: str


def address(url: str) -> Address:
    """Take an address apart, judged by its form alone. Raises ``WrongInput``."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    spoilt = len(url) > LONGEST_ADDRESS or not readable(url) or " " in url or not url.isascii()
    if spoilt or parts.scheme not in {"http", "https"} or not host or "@" in parts.netloc:
        raise WrongInput(
            "This is not an address that can be told anything.",
            next_step="It looks like https://hooks.example.com/services/… and has no name or password in it.",
        )
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Address(parts.scheme, host, port or {"http": 80, "https": 443}[parts.scheme], target)


@dataclass(frozen=True, slots=True)
class Answered:
    """What an address answered."""

    status: int
    body: bytes


class OverNetwork:
    """HTTP over the network. ``allowed`` are networks (CIDR) of the organisation's own that may be reached as well."""

    def __init__(self, allowed: Sequence[str] = ()) -> None:
        self._allowed = [ip_network(one) for one in allowed]
        self._tls = ssl.create_default_context()

    def check(self, url: str) -> None:
        """Look its name up, and see that all it stands for may be reached. Raises ``WrongInput``."""
        try:
            self._reachable(address(url))
        except (Postponed, Undeliverable) as error:
            raise WrongInput(str(error), next_step=error.next_step) from error

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """One POST; what is answered beside the status is thrown away."""
        try:
            place = address(url)
        except WrongInput as error:
            raise Undeliverable(str(error)) from error
        checked = self._reachable(place)
        try:
            with self._line(place, checked) as line:
                line.request("POST", place.target, body=body, headers=dict(headers))
                status = line.getresponse().status
        except (OSError, HTTPException) as error:
            raise Postponed("The address did not answer.", detail=repr(error)) from error
        if status == _GONE:
            raise Undeliverable("The address answered that it is gone (410).")
        if not 200 <= status < 300:
            raise Postponed(f"The address answered with {status}.")

    def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes, largest: int) -> Answered:
        """One request and its whole answer, up to a bound. Raises ``WrongInput``, ``Postponed``, ``Undeliverable``."""
        place = address(url)
        checked = self._reachable(place)
        try:
            with self._line(place, checked) as line:
                line.request(method, place.target, body=body or None, headers=dict(headers))
                answer = line.getresponse()
                found = answer.read(largest + 1)
        except (OSError, HTTPException) as error:
            raise Postponed("The address did not answer.", detail=repr(error)) from error
        if len(found) > largest:
            raise Undeliverable("The address answered with more than can be meant.")
        return Answered(answer.status, found)

    def fetch(self, url: str, into: Path) -> None:
        """One GET, straight into a file, up to a bound in size and time. Raises ``WrongInput`` when nothing comes."""
        place = address(url)
        try:
            checked = self._reachable(place)
            with self._line(place, checked, LONGEST_FETCH) as line, into.open("wb") as file:
                line.request("GET", place.target, headers={"Accept-Encoding": "identity"})
                _copied(line.getresponse(), file)
        except (Postponed, Undeliverable) as error:
            raise WrongInput(str(error), next_step=error.next_step or "Look whether the address is right.") from error
        except (OSError, HTTPException) as error:
            raise WrongInput(
                "The address did not answer.", next_step="Look whether it is right, and try again.", detail=repr(error)
            ) from error

    def _reachable(self, place: Address) -> str:
        """A checked address of the host; every one that its name has must be one that may be reached."""
        try:
            found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise Postponed(
                f"Nobody knows the name {place.host}.",
                next_step="Look whether it is written right.",
                detail=repr(error),
            ) from error
        addresses = [str(one[4][0]) for one in found]
        inside = [self._is_allowed(one) for one in addresses]
        if not all(own or in_the_open(one) for one, own in zip(addresses, inside, strict=True)):
            raise Undeliverable(
                f"{place.host} is inside this network, which is not reached from here.",
                next_step="Name an address on the internet, or allow the network with the setting webhook_networks.",
            )
        if place.scheme == "http" and not all(inside):
            raise Undeliverable("What is told outside is told over https.", next_step="Use the https address.")
        return addresses[0]

    def _is_allowed(self, address: str) -> bool:
        bare = plain(address)
        return any(bare.version == one.version and bare in one for one in self._allowed)

    @contextmanager
    def _line(self, place: Address, checked: str, longest: float = LONGEST) -> Iterator[HTTPConnection]:
        """A connection to the checked address, for the host by its name, that ends after so many seconds."""
        raw = socket.create_connection((checked, place.port), PATIENCE)
        try:
            with raw:
                secure = place.scheme == "https"
                wire = self._tls.wrap_socket(raw, server_hostname=place.host) if secure else raw
                with wire, _within(longest, wire):
                    line = _Over(place, wire)
                    yield line
        finally:
            raw.close()


def _copied(answer: HTTPResponse, file: IO[bytes]) -> None:
    if answer.status != _FINE:
        raise Postponed(f"The address answered with {answer.status}.")
    left = LARGEST_FETCH
    while chunk := answer.read(_CHUNK):
        left -= len(chunk)
        if left < 0:
            raise Undeliverable("What the address has is larger than 1 GB.")
        file.write(chunk)
    if answer.length:
        raise Postponed("The address broke off before the end.")


class _Over(HTTPConnection):
    """HTTP over a socket that is open already."""

    default_port = 0  # so that the Host header always names the port

    def __init__(self, place: Address, wire: socket.socket) -> None:
        super().__init__(place.host, place.port)
        self.sock = wire


@contextmanager
def _within(seconds: float, wire: socket.socket) -> Iterator[None]:
    def cut() -> None:
        with suppress(OSError):
            wire.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
