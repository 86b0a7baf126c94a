"""The edge's one handler: which host is it, who is asking, and what do they get."""

from __future__ import annotations

from collections.abc import Coroutine
from ipaddress import ip_address
from typing import Any

import orjson

from greenlane.edge import negotiate
from greenlane.edge.background import Background
from greenlane.edge.console import Console
from greenlane.edge.contents import Contents, Variant
from greenlane.edge.doorstep import SOON, Doorstep
from greenlane.edge.files import BadPath, File, Manifest, Moved, find, otherwise, stands
from greenlane.edge.functions import Chosen, choose
from greenlane.edge.headers import CSP_REPORT, caching, etag, guards
from greenlane.edge.introduction import PLACE, Introductions
from greenlane.edge.model_calls import PREFIX, ModelCalls
from greenlane.edge.pages import lead, say, wants_page
from greenlane.edge.reports import LARGEST, Reports
from greenlane.edge.running import Running
from greenlane.edge.table import Host, Run, Table
from greenlane.edge.views import Views
from greenlane.edge.visits import Visitor, Visits
from greenlane.kit.blobs import BlobMissing, BlobsAway
from greenlane.kit.wire.bounded import Bounded
from greenlane.kit.wire.connection import Answer
from greenlane.kit.wire.exchange import Exchange
from greenlane.kit.wire.prepared import Prepared, Tally
from greenlane.kit.wire.reply import SMALL, Headers, Reply
from greenlane.kit.wire.request import Request

_OURS = b"/.greenlane/"
_PASSPORT = b"/.well-known/greenlane/passport.json"
_ANYBODY = ((b"Access-Control-Allow-Origin", b"*"), (b"X-Content-Type-Options", b"nosniff"))
_UNCOUNTED = Tally()
_STATES = {
    "asleep": (
        503,
        "This app is asleep",
        "It was put to rest because nobody had opened it for a while.",
        "Ask its owner to wake it.",
    ),
    "contained": (
        451,
        "This app was taken out of service",
        "It is being looked at, and nobody can open it meanwhile.",
        "Ask its owner what is going on.",
    ),
    "empty": (
        404,
        "Nothing is published here yet",
        "The address is reserved; its app has not been published.",
        "Come back once its owner has published it.",
    ),
}
"""What is said of a host that is not live: status, title, words, next step."""


class Serve:
    """Answers requests from the table and the store. Called by the listener for every head that it has not seen."""

    def __init__(
        self,
        table: Table,
        visits: Visits,
        contents: Contents,
        views: Views,
        console: Console,
        model_calls: ModelCalls,
        reports: Reports,
        running: Running,
        background: Background,
        introductions: Introductions,
    ) -> None:
        self._table = table
        self._visits = visits
        self._doorstep = Doorstep(table, visits)
        self._contents = contents
        self._views = views
        self._console = console
        self._model_calls = model_calls
        self._reports = reports
        self._running = running
        self._background = background
        self._introductions = introductions
        self._replies: Bounded[tuple[Host, File, bytes, int], Reply] = Bounded(64 * 1024 * 1024)

    def __call__(self, request: Request, exchange: Exchange) -> Answer:
        """Answer one request."""
        name = request.host
        host = self._table.hosts.get(name)
        if request.path == PLACE and request.method in (b"GET", b"HEAD"):
            return self._known_keys()
        if host is not None:
            return self._app(host, request, exchange)
        if name == self._table.console_name and self._table.known:
            if request.path.startswith(_OURS):
                return say(
                    request,
                    404,
                    "There is nothing here",
                    "The console has no such page.",
                    next_step="Check the address.",
                    code="not-found",
                    headers=self._table.console_marks,
                )
            if request.path.startswith(PREFIX):
                return self._model_calls.relay(exchange, self._table.console_marks)
            return self._console.relay(exchange, self._table.console_marks)
        return self._nobody(name, request)

    def _known_keys(self) -> Reply:
        return Reply(
            200,
            [(b"Content-Type", b"application/jwk-set+json"), (b"Cache-Control", b"public, max-age=300"), *_ANYBODY],
            orjson.dumps(self._introductions.jwks),
        )

    def _nobody(self, name: str, request: Request) -> Reply:
        """No app and not the console."""
        if not self._table.known:
            return say(
                request,
                503,
                "Greenlane is starting",
                "It has not heard from its control process yet.",
                next_step="Please try again shortly.",
                code="unavailable",
                headers=SOON,
            )
        console = f"{self._table.scheme}://{self._table.console_host}"
        if _is_address(name) and wants_page(request):
            return lead(console + _target(request))
        return say(
            request,
            404,
            "There is no app here",
            "No app has this address.",
            next_step="There may be a letter wrong in it; the console lists the apps that you work on.",
            code="not-found",
            link=(console, "Open the console"),
        )

    # One app.

    def _app(self, host: Host, request: Request, exchange: Exchange) -> Answer:
        path = request.path
        answer = self._doorstep.answer(host, request)
        if answer is not None:
            return answer
        visitor = self._visits.admit(host, request)
        if not isinstance(visitor, Visitor):
            return self._doorstep.turn_away(host, visitor, request)
        if path == CSP_REPORT.encode() and request.method == b"POST":
            return self._report(host, exchange)
        if path.startswith(_OURS):
            return self._absent(host, request)
        if host.state != "live":
            return self._state(host, request)
        if host.run is not None and path != _PASSPORT:
            answer_by_code = self._code(host, host.run, visitor, request, exchange)
            if answer_by_code is not None:
                return answer_by_code
        if request.method not in (b"GET", b"HEAD"):
            return say(
                request,
                405,
                "This cannot be done here",
                "This app is made of files: they can be read, nothing can be sent to them.",
                next_step="Use GET.",
                code="method-not-allowed",
                headers=[*host.marks, (b"Allow", b"GET, HEAD")],
            )
        if path == _PASSPORT:
            return self._passport(host, visitor, request, exchange)
        digest = self._table.manifest_of(host.deploy)
        files = digest and self._contents.manifest(digest)
        if not files:
            return self._later(host, visitor, request, exchange)
        return self._path(host, visitor, request, exchange, files)

    def _code(self, host: Host, run: Run, visitor: Visitor, request: Request, exchange: Exchange) -> Answer | None:
        """The answer of the app's own code; None where what is asked for is a file."""
        if run.everything:
            return self._running.hand_over(host, visitor, exchange, None)
        chosen = choose(run.functions, request.method.decode("ascii"), request.path.decode("ascii"))
        if chosen is None:
            return None
        if chosen.files_first and request.method in (b"GET", b"HEAD"):
            digest = self._table.manifest_of(host.deploy)
            files = self._contents.manifest(digest) if digest else {}
            if files is None:
                return self._later(host, visitor, request, exchange, chosen)
            if stands(files, request.path):
                return None
        if chosen.name:
            return self._function(host, visitor, exchange, chosen)
        allowed = ", ".join(chosen.allowed)
        return say(
            request,
            405,
            "This cannot be done here",
            f"What answers at this address takes {allowed} alone.",
            next_step=f"Use {chosen.allowed[0]}.",
            code="method-not-allowed",
            headers=[*host.marks, (b"Allow", allowed.encode("ascii"))],
        )

    def _function(self, host: Host, visitor: Visitor, exchange: Exchange, chosen: Chosen) -> Answer:
        if chosen.background:
            return self._background.take_in(host, visitor, exchange, chosen)
        return self._running.hand_over(host, visitor, exchange, chosen)

    def _path(self, host: Host, visitor: Visitor, request: Request, exchange: Exchange, files: Manifest) -> Answer:
        try:
            found = find(files, request.path)
        except BadPath:
            return say(
                request,
                400,
                "This address cannot be read",
                "The address holds something that no browser would send.",
                next_step="Ask for the address as a browser writes it.",
                code="bad-path",
                headers=host.marks,
            )
        if isinstance(found, Moved):
            query = "?" + request.query.decode("ascii") if request.query else ""
            return lead(found.path + query, headers=guards(host))
        if found is None:
            own, status = otherwise(files, request.path)
            return (
                self._absent(host, request) if own is None else self._file(host, visitor, own, exchange, status=status)
            )
        return self._file(host, visitor, found, exchange)

    def _passport(self, host: Host, visitor: Visitor, request: Request, exchange: Exchange) -> Answer:
        if not host.passport_file:
            return self._absent(host, request)
        return self._load(host, visitor, File("", host.passport_file, 0, b"application/json; charset=utf-8"), exchange)

    # A file: at once from memory, else as soon as it is there.

    def _file(self, host: Host, visitor: Visitor, file: File, exchange: Exchange, *, status: int = 200) -> Answer:
        request = exchange.request
        fields = request.fields
        if not file.in_memory:
            return self._stream(host, visitor, file, exchange, status)
        coding = (
            b"" if b"range" in fields or not file.compressible else negotiate.coding(fields.get(b"accept-encoding"))
        )
        variant = self._contents.variant(file.digest, coding)
        if variant is None:
            return self._load(host, visitor, file, exchange, coding, status)
        return self._ready(host, visitor, file, variant, request, status)

    async def _load(
        self,
        host: Host,
        visitor: Visitor,
        file: File,
        exchange: Exchange,
        coding: bytes = b"",
        status: int = 200,
    ) -> None:
        try:
            variant = await self._contents.load(file.digest, coding)
        except (BlobMissing, BlobsAway):
            exchange.reply(self._broken(host, exchange.request))
            return
        answer = self._ready(host, visitor, file, variant, exchange.request, status)
        answer.tally.count += 1
        exchange.reply(answer.reply)

    def _ready(
        self, host: Host, visitor: Visitor, file: File, variant: Variant, request: Request, status: int
    ) -> Prepared:
        """The answer with a file whose bytes are here."""
        tag = etag(file, variant.coding)
        if status == 200 and negotiate.unchanged(request.fields, tag):
            status = 304
        elif status == 200 and b"range" in request.fields:
            reply = _partial(host, file, tag, variant.data, request)
            return self._prepared(host, visitor, file, reply, request)
        key = (host, file, variant.coding, status)
        found = self._replies.get(key)
        if found is None:
            found = Reply(status, _describe(host, file, variant, tag), b"" if status == 304 else variant.data)
            self._replies.put(key, found, len(found.body) + min(len(found.body), SMALL) + 2048)
        return self._prepared(host, visitor, file, found, request)

    def _prepared(self, host: Host, visitor: Visitor, file: File, reply: Reply, request: Request) -> Prepared:
        seen = visitor.robot or (file.page and reply.status in (200, 304) and request.method == b"GET")
        tally = self._views.tally(host.app, host.environment, visitor.who) if seen else _UNCOUNTED
        bare = request.method == b"HEAD"
        return Prepared(reply, bare=bare, tally=tally, validity=visitor.validity, expires=visitor.expires)

    async def _later(
        self, host: Host, visitor: Visitor, request: Request, exchange: Exchange, chosen: Chosen | None = None
    ) -> None:
        """Read the deploy's list of files, then go on; with the function that is ``chosen`` where no file stands there."""
        digest = self._table.manifest_of(host.deploy)
        try:
            files = await self._contents.load_manifest(digest) if digest else {}
        except (BlobMissing, BlobsAway):
            exchange.reply(self._broken(host, request))
            return
        if chosen is not None and not stands(files, request.path):
            answer = self._function(host, visitor, exchange, chosen)
        else:
            answer = self._path(host, visitor, request, exchange, files)
        if isinstance(answer, Coroutine):
            await answer
            return
        if isinstance(answer, Prepared):
            answer.tally.count += 1
            answer = answer.reply
        exchange.reply(answer)

    async def _stream(self, host: Host, visitor: Visitor, file: File, exchange: Exchange, status: int) -> None:
        """Answer with a large file, read from the disk as fast as the visitor takes it."""
        request = exchange.request
        tag = etag(file, b"")
        headers = _describe(host, file, Variant(b"", b""), tag)
        start, end = 0, file.size
        if negotiate.unchanged(request.fields, tag):
            exchange.reply(Reply(304, headers))
            return
        try:
            asked = negotiate.part(request.fields, tag, file.size)
        except negotiate.Unsatisfiable:
            exchange.reply(_outside(host, file.size))
            return
        if asked is not None and status == 200:
            status, (start, end) = 206, asked
            headers.append((b"Content-Range", b"bytes %d-%d/%d" % (start, end - 1, file.size)))
        if visitor.robot:
            self._views.tally(host.app, host.environment, visitor.who).count += 1
        if request.method == b"HEAD":
            exchange.reply(Reply(status, headers, size=end - start))
            return
        try:
            async for piece in self._contents.pieces(file, start, end):
                if not exchange.started:
                    exchange.start(status, headers, end - start)
                await exchange.send(piece)
        except (BlobMissing, BlobsAway):
            if not exchange.started:
                exchange.reply(self._broken(host, request))
            return
        exchange.end()

    # What else there is to say.

    def _report(self, host: Host, exchange: Exchange) -> Coroutine[Any, Any, None]:
        async def take() -> None:
            body = b""
            while data := await exchange.read():
                body += data
                if len(body) > LARGEST:
                    exchange.close = True
                    exchange.reply(
                        say(
                            exchange.request,
                            413,
                            "Too large",
                            "A report may have 16 KiB.",
                            next_step="Send a shorter one.",
                            code="too-large",
                            headers=host.marks,
                        )
                    )
                    return
            self._reports.take(host.deploy, body)
            exchange.reply(Reply(204, host.marks))

        return take()

    def _state(self, host: Host, request: Request) -> Reply:
        status, title, words, next_step = _STATES.get(host.state, _STATES["empty"])
        headers: Headers = [*host.marks, *(SOON if status == 503 else ())]
        said = host.says or words
        return say(request, status, title, said, next_step=next_step, code=host.state, headers=headers)

    def _absent(self, host: Host, request: Request) -> Reply:
        return say(
            request,
            404,
            "There is no such page",
            f"{host.app} has no page at this address.",
            next_step="Start again from its first page.",
            code="not-found",
            link=("/", "Go to its first page"),
            headers=host.marks,
        )

    def _broken(self, host: Host, request: Request) -> Reply:
        return say(
            request,
            503,
            "This page cannot be shown",
            "A stored file is missing, damaged or out of reach, and Greenlane never shows something else instead.",
            next_step="Try again shortly; if it stays, tell whoever runs this Greenlane.",
            code="unavailable",
            headers=[*host.marks, *SOON],
        )


def _describe(host: Host, file: File, variant: Variant, tag: bytes) -> list[tuple[bytes, bytes]]:
    fields = [(b"Content-Type", file.type), (b"ETag", tag), (b"Accept-Ranges", b"bytes")]
    if variant.coding:
        fields.append((b"Content-Encoding", variant.coding))
    return [*fields, *caching(host, file), *guards(host)]


def _partial(host: Host, file: File, tag: bytes, data: bytes, request: Request) -> Reply:
    """The one part that was asked for; the whole when the asking does not bind."""
    headers = _describe(host, file, Variant(b"", b""), tag)
    try:
        asked = negotiate.part(request.fields, tag, len(data))
    except negotiate.Unsatisfiable:
        return _outside(host, len(data))
    if asked is None:
        return Reply(200, headers, data)
    start, end = asked
    headers.append((b"Content-Range", b"bytes %d-%d/%d" % (start, end - 1, len(data))))
    return Reply(206, headers, data[start:end])


def _outside(host: Host, size: int) -> Reply:
    return Reply(416, [(b"Content-Range", b"bytes */%d" % size), *guards(host)])


def _target(request: Request) -> str:
    return request.target.decode("ascii")


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
