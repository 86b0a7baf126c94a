"""Reaching a host: its name is looked up once, every address that it has is judged, and the connection goes to an address
that was judged. A name that changes in between leads nowhere (no DNS rebinding).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_network

from greenlane.kit.in_the_open import disguised, in_the_open, own, plain
from greenlane.runtime.egress.policy import Refused

_LOOKED_UP_WITHIN = 5.0
_CONNECTED_WITHIN = 10.0
_TRIED = 4
"""Addresses of one host that are tried, one after the other."""

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host. Raises OSError where it has none."""

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def lookup(host: str, port: int) -> Sequence[str]:
    """The machine's own way of looking names up."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class Reaching:
    """Opens connections. ``allowed`` are networks (CIDR) of the installation's own that apps may reach as well."""

    def __init__(self, allowed: Sequence[str] = (), look_up: Lookup = lookup) -> None:
        self._allowed = [ip_network(one) for one in allowed]
        self._look_up = look_up
        self._asking: dict[tuple[str, int], asyncio.Future[Sequence[str]]] = {}

    async def connect(self, host: str, port: int, *, anywhere: bool = False) -> Line:
        """A connection to that host. ``anywhere``: the settings name it, so it may lie inside. Raises ``Refused``."""
        try:
            async with asyncio.timeout(_LOOKED_UP_WITHIN):
                addresses = await asyncio.shield(self._asked(host, port))
        except (OSError, UnicodeError, TimeoutError) as error:
            raise Refused(
                "unknown-name", f"Nobody knows the name {host}.", "See that it is written right.", status=502
            ) from error
        if not addresses:
            raise Refused("unknown-name", f"{host} has no address.", "See that it is written right.", status=502)
        if not anywhere:
            for address in addresses:
                self._judge(host, address)
        return await _first(host, port, addresses[:_TRIED])

    def _asked(self, host: str, port: int) -> asyncio.Future[Sequence[str]]:
        """The look-up of a name that is under way, or a new one: a build that asks for a hundred files at once asks for
        one name, and a machine looks up few names at the same time.
        """
        key = (host, port)
        if key not in self._asking:
            asking = self._asking[key] = asyncio.ensure_future(self._look_up(host, port))
            asking.add_done_callback(lambda done: self._heard(key, done))
        return self._asking[key]

    def _heard(self, key: tuple[str, int], asking: asyncio.Future[Sequence[str]]) -> None:
        del self._asking[key]
        if not asking.cancelled():
            asking.exception()  # whoever asked may have given up before

    def _judge(self, host: str, address: str) -> None:
        """Whether that address may be reached; if one of a host's may not, none is. Raises ``Refused``."""
        bare = plain(address)
        if not disguised(address) and any(bare.version == one.version and bare in one for one in self._allowed):
            return
        if disguised(address) or not in_the_open(address) or own(address):
            raise Refused(
                "inside",
                f"{host} leads inside this network, which apps do not reach.",
                "Name a host on the internet, or have the network allowed by the setting egress_networks.",
            )


async def _first(host: str, port: int, addresses: Sequence[str]) -> Line:
    """A connection to the first address that answers. Raises ``Refused``."""
    try:
        async with asyncio.timeout(_CONNECTED_WITHIN):
            for address in addresses:
                try:
                    return await asyncio.open_connection(address, port)
                except OSError:
                    continue
    except TimeoutError:
        pass
    raise Refused("unreachable", f"{host} does not answer at port {port}.", "Try again later.", status=502)
