"""Every call's record says how it was decided, why, and by which rules; and the rules stand beside it in the journal."""

from __future__ import annotations

import time
from hashlib import sha256
from typing import Any

import orjson
import pytest
from tests.gateway.world import World, budget

from greenlane.gateway.lanes import REASONS, sentences, words
from greenlane.kit import digest

ASKED: dict[str, Any] = {"model": "gpt-4o-mini", "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]}
MAIL = {**ASKED, "messages": [{"role": "user", "content": "alice@example.com"}]}
DOLLAR = 10**12


def decided(world: World, kind: str = "begin") -> tuple[str, list[str]]:
    told = world.records(kind)[-1]["decided"]
    return told["lane"], told["because"]


def minding(world: World, action: str) -> None:
    world.change({"rules": {"email": {"action": action}}, "perimeter": {"key": {"says": (b"k" * 32).hex()}}})


def test_a_usual_call_goes_through_by_rules_that_anybody_can_look_up(world: World) -> None:
    world.serve("openai")
    world.change({"budgets": {"b_1": budget(DOLLAR)}})
    assert world.ask(body=ASKED).status == 200
    (_, rules, begin, _) = world.records()
    assert begin["decided"] == {"lane": "green", "because": [], "rules": rules["digest"]}
    assert digest.of(rules["rules"]) == rules["digest"]
    assert rules["rules"]["budgets"] == {"b_1": budget(DOLLAR)}
    assert "sk-openai" not in str(rules)
    assert "credentials" not in str(rules)


def test_rules_are_told_once_until_they_change(world: World) -> None:
    world.serve("openai")
    for _ in range(3):
        world.ask(body=ASKED)
    world.change({"limits": {"organisation": {"requests": 100, "tokens": None}}})
    for _ in range(2):
        world.ask(body=ASKED)
    before, after = (one["digest"] for one in world.records("rules"))
    assert [one["decided"]["rules"] for one in world.records("begin")] == [before] * 3 + [after] * 2


def test_what_is_done_for_safety_makes_a_call_amber(world: World) -> None:
    world.serve("openai")
    assert world.ask(body={**ASKED, "model": "nobody-knows"}).status == 200
    assert decided(world) == ("amber", ["unpriced"])
    minding(world, "mask")
    assert world.ask(body=MAIL).status == 200
    assert decided(world) == ("amber", ["masked"])
    world.change({"budgets": {"b_1": budget(0, hard=False)}})
    assert world.ask(body=ASKED).status == 200
    assert decided(world) == ("amber", ["budget-spent"])
    world.change({"budgets": {"b_1": budget(DOLLAR // 1_000)}})
    assert world.ask(body={**ASKED, "max_tokens": 100_000}).status == 200
    assert decided(world) == ("amber", ["clamped"])


def test_a_call_that_waited_for_a_person_says_so_before_and_after(world: World) -> None:
    world.serve("openai")
    minding(world, "ask")
    world.control.permits = lambda message: {"request": "req_1", "says": ""}
    body = orjson.dumps(MAIL)
    assert world.in_sandbox(body).status == 403
    assert decided(world, "refused") == ("red", ["data-needs-a-person"])
    prompt = f"sha256:{sha256(body).hexdigest()}"
    agreed = {"data": ["email"], "expires": time.time() + 3_600}
    world.change({"let_through": {f"board/production|{prompt}": agreed}})
    assert world.in_sandbox(body).status == 200
    assert decided(world) == ("red", ["agreed"])


def test_what_no_person_can_let_through_is_closed(world: World) -> None:
    world.serve("openai")
    world.change({"budgets": {"b_1": budget(0)}})
    assert world.ask(body=ASKED).status == 402
    assert decided(world, "refused") == ("closed", ["budget-spent"])


@pytest.mark.parametrize(
    ("lane", "because", "said"),
    [
        ("green", [], "went through"),
        ("amber", ["masked", "clamped"], "went through, with safeguards"),
        ("red", ["agreed"], "went through, because a person agreed"),
        ("red", ["data-needs-a-person"], "needs a person"),
        ("closed", ["model-not-allowed"], "not possible"),
    ],
)
def test_lanes_read_as_everywhere(lane: str, because: list[str], said: str) -> None:
    told = {"lane": lane, "because": because, "rules": ""}
    assert words(told) == said
    assert sentences(told) == [REASONS[one] for one in because if one in REASONS]
