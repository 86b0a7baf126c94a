"""Handing requests to running apps, and their answers back.

An app that sleeps is woken: people see a page that says so and turns into the app by itself; programs wait. Whatever an
app does instead of answering becomes a sentence.
"""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic

from greenlane.edge import handing
from greenlane.edge.doorstep import SOON
from greenlane.edge.endpoints import Endpoints, Key, NotRunning, Runtime
from greenlane.edge.forwarded import Client, Proxies
from greenlane.edge.functions import Chosen
from greenlane.edge.introduction import Introductions
from greenlane.edge.options import AppLimits
from greenlane.edge.pages import say, wants_page
from greenlane.edge.standing import Standing
from greenlane.edge.table import Host
from greenlane.edge.turns import Crowded, Turns
from greenlane.edge.views import Views
from greenlane.edge.visits import Visitor
from greenlane.kit.wire.exchange import Exchange
from greenlane.kit.wire.reply import Headers, Reply
from greenlane.kit.wire.request import Malformed
from greenlane.kit.wire.upstream import Away, Broken, Measure, Rewrite, Silent, Unsent, Upstream

_REFRESHED_AFTER = b"1"
"""Seconds after which the waiting page asks again; that request then waits for the app."""
_WAITING_FORGOTTEN = 120.0
_ATTEMPTS = 3
"""How often a request is sent that may be sent again. An app may fall once more under the second."""
_MOST_WAITING = 10_000


class Running:
    """Relays to apps that run code. One for the whole edge."""

    def __init__(
        self,
        runtime: Runtime,
        introductions: Introductions,
        standing: Standing,
        proxies: Proxies,
        views: Views,
        limits: AppLimits,
    ) -> None:
        measure = Measure(
            answer=limits.answer, silence=limits.silence, whole=limits.whole, head=limits.head, body=limits.body
        )
        self._runtime = runtime
        self._endpoints = Endpoints(runtime, measure, limits.wake)
        self._introductions = introductions
        self._standing = standing
        self._proxies = proxies
        self._views = views
        self._limits = limits
        self._turns = Turns(limits.at_once, limits.queued, limits.patience)
        self._tunnels = Turns(limits.tunnels, 0, 0)
        self._waiting: dict[tuple[Key, str, str], float] = {}
        self._began = monotonic()
        self._answered: dict[Key, float] = {}

    async def hand_over(self, host: Host, visitor: Visitor, exchange: Exchange, chosen: Chosen | None) -> None:
        """Answer one request with what the app answers."""
        request = exchange.request
        client = self._proxies.client(exchange)
        if handing.foreign(host, request, client):
            self._instead(exchange, host, _FOREIGN)
            return
        key = Key(host.app, host.environment, host.deploy)
        upgrade = handing.upgrade_of(request)
        try:
            async with (self._tunnels if upgrade else self._turns).turn(host.app):
                with self._standing.one(host, key, visitor, request):
                    upstream = self._endpoints.known(key) or await self._wake(key, visitor, exchange, client)
                    await self._pass(host, key, visitor, exchange, client, upstream, chosen, upgrade)
        except Crowded:
            self._instead(exchange, host, _CROWDED)
        except TimeoutError:
            self._wait(exchange, host, key, visitor, client)
        except NotRunning as why:
            self._instead(exchange, host, (503, "This app is not running", why.says, why.next_step, why.code))
        except Silent:
            self._instead(exchange, host, _SILENT)
        except Broken as error:
            self._instead(exchange, host, (*_BROKEN[:2], f"{_BROKEN[2]} {error}", *_BROKEN[3:]))
        except Away:
            self._instead(exchange, host, _AWAY)
        except Malformed as fault:
            if fault.status != 413 or exchange.started:
                raise
            self._instead(exchange, host, (413, "Too large", fault.words, "Send less at once.", "too-large"))

    async def tell(self) -> None:
        """Say which apps are in use, and forget who waited for those that woke long ago."""
        used = self._standing.take_used()
        if used:
            await self._runtime.used(used)
        now = monotonic()
        self._waiting = {who: at for who, at in self._waiting.items() if now - at < _WAITING_FORGOTTEN}
        self._answered = {key: at for key, at in self._answered.items() if now - at < self._limits.mended}

    def changed(self, hosts: Iterable[Host]) -> None:
        """The table has changed, and these of it were asked for: let go of all else, and end what may not go on."""
        self._introductions.forget()
        self._endpoints.keep(Key(one.app, one.environment, one.deploy) for one in hosts if one.run)
        self._standing.look()

    def close(self) -> None:
        """Let go of every connection."""
        self._endpoints.close()

    # To the app and back.

    async def _pass(
        self,
        host: Host,
        key: Key,
        visitor: Visitor,
        exchange: Exchange,
        client: Client,
        upstream: Upstream,
        chosen: Chosen | None,
        upgrade: bytes,
    ) -> None:
        request = exchange.request
        number = handing.number()
        headers = handing.handed_over(
            host,
            request,
            client,
            introduced=self._introductions.of(host, visitor),
            function=chosen.name if chosen else "",
            number=number,
        )
        target, rewrite = handing.target_of(request), self._rewriting(host, visitor, exchange, number)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                await upstream.relay(exchange, headers, rewrite, target=target, upgrade=upgrade)
                self._answered[key] = monotonic()
                return
            except (Silent, Broken):
                raise
            except Away as error:
                self._endpoints.forget(key, upstream)
                if attempt == _ATTEMPTS or not (isinstance(error, Unsent) or exchange.repeatable):
                    raise
            upstream = await self._wake(key, visitor, exchange, client)

    def _rewriting(self, host: Host, visitor: Visitor, exchange: Exchange, number: bytes) -> Rewrite:
        def rewrite(status: int, fields: list[tuple[bytes, bytes]]) -> Headers:
            kind = next((value for name, value in fields if name.lower() == b"content-type"), b"")
            page = status in (200, 304) and exchange.request.method == b"GET" and kind.lower().startswith(b"text/html")
            if page or visitor.robot:
                self._views.tally(host.app, host.environment, visitor.who).count += 1
            return handing.handed_back(host, fields, number)

        return rewrite

    # While it wakes.

    async def _wake(self, key: Key, visitor: Visitor, exchange: Exchange, client: Client) -> Upstream:
        """Where the app is, as soon as it is there. TimeoutError after what this visitor waits for."""
        limits = self._limits
        within = limits.wait
        if wants_page(exchange.request):
            seen = (key, visitor.who, client.address) in self._waiting
            torn = monotonic() - self._answered.get(key, self._began) < limits.mended
            within = limits.hold if seen else limits.torn if torn else limits.page_after
        return await self._endpoints.ask(key, within)

    def _wait(self, exchange: Exchange, host: Host, key: Key, visitor: Visitor, client: Client) -> None:
        """People see a page that asks again by itself; programs are told when to."""
        words = f"{host.app} was resting, and starts now because you came."
        headers: Headers = SOON
        link = None
        if wants_page(exchange.request):
            if len(self._waiting) < _MOST_WAITING:
                self._waiting[key, visitor.who, client.address] = monotonic()
            headers = [*SOON, (b"Refresh", _REFRESHED_AFTER)]
            link = (_here(exchange), "Try now")
        self._say(
            exchange,
            host,
            (503, "One moment, the app is starting", words, "This page turns into it by itself.", "starting"),
            headers,
            link,
        )

    # Instead of it.

    def _instead(self, exchange: Exchange, host: Host, said: tuple[int, str, str, str, str]) -> None:
        self._say(exchange, host, said, SOON if said[0] in (502, 503, 504) else ())

    @staticmethod
    def _say(
        exchange: Exchange,
        host: Host,
        said: tuple[int, str, str, str, str],
        headers: Headers,
        link: tuple[str, str] | None = None,
    ) -> None:
        status, title, words, next_step, code = said
        exchange.close = exchange.close or (exchange.body is not None and not exchange.body.complete)
        reply: Reply = say(
            exchange.request,
            status,
            title,
            words,
            next_step=next_step,
            code=code,
            link=link,
            headers=[*host.marks, *headers],
        )
        exchange.reply(reply)


def _here(exchange: Exchange) -> str:
    return exchange.request.target.decode("ascii")


_FOREIGN = (
    403,
    "Another site asked for this",
    "A page of another site sent this request in your name. Greenlane passes on only what the app's own pages send.",
    "Do it in the app itself.",
    "foreign-request",
)
_CROWDED = (
    503,
    "This app is busy",
    "It has as many requests going on as it may have at once.",
    "Please try again shortly.",
    "crowded",
)
_SILENT = (
    504,
    "The app took too long",
    "It runs, but it did not answer in time.",
    "Please try again; if it stays, tell its owner: the app's log says what it was doing.",
    "app-silent",
)
_BROKEN = (
    502,
    "The app answered with nonsense",
    "What it sent is no answer that can be passed on.",
    "Tell its owner: the app's log may say why.",
    "app-broken",
)
_AWAY = (
    502,
    "The app broke off",
    "It ended before it had answered. It may have done a part of what you asked.",
    "Look before you try again; if it stays, tell its owner.",
    "app-away",
)
