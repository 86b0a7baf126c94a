"""The proxy of one sandbox: a program asks on its socket, is let through to a declared host, or hears why not."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from greenlane.kit.wire.request import Malformed
from greenlane.runtime.egress import asking, platform
from greenlane.runtime.egress.asking import Asked
from greenlane.runtime.egress.carrying import Alive, both_ways, pieces, pump, send_body
from greenlane.runtime.egress.platform import Says
from greenlane.runtime.egress.policy import Policies, Refused, Sandbox, host_of
from greenlane.runtime.egress.reaching import Line, Reaching
from greenlane.runtime.egress.usage import Usage

_LOG = logging.getLogger(__name__)
_PHRASES = {
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    408: "Request Timeout",
    429: "Too Many Requests",
    502: "Bad Gateway",
    503: "Service Unavailable",
}
_DAY = 86_400.0
_AGAIN = 2
"""Seconds after which trying again may help, where it is too much or too early now."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one sandbox may ask of its proxy. Sizes in bytes, times in seconds."""

    at_once: int = 100
    """Connections: 429."""
    head: int = 16 * 1024
    """The head of a request."""
    head_time: float = 15.0
    idle: float = 300.0
    """Without a byte either way; then the connection is cut."""
    thinking: float = 900.0
    """Without a byte either way between a program and the model gateway: a model may think for that long."""
    whole: float = 6 * 3600.0
    """One connection."""
    a_day: int = 20 * 1024**3
    """Bytes both ways of one app in one environment, or of one build, within 24 hours: 403, and what goes on is cut."""


@dataclass(slots=True)
class _Spent:
    since: float
    size: int = 0


class Allowance:
    """How much each app has moved within a day."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._spent: dict[tuple[str, str, str], _Spent] = {}

    def add(self, one: Sandbox, size: int) -> None:
        """Some bytes more. Raises ``Refused`` when that is too much."""
        now = monotonic()
        key = (one.app, one.environment, one.name if one.use == "build" else "")
        spent = self._spent.get(key)
        if spent is None or now - spent.since > _DAY:
            self._spent = {k: s for k, s in self._spent.items() if now - s.since <= _DAY}
            spent = self._spent[key] = _Spent(now)
        spent.size += size
        if spent.size > self._limit:
            raise Refused(
                "too-much",
                f"{one.app} has moved more than {self._limit // 2**20} MiB to and from other hosts within a day.",
                "Wait until tomorrow, or have whoever runs this Greenlane raise egress_mib_a_day.",
            )


class Proxy:
    """Serves one sandbox. ``sandbox`` is asked anew for every request, and None once it is over."""

    def __init__(
        self,
        sandbox: Callable[[], Sandbox | None],
        policies: Policies,
        reaching: Reaching,
        usage: Usage,
        allowance: Allowance,
        limits: Limits,
        models: Path | None = None,
        models_say: Says = platform.plainly,
    ) -> None:
        """``models`` is the socket of the model gateway, None where there is none; ``models_say`` words what is refused of
        what is asked of it.
        """
        self._sandbox = sandbox
        self._policies = policies
        self._reaching = reaching
        self._usage = usage
        self._allowance = allowance
        self._limits = limits
        self._models = models
        self._models_say = models_say
        self._going: dict[asyncio.Task[None], tuple[str, int]] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the sandbox, from its request to its end."""
        task = asyncio.current_task()
        one = self._sandbox()
        if task is None or one is None:
            writer.close()
            return
        host, port = "(unknown)", 0
        self._going[task] = (host, port)
        asked: Asked | None = None
        try:
            async with asyncio.timeout(self._limits.whole):
                crowd = len(self._going)
                if crowd > 2 * self._limits.at_once:
                    raise _crowded(one)
                asked = await self._hear(reader)  # before a refusal, too: who is cut off in mid-request reads no answer
                if crowd > self._limits.at_once:
                    raise _crowded(one)
                host, port = asked.host[:255], asked.port
                if asked.platform:
                    await self._to_models(one, asked, (reader, writer))
                    return
                host = host_of(asked.host, one.use)
                self._policies.judge(one, host, port)
                self._allowance.add(one, 0)
                self._going[task] = (host, port)
                await self._through(one, asked, host, (reader, writer))
        except Refused as why:
            self._usage.refused(one, host if why.code not in _NAMELESS else "(unknown)", port, why)
            await self._refuse(writer, why, asked)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, Malformed):
            pass  # whoever spoke learns it by the end of the connection
        except asyncio.CancelledError:
            if not self._closing(task):
                raise
        finally:
            self._going.pop(task, None)
            writer.close()

    def look(self) -> None:
        """Cut what goes to hosts that may not be reached any more."""
        one = self._sandbox()
        for task, (host, port) in list(self._going.items()):
            if port and (one is None or not self._may(one, host, port)):
                self._going[task] = ("", -1)
                task.cancel()

    async def close(self) -> None:
        """The sandbox is over: cut everything."""
        tasks = list(self._going)
        for task in tasks:
            self._going[task] = ("", -1)
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _closing(self, task: asyncio.Task[None]) -> bool:
        return self._going.get(task) == ("", -1)

    def _may(self, one: Sandbox, host: str, port: int) -> bool:
        try:
            self._policies.judge(one, host, port)
        except Refused:
            return False
        return True

    async def _to_models(self, one: Sandbox, asked: Asked, inner: Line) -> None:
        """Carry one request after the other to the model gateway, each with whose it is. Its answers come as they are."""
        try:
            head = platform.head(one, asked)
            outer = await platform.reach(self._models, one)
        except Refused:
            await self._hear_out(asked, inner[0])
            raise
        alive = Alive(self._limits.thinking)

        async def up() -> None:
            following, goes_on = asked, head
            with contextlib.suppress(asyncio.IncompleteReadError):  # whoever asked has no more to ask
                while True:
                    outer[1].write(goes_on)
                    if not await send_body(following, inner[0], outer[1], alive, _not_counted):
                        raise Malformed(400, "The next request did not wait for the answer.")
                    following = await self._hear(inner[0], within=self._limits.thinking)
                    try:
                        goes_on = platform.head(one, following)
                    except Refused as why:
                        await self._refuse(inner[1], why, following)
                        raise
            if outer[1].can_write_eof():
                outer[1].write_eof()  # so that the gateway hangs up once it has answered

        try:
            with contextlib.suppress(Refused):  # an answer may have begun: its end is all that can be said
                await both_ways(up(), pump(outer[0], inner[1], alive, _not_counted), alive)
        finally:
            outer[1].close()

    async def _refuse(self, writer: asyncio.StreamWriter, why: Refused, asked: Asked | None) -> None:
        """Say why not: to whoever calls models as its library reads it, to everybody else in plain text."""
        says = self._models_say if asked is not None and asked.platform else platform.plainly
        path = platform.path_of(asked) if asked is not None and asked.platform else ""
        again = _AGAIN if why.status in (429, 503) else None
        fields, body = says(path, why.status, why.code, f"{why.says} {why.next_step}".strip(), again)
        await _answer(writer, why, fields, body)

    async def _hear_out(self, asked: Asked, reader: asyncio.StreamReader) -> None:
        """Take the body of what is refused: who is cut off in mid-request reads no answer."""
        with contextlib.suppress(TimeoutError, OSError, Malformed):
            async with asyncio.timeout(self._limits.head_time):
                async for _ in pieces(asked, reader, bytearray()):
                    pass

    async def _hear(self, reader: asyncio.StreamReader, within: float | None = None) -> Asked:
        try:
            async with asyncio.timeout(within or self._limits.head_time):
                head = await reader.readuntil(b"\r\n\r\n")
        except TimeoutError as error:
            raise Refused("slow", "The request took too long to arrive.", "Send it at once.", status=408) from error
        except asyncio.LimitOverrunError as error:
            raise _too_long() from error
        if len(head) > self._limits.head:
            raise _too_long()
        return asking.read(head)

    async def _through(self, one: Sandbox, asked: Asked, host: str, inner: Line) -> None:
        """Connect, and carry bytes until either side is through."""
        outer = await self._reaching.connect(host, asked.port, anywhere=one.use == "build")
        count = self._usage.allowed(one, host, asked.port)

        def moved(sent: int, received: int) -> None:
            count(sent, received)
            self._allowance.add(one, sent + received)

        try:
            if asked.tunnel:
                inner[1].write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                outer[1].write(asked.head)
                moved(len(asked.head), 0)
            with contextlib.suppress(Refused):  # an answer has begun: its end is all that can be said
                await self._carry(asked, inner, outer, moved)
        finally:
            outer[1].close()

    async def _carry(self, asked: Asked, inner: Line, outer: Line, moved: Callable[[int, int], None]) -> None:
        alive = Alive(self._limits.idle)

        async def up() -> None:
            if asked.tunnel:
                await pump(inner[0], outer[1], alive, lambda size: moved(size, 0))
            elif asked.body is not None:
                if asked.wants_sign:
                    inner[1].write(b"HTTP/1.1 100 Continue\r\n\r\n")
                await send_body(asked, inner[0], outer[1], alive, lambda size: moved(size, 0))

        down = pump(outer[0], inner[1], alive, lambda size: moved(0, size))
        await both_ways(up(), down, alive, linger=_HALF_OPEN if asked.tunnel else 0.0)


def _not_counted(size: int) -> None:
    """What goes to the platform itself is no traffic to other hosts; the gateway keeps its own account."""


def _crowded(one: Sandbox) -> Refused:
    return Refused("crowded", f"{one.app} has too many connections at once.", "Close some.", status=429)


_HALF_OPEN = 10.0
"""Seconds that a program may still send after the other side has said that it will not."""
_NAMELESS = frozenset({"not-a-name", "not-a-request", "slow", "crowded"})


async def _answer(
    writer: asyncio.StreamWriter, why: Refused, fields: Sequence[tuple[bytes, bytes]], body: bytes
) -> None:
    """Say why not: in the reason phrase too, which is all that many programs show (``Tunnel connection failed: 403 …``)."""
    phrase = " ".join(why.says.split()).encode("ascii", "replace").decode()[:200] or _PHRASES[why.status]
    said = b"".join(b"%b: %b\r\n" % field for field in fields)
    head = (
        f"Content-Length: {len(body)}\r\nProxy-Status: greenlane; error=http_request_denied; details={why.code}\r\n"
        "Connection: close\r\n\r\n"
    )
    with contextlib.suppress(OSError):
        writer.write(f"HTTP/1.1 {why.status} {phrase}\r\n".encode("ascii") + said + head.encode("ascii") + body)
        await writer.drain()


def _too_long() -> Refused:
    return Refused("not-a-request", "The head of the request is too long.", "Send shorter fields.", status=400)
