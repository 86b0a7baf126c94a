"""What one receipt adds to the tallies: a pure function from its bytes to counts by kind, day and name.

What needs a look at earlier receipts (how long people waited, what was undone) is in ``reading``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from greenlane.ledger.receipt import Receipt

MINUTE, HOUR, DAY = 60, 3600, 86_400

BOUNDS: Final = (
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    4 * HOUR,
    8 * HOUR,
    DAY,
    2 * DAY,
    3 * DAY,
    7 * DAY,
)
"""Upper bounds of the steps in which waiting is counted, in seconds. What took longer is counted as ``LONGER``."""

LONGER: Final = 0
"""The name of the last step, beyond all bounds."""

Tally = tuple[str, str, str]
"""Kind, day, name."""

WAITED, LIVE, OUTCOME, ANSWER = "waited", "live", "outcome", "answer"
LANE, LANE_ELSEWHERE, VERB, POLICY, ASKED_BY = "lane", "lane-elsewhere", "verb", "policy", "asked-by"
MAKER, UNREVIEWED, ABANDONED, SPENT = "maker", "unreviewed", "abandoned", "spent"


def step_of(seconds: float) -> str:
    """The step that a duration falls into, by its upper bound in seconds."""
    return str(next((bound for bound in BOUNDS if seconds <= bound), LONGER))


def day_of(receipt: Receipt) -> str:
    """The day of a receipt, in UTC."""
    return receipt.at[:10]


def counts(receipt: Receipt) -> Counter[Tally]:
    """What a receipt adds up to by itself."""
    found: Counter[Tally] = Counter()
    day = day_of(receipt)
    for kind, name in _named(receipt):
        found[kind, day, name] += 1
    for kind, amount in _spent(receipt):
        found[kind, day, app_of(receipt) or "organisation"] += amount
    return found


def app_of(receipt: Receipt) -> str | None:
    """The app that a receipt is about."""
    kind, _, name = str(receipt.action["subject"]).partition(":")
    return name if kind == "app" else None


def agent_of(receipt: Receipt) -> str | None:
    """The agent that acted, which is the last one of the actor's chain."""
    return next((str(link["id"]) for link in receipt.actor[::-1] if link["kind"] == "agent"), None)


def is_done(receipt: Receipt, *verbs: str) -> bool:
    """Whether something was carried out; one of these verbs, where they are given."""
    done = receipt.half == "settled" and receipt.happened.get("state") == "done"
    return done and (not verbs or receipt.action["verb"] in verbs)


def _named(receipt: Receipt) -> list[tuple[str, str]]:
    if receipt.half == "decided":
        return _of_decision(receipt.decided, about_an_app=app_of(receipt) is not None)
    if receipt.half == "noted":
        return [(ABANDONED, "upload")] if receipt.happened.get("noted") == "abandoned" else []
    if not is_done(receipt):
        return []
    found = [(VERB, str(receipt.action["verb"]))]
    if receipt.happened.get("unreviewed") and app_of(receipt) is not None:
        found.append((UNREVIEWED, "change"))
    if receipt.action["verb"] == "deploy":
        found.append((MAKER, "agent" if agent_of(receipt) else "person"))
    return found


def _of_decision(decided: Mapping[str, Any], *, about_an_app: bool) -> list[tuple[str, str]]:
    """A first decision with its lane and policies. What is decided again after an approval was counted before."""
    if decided["approved"]:
        return []
    lane, policies = str(decided["lane"]), [str(reason["policy"]) for reason in decided["reasons"]]
    found = [(LANE if about_an_app else LANE_ELSEWHERE, lane)]
    found += [(POLICY, policy) for policy in policies]
    if lane == "red":
        found += [(ASKED_BY, policy) for policy in policies]
    return found


def _spent(receipt: Receipt) -> list[tuple[str, int]]:
    """Money in micros by the way it is known: a list price, what was metered, or what was invoiced; never mixed."""
    micros = int(receipt.cost.get("micros", 0))
    return [(f"{SPENT}-{receipt.happened.get('priced', 'metered')}", micros)] if micros else []
