"""The stand-in provider: three providers' interfaces at one address on this machine, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import ModuleType, TracebackType
from typing import Self

from tests.gateway.provider import (
    anthropic_messages,
    gemini,
    http,
    openai_chat,
    openai_embeddings,
    openai_errors,
    openai_responses,
)
from tests.gateway.provider.account import Account, Entry, Outcome, cost
from tests.gateway.provider.caching import Cache
from tests.gateway.provider.faults import Fault, Faults
from tests.gateway.provider.mind import Prompt, answer, seconds
from tests.gateway.provider.prices import MODELS, Counts, Family, plain, served_as
from tests.gateway.provider.routes import Route, key_of, listing, route
from tests.gateway.provider.served import Event, Json, Served, dumped
from tests.gateway.provider.wrong import Wrong

KEY = "sk-standin-0123456789abcdefghij"
"""A credential that is good unless other ones are named."""
_SAYS: dict[Family, ModuleType] = {"openai": openai_errors, "anthropic": anthropic_messages, "gemini": gemini}
_TROUBLE: dict[str, ModuleType] = {
    "openai-chat": openai_chat,
    "openai-responses": openai_responses,
    "anthropic-messages": anthropic_messages,
    "gemini-generate": gemini,
}


@dataclass(slots=True)
class _Reply:
    """What goes back: a whole body, or a stream. ``served`` is None where nothing is charged."""

    status: int
    body: bytes = b""
    events: list[Event] | None = None
    type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    served: Served | None = None
    wait: float = 0.0
    pause: float = 0.0


class Provider:
    """A context manager. ``keys`` are credentials with the status that each gets, 200 for a good one; ``delay`` is seconds
    before each answer, ``pace`` seconds before each event. Everything can be changed while it runs.
    """

    def __init__(self, *keys: str, delay: float = 0.0, pace: float = 0.0, port: int = 0) -> None:
        self.account = Account()
        self.faults = Faults()
        self.keys: dict[str, int] = dict.fromkeys(keys or (KEY,), 200)
        self.delay = delay
        self.pace = pace
        self.elsewhere = "http://127.0.0.1:9/"
        self._port = port
        self._cache = Cache()
        self._kept = openai_responses.Kept()
        self._loop: asyncio.AbstractEventLoop
        self._stopping: asyncio.Event
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self.serve()), daemon=True)
        self.address = ""
        """``http://127.0.0.1:PORT``; Anthropic's and Google's libraries take it as it is."""

    @property
    def openai(self) -> str:
        """The base URL for libraries of OpenAI."""
        return f"{self.address}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10), "the stand-in did not start"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(10)

    async def serve(self, ready: Callable[[str], None] = lambda address: None) -> None:
        """Serve until stopped. ``ready`` is told the address."""
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        going: set[asyncio.Task[None]] = set()

        async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            going.add(task)
            try:
                await self._connection(reader, writer)
            except asyncio.CancelledError:
                pass  # the stand-in stops
            finally:
                going.discard(task)
                writer.close()

        server = await asyncio.start_server(connection, "127.0.0.1", self._port, limit=http.LONGEST)
        self.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._ready.set()
        ready(self.address)
        await self._stopping.wait()
        server.close()
        for task in list(going):
            task.cancel()
        await asyncio.gather(*going, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await http.read(reader)) is not None:
                if not await self._request(request, reader, writer):
                    return
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return  # whoever spoke is gone, or spoke nonsense

    async def _request(self, request: http.Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request. Returns whether the connection goes on."""
        if request.path.startswith("/stand-in/"):
            await _whole(writer, 200, {"Content-Type": "application/json"}, self._told(request))
            return True
        way = route(request)
        fault = None
        number = self.account.next()
        try:
            if way is None:
                raise Wrong(404, "invalid_request_error", f"Invalid URL ({request.method} {request.path})")
            reply, fault = self._reply(way, request, number)
        except Wrong as wrong:
            reply = _Reply(wrong.status, _SAYS[way.family if way else "openai"].refusal(wrong))
            if wrong.status in (429, 503, 529):
                reply.headers["retry-after"] = "1"
        wire = way.wire if way else ""
        reply.headers |= _told_about(way.family if way else "openai", number)
        if reply.wait:
            await asyncio.sleep(reply.wait)

        def settle(counts: Counts, outcome: Outcome) -> None:
            served = reply.served
            model = plain(served.model) if served else ""
            entry = Entry(
                number, wire, request.path, key_of(request), request.headers, request.body, model, reply.status
            )
            if served:
                entry = replace(entry, outcome=outcome, counts=counts, pico=cost(model, counts))
            self.account.add(entry)

        return await _Delivery(request, reader, writer, reply, fault, wire, settle).send()

    def _reply(self, way: Route, request: http.Request, number: int) -> tuple[_Reply, Fault | None]:
        """What is to be sent, and what is to go wrong with it. Raises ``Wrong``."""
        says = _SAYS[way.family]
        status = self.keys.get(key_of(request), 401)
        if status != 200:
            raise says.of_status(status)
        if way.family == "anthropic" and "anthropic-version" not in request.headers:
            raise Wrong(400, "invalid_request_error", "anthropic-version: header is required")
        if request.method == "GET":
            return _Reply(200, dumped(listing(way))), None
        try:
            body = json.loads(request.body)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise Wrong(400, "invalid_request_error", "We could not parse the JSON body of your request.")
        if way.family != "gemini":
            body["model"] = plain(str(body.get("model", way.model))) if body.get("model", way.model) else ""
            if not body["model"]:
                del body["model"]
        model = way.model if way.family == "gemini" else str(body.get("model"))
        try:
            prompt = self._prompt(way, body)
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise Wrong(400, "invalid_request_error", f"The request has not the right shape: {error!r}.") from error
        fault = self.faults.take(prompt.cues)
        if fault is not None and fault.kind == "status":
            raise says.of_status(fault.status)
        return self._serve(way, body, prompt, model, number, fault), fault

    def _prompt(self, way: Route, body: Json) -> Prompt:
        match way.wire:
            case "openai-chat":
                return openai_chat.prompt(body)
            case "openai-responses":
                return openai_responses.prompt(body, self._kept)
            case "openai-embeddings":
                return openai_embeddings.prompt(body)
            case "anthropic-messages" | "anthropic-count":
                return anthropic_messages.prompt(body, counting=way.wire == "anthropic-count")
            case "gemini-embed":
                texts = gemini.texts_to_embed(body, way.model)
                return Prompt([(text, openai_chat.count(text), "") for text in texts], "\n".join(texts))
        return gemini.prompt(body, way.model)

    def _serve(self, way: Route, body: Json, prompt: Prompt, model: str, number: int, fault: Fault | None) -> _Reply:
        speaks = way.wire in _TROUBLE
        answers = tuple(answer(prompt, at) for at in range(prompt.answers)) if speaks else ()
        counted = fault is None or fault.kind != "uncounted"
        counts = Counts() if way.wire.endswith("-count") else self._counts(way, prompt, model)
        counts = replace(counts, said=sum(one.said for one in answers), thought=sum(one.thinking for one in answers))
        served = Served(number, served_as(model), body, prompt, answers, counts, int(time.time()), counted)
        reply = _Reply(200, served=served, wait=self.delay or seconds(prompt, "wait"))
        reply.pause = self.pace or seconds(prompt, "pause")
        if way.wire == "openai-responses" and body.get("store", True):
            self._kept.texts[served.id("resp_")] = prompt.text + answers[0].text
        if way.stream or (way.family != "gemini" and body.get("stream")):
            reply.type = "application/json" if way.array else "text/event-stream; charset=utf-8"
            reply.events = gemini.elements(served) if way.array else _TROUBLE[way.wire].events(served)
        else:
            reply.body = dumped(_document(way.wire, served))
        return reply

    def _counts(self, way: Route, prompt: Prompt, model: str) -> Counts:
        if way.family == "anthropic":
            read, short, long = self._cache.as_told(model, prompt.parts)
            return Counts(prompt.tokens - read - short - long, read, short, long)
        cached = 0 if MODELS[model].numbers else min(self._cache.of_itself(model, prompt.text), prompt.tokens)
        return Counts(prompt.tokens - cached, cached)

    def _told(self, request: http.Request) -> bytes:
        """The way in for tests that run the stand-in as a program."""
        match request.method, request.path.removeprefix("/stand-in/"):
            case "GET", "account":
                entries = [entry.document() for entry in self.account]
                return dumped({"entries": entries, "pico": self.account.pico, "models": self.account.by_model()})
            case "POST", "faults":
                self.faults.put(*(Fault(**one) for one in json.loads(request.body)))
            case "POST", "keys":
                self.keys = dict(json.loads(request.body))
            case "POST", "clear":
                self.faults.clear()
                self.account.clear()
        return b"{}"


def _document(wire: str, served: Served) -> Json:
    match wire:
        case "openai-embeddings":
            return openai_embeddings.whole(served)
        case "anthropic-count":
            return {"input_tokens": served.prompt.tokens}
        case "gemini-count":
            return gemini.counted(served)
        case "gemini-embed":
            return gemini.embedded(served)
    document: Json = _TROUBLE[wire].whole(served)
    return document


def _told_about(family: Family, number: int) -> dict[str, str]:
    """Headers that a provider sends with everything."""
    if family == "openai":
        return {
            "x-request-id": f"req_{number:032x}",
            "openai-organization": "org-standin",
            "openai-version": "2020-10-01",
            "openai-processing-ms": "12",
            "x-ratelimit-limit-requests": "10000",
            "x-ratelimit-remaining-tokens": "1999990",
        }
    if family == "anthropic":
        return {
            "request-id": f"req_011C{number:020x}",
            "anthropic-organization-id": "00000000-0000-4000-8000-000000000000",
            "anthropic-ratelimit-requests-remaining": "3999",
        }
    return {"server-timing": "gfet4t7; dur=12", "x-frame-options": "SAMEORIGIN"}


async def _whole(writer: asyncio.StreamWriter, status: int, headers: dict[str, str], body: bytes) -> None:
    writer.write(http.head(status, {**headers, "Content-Length": str(len(body))}) + body)
    await writer.drain()


@dataclass(slots=True)
class _Delivery:
    """Sending one reply, and what goes wrong on the way. ``settle`` is told the outcome before the last bytes leave."""

    request: http.Request
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    reply: _Reply
    fault: Fault | None
    wire: str
    settle: Callable[[Counts, Outcome], None]

    async def send(self) -> bool:
        """Returns whether the connection goes on."""
        reply, kind = self.reply, self.fault.kind if self.fault else ""
        headers = {"Content-Type": reply.type, **reply.headers}
        if kind in ("", "uncounted", "gzip", "slow", "trickle"):
            if reply.events is not None:
                return await self._stream(headers, reply.events)
            body = reply.body
            if kind == "gzip" or (body and "gzip" in self.request.headers.get("accept-encoding", "")):
                body, headers["Content-Encoding"] = gzip.compress(body, 1), "gzip"
            self.settle(reply.served.counts if reply.served else Counts(), "answered")
            await _whole(self.writer, reply.status, headers, body)
            return True
        if reply.events is not None and kind in ("error", "reset", "cut", "hang"):
            return await self._stream(headers, reply.events)
        reply.status = {"page": 502, "redirect": 302, "error": 500}.get(kind, 200)
        counts = reply.served.counts if reply.served and reply.status == 200 else Counts()
        self.settle(counts, "broken")
        return await self._broken(headers, kind)

    async def _broken(self, headers: dict[str, str], kind: str) -> bool:
        """Something else than a whole answer."""
        reply, writer = self.reply, self.writer
        body = reply.body or b"".join(event for event, _ in reply.events or ())
        match kind:
            case "garbage":
                await _whole(writer, 200, headers, b'{"id": "chatcmpl-1", "choices": [')
                return True
            case "page":
                page = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
                await _whole(writer, 502, {"Content-Type": "text/html"}, page)
            case "redirect":
                await _whole(writer, 302, {"Location": "http://127.0.0.1:9/elsewhere"}, b"")
            case "error":
                await _whole(writer, 500, headers, _TROUBLE[self.wire].trouble())
            case "longer" | "shorter" | "cut":
                length = len(body) + {"longer": 100, "shorter": -10, "cut": 0}[kind]
                sent = body[:-9] if kind == "cut" else body
                writer.write(http.head(200, {**headers, "Content-Length": str(length)}) + sent)
                await writer.drain()
            case "hang":
                await self._gone()
            case "reset":
                writer.transport.abort()
        return False

    async def _stream(self, headers: dict[str, str], events: list[Event]) -> bool:
        """Event by event; whoever leaves pays as far as it came."""
        writer, reply, fault = self.writer, self.reply, self.fault
        assert reply.served is not None
        counts = reply.served.counts
        kind = fault.kind if fault else ""
        packed = zlib.compressobj(wbits=31) if kind == "gzip" else None
        if packed:
            headers = {**headers, "Content-Encoding": "gzip"}
        writer.write(http.head(reply.status, {**headers, "Transfer-Encoding": "chunked", "Cache-Control": "no-cache"}))
        pause = fault.seconds if fault and kind == "slow" else reply.pause
        said = 0
        for at, (event, told) in enumerate(events):
            if fault is not None and at == fault.after and kind in ("error", "reset", "cut", "hang"):
                self.settle(_as_far(counts, said), "broken")
                return await self._break(kind)
            if pause:
                await asyncio.sleep(pause)
            if self.reader.at_eof() or writer.transport.is_closing():
                self.settle(_as_far(counts, said), "left")
                return False
            said = told
            if at == len(events) - 1:
                self.settle(counts, "answered")
            data = packed.compress(event) + packed.flush(zlib.Z_SYNC_FLUSH) if packed else event
            await self._write(data, 7 if kind == "trickle" else len(data))
        writer.write((http.chunk(packed.flush()) if packed else b"") + b"0\r\n\r\n")
        await writer.drain()
        return True

    async def _write(self, data: bytes, step: int) -> None:
        for start in range(0, len(data), step):
            self.writer.write(http.chunk(data[start : start + step]))
            if step < len(data):
                await asyncio.sleep(0)
        try:
            await self.writer.drain()
        except ConnectionError:
            self.writer.transport.abort()

    async def _break(self, kind: str) -> bool:
        match kind:
            case "error":
                self.writer.write(http.chunk(_TROUBLE[self.wire].trouble()) + b"0\r\n\r\n")
                await self.writer.drain()
                return True
            case "cut":
                self.writer.write(b"0\r\n\r\n")
                await self.writer.drain()
                return True
            case "hang":
                await self.writer.drain()
                await self._gone()
            case _:
                await self.writer.drain()
        self.writer.transport.abort()
        return False

    async def _gone(self) -> None:
        """Until whoever asked has had enough."""
        with contextlib.suppress(ConnectionError):
            await self.reader.read()


def _as_far(counts: Counts, said: int) -> Counts:
    return replace(counts, said=said, thought=min(counts.thought, said))


__all__ = ["KEY", "Fault", "Provider"]
