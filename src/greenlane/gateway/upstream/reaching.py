"""Finding the address of a provider's host: looked up, judged, and then connected to as it was judged.

A name that changes in between leads nowhere (no DNS rebinding), and a name that an outsider points inside the network
leads nowhere either, unless the administrator's own words name what lies inside.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address, ip_network

from greenlane.kit.in_the_open import disguised, in_the_open, plain
from greenlane.kit.wire.link import Unreached

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host. Raises OSError where it has none."""
_NEVER = ip_network("169.254.0.0/16")
"""Link-local: where clouds tell a machine its own secrets."""


async def lookup(host: str, port: int) -> Sequence[str]:
    """The machine's own way of looking names up."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


async def addresses(host: str, port: int, networks: Sequence[str], look_up: Lookup = lookup) -> Sequence[str]:
    """Where a host may be connected to. Raises ``Unreached``: where one of its addresses may not be reached, none is.

    ``networks`` (CIDR) are those inside that the administrator allows. A host written as an address, or ``localhost``, is
    what the administrator meant.
    """
    if host == "localhost":
        return ["127.0.0.1", "::1"]
    if _is_address(host):
        if ip_address(host) in _NEVER:
            raise Unreached(f"{host} is no provider's address.")
        return [host]
    try:
        found = await look_up(host, port)
    except (OSError, UnicodeError) as error:
        raise Unreached(f"Nobody knows the name {host}.") from error
    allowed = [ip_network(one) for one in networks]
    for address in found:
        bare = plain(address)
        if any(bare.version == one.version and bare in one for one in allowed) and not disguised(address):
            continue
        if disguised(address) or not in_the_open(address):
            raise Unreached(f"{host} leads inside this network, which its provider's entry does not allow.")
    if not found:
        raise Unreached(f"{host} has no address.")
    return found


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
