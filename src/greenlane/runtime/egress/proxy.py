"""The proxy of one sandbox: a program asks on its socket, is let through to a declared host, or hears why not."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from greenlane.kit.wire.request import Malformed
from greenlane.runtime.egress import asking
from greenlane.runtime.egress.asking import Asked
from greenlane.runtime.egress.policy import Policies, Refused, Sandbox, host_of
from greenlane.runtime.egress.reaching import Line, Reaching
from greenlane.runtime.egress.usage import Usage

_LOG = logging.getLogger(__name__)
_PIECE = 64 * 1024
_PHRASES = {400: "Bad Request", 403: "Forbidden", 408: "Request Timeout", 429: "Too Many Requests", 502: "Bad Gateway"}
_DAY = 86_400.0

PIECES = _PIECE
"""The limit of a reader's buffer, in bytes."""


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
    ) -> None:
        self._sandbox = sandbox
        self._policies = policies
        self._reaching = reaching
        self._usage = usage
        self._allowance = allowance
        self._limits = limits
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
        try:
            async with asyncio.timeout(self._limits.whole):
                if len(self._going) > self._limits.at_once:
                    raise Refused("crowded", f"{one.app} has too many connections at once.", "Close some.", status=429)
                asked = await self._hear(reader)
                host, port = asked.host[:255], asked.port
                host = host_of(asked.host, one.use)
                self._policies.judge(one, host, port)
                self._allowance.add(one, 0)
                self._going[task] = (host, port)
                await self._through(one, asked, host, (reader, writer))
        except Refused as why:
            self._usage.refused(one, host if why.code not in _NAMELESS else "(unknown)", port, why)
            await _answer(writer, why)
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

    async def _hear(self, reader: asyncio.StreamReader) -> Asked:
        try:
            async with asyncio.timeout(self._limits.head_time):
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
        alive = _Alive(self._limits.idle)

        async def up() -> None:
            if asked.tunnel:
                await _pump(inner[0], outer[1], alive, lambda size: moved(size, 0))
            elif asked.body is not None:
                if asked.wants_sign:
                    inner[1].write(b"HTTP/1.1 100 Continue\r\n\r\n")
                await _send_body(asked, inner[0], outer[1], alive, lambda size: moved(size, 0))

        async def down() -> None:
            await _pump(outer[0], inner[1], alive, lambda size: moved(0, size))

        sent = asyncio.Event()

        async def up_and_stay() -> None:
            await up()
            sent.set()
            await asyncio.Event().wait()

        going = [asyncio.ensure_future(work) for work in (up_and_stay(), down(), alive.watch())]
        try:
            done, _ = await asyncio.wait(going, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
            if asked.tunnel:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(sent.wait(), _HALF_OPEN)
        finally:
            for one in going:
                one.cancel()
            await asyncio.gather(*going, return_exceptions=True)


_HALF_OPEN = 10.0
"""Seconds that a program may still send after the other side has said that it will not."""
_NAMELESS = frozenset({"not-a-name", "not-a-request", "slow", "crowded"})


class _Alive:
    """Ends a connection on which nothing moves."""

    def __init__(self, idle: float) -> None:
        self._idle = idle
        self.at = monotonic()

    async def watch(self) -> None:
        left = self._idle
        while left > 0:
            await asyncio.sleep(left)
            left = self.at + self._idle - monotonic()
        raise OSError("nothing has moved for too long")


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, alive: _Alive, moved: Callable[[int], None]
) -> None:
    """Carry bytes one way, no faster than they are taken; an end is handed on as an end."""
    while data := await reader.read(_PIECE):
        alive.at = monotonic()
        moved(len(data))
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


async def _send_body(
    asked: Asked,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    alive: _Alive,
    moved: Callable[[int], None],
) -> None:
    """The body of one request and not a byte more: what stands behind it was not judged. Raises ``Malformed``."""
    body, buffer = asked.body, bytearray()
    while body is not None and not body.complete:
        piece = body.take(buffer)
        if piece:
            alive.at = monotonic()
            moved(len(piece))
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if asked.chunked else piece)
            await writer.drain()
        elif not body.complete:
            data = await reader.read(_PIECE)
            if not data:
                raise OSError("the body broke off")
            buffer += data
    if asked.chunked:
        writer.write(b"0\r\n\r\n")
        await writer.drain()


async def _answer(writer: asyncio.StreamWriter, why: Refused) -> None:
    """Say why not: in the reason phrase too, which is all that many programs show (``Tunnel connection failed: 403 …``)."""
    words = f"{why.says} {why.next_step}".strip()
    phrase = " ".join(why.says.split()).encode("ascii", "replace").decode()[:200] or _PHRASES[why.status]
    body = (words + "\n").encode()
    head = (
        f"HTTP/1.1 {why.status} {phrase}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nProxy-Status: greenlane; error=http_request_denied; details={why.code}\r\n"
        "Connection: close\r\n\r\n"
    )
    with contextlib.suppress(OSError):
        writer.write(head.encode("ascii") + body)
        await writer.drain()


def _too_long() -> Refused:
    return Refused("not-a-request", "The head of the request is too long.", "Send shorter fields.", status=400)
