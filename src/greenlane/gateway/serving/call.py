"""One call that was let through: what it may cost, what it did, and its record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import perf_counter
from typing import Any

from greenlane.gateway.bounds import Bound
from greenlane.gateway.budgets.purse import Purse, Reservation
from greenlane.gateway.content.laying import Heard, lay_down
from greenlane.gateway.serving.attempts import Met
from greenlane.gateway.serving.house import House
from greenlane.gateway.serving.pacing import Paced
from greenlane.gateway.serving.paths import Way
from greenlane.gateway.serving.planning import Plan
from greenlane.gateway.serving.sparing import Spared
from greenlane.gateway.serving.standing import Key
from greenlane.gateway.usage import WRITTEN, Usage
from greenlane.gateway.wires.asked import Asked
from greenlane.kit.clock import stamp

NOTHING = Usage()


@dataclass(slots=True)
class Call:
    """From its intent to its end. ``most`` is the limit that its request gets from us, None for its own.

    ``speed`` is at which the provider says that it answered, where that is not the usual one.
    ``wants_usage``: the caller of a chat asked for the usage in the stream.
    ``prompt`` is what is kept of its words, None where they are not kept.
    ``trace`` is the caller's ``traceparent`` as it came.
    ``spared`` says which cheaper name it went on with, and why; None for the one that was asked for.
    ``request`` is the SHA-256 of the request as it came, in hexadecimal.
    ``after`` names the call whose provider was silent for too long, and for how many seconds; None for a first one.
    ``reasons`` are why it is not green, as ``lanes.REASONS`` has them.
    ``begun`` is what the recording's ``until`` waits for. ``met`` is what the last provider that was asked came to.
    """

    id: str
    key: Key
    way: Way
    asked: Asked
    plans: Sequence[Plan]
    bound: Bound
    most: int | None
    reservation: Reservation
    paced: Paced | None
    wants_usage: bool
    started: float
    at: datetime
    data: tuple[str, ...]
    masked: dict[str, int]
    answer: Heard
    prompt: bytes | None
    request: str = ""
    sandbox: bool = False
    trace: str | None = None
    begun: int = 0
    first: float | None = None
    met: Met | None = None
    tries: list[dict[str, Any]] = field(default_factory=list)
    speed: dict[str, str] = field(default_factory=dict)
    spared: Spared | None = None
    after: Mapping[str, Any] | None = None
    reasons: tuple[str, ...] = ()
    ended: bool = False

    def begin(self, house: House) -> None:
        """Write the intent, before anything is sent. Raises ``StorageFull`` or OSError."""
        plan = self.plans[0]
        candidate = plan.candidate
        recording = house.recording
        self.begun = recording.begin(
            {
                "k": "begin",
                "call": self.id,
                "at": stamp(self.at),
                "worker": recording.worker,
                **self.key.who,
                "wire": self.way.wire,
                "asked": self.asked.model,
                "provider": candidate.provider,
                "model": candidate.model,
                "because": candidate.because,
                "decided": house.deciding.passed(self.reasons),
                "reserved": self.reservation.pico,
                "budgets": self.reservation.noted,
                "clamped": self.bound.most if self.bound.clamped else None,
                "request": f"sha256:{self.request}",
                "data": self.data,
                "sandbox": self.sandbox,
                "trace": self.trace,
                **({"instead": self.spared.document()} if self.spared is not None else {}),
                **({"after": self.after} if self.after is not None else {}),
            }
        )

    def mask(self, masked: Mapping[str, int]) -> None:
        """So many masks more, by class."""
        for name, count in masked.items():
            self.masked[name] = self.masked.get(name, 0) + count

    def ceiling(self, plan: Plan) -> Usage:
        """The most that it can have used, where the provider does not say."""
        rates = plan.serving.rates
        dearest = max(WRITTEN, key=lambda kind: getattr(rates, kind))
        written: dict[str, Any] = {dearest: self.bound.most * max(1, self.asked.answers)}
        return Usage(input=plan.bound.read, **written)

    def end(self, house: House, outcome: str, status: int, usage: Usage | None) -> None:
        """Pay for it and write its end. ``usage`` None: the provider may have done all that was bounded, and did not say.

        Raises ``StorageFull`` or OSError where the end cannot be written: the call is then charged as it was reserved.
        """
        self.ended = True
        plan = self.met.plan if self.met is not None else self.plans[0]
        at = house.clock.now()
        digest = rates = None
        footprint = None
        if usage is None:
            usage = replace(self.ceiling(plan), estimated=True)
            # an answer that was made shorter costs no more than what was left
            pico = min(plan.bound.pico, self.reservation.pico)
        elif usage is NOTHING:
            pico = 0
        else:
            priced = house.standing.prices.price(plan.serving.prices, plan.candidate.model, usage, at, self.speed)
            if priced is not None:
                pico, digest, rates = priced.pico, priced.table, priced.rates
            else:
                pico, rates = plan.serving.rates.cost(usage), plan.serving.rates
            weight = house.footprints.weigh(plan.serving.prices, plan.candidate.model, usage)
            footprint = weight.document() if weight is not None else None
        now = perf_counter()
        record = {
            "k": "end",
            "call": self.id,
            "at": stamp(at),
            "outcome": outcome,
            "status": status,
            "usage": usage.document(),
            "estimated": usage.estimated,
            "pico": pico,
            "rates": (rates or plan.serving.rates).document if pico else {},
            "prices": digest,
            "footprint": footprint,
            "answer": f"sha256:{self.answer.hexdigest()}",
            "ms": round((now - self.started) * 1_000),
            "first_ms": None if self.first is None else round((self.first - self.started) * 1_000),
            "tries": self.tries,
            "credential": self.met.credential.id if self.met is not None and self.met.credential is not None else None,
            "masked": self.masked,
            **({"speed": self.speed} if self.speed else {}),
        }
        paid = self.reservation.pico
        try:
            house.recording.write(record)
            paid = pico
            if self.prompt is not None and (key := house.standing.content_key) is not None:
                lay_down(house.options.content, key, self.id, self.prompt, self.answer.words)
        finally:
            Purse.settle(self.reservation, paid)
            if self.paced is not None:
                self.paced.used(usage.read + usage.written)
