"""The domain name system, asked over the network (RFC 1035) by dnspython."""

from __future__ import annotations

from collections.abc import Sequence

from dns.exception import DNSException
from dns.resolver import NXDOMAIN, NoAnswer, Resolver

from greenlane.kit.errors import Unavailable

PATIENCE = 5.0
"""Seconds for one answer, retries included."""


class DnsOverNetwork:
    """Asks the machine's name servers, or those given by address."""

    def __init__(self, nameservers: Sequence[str] = (), port: int = 53, patience: float = PATIENCE) -> None:
        self._resolver = Resolver(configure=not nameservers)
        if nameservers:
            self._resolver.nameservers = list(nameservers)
            self._resolver.port = port
        self._resolver.cache = None  # a record that was just added must be seen
        self._patience = patience

    def txt(self, name: str) -> Sequence[str]:
        """The texts of a name's TXT records, each joined from its parts."""
        try:
            answer = self._resolver.resolve(name, "TXT", lifetime=self._patience, search=False)
        except (NXDOMAIN, NoAnswer):
            return ()
        except DNSException as error:
            raise Unavailable(
                f"No name server answered about {name}.",
                next_step="Try again in a minute; if it stays, look at the domain's name servers.",
                detail=repr(error),
            ) from error
        return tuple(b"".join(record.strings).decode(errors="replace") for record in answer)
