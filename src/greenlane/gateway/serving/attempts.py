"""Asking providers, one candidate after the other, until one answers or nobody is left to ask.

Nothing of an answer has gone to the caller yet, so that another candidate may take over. A provider's error is read whole
before the next one is asked; an answer that goes well is handed on as it begins.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from greenlane.gateway.routes import Retries, worth_another
from greenlane.gateway.serving.authority import Authority
from greenlane.gateway.serving.planning import Plan
from greenlane.gateway.serving.resting import Resting
from greenlane.gateway.serving.standing import Credential
from greenlane.gateway.upstream.answering import Answering, Broken, Silent
from greenlane.gateway.upstream.pool import Pool
from greenlane.kit.wire.link import Unreached

_LONGEST_ERROR = 1024 * 1024
"""Bytes of a provider's error that are read."""
_REFUSED = frozenset((401, 403))
_PAUSE = 0.2, 0.5
"""Seconds before the only candidate is asked a second time, between these."""
_USUAL_REST = 5.0
"""Seconds that a provider is left alone that says "too many" and not for how long."""


@dataclass(slots=True)
class Met:
    """What the last attempt came to: an answer that begins (``answering``), or a whole one with an error (``body``), or
    neither, and why (``words``). ``unknown``: it fell silent, and may have done the work all the same. ``late``: it has said
    nothing yet, and somebody else is asked.
    """

    plan: Plan
    credential: Credential | None
    answering: Answering | None = None
    status: int = 0
    headers: Sequence[tuple[bytes, bytes]] = ()
    body: bytes = b""
    words: str = ""
    unknown: bool = False
    late: bool = False


@dataclass(slots=True)
class _Asking:
    """What all attempts of one call share: ``late`` says whether somebody else is asked instead of who is late."""

    request: Callable[[Plan, Credential | None], bytes]
    tries: list[dict[str, Any]]
    pending: Callable[[Met], None]
    late: Callable[[Met], Awaitable[bool]]


class Attempts:
    """Asks for all calls of a worker; what providers did lately is remembered here."""

    def __init__(self, pool: Pool, resting: Resting, authority: Authority) -> None:
        self._pool = pool
        self._resting = resting
        self._authority = authority
        self._retries: dict[str, Retries] = {}

    async def reach(
        self,
        plans: Sequence[Plan],
        request: Callable[[Plan, Credential | None], bytes],
        tries: list[dict[str, Any]],
        pending: Callable[[Met], None],
        elsewhere: Callable[[Met], Awaitable[bool]],
    ) -> Met:
        """Ask until somebody answers. ``tries`` notes each attempt; ``pending`` is told what is being waited for, so that
        somebody can go on waiting when the caller has left.

        Where a candidate's time is over before the first byte and another one is left, ``elsewhere`` may have that one asked
        instead: then what is late is the answer here.
        """
        name = plans[0].candidate.provider
        retries = self._retries.get(name)
        if retries is None:
            retries = self._retries[name] = Retries()
        retries.called()

        async def late(met: Met) -> bool:
            return retries.another() and await elsewhere(met)

        asking = _Asking(request, tries, pending, late)
        met = await self._at(plans[0], asking, last=len(plans) == 1)
        if met.answering is not None:
            return met
        again = [plans[0]] if len(plans) == 1 and met.status != 429 else plans[1:]
        for plan in again:
            if met.answering is not None or met.unknown or not worth_another(met.status or None, begun=False):
                break
            if not retries.another():
                break
            if plan is met.plan:
                await asyncio.sleep(random.uniform(*_PAUSE))
            before, met = met, await self._at(plan, asking, last=plan is again[-1])
            if not met.status and met.answering is None and before.status:
                met = before  # an error in a provider's own words says more than that another one is away
        return met

    async def _at(self, plan: Plan, asking: _Asking, *, last: bool) -> Met:
        """One candidate, with each of its credentials that is believed. ``last``: nobody is left after it."""
        met = Met(plan, None)
        candidate = plan.candidate
        for credential in self._resting.credentials(plan.serving.provider):
            met = Met(plan, credential)
            await self._with(met, asking, 0 if last else candidate.timeout)
            asking.tries.append({"provider": candidate.provider, "model": candidate.model, "status": met.status})
            if met.status not in _REFUSED or credential is None:
                break
            self._resting.refused(credential)
            self._authority.notice("credential-refused", credential.id, provider=plan.provider.name, status=met.status)
        self._remember(met)
        return met

    async def _with(self, met: Met, asking: _Asking, within: float) -> None:
        """One attempt. After ``within`` seconds without a byte of the answer somebody else may be asked; 0 for never."""
        request = asking.request(met.plan, met.credential)
        try:
            if not within:
                await self._headed(met, request, asking.pending)
            elif not await self._in_time(met, request, asking.pending, within):
                if met.answering is None:
                    met.words = f"It could not be reached within {within:g} seconds."
                    return
                if await asking.late(met):
                    met.late = True
                    return
                await met.answering.head()
            await judge(met)
        except Unreached as error:
            met.words = str(error)
        except Broken as error:
            fail(met, error)

    async def _in_time(self, met: Met, request: bytes, pending: Callable[[Met], None], within: float) -> bool:
        """Whether the answer began in time."""
        try:
            async with asyncio.timeout(within):
                await (await self._headed(met, request, pending)).begun()
        except TimeoutError:
            return False
        return True

    async def _headed(self, met: Met, request: bytes, pending: Callable[[Met], None]) -> Answering:
        """Send the request, and wait for the head of the answer."""
        provider = met.plan.serving.provider
        met.answering = answering = await self._pool.send(provider.origin, provider.networks, request)
        pending(met)
        try:
            await answering.head()
        except Broken as broken:
            if broken.said or isinstance(broken, Silent) or not answering.reused:
                raise
            met.answering = None
            answering.close()  # it was closed as the request came: a new connection says what is the matter
            met.answering = answering = await self._pool.send(provider.origin, provider.networks, request, fresh=True)
            await answering.head()
        return answering

    def _remember(self, met: Met) -> None:
        name = met.plan.candidate.provider
        if met.answering is not None and not met.late:
            self._resting.served(name)
        elif met.status == 429:
            if self._resting.failed(name, _seconds(met.headers) or _USUAL_REST):
                self._authority.notice("provider-rests", name, status=429)
        elif worth_another(met.status or None, begun=False) and self._resting.failed(name):
            self._authority.notice("provider-rests", name, status=met.status)


async def judge(met: Met) -> None:
    """Now that the head is there: an error is read whole. Raises ``Broken``."""
    answering = met.answering
    assert answering is not None
    met.status, met.headers = answering.status, answering.headers
    if 200 <= met.status < 300:
        return
    if met.status < 400:
        raise Broken("The provider answered with a redirect, which is never followed.", said=True)
    pieces: list[bytes] = []
    size = 0
    while piece := await answering.piece():
        pieces.append(piece)
        size += len(piece)
        if size > _LONGEST_ERROR:
            raise Broken("The provider's error is too long.", said=True)
    met.body = b"".join(pieces)
    answering.close()
    met.answering = None


def fail(met: Met, error: Broken) -> None:
    """There will be no answer."""
    if met.answering is not None:
        met.answering.close()
    met.answering = None
    met.status = 0
    met.words = str(error)
    met.unknown = isinstance(error, Silent)


def _seconds(headers: Sequence[tuple[bytes, bytes]]) -> float | None:
    """What ``retry-after`` says in seconds (RFC 9110, 10.2.3); None where it says nothing, or a date."""
    said = next((value for name, value in headers if name.lower() == b"retry-after"), b"")
    return float(said) if said.isdigit() and len(said) < 6 else None
