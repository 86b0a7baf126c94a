"""A provider's answer while it comes in: read piece by piece, never believed, unpacked where it was packed."""

from __future__ import annotations

import asyncio
import math
import zlib
from collections.abc import Awaitable, Callable
from time import monotonic

from greenlane.kit.wire.answer import Answer, Unreadable
from greenlane.kit.wire.link import Link

HEAD, FIELDS = 64 * 1024, 200
"""Bytes and fields of an answer's head."""
UNPACKED = 64 * 1024 * 1024
"""Bytes that one piece of a packed answer may become."""


class Broken(Exception):
    """The provider's answer broke off, or is none. ``said``: some of it had come."""

    def __init__(self, words: str, *, said: bool) -> None:
        super().__init__(words)
        self.said = said


class Silent(Broken):
    """It had not answered, or not gone on, when its time was over."""


class Answering:
    """One answer. ``deadline`` (monotonic) is when ``expire`` is to be called; ``over`` is called once, at the end.

    Whoever waits may stop waiting and somebody else go on: nothing is lost in between. ``reused``: over a connection that
    served a call before, and that may have been closed while the request was on its way.
    """

    def __init__(self, link: Link, silence: float, over: Callable[[Answering], None], *, reused: bool) -> None:
        self.link = link
        self.reused = reused
        self.deadline = math.inf
        self._silence = silence
        self._over: Callable[[Answering], None] | None = over
        self._answer = Answer(bare=False, changing=False, head=HEAD, fields=FIELDS)
        self._unpack: _Unpacking | None = None
        self._expired = False
        self._said = False

    @property
    def status(self) -> int:
        """The answer's status."""
        return self._answer.status

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """The answer's fields, as they were sent."""
        return self._answer.headers

    def field(self, name: bytes) -> bytes:
        """The first field of that name (in small letters); empty for none."""
        return self._answer.field(name) or b""

    @property
    def length(self) -> int | None:
        """How long the answer says that it is, where it is passed on as it came."""
        return self._answer.length if self._unpack is None else None

    @property
    def complete(self) -> bool:
        """Whether all of it was read from the network."""
        return self._answer.complete

    async def head(self) -> None:
        """Wait for the answer's head. Raises ``Broken``."""
        while not self._answer.has_head:
            self._take(await self.link.read())
        packed = self.field(b"content-encoding").lower()
        if packed in (b"gzip", b"x-gzip", b"deflate"):
            self._unpack = _Unpacking(packed)
        elif packed not in (b"", b"identity"):
            raise Broken(
                f"The answer is packed as {packed.decode('ascii', 'replace')}, which nobody asked for.", said=True
            )
        self.deadline = monotonic() + self._silence

    async def begun(self) -> None:
        """Wait for the first byte of the body, which stays to be read. Raises ``Broken``."""
        while not (self._answer.pieces or self._answer.complete):
            self._take(await self.link.read())

    async def piece(self) -> bytes:
        """The next bytes of the body; empty at its end. Raises ``Broken``."""
        answer = self._answer
        while True:
            if answer.pieces:
                if data := self._at_hand():
                    return data
            elif answer.complete:
                return b""
            else:
                self._take(await self.link.read())

    async def pour(self, into: Callable[[bytes], bool], room: Callable[[], Awaitable[None]]) -> None:
        """Hand on the rest of the body, each piece as it comes. Raises ``Broken``, and what the two raise.

        ``into`` says whether there is room for another piece; where there is none, ``room`` is waited for. Pieces pass
        without a task being woken for each, and what comes while there is no room stays with the connection.
        """
        while not await self._poured(into):
            await room()

    async def _poured(self, into: Callable[[bytes], bool]) -> bool:
        """Pour until there is no room, or until the end; whether it was the end."""
        over: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        link = self.link

        def pass_on() -> None:
            data = self._at_hand()
            roomy = into(data) if data else True
            if self._answer.complete:
                over.set_result(True)
            elif not roomy:
                over.set_result(False)

        def take(data: bytes) -> None:
            if over.done():  # whoever waited was told to stop and has not noticed yet: it is for whoever goes on
                link.pour(None)
                if data:
                    link.data_received(data)
                return
            try:
                self._take(data)
                pass_on()
            except Exception as error:  # noqa: BLE001 - it is raised where the stream is waited for
                over.set_exception(error)
            if over.done():
                link.pour(None)

        pass_on()
        try:
            if not over.done():
                link.pour(take)
            return await over
        finally:
            link.pour(None)

    def close(self) -> None:
        """Let go of the connection: kept for the next call if all was read, cut otherwise."""
        over, self._over = self._over, None
        if over is not None:
            self.link.reusable = self._answer.complete and self._answer.keeps_open and not self._answer.pieces
            over(self)

    def expire(self) -> None:
        """Its time is over: whoever reads hears of it."""
        self._expired = True
        self.deadline = math.inf
        self.link.close()

    def _at_hand(self) -> bytes:
        """What has come of the body, unpacked."""
        pieces, self._answer.pieces = self._answer.pieces, []
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        return data if self._unpack is None else self._unpack.feed(data)

    def _take(self, data: bytes) -> None:
        """The next bytes of the connection; none at its end. Raises ``Broken``."""
        if data:
            self._said = True
            self.deadline = monotonic() + self._silence if self._answer.has_head else self.deadline
            try:
                self._answer.feed(data)
            except Unreadable as error:
                raise Broken(str(error), said=True) from error
            return
        if self._expired:
            raise Silent("The provider fell silent.", said=self._said)
        if self._answer.ends_by_closing:
            self._answer.complete = True
            return
        raise Broken("The connection to the provider broke off.", said=self._said)


class _Unpacking:
    """Undoes gzip and deflate, bounded. Raises ``Broken`` for what cannot be unpacked."""

    def __init__(self, coding: bytes) -> None:
        self._plain = zlib.decompressobj(zlib.MAX_WBITS if coding == b"deflate" else zlib.MAX_WBITS | 16)

    def feed(self, data: bytes) -> bytes:
        """The bytes that these stand for."""
        try:
            found = self._plain.decompress(data, UNPACKED)
        except zlib.error as error:
            raise Broken("The answer cannot be unpacked.", said=True) from error
        if self._plain.unconsumed_tail:
            raise Broken("The answer becomes too large when it is unpacked.", said=True)
        return found
