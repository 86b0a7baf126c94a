"""The edge's one handler: which host is it, who is asking, and what do they get."""

from __future__ import annotations

from collections.abc import Coroutine
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from greenlane.edge import negotiate
from greenlane.edge.console import Console
from greenlane.edge.contents import Contents, Variant
from greenlane.edge.files import BadPath, File, Manifest, Moved, find
from greenlane.edge.headers import CSP_REPORT, caching, etag, guards
from greenlane.edge.pages import lead, page, say, wants_page
from greenlane.edge.reports import LARGEST, Reports
from greenlane.edge.table import Host, Table
from greenlane.edge.views import Views
from greenlane.edge.visits import Refusal, Visitor, Visits
from greenlane.kit.blobs import BlobMissing, BlobsAway
from greenlane.kit.wire.bounded import Bounded
from greenlane.kit.wire.connection import Answer
from greenlane.kit.wire.exchange import Exchange
from greenlane.kit.wire.prepared import Prepared, Tally
from greenlane.kit.wire.reply import SMALL, Headers, Reply
from greenlane.kit.wire.request import Request

_OURS = b"/.greenlane/"
_PASSPORT = b"/.well-known/greenlane/passport.json"
_PREVIEW = "greenlane-preview"
_UNCOUNTED = Tally()
_SOON = ((b"Retry-After", b"5"),)
_STATES = {
    "asleep": (503, "This app is asleep", "It was put to rest because nobody had opened it for a while."),
    "contained": (451, "This app was taken out of service", "It is being looked at, and nobody can open it meanwhile."),
    "empty": (404, "Nothing is published here yet", "The address is reserved; its app has not been published."),
}


class Serve:
    """Answers requests from the table and the store. Called by the listener for every head that it has not seen."""

    def __init__(
        self, table: Table, visits: Visits, contents: Contents, views: Views, console: Console, reports: Reports
    ) -> None:
        self._table = table
        self._visits = visits
        self._contents = contents
        self._views = views
        self._console = console
        self._reports = reports
        self._replies: Bounded[tuple[Host, File, bytes, int], Reply] = Bounded(64 * 1024 * 1024)

    def __call__(self, request: Request, exchange: Exchange) -> Answer:
        """Answer one request."""
        name = request.host
        host = self._table.hosts.get(name)
        if host is not None:
            return self._app(host, request, exchange)
        if name == self._table.console_name and self._table.known:
            if request.path.startswith(_OURS):
                return say(request, 404, "There is nothing here", "The console has no such page.", code="not-found")
            return self._console.relay(exchange)
        return self._nobody(name, request)

    def _nobody(self, name: str, request: Request) -> Reply:
        """No app and not the console."""
        if not self._table.known:
            words = "It has not heard from its control process yet; please try again shortly."
            return say(request, 503, "Greenlane is starting", words, code="unavailable", headers=_SOON)
        console = f"{self._table.scheme}://{self._table.console_host}"
        if _is_address(name) and wants_page(request):
            return lead(console + _target(request))
        words = "No app has this address. It may have been renamed or removed, or there is a letter wrong in it."
        return say(request, 404, "There is no app here", words, code="not-found", link=(console, "Open the console"))

    # One app.

    def _app(self, host: Host, request: Request, exchange: Exchange) -> Answer:
        path = request.path
        if path == b"/.greenlane/visit":
            return self._begin(host, request)
        if path == b"/.greenlane/leave":
            return self._leave(host, request)
        if b"greenlane-preview=" in request.query and request.method in (b"GET", b"HEAD"):
            answer = self._begin_preview(host, request)
            if answer is not None:
                return answer
        visitor = self._visits.admit(host, request)
        if not isinstance(visitor, Visitor):
            return self._refuse(host, visitor, request)
        if path == CSP_REPORT.encode() and request.method == b"POST":
            return self._report(host, exchange)
        if path.startswith(_OURS):
            return self._absent(host, request)
        if host.state != "live":
            return self._state(host, request)
        if request.method not in (b"GET", b"HEAD"):
            words = "This app is made of files: they can be read, nothing can be sent to them."
            headers = [*host.marks, (b"Allow", b"GET, HEAD")]
            return say(request, 405, "This cannot be done here", words, code="method-not-allowed", headers=headers)
        if path == _PASSPORT:
            return self._passport(host, visitor, request, exchange)
        digest = self._table.manifest_of(host.deploy)
        files = digest and self._contents.manifest(digest)
        if not files:
            return self._later(host, visitor, request, exchange)
        return self._path(host, visitor, request, exchange, files)

    def _path(self, host: Host, visitor: Visitor, request: Request, exchange: Exchange, files: Manifest) -> Answer:
        try:
            found = find(files, request.path)
        except BadPath:
            words = "The address holds something that no browser would send."
            return say(request, 400, "This address cannot be read", words, code="bad-path", headers=host.marks)
        if isinstance(found, Moved):
            query = "?" + request.query.decode("ascii") if request.query else ""
            return lead(found.path + query, headers=guards(host))
        if found is None:
            own = files.get("404.html")
            return self._absent(host, request) if own is None else self._file(host, visitor, own, exchange, status=404)
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

    async def _later(self, host: Host, visitor: Visitor, request: Request, exchange: Exchange) -> None:
        """Read the deploy's list of files, then go on."""
        digest = self._table.manifest_of(host.deploy)
        try:
            files = await self._contents.load_manifest(digest) if digest else {}
        except (BlobMissing, BlobsAway):
            exchange.reply(self._broken(host, request))
            return
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

    # Who is asking.

    def _begin(self, host: Host, request: Request) -> Reply:
        """Back from the console with a code: keep the visit, go where they wanted to."""
        query = dict(parse_qsl(request.query.decode("ascii", "replace"), keep_blank_values=True))
        cookie = self._visits.begin(host, query.get("code", "").encode())
        if cookie is None:
            words = "The link that leads here can be used once and only for a short time. Open the app again."
            return say(
                request,
                400,
                "This sign-in link is used up",
                words,
                code="used-link",
                link=("/", "Open the app"),
                headers=host.marks,
            )
        return lead(_inside(query.get("to", "/")), headers=[*host.marks, (b"Set-Cookie", cookie.encode("ascii"))])

    def _begin_preview(self, host: Host, request: Request) -> Reply | None:
        """A link with a preview token: keep it in a cookie, and take it out of the address."""
        pairs = parse_qsl(request.query.decode("ascii", "replace"), keep_blank_values=True)
        secret = next((value for name, value in pairs if name == _PREVIEW), "")
        cookie = self._visits.begin_preview(host, secret.encode())
        if cookie is None:
            return None if host.public else self._refuse(host, Refusal.BAD_TOKEN, request)
        rest = urlencode([(name, value) for name, value in pairs if name != _PREVIEW])
        target = _inside(request.path.decode("ascii") + ("?" + rest if rest else ""))
        return lead(target, headers=[*host.marks, (b"Set-Cookie", cookie.encode("ascii"))])

    def _leave(self, host: Host, request: Request) -> Reply:
        """Sign out of this app: asked first, because neither a link nor another site may sign anybody out."""
        from_here = request.fields.get(b"sec-fetch-site", b"same-origin") == b"same-origin"
        if request.method != b"POST" or not from_here:
            words = "You will have to sign in again to open it."
            return page(200, "Leave this app?", words, button=("/.greenlane/leave", "Leave"), headers=host.marks)
        ends = [(b"Set-Cookie", cookie.encode("ascii")) for cookie in self._visits.leave()]
        words = "You are signed out of this app on this device. You may still be signed in to the console."
        return page(200, "You have left", words, link=("/", "Open the app again"), headers=[*host.marks, *ends])

    def _refuse(self, host: Host, why: Refusal, request: Request) -> Reply:
        marks = host.marks
        if why is Refusal.UNSURE:
            words = (
                "Greenlane cannot confirm who you are just now, so it keeps this app closed. Please try again shortly."
            )
            return say(request, 503, "One moment", words, code="unconfirmed", headers=[*marks, *_SOON])
        if why is Refusal.OUTSIDE:
            words = f"You are signed in, but {host.app} is not shared with you. Its owner can share it."
            link = (f"{self._table.scheme}://{self._table.console_host}", "Open the console")
            return say(
                request,
                403,
                "You may not open this",
                words,
                code="outside-audience",
                link=link,
                headers=[*marks, *_PER_VISITOR],
            )
        if why is Refusal.NARROW_TOKEN:
            words = "This token is not for opening apps. Use one with the scope visit."
            challenge = (b"WWW-Authenticate", b'Bearer error="insufficient_scope", scope="visit"')
            return say(
                request, 403, "This token is too narrow", words, code="insufficient-scope", headers=[*marks, challenge]
            )
        if why is Refusal.SIGN_IN and wants_page(request):
            here = f"{self._table.scheme}://{request.authority.decode('ascii')}{_target(request)}"
            return lead(
                f"{self._table.scheme}://{self._table.console_host}/visit?to={quote(here, safe='')}", headers=marks
            )
        bad = why is Refusal.BAD_TOKEN
        words = "The token is unknown, expired or revoked." if bad else "Send an API token with the scope visit."
        challenge = (b"WWW-Authenticate", b'Bearer error="invalid_token"' if bad else b"Bearer")
        return say(request, 401, "Sign in first", words, code="sign-in-needed", headers=[*marks, challenge])

    # What else there is to say.

    def _report(self, host: Host, exchange: Exchange) -> Coroutine[Any, Any, None]:
        async def take() -> None:
            body = b""
            while data := await exchange.read():
                body += data
                if len(body) > LARGEST:
                    words = "A report may have 16 KiB."
                    exchange.close = True
                    exchange.reply(say(exchange.request, 413, "Too large", words, code="too-large", headers=host.marks))
                    return
            self._reports.take(host.deploy, body)
            exchange.reply(Reply(204, host.marks))

        return take()

    def _state(self, host: Host, request: Request) -> Reply:
        status, title, words = _STATES.get(host.state, _STATES["empty"])
        headers: Headers = [*host.marks, *(_SOON if status == 503 else ())]
        return say(request, status, title, host.says or words, code=host.state, headers=headers)

    def _absent(self, host: Host, request: Request) -> Reply:
        words = f"{host.app} has no page at this address."
        return say(
            request,
            404,
            "There is no such page",
            words,
            code="not-found",
            link=("/", "Go to its first page"),
            headers=host.marks,
        )

    def _broken(self, host: Host, request: Request) -> Reply:
        words = "A stored file is missing, damaged or out of reach, and Greenlane never shows something else instead."
        return say(request, 503, "This page cannot be shown", words, code="unavailable", headers=[*host.marks, *_SOON])


_PER_VISITOR = ((b"Vary", b"Cookie, Authorization"),)


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


def _inside(target: str) -> str:
    """A target on this host and nowhere else, whatever somebody wrote into a link."""
    plain = quote(target, safe="/?#[]@!$&'()*+,;=:%-._~")
    return "/" + plain.lstrip("/\\") if plain.startswith("/") else "/"


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
