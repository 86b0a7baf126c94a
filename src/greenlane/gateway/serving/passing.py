"""The way of one call through a provider and back: asked, answered, metered, settled before its last byte leaves.

When the caller leaves in between, the provider is heard out all the same, so that what is charged is what was used.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from time import perf_counter
from typing import NamedTuple

from greenlane.gateway.perimeter.looking import refused_answer
from greenlane.gateway.perimeter.screen import Screen
from greenlane.gateway.serving.attempts import Met, fail, judge
from greenlane.gateway.serving.call import NOTHING, Call
from greenlane.gateway.serving.elsewhere import elsewhere
from greenlane.gateway.serving.forwarding import body_of, returned, written
from greenlane.gateway.serving.house import House
from greenlane.gateway.serving.planning import Plan
from greenlane.gateway.serving.sieve import Sieve
from greenlane.gateway.serving.standing import Credential
from greenlane.gateway.upstream.answering import Answering, Broken
from greenlane.gateway.usage import Usage
from greenlane.gateway.wires.metering import Meter, read
from greenlane.gateway.wires.refusing import breaking_off, headers, refusal
from greenlane.gateway.wires.translating import Translator, translate_answer, translate_error
from greenlane.kit.wire.exchange import Exchange, Gone

WHOLE = 64 * 1024 * 1024
"""Bytes of the longest answer that is not a stream; more than any provider sends."""
CALL, CLAMPED, INSTEAD = b"greenlane-call", b"greenlane-clamped", b"greenlane-instead"
_TRY_AGAIN = 1
"""Seconds after which trying again may help where a provider was away."""


class Said(NamedTuple):
    """A whole answer as the caller gets it."""

    status: int
    fields: list[tuple[bytes, bytes]]
    body: bytes


class Passing:
    """One call. ``run`` once; it raises what the exchange raises when the caller has left."""

    def __init__(self, house: House, call: Call, exchange: Exchange) -> None:
        self._other: Call | None = None
        self._unheard = "left"
        """How it ends where nobody waits for it any more."""
        self._house = house
        self._call = call
        self._exchange = exchange
        self._line: Exchange | None = exchange
        self._added_usage = False
        self._pieces: list[bytes] = []
        self._size = 0
        self._stream: _Stream | None = None

    async def run(self) -> None:
        """Ask, and pass the answer on: of whoever is asked instead, where providers are late."""
        at: Passing | None = self
        while at is not None:
            at = await at._answered()

    async def _answered(self) -> Passing | None:
        """Ask, and pass the answer on. None once that is done; the way of the call that is made instead, where it is late."""
        call = self._call
        try:
            call.met = await self._house.attempts.reach(
                call.plans, self._written, call.tries, self._pending, self._elsewhere
            )
            if self._other is not None:
                self._line, self._unheard = None, "late"
                self._house.drain(self._hear_out())
                return Passing(self._house, self._other, self._exchange)
            await self._pass(call.met)
        except (asyncio.CancelledError, Gone):
            if not call.ended:
                self._line = None
                self._house.drain(self._hear_out())
            raise
        except Exception:
            if not call.ended:
                call.end(self._house, "cut", call.met.status if call.met is not None else 0, None)
            raise
        finally:
            if call.ended and call.met is not None and call.met.answering is not None:
                call.met.answering.close()
        return None

    async def _elsewhere(self, late: Met) -> bool:
        self._other = await elsewhere(self._house, self._call, late)
        return self._other is not None

    def _written(self, plan: Plan, credential: Credential | None) -> bytes:
        call = self._call
        body, self._added_usage = body_of(plan, call.asked, call.most)
        return written(self._exchange.request, call.way, call.asked, plan, credential, body)

    def _pending(self, met: Met) -> None:
        self._call.met = met

    async def _hear_out(self) -> None:
        """Go on without a caller, for a while."""
        call, house = self._call, self._house
        met = call.met
        try:
            if met is None or (met.answering is None and not met.unknown):
                call.end(house, self._unheard, met.status if met else 0, NOTHING)
                return
            if len(house.draining) > house.options.drains:
                call.end(house, self._unheard, met.status, None)
                return
            async with asyncio.timeout(house.options.drain):
                if met.answering is not None and not met.status:
                    await _heard(met)
                await self._pass(met)
        except (TimeoutError, asyncio.CancelledError):
            if not call.ended:
                call.end(house, self._unheard, met.status if met else 0, None)
        finally:
            if met is not None and met.answering is not None:
                met.answering.close()

    async def _pass(self, met: Met) -> None:
        if met.answering is None:
            await self._pass_error(met)
        elif _streams(met.answering, self._call):
            await self._pass_stream(met, met.answering)
        else:
            await self._pass_whole(met, met.answering)

    # An error.

    async def _pass_error(self, met: Met) -> None:
        wire = self._call.way.wire
        if met.status == 401:
            said = self._said(502, "credential-refused", f"{met.plan.provider.name} refused the platform's own key.")
        elif met.status:
            body = translate_error(wire, met.status, met.body) if met.plan.serving.translated else met.body
            said = Said(met.status, self._fields(met), body)
        elif met.unknown:
            said = self._said(504, "provider-silent", f"{met.plan.provider.name} did not answer in time.")
        else:
            said = self._said(
                502, "provider-away", f"{met.plan.provider.name} could not be asked. {met.words}", again=True
            )
        await self._finish(said, "failed", met.status, None if met.unknown else NOTHING)

    # A whole answer.

    async def _pass_whole(self, met: Met, answering: Answering) -> None:
        call, plan = self._call, met.plan
        try:
            while piece := await answering.piece():
                if call.first is None:
                    call.first = perf_counter()
                self._pieces.append(piece)
                self._size += len(piece)
                if self._size > WHOLE:
                    raise Broken("The answer is too long.", said=True)
        except Broken as broken:
            said = self._said(502, "answer-broken", f"{plan.provider.name} broke off its answer. {broken}")
            await self._finish(said, "cut", met.status, None)
            return
        answering.close()
        body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        usage, call.speed = read(plan.serving.wire, body)
        if plan.serving.translated:
            try:
                body = translate_answer(call.way.wire, plan.serving.wire, body, created=int(time.time()))
            except ValueError:
                said = self._said(502, "answer-not-understood", f"{plan.provider.name} sent what is no answer.")
                await self._finish(said, "failed", met.status, usage)
                return
        seen = self._house.standing.perimeter.look_at_answer(body)
        if seen.masked:
            call.mask(seen.masked)
        if seen.problem is not None:
            said = self._said(seen.problem.status, seen.problem.code, seen.problem.message)
            await self._finish(said, "refused", met.status, usage)
            return
        said = Said(met.status, self._fields(met), seen.body)
        await self._finish(said, "answered", met.status, usage)

    async def _finish(self, said: Said, outcome: str, status: int, usage: Usage | None) -> None:
        """The record first, then the whole answer."""
        call, line = self._call, self._line
        call.answer.update(said.body)
        if line is not None:
            await self._house.recording.until(call.begun)
        call.end(self._house, outcome if line is not None else self._unheard, status, usage)
        if line is not None:
            line.say(*said)

    # A stream.

    async def _pass_stream(self, met: Met, answering: Answering) -> None:
        call = self._call
        await self._house.recording.until(call.begun)
        stream = self._stream
        if stream is None:
            perimeter = self._house.standing.perimeter
            screen = perimeter.screen(call.way.wire, array=call.way.array) if perimeter.answers else None
            stream = self._stream = _Stream(call, met.plan, screen, sift=self._added_usage)

        def pass_on(piece: bytes) -> bool:
            out = stream.feed(piece)
            if not out:
                return True
            call.answer.update(out)
            line = self._line
            if line is None:
                return True
            if not line.started:
                call.first = perf_counter()
                line.start(met.status, self._fields(met, stream=True))
            return line.put(out)

        try:
            await answering.pour(pass_on, self._exchange.room)
        except Broken as broken:
            await self._end_stream(met, stream, broken)
            return
        answering.close()
        await self._end_stream(met, stream, None)

    async def _end_stream(self, met: Met, stream: _Stream, broken: Broken | None) -> None:
        """The record first, then the last bytes."""
        call, line = self._call, self._line
        last = stream.close(broken is not None)
        call.answer.update(last)
        meter = stream.meter
        usage = meter.settled(call.ceiling(met.plan)) if meter.usage is not None else None
        if usage is None and meter.trouble and not meter.begun and not meter.lost:
            usage = NOTHING  # the provider failed before it had begun, with an error where others have a status
        call.mask(stream.masked)
        call.speed = meter.speed
        outcome = (
            self._unheard
            if line is None
            else "refused"
            if stream.refused
            else "answered"
            if broken is None and meter.ended
            else "cut"
        )
        call.end(self._house, outcome, met.status, usage)
        if line is None:
            return
        if not line.started:
            line.start(met.status, self._fields(met, stream=True))
        if last:
            await line.send(last)
        line.end()

    # What the caller is told beside the answer, and in our own name.

    def _fields(self, met: Met, *, stream: bool = False) -> list[tuple[bytes, bytes]]:
        translated = met.plan.serving.translated
        fields, kind = returned(met.headers, translated=translated)
        if translated:
            kind = b"text/event-stream" if stream and not self._call.way.array else b"application/json"
        fields.append((b"Content-Type", kind))
        return self._with_own(fields)

    def _said(self, status: int, code: str, message: str, *, again: bool = False) -> Said:
        body = refusal(self._call.way.wire, status, code, message)
        return Said(status, self._with_own(headers(_TRY_AGAIN if again else None)), body)

    def _with_own(self, fields: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        call = self._call
        found = [*fields, (CALL, call.id.encode())]
        if call.bound.clamped:
            found.append((CLAMPED, " ".join(call.bound.reasons).encode("ascii", "replace")))
        if call.spared is not None:
            found.append((INSTEAD, call.spared.words(call.asked.model).encode("ascii", "replace")))
        return found


class _Stream:
    """What a stream's bytes become on their way, and what they tell."""

    def __init__(self, call: Call, plan: Plan, screen: Screen | None, *, sift: bool) -> None:
        self.meter = Meter(plan.serving.wire, array=call.way.array and not plan.serving.translated)
        self._call = call
        self._translator: Translator | None = None
        self._sieve: Sieve | None = None
        self._began = False
        self._screen = screen
        self.refused = False
        """Whether the caller was told that nothing more comes, because of what would have come."""
        if plan.serving.translated:
            self._translator = Translator(
                call.way.wire,
                plan.serving.wire,
                created=int(time.time()),
                include_usage=call.asked.wire == "openai-chat" and call.wants_usage,
                array=call.way.array,
            )
        elif sift:
            self._sieve = Sieve()

    def feed(self, piece: bytes) -> bytes:
        """The caller's bytes for the provider's."""
        self.meter.feed(piece)
        out = piece
        if self._translator is not None:
            out = self._translator.feed(piece)
        elif self._sieve is not None:
            out = self._sieve.feed(piece)
        out = self._screened(out)
        self._began = self._began or bool(out)
        return out

    def close(self, broken: bool) -> bytes:
        """The last bytes; a stream that broke off says so in the caller's own wire."""
        self.meter.close()
        if self._translator is not None:
            return self._screened(self._translator.close(), last=True)
        last = self._sieve.close() if self._sieve is not None and not broken else b""
        last = self._screened(last, last=True)
        if broken and not self.refused:
            last += breaking_off(
                self._call.way.wire,
                502,
                "answer-broken",
                "The provider broke off its answer.",
                array=self._call.way.array,
                first=not self._began,
            )
        return last

    @property
    def masked(self) -> Mapping[str, int]:
        """How many masks stand in what left, by class."""
        return self._screen.masked if self._screen is not None else {}

    def _screened(self, out: bytes, *, last: bool = False) -> bytes:
        """What may leave of the caller's bytes. Once something may not, the caller is told so and hears no more."""
        screen = self._screen
        if screen is None:
            return out
        if self.refused:
            return b""
        out = screen.feed(out) + (screen.close() if last else b"")
        if screen.refused:
            self.refused = True
            way = self._call.way
            no = refused_answer(screen.refused)
            out += breaking_off(
                way.wire, no.status, no.code, no.message, array=way.array, first=not (self._began or out)
            )
        return out


async def _heard(met: Met) -> None:
    """Wait for the head that nobody has waited for to its end."""
    assert met.answering is not None
    try:
        await met.answering.head()
        await judge(met)
    except Broken as error:
        fail(met, error)
        met.unknown |= met.late  # it may have worked for as long as it was silent


def _streams(answering: Answering, call: Call) -> bool:
    kind = answering.field(b"content-type").lower()
    return kind.startswith(b"text/event-stream") or (call.way.array and call.asked.stream)
