"""What recorded calls would have cost, and which of them would have been refused, under another table of providers.

Pure: it needs what receipts say of each call, and nothing of what was said in it. Prompts are not kept, so two things stay
open and are told: how another provider cuts the same words into tokens, and whether a translation would have had to refuse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from greenlane.gateway.routes import Call, Table, candidates
from greenlane.gateway.usage import Usage

AS_IT_IS, TRANSLATED, NOT_CARRIED = "as it is", "translated", ""
"""How a provider is given a call of a wire: byte by byte, rewritten for its own wire, or not at all."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A call that was settled: who asked what, who served it, what it used and cost (pico-dollars)."""

    call: Call
    at: datetime
    provider: str
    model: str
    usage: Usage
    pico: int


Price = Callable[[str, str, Usage, datetime], int | None]
"""Pico-dollars of a usage at a provider's model, None where nobody set a price."""
Carry = Callable[[str, str], str]
"""How a provider is given a call of a wire: ``AS_IT_IS``, ``TRANSLATED`` or ``NOT_CARRIED``."""


@dataclass(slots=True)
class Moved:
    """Calls of one model that another would have served: what they cost, and what they would have cost there."""

    provider: str
    model: str
    to_provider: str
    to_model: str
    calls: int = 0
    before: int = 0
    after: int = 0
    translated: int = 0


@dataclass(slots=True)
class Stopped:
    """Calls that nobody would have served, or that nobody could have priced, for one reason."""

    reason: str
    calls: int = 0
    pico: int = 0


@dataclass(slots=True)
class DryRun:
    """What a change would have meant. ``stayed`` are the calls that it would not have touched."""

    calls: int = 0
    stayed: int = 0
    before: int = 0
    after: int = 0
    estimated: int = 0
    moved: list[Moved] = field(default_factory=list)
    refused: list[Stopped] = field(default_factory=list)
    unpriced: list[Stopped] = field(default_factory=list)

    @property
    def saved(self) -> int:
        """Pico-dollars less for the calls that would have moved; negative where they would have cost more."""
        return self.before - self.after

    @property
    def moving(self) -> int:
        """How many calls would have gone elsewhere, at a price that is known."""
        return sum(one.calls for one in self.moved)


def dry_run(recorded: Iterable[Recorded], now: Table, then: Table, price: Price, carry: Carry) -> DryRun:
    """Route each call as things stand ``now`` and as they would be ``then``, and price it where it would have gone.

    A call whose first choice is the same under both stays, whoever served it: a fallback is nobody's plan. ``before`` and
    ``after`` count the calls that would have moved and whose new price is known, so that both are about the same calls.
    """
    found = DryRun()
    moved: dict[tuple[str, str, str, str], Moved] = {}
    refused: dict[str, Stopped] = {}
    unpriced: dict[str, Stopped] = {}
    for one in recorded:
        found.calls += 1
        chosen, reason, way = _chosen(one, then, carry)
        if chosen == _chosen(one, now, carry)[0]:
            found.stayed += 1
            continue
        if chosen is None:
            _count(refused, reason, one)
            continue
        provider, model = chosen
        pico = price(provider, model, one.usage, one.at)
        if pico is None:
            _count(unpriced, f"{model} of {provider} has no price here.", one)
            continue
        line = moved.setdefault(
            (one.provider, one.model, provider, model), Moved(one.provider, one.model, provider, model)
        )
        line.calls += 1
        line.before += one.pico
        line.after += pico
        line.translated += way == TRANSLATED
        found.before += one.pico
        found.after += pico
        found.estimated += one.usage.estimated
    found.moved = sorted(moved.values(), key=lambda line: (-line.before, line.provider, line.model))
    found.refused = sorted(refused.values(), key=lambda stop: (-stop.calls, stop.reason))
    found.unpriced = sorted(unpriced.values(), key=lambda stop: (-stop.calls, stop.reason))
    return found


def _chosen(one: Recorded, table: Table, carry: Carry) -> tuple[tuple[str, str] | None, str, str]:
    """Who is tried first for a call, or why nobody; and how it is carried there."""
    routed = candidates(one.call, table)
    reasons = [left.reason for left in routed.left]
    able = []
    for each in routed.candidates:
        way = carry(each.provider, one.call.wire)
        if way == NOT_CARRIED:
            reasons.append(f"{each.provider} does not take calls of the kind {one.call.wire}.")
        else:
            able.append((each, way))
    if not able:
        return None, " ".join(dict.fromkeys(reasons)), NOT_CARRIED
    first, way = able[0]
    return (first.provider, first.model), "", way


def _count(stops: dict[str, Stopped], reason: str, one: Recorded) -> None:
    stop = stops.setdefault(reason, Stopped(reason))
    stop.calls += 1
    stop.pico += one.pico
