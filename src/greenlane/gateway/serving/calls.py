"""Letting a call through: read, routed, bounded, paid for in advance, written down; only then is a provider asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256
from time import perf_counter, time
from typing import Any

import orjson

from greenlane.gateway import routes
from greenlane.gateway.budgets.account import words
from greenlane.gateway.budgets.purse import Purse
from greenlane.gateway.content.laying import Heard
from greenlane.gateway.noting import Noting
from greenlane.gateway.perimeter.seen import DataNeedsPerson, DataRefused, PromptTooLarge, Seen
from greenlane.gateway.routes import Left
from greenlane.gateway.serving import counting, sparing
from greenlane.gateway.serving.authority import ControlAway
from greenlane.gateway.serving.call import Call
from greenlane.gateway.serving.house import Came, House
from greenlane.gateway.serving.pacing import BYTES_IN_A_TOKEN, TooFast
from greenlane.gateway.serving.passing import CALL, Passing
from greenlane.gateway.serving.paths import Way
from greenlane.gateway.serving.paying import limit, paid
from greenlane.gateway.serving.refusals import NotLetThrough
from greenlane.gateway.serving.standing import Key
from greenlane.gateway.wires.asked import Asked, NotUnderstood
from greenlane.gateway.wires.reading import asked as read
from greenlane.gateway.wires.refused import Untranslatable
from greenlane.gateway.wires.refusing import headers, refusal
from greenlane.kit import ids
from greenlane.kit.clock import stamp
from greenlane.kit.errors import GreenlaneError, StorageFull
from greenlane.kit.wire.exchange import Exchange
from greenlane.kit.wire.reply import Reply

LARGE = 512 * 1024
"""Bytes of a request that is read on a thread of its own."""
_LONGEST_TRACE = 128
REFUSALS = (NotLetThrough, NotUnderstood, Untranslatable, StorageFull, DataRefused, DataNeedsPerson, PromptTooLarge)
Refusal = NotLetThrough | NotUnderstood | Untranslatable | StorageFull | DataRefused | DataNeedsPerson | PromptTooLarge


class Calls:
    """Serves the calls of one worker."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._noting = Noting()

    async def serve(self, exchange: Exchange, way: Way, key: Key, *, sandbox: bool) -> None:
        """One call of a known key. Raises what the exchange raises when the caller has left."""
        house = self._house
        exchange.hears_on = True
        task = asyncio.current_task()
        assert task is not None, "a call is served on a task of its own"
        house.serving[task] = Came(exchange.request, sandbox, time())
        started = perf_counter()
        name = ids.new("call")
        model = way.model
        try:
            body = await exchange.whole()
            if len(body) > LARGE:  # others are served while it is read
                asked = await asyncio.to_thread(read, way.wire, body, way.model, way.stream)
            else:
                asked = read(way.wire, body, way.model, way.stream)
            model = asked.model
            seen = house.standing.perimeter.look(body)
            if seen.problem is not None:
                seen = await self._agreed(key, asked, body, seen, seen.problem)
            if seen.body is not body:
                asked = read(way.wire, seen.body, way.model, way.stream)
            try:
                call = await self._let_through(name, way, key, asked, body, seen, started)
            except NotLetThrough as no:
                if not counting.helps(asked, no):
                    raise
                asked = await self._counted(exchange, way, key, asked, seen, no, sandbox=sandbox)
                call = await self._let_through(name, way, key, asked, body, seen, started)
            self._begin(call, exchange, body, sandbox=sandbox)
        except REFUSALS as no:
            self._refuse(exchange, name, way, key, model, no)
        else:
            await Passing(house, call, exchange).run()
        finally:
            del house.serving[task]

    def _begin(self, call: Call, exchange: Exchange, body: bytes, *, sandbox: bool) -> None:
        """Write its intent. Raises ``StorageFull`` or OSError, and gives back what was reserved."""
        call.trace, call.sandbox = _traced(exchange), sandbox
        call.request = sha256(body).hexdigest()
        try:
            call.begin(self._house)
        except BaseException:
            Purse.settle(call.reservation, 0)
            raise

    async def _counted(
        self, exchange: Exchange, way: Way, key: Key, asked: Asked, seen: Seen, no: NotLetThrough, *, sandbox: bool
    ) -> Asked:
        """The request with the count of its tokens, by a call of its own. Raises ``no`` where nobody can count them."""
        way, other, seen = counting.question(way, asked, seen)
        try:
            call = await self._let_through(ids.new("call"), way, key, other, seen.body, seen, perf_counter())
        except NotLetThrough:
            raise no from None
        self._begin(call, exchange, seen.body, sandbox=sandbox)
        found = await counting.count(self._house, call, exchange.request)
        if found is None:
            raise no
        return replace(asked, counted=found)

    async def _agreed(self, key: Key, asked: Asked, body: bytes, seen: Seen, problem: GreenlaneError) -> Seen:
        """What goes on of a request that does not go on by itself: where a person agreed to it, and else its problem is
        raised; one that a person can agree to names the request that waits.
        """
        house = self._house
        standing = house.standing
        if not isinstance(problem, DataNeedsPerson):
            raise problem
        prompt = f"sha256:{sha256(body).hexdigest()}"
        allowed = standing.let_through(key, prompt, house.clock.now().timestamp())
        if not allowed.issuperset(seen.asked):
            permit = {"key": key.whose, "prompt": prompt, "data": list(seen.asked), "model": asked.model}
            raise await _needs_person(house, problem, {**key.who, **permit})
        again = standing.perimeter.look(body, allowed)
        if again.problem is not None:
            raise again.problem
        again.agreed = seen.asked
        return again

    async def _let_through(
        self, name: str, way: Way, key: Key, asked: Asked, body: bytes, seen: Seen, started: float
    ) -> Call:
        """Where it goes and what it costs at most: routed, bounded, within its limits, and paid for in advance."""
        house = self._house
        means = house.standing.means(key)
        wanted = routes.Call(name, way.wire, asked.model, key.chain, frozenset(seen.staying))
        found = house.planning.candidates(wanted, house.resting.providers)
        if not found.candidates:
            raise _nowhere(found.left)
        now = house.clock.now()
        ready = house.planning.plans(found.candidates, way, asked, seen.body, now, means.beyond)
        spared = None
        if means.soft and (spent := house.purse.soft_spent(means.soft, now)) is not None:
            again = partial(house.planning.plans, way=way, asked=asked, body=seen.body, now=now, beyond=means.beyond)
            spared = sparing.cheaper(house, wanted, asked, spent, ready, again)
            ready = spared.plans if spared is not None else ready
        paced = house.pacing.take(key.chain, asked.text_bytes // BYTES_IN_A_TOKEN)
        if isinstance(paced, TooFast):
            raise _too_fast(paced)
        try:
            ready, secured = await paid(house, ready, asked, means, now)
        except NotLetThrough:
            if paced is not None:
                paced.used(0)
            raise
        if spared is not None:
            house.authority.notice("went-cheaper", spared.budget.id, asked=asked.model, name=spared.name)
        unpriced = [plan for plan in ready if not plan.serving.priced]
        for plan in unpriced:
            house.authority.notice("unpriced", f"{plan.provider.name}/{plan.candidate.model}")
        bound = secured.bound
        because = {
            "agreed": seen.agreed,
            "unpriced": unpriced,
            "budget-spent": secured.reservation.beyond,
            "instead": spared,
            "clamped": bound.clamped,
            "masked": seen.masked,
        }
        keeps = house.standing.content_key is not None
        return Call(
            id=name,
            key=key,
            way=way,
            asked=asked,
            plans=ready,
            bound=bound,
            most=limit(way.wire, asked, bound, means),
            reservation=secured.reservation,
            paced=paced,
            wants_usage=asked.stream and way.wire == "openai-chat" and _wants_usage(body),
            started=started,
            at=now,
            data=seen.found,
            masked=dict(seen.masked),
            answer=Heard(keeps=keeps),
            prompt=seen.body if keeps else None,
            spared=spared,
            reasons=tuple(name for name, holds in because.items() if holds),
        )

    def _refuse(self, exchange: Exchange, name: str, way: Way, key: Key, model: str, no: Refusal) -> None:
        status, code = (no.answer, no.reason) if isinstance(no, NotLetThrough) else (no.status, no.code)
        field = no.field if isinstance(no, NotLetThrough | NotUnderstood) else ""
        retry = no.retry_after if isinstance(no, NotLetThrough) else None
        times = 0 if isinstance(no, StorageFull) else self._noting.times(key.id, code)
        if times:
            self._house.recording.write(
                {
                    "k": "refused",
                    "call": name,
                    "at": stamp(self._house.clock.now()),
                    **key.who,
                    "wire": way.wire,
                    "asked": model,
                    "code": code,
                    "status": status,
                    "times": times,
                    "decided": self._house.deciding.stopped(code),
                }
            )
        body = refusal(way.wire, status, code, no.message, no.next_step, field=field)
        exchange.reply(Reply(status, [*headers(retry), (CALL, name.encode())], body))


def _traced(exchange: Exchange) -> str | None:
    """The trace that the caller says it belongs to, as W3C Trace Context writes it; None for none, and for none that is."""
    said = exchange.request.fields.get(b"traceparent", b"")
    return said.decode("ascii", "replace") if 0 < len(said) <= _LONGEST_TRACE else None


async def _needs_person(house: House, problem: DataNeedsPerson, permit: dict[str, Any]) -> DataNeedsPerson:
    """The problem, with the request that now waits for somebody, or with why there is none."""
    try:
        answer = await house.authority.permit(permit)
    except ControlAway:
        return DataNeedsPerson(problem.message, next_step="Nobody can be asked just now: try again in a moment.")
    if answer["request"] is None:
        return DataNeedsPerson(problem.message, next_step=answer["says"])
    return DataNeedsPerson(
        problem.message,
        next_step=f"The request {answer['request']} waits for somebody who may approve it. "
        "Once it is approved, send the very same again.",
    )


def _wants_usage(body: bytes) -> bool:
    if b'"include_usage"' not in body:
        return False
    options = orjson.loads(body).get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


def _nowhere(left: Sequence[Left]) -> NotLetThrough:
    words = " ".join(dict.fromkeys(one.reason for one in left))
    if any(one.provider for one in left):
        return NotLetThrough(
            403, "model-not-allowed", words, next_step="Ask for another model, or ask an administrator for this one."
        )
    return NotLetThrough(
        404, "model-not-found", words, next_step="The list of models says which ones there are.", field="model"
    )


def _too_fast(found: TooFast) -> NotLetThrough:
    return NotLetThrough(
        429,
        "rate-limited",
        f"There are {found.limit} {found.what} a minute for {words(found.account)}, and they are used up.",
        next_step=f"Try again in {found.seconds} seconds.",
        retry_after=max(1, found.seconds),
    )
