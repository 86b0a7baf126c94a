"""The figures of the decision core, beside a bare Cedar evaluation of the same questions in the same run.

    python benchmarks/decisions.py [--decisions 20000] [--replayed 100000] [--json FILE]

Prints the time of a decision (both evaluations, risk and sentences included), of an explanation and of a simulation,
and the seconds that making recorded decisions again takes. One process, one core; nothing is cached between the
questions that are timed, apart from replay, which may meet a question twice.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cedarpy

from greenlane.govern.decide import decide, sheet
from greenlane.govern.explain import what_would_make_it_green
from greenlane.govern.policy import Pack
from greenlane.govern.replay import recorded, replay_all
from greenlane.learning.changes import Seeded, changes
from greenlane.learning.simulate import render, simulate


@dataclass(frozen=True)
class Times:
    """Milliseconds of many calls, sorted."""

    ms: Sequence[float]

    def at(self, share: float) -> float:
        return self.ms[min(len(self.ms) - 1, int(len(self.ms) * share))]

    def __str__(self) -> str:
        return f"p50 {self.at(0.5):6.3f} ms   p99 {self.at(0.99):6.3f} ms"


def timed(call: Callable[[Seeded], Any], asked: Sequence[Seeded]) -> Times:
    times = []
    for one in asked:
        began = time.perf_counter()
        call(one)
        times.append((time.perf_counter() - began) * 1000)
    return Times(sorted(times))


def bare(pack: Pack) -> Callable[[Seeded], Any]:
    """One evaluation of the whole pack as anybody would write it: every policy, every fact that any of them reads."""
    policies = cedarpy.PolicySet.from_str("\n".join(one.text for one in pack.policies))
    entities = cedarpy.Entities.from_json_str("[]")
    whole = {"approved": False, "narrowing": False, "new_reach": False, "risk_parts": []}

    def evaluate(one: Seeded) -> Any:
        return cedarpy.is_authorized(
            {
                "principal": {"type": "Person", "id": "actor"},
                "action": {"type": "Action", "id": one.verb},
                "resource": {"type": "Organisation", "id": "here"},
                "context": one.facts.as_dict() | whole | {"risk": pack.scorecard.score(one.facts).score},
            },
            policies,
            entities,
        )

    return evaluate


def uncached(pack: Pack) -> None:
    """Forget what was asked before, so that every timed question is a new one."""
    pack._ask.cache_clear()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--decisions", type=int, default=20_000)
    parser.add_argument("--replayed", type=int, default=100_000)
    parser.add_argument("--json", type=Path, help="also write the figures there")
    wanted = parser.parse_args()

    pack = Pack.default()
    asked = list(changes(wanted.decisions, seed=1))
    for one in asked[:500]:  # the sets of each verb are prepared at the first question
        decide(one.verb, one.facts, pack)

    floor = timed(bare(pack), asked)

    def alone(one: Seeded) -> Any:
        uncached(pack)
        return decide(one.verb, one.facts, pack)

    decided = timed(alone, asked)

    def explained(one: Seeded) -> Any:
        uncached(pack)
        return what_would_make_it_green(one.verb, one.facts, pack)

    held = [one for one in asked if decide(one.verb, one.facts, pack).lane != "green"][:2000]
    explains = timed(explained, held)

    blocks = [
        json.dumps(recorded(one.verb, one.facts, decide(one.verb, one.facts, pack)))
        for one in changes(wanted.replayed, seed=2)
    ]
    uncached(pack)
    began = time.perf_counter()
    again = replay_all((json.loads(block) for block in blocks), {pack.digest: pack}.get)
    replayed = time.perf_counter() - began
    assert again.holds, "a decision came out otherwise"

    uncached(pack)
    began = time.perf_counter()
    report = simulate(pack)
    simulated = time.perf_counter() - began

    figures = {
        "policies": len(pack.policies),
        "bare_p50_ms": round(floor.at(0.5), 4),
        "bare_p99_ms": round(floor.at(0.99), 4),
        "decide_p50_ms": round(decided.at(0.5), 4),
        "decide_p99_ms": round(decided.at(0.99), 4),
        "decide_to_bare": round(decided.at(0.5) / floor.at(0.5), 3),
        "explain_p50_ms": round(explains.at(0.5), 4),
        "explain_p99_ms": round(explains.at(0.99), 4),
        "replayed": again.decisions,
        "replay_seconds": round(replayed, 2),
        "simulate_seconds": round(simulated, 3),
        "simulation": report.as_dict(),
    }
    print(f"{len(pack.policies)} policies, {len(asked)} decisions, {len(sheet_names(pack))} names read by publish")
    print(f"bare evaluation   {floor}")
    print(f"decide            {decided}   {figures['decide_to_bare']} of the bare evaluation's p50")
    print(f"explain           {explains}   over {len(held)} that are not green")
    print(f"replay            {again.decisions} in {replayed:.1f} s, {again.decisions / replayed:,.0f} a second")
    print(f"simulate          2,000 changes in {simulated:.2f} s\n")
    print(render(report))
    if wanted.json:
        wanted.json.write_text(json.dumps({"decisions": figures}, indent=2) + "\n")


def sheet_names(pack: Pack) -> Sequence[str]:
    one = next(one for one in changes(100, seed=1) if one.verb == "publish")
    return sorted(sheet(one.verb, one.facts, pack.scorecard.score(one.facts), pack, approved=False))


if __name__ == "__main__":
    main()
