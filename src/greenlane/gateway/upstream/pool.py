"""Connections to providers: opened, kept for the next call, watched while they are silent."""

from __future__ import annotations

import asyncio
import math
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic

from greenlane.gateway.upstream.answering import Answering
from greenlane.gateway.upstream.driver import Origin
from greenlane.gateway.upstream.reaching import Lookup, addresses, lookup
from greenlane.kit.wire.link import Link, Unreached
from greenlane.kit.wire.outgoing import Turn


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a provider is waited for, in seconds, and how many of its connections are kept."""

    connect: float = 10.0
    """A connection with its handshake."""
    answer: float = 600.0
    """From the request to the head of the answer: a long answer that is not streamed begins when it is done."""
    silence: float = 300.0
    """Between two pieces of an answer."""
    idle: float = 30.0
    """A connection without a call."""
    kept: int = 256
    """Idle connections to one host."""
    tried: int = 3
    """Addresses of one host that are tried, one after the other."""


class Pool:
    """Calls to providers. ``trust`` is what their certificates are judged by. Call ``sweep`` each second or so."""

    def __init__(
        self, patience: Patience | None = None, *, trust: ssl.SSLContext | None = None, look_up: Lookup = lookup
    ) -> None:
        self.patience = patience or Patience()
        self._trust = trust or ssl.create_default_context()
        self._look_up = look_up
        self._idle: dict[tuple[str, int, bool], list[Link]] = {}
        self._busy: set[Answering] = set()
        self._turn = Turn()

    async def send(self, origin: Origin, networks: Sequence[str], request: bytes, *, fresh: bool = False) -> Answering:
        """Send a whole request; its answer is waited for by whoever asked (``Answering.head``).

        ``fresh``: over a new connection. Raises ``Unreached`` where nothing was sent.
        """
        place = (origin.host, origin.port, origin.secure)
        link = None if fresh else self._kept(place)
        answering = Answering(
            link or await self._open(origin, networks),
            self.patience.silence,
            lambda done: self._over(done, place),
            reused=link is not None,
        )
        self._busy.add(answering)
        answering.deadline = monotonic() + self.patience.answer
        answering.link.later(request)
        return answering

    def sweep(self) -> None:
        """Let go of connections that were idle or silent for too long."""
        now = monotonic()
        for answering in [one for one in self._busy if one.deadline < now]:
            answering.expire()
        for place, links in list(self._idle.items()):
            kept = [one for one in links if one.usable and now - one.since < self.patience.idle]
            for one in links:
                if one not in kept:
                    one.close()
            if kept:
                self._idle[place] = kept
            else:
                del self._idle[place]

    def close(self) -> None:
        """Let go of everything."""
        for answering in list(self._busy):
            answering.close()
        for links in self._idle.values():
            for one in links:
                one.close()
        self._idle.clear()

    @property
    def busy(self) -> int:
        """How many answers are under way."""
        return len(self._busy)

    def _kept(self, place: tuple[str, int, bool]) -> Link | None:
        links = self._idle.get(place)
        while links:
            link = links.pop()
            if link.usable and monotonic() - link.since < self.patience.idle:
                link.take_up()
                return link
            link.close()
        return None

    async def _open(self, origin: Origin, networks: Sequence[str]) -> Link:
        trouble = ""
        try:
            async with asyncio.timeout(self.patience.connect):
                found = await addresses(origin.host, origin.port, networks, self._look_up)
                for address in found[: self.patience.tried]:
                    try:
                        return await self._connect(origin, address)
                    except (OSError, ssl.SSLError) as error:
                        trouble = str(error)
        except TimeoutError:
            trouble = f"no connection within {self.patience.connect:g} seconds"
        raise Unreached(f"{origin.host} cannot be reached: {trouble}")

    async def _connect(self, origin: Origin, address: str) -> Link:
        _, link = await asyncio.get_running_loop().create_connection(
            partial(Link, self._turn),
            address,
            origin.port,
            ssl=self._trust if origin.secure else None,
            server_hostname=origin.host if origin.secure else None,
        )
        return link

    def _over(self, answering: Answering, place: tuple[str, int, bool]) -> None:
        """An answer is over: its connection is kept if it is good for another."""
        self._busy.discard(answering)
        answering.deadline = math.inf
        link = answering.link
        if link.reusable and link.usable:
            links = self._idle.setdefault(place, [])
            if len(links) < self.patience.kept:
                link.rest()
                links.append(link)
                return
        link.close()
