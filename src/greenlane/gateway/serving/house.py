"""The parts of one worker that its calls share."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from greenlane.gateway.budgets.purse import Purse
from greenlane.gateway.footprint.table import Footprints
from greenlane.gateway.serving.attempts import Attempts
from greenlane.gateway.serving.authority import Authority
from greenlane.gateway.serving.deciding import Deciding
from greenlane.gateway.serving.options import GatewayOptions
from greenlane.gateway.serving.pacing import Pacing
from greenlane.gateway.serving.planning import Planning
from greenlane.gateway.serving.recording import Recording
from greenlane.gateway.serving.resting import Resting
from greenlane.gateway.serving.standing import Standing
from greenlane.kit.clock import Clock
from greenlane.kit.wire.request import Request


@dataclass(frozen=True, slots=True)
class Came:
    """What a call came with: its request, whether it came out of a sandbox, and when (seconds since 1970)."""

    request: Request
    sandbox: bool
    at: float


@dataclass(frozen=True, slots=True)
class House:
    """One life of a worker.

    ``serving`` are the calls whose callers wait, with what each came with; ``draining`` those whose caller has left and whose provider is still heard
    out.
    """

    options: GatewayOptions
    clock: Clock
    standing: Standing
    purse: Purse
    recording: Recording
    deciding: Deciding
    authority: Authority
    pacing: Pacing
    resting: Resting
    planning: Planning
    attempts: Attempts
    footprints: Footprints
    serving: dict[asyncio.Task[Any], Came] = field(default_factory=dict)
    draining: set[asyncio.Task[None]] = field(default_factory=set)

    def drain(self, rest: Coroutine[Any, Any, None]) -> None:
        """Go on with a call for its record alone."""
        task = asyncio.get_running_loop().create_task(rest)
        self.draining.add(task)
        task.add_done_callback(self.draining.discard)
