"""Who really asked, when trusted proxies stand in between; and what an app's code must never see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from greenlane.kit.wire.exchange import Exchange
from greenlane.kit.wire.reply import Headers

_REPLACED = frozenset(
    {
        b"host",
        b"forwarded",
        b"x-forwarded-for",
        b"x-forwarded-proto",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-forwarded-prefix",
        b"x-forwarded-server",
        b"x-forwarded-by",
        b"x-real-ip",
        b"true-client-ip",
        b"x-client-ip",
    }
)
_CREDENTIALS = frozenset({b"authorization", b"proxy-authorization"})
OURS = (b"greenlane-", b"__host-greenlane-", b"__secure-greenlane-")
"""How the platform's own fields and cookies begin, in small letters."""


@dataclass(frozen=True, slots=True)
class Client:
    """The address, the scheme and the host that the visitor used."""

    address: str
    scheme: str
    host: str


class Proxies:
    """The networks (CIDR) whose forwarded headers are believed. ValueError when one is not a network."""

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = [ip_network(network) for network in networks]

    def _trusted(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)

    def client(self, exchange: Exchange) -> Client:
        """Who asked: the peer itself, or, through trusted proxies, the last address that is not one of them."""
        fields = exchange.request.fields
        host = exchange.request.authority.decode("ascii")
        address = exchange.peer
        if not self._trusted(address):
            return Client(address, "https" if exchange.secure else "http", host)
        chain = [hop.strip() for hop in fields.get(b"x-forwarded-for", b"").decode("latin-1").split(",")]
        for hop in reversed(chain):
            try:
                address = str(ip_address(hop))
            except ValueError:
                break
            if not self._trusted(address):
                break
        scheme = fields.get(b"x-forwarded-proto", b"").decode("latin-1").strip().lower()
        if scheme not in ("http", "https"):
            scheme = "https" if exchange.secure else "http"
        return Client(address, scheme, host)


def forward(headers: Headers, client: Client, *, to_judge: bool) -> list[tuple[bytes, bytes]]:
    """The request's fields with ours in place of whatever anybody said about where it came from.

    ``to_judge``: the receiver judges credentials itself, as control does; anybody else never sees them.
    ``X-Forwarded-For`` holds one address, so that nobody behind us has to know which of several to believe.
    """
    passed = headers if to_judge else strip_credentials(headers)
    host = client.host.encode("ascii")
    return [
        *((name, value) for name, value in passed if plain_name(name) not in _REPLACED),
        (b"Host", host),
        (b"X-Forwarded-For", client.address.encode("ascii")),
        (b"X-Forwarded-Proto", client.scheme.encode("ascii")),
        (b"X-Forwarded-Host", host),
    ]


def plain_name(name: bytes) -> bytes:
    """A field's name as programs may see it: to many, ``_`` and ``-`` are the same (RFC 3875, 4.1.18)."""
    return name.lower().replace(b"_", b"-")


def strip_credentials(headers: Headers) -> list[tuple[bytes, bytes]]:
    """The fields without the platform's credentials: Authorization, and every Greenlane cookie and header."""
    kept: list[tuple[bytes, bytes]] = []
    for name, value in headers:
        lower = plain_name(name)
        if lower == b"cookie":
            cookies = [part.strip() for part in value.split(b";")]
            others = b"; ".join(cookie for cookie in cookies if cookie and not cookie.lower().startswith(OURS))
            if others:
                kept.append((name, others))
        elif lower not in _CREDENTIALS and not lower.startswith(OURS):
            kept.append((name, value))
    return kept
