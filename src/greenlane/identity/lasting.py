"""How long a browser stays signed in, and what places are called."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from greenlane.kit.clock import stamp

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

THIS_MACHINE = "this machine"


@dataclass(frozen=True, slots=True)
class Lasting:
    """A session ends when nobody worked with it for ``idle``, and in any case after ``most``."""

    idle: timedelta = timedelta(days=7)
    most: timedelta = timedelta(days=7)

    def ends(self, now: datetime) -> str:
        """The stamp at which a session that is opened now ends, whatever is done with it."""
        return stamp(now + self.most)

    def expires(self, now: datetime) -> str:
        """The stamp at which it ends when nothing is done with it from now on."""
        return stamp(now + min(self.idle, self.most))


USUAL = Lasting()
"""A week, worked with or not."""


class Places:
    """Names of networks, as the setting ``networks`` has them: ``office=10.1.0.0/16``. The narrowest one counts."""

    def __init__(self, named: Iterable[str] = ()) -> None:
        found = [_read(one) for one in named]
        self._networks = sorted(found, key=lambda one: -one[1].prefixlen)

    def name(self, address: str | None) -> str:
        """What a place is called: a network's name, or the address itself. Empty for none."""
        if not address:
            return ""
        try:
            read = ipaddress.ip_address(address)
        except ValueError:
            return address
        for name, network in self._networks:
            if read.version == network.version and read in network:
                return name
        return THIS_MACHINE if read.is_loopback else address


def _read(text: str) -> tuple[str, Network]:
    name, _, network = text.partition("=")
    return name.strip(), ipaddress.ip_network(network.strip())
