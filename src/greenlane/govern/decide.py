"""``decide``: from a verb, the facts and a pack to a lane with its reasons. Pure, and the same every time.

Two evaluations make four lanes. The first asks without an approval: when it allows, the strictest lane of the permits
that matched is the lane (green or amber). When it denies, the second asks as if a person had approved: allowed now
means *red*, a person can let it through; denied again means *closed*. One evaluation alone would call red what no
approval could ever lift.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from greenlane.govern.decision import Decision, Lane, Reason, Risk
from greenlane.govern.facts import Facts
from greenlane.govern.policy import Pack, Policy, Verdict
from greenlane.govern.words import sentence
from greenlane.kit import digest

NOTHING_GRANTS = Reason(
    "nothing-grants-this",
    "Nothing grants this.",
    "Ask the owner of the policies which rule should allow it; until one does, nobody can do it.",
    "Platform",
    digest.of("nothing-grants-this"),
)
"""Why an action is closed that no policy speaks for."""

NOT_EVALUATED = Reason(
    "could-not-be-evaluated",
    "A rule could not be evaluated, so nothing goes through.",
    "Give this to the platform team; the rule and the facts are on the receipt.",
    "Platform",
    digest.of("could-not-be-evaluated"),
)
"""Why an action is closed whose facts broke a rule: a rule that cannot be read counts as against it."""


def decide(verb: str, facts: Facts, pack: Pack, approved: bool = False) -> Decision:
    """The decision about one action. ``approved`` says that a stored approval of a person counts.

    An approved action keeps its red lane and may go on (``Decision.goes``); an approval never opens a closed one.
    """
    risk = pack.scorecard.score(facts)
    first = pack.ask(verb, facts.actor_kind, sheet(verb, facts, risk, pack, approved=False))
    if first.allowed and not first.failed:
        lane = max((one.lane for one in first.policies), key=lambda lane: lane.strictness)
        return _decision(lane, first.policies, first, facts, risk, pack, approved)
    second = pack.ask(verb, facts.actor_kind, sheet(verb, facts, risk, pack, approved=True))
    if first.failed or second.failed:
        closed = _decision(Lane.CLOSED, (), None, facts, risk, pack, approved)
        return replace(closed, reasons=(NOT_EVALUATED,))
    if second.allowed:
        return _decision(Lane.RED, first.policies, second, facts, risk, pack, approved)
    closed = _decision(Lane.CLOSED, second.policies, None, facts, risk, pack, approved)
    return closed if closed.reasons else replace(closed, reasons=(NOTHING_GRANTS,))


def sheet(verb: str, facts: Facts, risk: Risk, pack: Pack, *, approved: bool) -> dict[str, Any]:
    """What the policies about a verb read: the facts that they name, and what is derived from facts."""
    derived = {
        "approved": approved,
        "narrowing": verb == "set-audience" and not facts.audience_widens,
        "new_reach": bool(facts.new_hosts or facts.new_connections or facts.new_secrets),
        "risk": risk.score,
        "risk_parts": sorted({part.name for part in risk.parts}),
    }
    return {name: derived[name] if name in derived else getattr(facts, name) for name in pack.reads(verb)}


def _decision(
    lane: Lane,
    policies: Sequence[Policy],
    granted: Verdict | None,
    facts: Facts,
    risk: Risk,
    pack: Pack,
    approved: bool,
) -> Decision:
    """The decision with the sentences of the policies that chose its lane and the safeguards of what granted it."""
    reasons = tuple(
        Reason(
            one.id,
            sentence(one.says, facts, risk=risk.score),
            sentence(one.instead, facts, risk=risk.score),
            one.owner,
            one.digest,
        )
        for one in policies
        if one.lane is lane
    )
    safeguards = sorted({name for one in granted.policies for name in one.safeguards}) if granted else []
    return Decision(lane, reasons, tuple(safeguards), risk, pack.digest, approved)
