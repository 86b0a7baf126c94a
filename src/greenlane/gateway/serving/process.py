"""The gateway's process: everything put together, from the first socket to the last record sealed."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from contextlib import suppress

import uvloop

from greenlane.gateway import lists
from greenlane.gateway.budgets.purse import Purse
from greenlane.gateway.serving.attempts import Attempts
from greenlane.gateway.serving.authority import Authority
from greenlane.gateway.serving.cutting_off import cut_off
from greenlane.gateway.serving.deciding import Deciding
from greenlane.gateway.serving.house import House
from greenlane.gateway.serving.options import GatewayOptions
from greenlane.gateway.serving.pacing import Pacing
from greenlane.gateway.serving.planning import Planning
from greenlane.gateway.serving.recording import Recording
from greenlane.gateway.serving.resting import Resting
from greenlane.gateway.serving.serve import Serve
from greenlane.gateway.serving.standing import Standing
from greenlane.gateway.upstream.pool import Pool
from greenlane.kit.clock import Clock, SystemClock
from greenlane.kit.errors import StorageFull
from greenlane.kit.wire.listener import Listener

_LOG = logging.getLogger(__name__)
_COLLECT = 20_000, 20, 50
"""When the collector of cycles looks: a call leaves none, and what is there from the start stays for ever."""
_REPORT_EVERY = 1.0
"""Seconds between two reports of what was spent."""


def run(options: GatewayOptions) -> None:
    """Serve until SIGTERM or SIGINT."""
    uvloop.run(_run(options))


async def _run(options: GatewayOptions) -> None:
    gateway = Gateway(options)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await gateway.start()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT)
    if options.ready is not None:
        options.ready()
    await stop.wait()
    await gateway.stop()


class Gateway:
    """The parts and their life. ``start`` and ``stop`` once each, on a running event loop."""

    def __init__(self, options: GatewayOptions, clock: Clock | None = None) -> None:
        self._options = options
        clock = clock or SystemClock()
        prices, footprints = lists.load(options.folder)
        recording = Recording(options.journal, options.slot, clock, durable=options.durable)
        standing = Standing(prices)
        purse = Purse(recording.worker)
        resting = Resting()
        self._pool = Pool(options.patience, trust=options.trust, look_up=options.look_up)
        self._authority = Authority(options.feed_socket, options.slot, standing, purse, self._changed)
        self._house = House(
            options=options,
            clock=clock,
            standing=standing,
            purse=purse,
            recording=recording,
            deciding=Deciding(standing, recording, clock),
            authority=self._authority,
            pacing=Pacing(options.workers),
            resting=resting,
            planning=Planning(standing),
            attempts=Attempts(self._pool, resting, self._authority),
            footprints=footprints,
        )
        self._public = Listener(Serve(self._house, sandbox=False), limits=options.limits)
        self._models = Listener(Serve(self._house, sandbox=True), limits=options.limits)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Listen to control, and accept connections once it told what holds: who comes before that waits in line."""
        options = self._options
        loop = asyncio.get_running_loop()
        works = (self._authority.run(), self._each_second(), self._seal_now_and_then())
        self._tasks = [loop.create_task(work) for work in works]
        await self._authority.told(options.table_within)
        if options.sockets:
            await self._public.start(options.sockets)
        if options.public is not None:
            await self._public.also_at(options.public)
        if options.models is not None:
            await self._models.also_at(options.models)

    async def stop(self) -> None:
        """Finish what is running, tell what was spent, seal what was recorded, and let go."""
        await self._public.stop(self._options.grace)
        await self._models.stop(self._options.grace)
        if serving := list(self._house.serving):
            await asyncio.wait(serving)  # their connections are cut: they only have to notice
        if self._house.draining:
            await asyncio.wait(self._house.draining, timeout=self._options.grace)
        for call in list(self._house.draining):
            call.cancel()
        self._authority.report()
        await asyncio.sleep(0)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._house.draining, return_exceptions=True)
        self._pool.close()
        with suppress(StorageFull):
            self._house.recording.close()

    def _changed(self) -> None:
        """Control told something new."""
        self._house.planning.changed()
        self._house.pacing.changed(self._house.standing.limits)
        cut_off(self._house)

    async def _each_second(self) -> None:
        while True:
            await asyncio.sleep(_REPORT_EVERY)
            self._authority.report()
            self._pool.sweep()

    async def _seal_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(self._options.seal_every)
            try:
                self._house.recording.seal()
            except OSError as error:
                _LOG.warning("The journal could not be sealed; trying again: %s", error)
