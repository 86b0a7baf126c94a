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
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from greenlane.govern.errors import WrongInput
from greenlane.identity.names import readable
from greenlane.notices.driver import Postponed, Undeliverable

PATIENCE = 10.0
"""Seconds for each step of a call."""

LONGEST = 20.0
"""Seconds for a whole call: who answers letter by letter holds nobody else up."""

LONGEST_ADDRESS = 2000
"""Letters of an address."""

_GONE = 410
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in disguise


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
                f"{place.host} is inside this network, which webhooks do not reach.",
                next_step="Name an address on the internet, or allow the network with the setting webhook_networks.",
            )
        if place.scheme == "http" and not all(inside):
            raise Undeliverable("What is told outside is told over https.", next_step="Use the https address.")
        return addresses[0]

    def _is_allowed(self, address: str) -> bool:
        bare = _bare(address)
        return any(bare.version == one.version and bare in one for one in self._allowed)

    @contextmanager
    def _line(self, place: Address, checked: str) -> Iterator[HTTPConnection]:
        """A connection to the checked address, for the host by its name, that ends after ``LONGEST``."""
        plain = socket.create_connection((checked, place.port), PATIENCE)
        try:
            with plain:
                secure = place.scheme == "https"
                wire = self._tls.wrap_socket(plain, server_hostname=place.host) if secure else plain
                with wire, _within(LONGEST, wire):
                    line = _Over(place, wire)
                    yield line
        finally:
            plain.close()


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


def in_the_open(address: str) -> bool:
    """Whether an address is one of the internet's: no loopback, link-local, private, shared or multicast one, in none of
    the disguises that IPv6 has for IPv4.
    """
    bare = _bare(address)
    if isinstance(bare, IPv6Address) and (bare.sixtofour is not None or bare.teredo is not None):
        return False
    return bare.is_global and not bare.is_multicast and not bare.is_reserved


def _bare(address: str) -> IPv4Address | IPv6Address:
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return found.ipv4_mapped
        if found in _NAT64:
            return IPv4Address(int(found) & 0xFFFFFFFF)
    return found
