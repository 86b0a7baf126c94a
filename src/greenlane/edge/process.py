"""The edge's process: everything put together, from the first socket to the last view written."""

from __future__ import annotations

import asyncio
import logging
import signal
from datetime import timedelta
from typing import Any

import orjson
import uvloop

from greenlane.edge import ring, saved
from greenlane.edge.background import Background
from greenlane.edge.console import Console
from greenlane.edge.contents import Contents
from greenlane.edge.endpoints import Runtime, RuntimeProcess
from greenlane.edge.forwarded import Proxies
from greenlane.edge.introduction import Introductions
from greenlane.edge.lease import Leases
from greenlane.edge.model_calls import CALL, ModelCalls
from greenlane.edge.options import EdgeOptions
from greenlane.edge.reports import Reports
from greenlane.edge.ring import Ring
from greenlane.edge.running import Running
from greenlane.edge.serve import Serve
from greenlane.edge.standing import Standing
from greenlane.edge.table import Table
from greenlane.edge.views import Sink, View, Views
from greenlane.kit.blobs import BlobMissing, Blobs, BlobsAway
from greenlane.kit.clock import SystemClock
from greenlane.kit.feed.following import Feed
from greenlane.kit.wire.certificates import Certificates
from greenlane.kit.wire.listener import Listener
from greenlane.kit.wire.listening import opened
from greenlane.kit.wire.upstream import Upstream

_LOG = logging.getLogger(__name__)
_MOST_VIEWS_KEPT = 100_000
_FETCHED_AHEAD = 100
"""Deploys of one message whose lists of files are read before it takes effect; a larger table reads the rest when asked."""


_TELL_EVERY = 3.0
"""Seconds between two notes about which apps are in use."""


def run(options: EdgeOptions) -> None:
    """Serve until SIGTERM or SIGINT. OSError when the port is taken, ``ssl.SSLError`` when the certificate is broken."""
    uvloop.run(_run(options))


async def _run(options: EdgeOptions) -> None:
    edge = Edge(options)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, edge.refresh_certificates)
    port = await edge.start()
    if options.ready is not None:
        options.ready(port)
    await stop.wait()
    await edge.stop()


class Edge:
    """The parts and their life. ``start`` and ``stop`` once each, on a running event loop.

    ``runtime`` says where apps run; left out, the process behind the socket of the options does.
    """

    def __init__(self, options: EdgeOptions, runtime: Runtime | None = None) -> None:
        self._options = options
        self._clock = SystemClock()
        self._table = Table()
        self._leases = Leases()
        self._visits = options.visits(self._table, self._leases, self._clock, self._saw)
        self._views = Views()
        self._unwritten: list[View] = []
        self._contents = Contents(Blobs(options.blobs), options.room)
        self._upstream = Upstream(options.control_socket)
        self._models = Upstream(options.gateway_socket, measure=CALL)
        self._feed = Feed(options.feed_socket, table=self._replace, change=self._change, beat=self._on_beat)
        self._certificates: Certificates | None = None
        if options.certificate is not None and options.key is not None:
            self._certificates = Certificates(options.certificate, options.key, options.certificates)
        self._ring = Ring(options.identity_keys, self._clock)
        proxies = Proxies(options.trusted_proxies)
        introductions = Introductions(self._ring, self._table, self._clock)
        self._standing = Standing(self._table, self._visits)
        self._running = Running(
            runtime or RuntimeProcess(options.runtime_socket, options.apps.wake),
            introductions,
            self._standing,
            proxies,
            self._views,
            options.apps,
        )
        serve = Serve(
            self._table,
            self._visits,
            self._contents,
            self._views,
            Console(self._upstream, proxies),
            ModelCalls(self._models, proxies),
            Reports(self._want),
            self._running,
            Background(options.runs_socket, introductions, proxies),
            introductions,
        )
        context = self._certificates.context if self._certificates else None
        self._listener = Listener(serve, limits=options.limits, tls=context)
        self._sink: Sink | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._unsaved = False

    async def start(self) -> int:
        """Take up the last table, accept connections, and listen to control. Returns the port."""
        known = saved.load(self._options.folder)
        if known is not None:
            try:
                self._table.replace(known)
            except (KeyError, TypeError, ValueError) as error:
                _LOG.warning("The saved table makes no sense; waiting for control: %r", error)
        self._sink = self._options.sink()
        self._tell_keys()
        options = self._options
        port = await self._listener.start(options.sockets or opened(options.hosts, options.port))
        if options.beside is not None:
            await self._listener.also_at(options.beside)
        loop = asyncio.get_running_loop()
        works = (self._feed.run(), self._each_second(), self._each_minute(), self._now_and_then())
        self._tasks = [loop.create_task(work) for work in works]
        return port

    async def stop(self) -> None:
        """Finish what is running, write what was counted, and let go."""
        await self._listener.stop(self._options.grace)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._save()
        await self._flush(timedelta())
        self._running.close()
        self._upstream.close()
        self._models.close()
        if self._sink is not None:
            self._sink.close()

    def refresh_certificates(self) -> None:
        """Take up certificates that have changed on the disk."""
        if self._certificates is not None:
            self._certificates.refresh()

    # Hearing from control.

    async def _replace(self, message: dict[str, Any]) -> int:
        table = message["table"]
        await self._fetch(table["hosts"], table.get("deploys", {}))
        self._table.replace(table)
        return self._changed()

    async def _change(self, message: dict[str, Any]) -> int:
        put, drop = message.get("set", {}), message.get("drop", {})
        await self._fetch(put.get("hosts", {}), {**self._table.raw.get("deploys", {}), **put.get("deploys", {})})
        self._table.change(int(message["version"]), put, drop)
        return self._changed()

    async def _fetch(self, hosts: dict[str, Any], deploys: dict[str, str]) -> None:
        """Have the lists of files of newly published deploys in memory before the first request asks for them."""
        for entry in list(hosts.values())[:_FETCHED_AHEAD]:
            digest = deploys.get(entry.get("deploy") or "")
            if digest:
                try:
                    await self._contents.load_manifest(digest)
                except (BlobMissing, BlobsAway) as error:
                    _LOG.error("A deploy cannot be served: %s", error)

    def _changed(self) -> int:
        """From this moment every answer is made from the new table."""
        self._listener.memory.clear()
        self._visits.forget()
        self._running.changed(self._table.hosts.asked_for())
        self._unsaved = True
        return self._table.version

    def _on_beat(self) -> None:
        self._leases.beat(self._table.page_lease, self._table.token_lease)

    def _want(self, deploy: str, directive: str, host: str) -> None:
        self._feed.tell({"type": "wanted", "deploy": deploy, "directive": directive, "host": host})

    def _saw(self, session: str) -> None:
        self._feed.tell({"type": "seen", "session": session})

    # From time to time.

    async def _each_second(self) -> None:
        while True:
            await asyncio.sleep(1)
            self.refresh_certificates()
            self._standing.look()
            await self._save()

    async def _now_and_then(self) -> None:
        while True:
            await asyncio.sleep(_TELL_EVERY)
            await self._running.tell()

    async def _each_minute(self) -> None:
        every = self._options.flush_every
        while True:
            await asyncio.sleep(every - self._clock.now().timestamp() % every)
            await self._flush(timedelta(seconds=1))
            if self._ring.turn():
                self._tell_keys()

    def _tell_keys(self) -> None:
        """Let apps check what they are told. What cannot be written now is written when the edge starts next."""
        try:
            ring.publish(orjson.dumps(self._ring.known), self._options.known_keys)
        except OSError as error:
            _LOG.warning("The public keys could not be laid out for apps: %s", error)

    async def _save(self) -> None:
        if self._unsaved:
            self._unsaved = False
            data = orjson.dumps(self._table.as_json())
            try:
                await asyncio.to_thread(saved.save, self._options.folder, data)
            except OSError as error:
                self._unsaved = True
                _LOG.warning("The table could not be saved; trying again: %s", error)

    async def _flush(self, ago: timedelta) -> None:
        """Write what was counted until ``ago``; what cannot be written is offered again next time."""
        self._listener.memory.clear()
        views = (self._unwritten + self._views.take(self._clock.now() - ago))[-_MOST_VIEWS_KEPT:]
        self._unwritten = views
        if not views or self._sink is None:
            return
        try:
            await asyncio.to_thread(self._sink.write, views)
        except Exception as error:  # noqa: BLE001 - whatever ails the sink, pages are served on and the counts are kept
            _LOG.warning("Page views could not be written; trying again: %s", error)
        else:
            self._unwritten = []
