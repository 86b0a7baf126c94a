"""Having a provider count the tokens of a request whose bytes bound it too widely, or not at all.

Counting is a call of its own, of the same key and by the same rules: its intent is written before the words leave. It costs
nothing, and is made only for embeddings that would be refused otherwise.
"""

from __future__ import annotations

from dataclasses import replace

from greenlane.gateway.perimeter.seen import Seen
from greenlane.gateway.serving.attempts import Met
from greenlane.gateway.serving.call import NOTHING, Call
from greenlane.gateway.serving.forwarding import body_of, written
from greenlane.gateway.serving.house import House
from greenlane.gateway.serving.paths import Way
from greenlane.gateway.serving.planning import Plan
from greenlane.gateway.serving.refusals import NotLetThrough
from greenlane.gateway.serving.standing import Credential
from greenlane.gateway.upstream.answering import Answering, Broken
from greenlane.gateway.wires.asked import Asked, Counted
from greenlane.gateway.wires.gemini_embed.counting import COUNTABLE, to_count, tokens
from greenlane.gateway.wires.reading import asked as read
from greenlane.kit.wire.request import Request

HELPS = frozenset({"cost-unknown", "budget-spent"})
"""Refusals that an exact count may make needless."""
_LONGEST = 64 * 1024
"""Bytes of an answer that says how many tokens there are."""


def helps(asked: Asked, no: NotLetThrough) -> bool:
    """Whether a count may let a request through after all."""
    return (
        asked.wire == "gemini-embed"
        and asked.counted is None
        and no.reason in HELPS
        and COUNTABLE.issuperset(asked.hidden)
    )


def question(way: Way, asked: Asked, seen: Seen) -> tuple[Way, Asked, Seen]:
    """The call that counts what another one holds."""
    body = to_count(seen.body)
    counting = replace(way, wire="gemini-count", batch=False)
    return counting, read("gemini-count", body, asked.model), replace(seen, body=body)


async def count(house: House, call: Call, request: Request) -> Counted | None:
    """Ask, and write down what came of it. None where nobody could say. ``call`` has begun."""

    def asking(plan: Plan, credential: Credential | None) -> bytes:
        body, _ = body_of(plan, call.asked, None)
        return written(request, call.way, call.asked, plan, credential, body)

    def pending(met: Met) -> None:
        call.met = met

    async def nobody_else(late: Met) -> bool:
        return False

    answer = b""
    try:
        call.met = met = await house.attempts.reach(call.plans, asking, call.tries, pending, nobody_else)
        if met.answering is not None:
            answer = await _whole(met.answering)
        await house.recording.until(call.begun)
    except Broken:
        answer = b""
    finally:
        if call.met is not None and call.met.answering is not None:
            call.met.answering.close()
        call.answer.update(answer)
        found = tokens(answer) if answer else None
        call.end(house, "failed" if found is None else "answered", call.met.status if call.met else 0, NOTHING)
    return None if found is None else Counted(met.plan.candidate.model, found)


async def _whole(answering: Answering) -> bytes:
    """All of an answer. Raises ``Broken``."""
    pieces: list[bytes] = []
    while piece := await answering.piece():
        pieces.append(piece)
        if sum(map(len, pieces)) > _LONGEST:
            raise Broken("The answer is too long.", said=True)
    return b"".join(pieces)
