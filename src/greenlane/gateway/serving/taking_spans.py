"""Spans of apps that trace what they do, by OTLP over HTTP: bounded, read beside the calls, and laid down for control."""

from __future__ import annotations

import asyncio
from time import monotonic_ns, time

from greenlane.gateway.app_spans import answering
from greenlane.gateway.app_spans.answering import JSON, PROTOBUF
from greenlane.gateway.app_spans.laying import lay_down
from greenlane.gateway.app_spans.reading import LARGEST, MOST, Read, TooLarge, read_json, read_protobuf, unpacked
from greenlane.gateway.budgets.pace import Bucket
from greenlane.gateway.serving.house import Came, House
from greenlane.gateway.serving.refusals import NotLetThrough
from greenlane.gateway.serving.standing import Key
from greenlane.kit.errors import StorageFull
from greenlane.kit.wire.exchange import Exchange
from greenlane.kit.wire.reply import Reply
from greenlane.kit.wire.request import Request

PACKED = 4 * 1024 * 1024
"""Bytes of a message as it comes."""
A_MINUTE = 32 * 1024 * 1024
"""Bytes, unpacked, of one source a minute, over all of the gateway's processes."""
AT_ONCE = 8
"""Messages that wait to be read at most, in one process."""
_KNOWN = 10_000
_AGAIN = 2
"""Seconds after which whoever is told to wait tries again."""


class TakingSpans:
    """Takes spans in, in one worker. One message is read at a time, so that calls are served beside it."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._one = asyncio.Lock()
        self._waiting = 0
        self._buckets: dict[str, Bucket] = {}

    async def serve(self, exchange: Exchange, key: Key, *, sandbox: bool) -> None:
        """Answer one message of a known key. Raises what the exchange raises when its sender has left."""
        task = asyncio.current_task()
        assert task is not None, "a message is taken on a task of its own"
        self._house.serving[task] = Came(exchange.request, sandbox, time())
        try:
            exchange.reply(await self._taken(exchange, key))
        except NotLetThrough as no:
            exchange.close = exchange.close or (exchange.body is not None and not exchange.body.complete)
            exchange.reply(refused(exchange.request, no))
        finally:
            del self._house.serving[task]

    async def _taken(self, exchange: Exchange, key: Key) -> Reply:
        encoding, packed = _encoding(exchange.request), _packed(exchange.request)
        if self._waiting >= AT_ONCE:
            raise _later(503, "busy", "Too many spans come at once.", _AGAIN)
        self._waiting += 1
        try:
            body = await _bounded(exchange)
            async with self._one:
                found = await self._read(key, encoding, body, packed=packed)
        finally:
            self._waiting -= 1
        why = "" if not found.rejected else f"They had no identifier or no time, or were more than {MOST:,}."
        return Reply(200, ((b"Content-Type", encoding),), answering.taken(encoding, found.rejected, why))

    async def _read(self, key: Key, encoding: bytes, body: bytes, *, packed: bool) -> Read:
        try:
            message = await asyncio.to_thread(unpacked, body) if packed else body
            if len(message) > LARGEST:
                raise TooLarge
            self._pace(key, len(message))
            found = await asyncio.to_thread(read_json if encoding == JSON else read_protobuf, message)
        except TooLarge as error:
            raise _too_large() from error
        except (ValueError, RecursionError) as error:
            raise NotLetThrough(400, "not-spans", f"This is no message of OTLP about traces: {error}.") from error
        if found.spans:
            try:
                await asyncio.to_thread(lay_down, self._house.options.spans, _who(key), found.spans)
            except StorageFull as error:
                raise _later(503, "spans-wait", error.message, _AGAIN) from error
        return found

    def _pace(self, key: Key, size: int) -> None:
        now = monotonic_ns()
        bucket = self._buckets.get(key.whose)
        if bucket is None:
            if len(self._buckets) >= _KNOWN:
                self._buckets.clear()
            bucket = self._buckets[key.whose] = Bucket(max(1, A_MINUTE // self._house.options.workers), now)
        if wait := bucket.take(size, now):
            raise _later(429, "too-many-spans", "More spans come than are taken in a minute.", -(-wait // 10**9))


def refused(request: Request, no: NotLetThrough) -> Reply:
    """A refusal, as exporters read it."""
    encoding = JSON if _type(request) == JSON else PROTOBUF
    fields = [(b"Content-Type", encoding)]
    if no.retry_after is not None:
        fields.append((b"Retry-After", b"%d" % no.retry_after))
    return Reply(no.answer, fields, answering.refused(encoding, no.answer, f"{no.message} {no.next_step}".strip()))


async def _bounded(exchange: Exchange) -> bytes:
    if (exchange.request.length or 0) > PACKED:
        raise _too_large()
    found = bytearray()
    while piece := await exchange.read():
        found += piece
        if len(found) > PACKED:
            raise _too_large()
    return bytes(found)


def _who(key: Key) -> dict[str, object]:
    named = ("key", "app", "environment", "deploy", "team", "person")
    return {name: key.who.get(name) for name in named}


def _type(request: Request) -> bytes:
    return request.fields.get(b"content-type", b"").partition(b";")[0].strip().lower()


def _encoding(request: Request) -> bytes:
    found = _type(request)
    if found not in (PROTOBUF, JSON):
        raise NotLetThrough(
            415, "unknown-encoding", "Spans come as application/x-protobuf or application/json, by OTLP over HTTP."
        )
    return found


def _packed(request: Request) -> bool:
    found = request.fields.get(b"content-encoding", b"identity").strip().lower()
    if found not in (b"gzip", b"identity"):
        raise NotLetThrough(415, "unknown-packing", "Spans are packed with gzip, or not at all.")
    return found == b"gzip"


def _too_large() -> NotLetThrough:
    return NotLetThrough(
        413,
        "too-large",
        f"A message has at most {PACKED // 2**20} MiB, and {LARGEST // 2**20} MiB unpacked.",
        next_step="Send fewer spans at once, such as with OTEL_BSP_MAX_EXPORT_BATCH_SIZE.",
    )


def _later(status: int, reason: str, message: str, seconds: int) -> NotLetThrough:
    return NotLetThrough(status, reason, message, next_step="Send them again in a moment.", retry_after=max(1, seconds))
