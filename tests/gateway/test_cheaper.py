"""Once a soft budget is spent, calls go on with a cheaper name where somebody said which, and everybody is told."""

from __future__ import annotations

from typing import Any

import pytest
from tests.gateway.stub import Asked, Line
from tests.gateway.world import World, budget

CAREFUL: dict[str, Any] = {"model": "careful", "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]}
FAST = {"targets": [{"provider": "openai", "model": "gpt-4o-mini"}]}


def routes(careful: str = "gpt-4o", when_spent: str = "fast") -> dict[str, Any]:
    return {
        "careful": {"targets": [{"provider": "openai", "model": careful}], "when_spent": when_spent},
        "fast": FAST,
    }


def soft(amount: int = 1, **more: Any) -> dict[str, Any]:
    return budget(amount, hard=False) | more


@pytest.fixture
def spent(world: World) -> World:
    """A soft budget of which nothing is left."""
    world.serve("openai")
    world.change({"routes": routes(), "budgets": {"b_1": soft(0)}})
    return world


def served(world: World) -> list[str]:
    return [one.json["model"] for one in world.stubs["openai"].asked]


def test_the_name_s_own_cheaper_one_serves_once_the_budget_is_spent(world: World) -> None:
    world.serve("openai")
    world.change({"routes": routes(), "budgets": {"b_1": soft()}})
    before = world.ask(body=CAREFUL)
    assert "greenlane-instead" not in before.headers
    after = world.ask(body=CAREFUL)
    assert after.headers["greenlane-instead"] == ("fast instead of careful: the budget of everybody together is spent")
    assert served(world) == ["gpt-4o", "gpt-4o-mini"]
    first, second = world.records("begin")
    assert "instead" not in first
    assert (second["asked"], second["model"]) == ("careful", "gpt-4o-mini")
    assert second["instead"] == {"name": "fast", "budget": "b_1"}
    world.until(lambda: "went-cheaper" in [one["notice"] for one in world.control.notices])
    (told,) = [one for one in world.control.notices if one["notice"] == "went-cheaper"]
    assert (told["about"], told["asked"], told["name"]) == ("b_1", "careful", "fast")


def test_a_stream_says_it_too(spent: World) -> None:
    answer = spent.ask(body={**CAREFUL, "stream": True})
    assert answer.headers["greenlane-instead"].startswith("fast instead of careful")


def test_a_model_that_was_named_itself_serves_unless_the_budget_says_otherwise(spent: World) -> None:
    named = {**CAREFUL, "model": "gpt-4o"}
    assert "greenlane-instead" not in spent.ask(body=named).headers
    spent.change({"budgets": {"b_1": soft(0, instead="fast")}})
    assert spent.ask(body=named).headers["greenlane-instead"].startswith("fast instead of gpt-4o")
    assert served(spent) == ["gpt-4o", "gpt-4o-mini"]


def test_nothing_changes_where_nobody_said_what_is_cheaper(spent: World) -> None:
    spent.change({"routes": routes(when_spent="")})
    assert "greenlane-instead" not in spent.ask(body=CAREFUL).headers


def test_what_is_no_cheaper_does_not_stand_in(spent: World) -> None:
    spent.change(
        {"routes": routes(careful="gpt-4o-mini") | {"fast": {"targets": [{"provider": "openai", "model": "gpt-4o"}]}}}
    )
    assert "greenlane-instead" not in spent.ask(body=CAREFUL).headers
    assert served(spent) == ["gpt-4o-mini"]


def test_who_may_not_use_the_cheaper_one_gets_what_was_asked_for(spent: World) -> None:
    spent.change({"allowed": {"person:p_ada": ["careful"]}})
    answer = spent.ask(body=CAREFUL)
    assert (answer.status, served(spent)) == (200, ["gpt-4o"])


def test_embeddings_stay_with_their_model(spent: World) -> None:
    async def vectors(asked: Asked, line: Line) -> None:
        await line.answer({"object": "list", "data": [], "usage": {"prompt_tokens": 3, "total_tokens": 3}})

    spent.serve("other", vectors)
    large = {"targets": [{"provider": "other", "model": "text-embedding-3-large"}], "when_spent": "small"}
    small = {"targets": [{"provider": "other", "model": "text-embedding-3-small"}]}
    spent.change({"routes": {"embedding": large, "small": small}})
    answer = spent.ask("/ai/openai/v1/embeddings", {"model": "embedding", "input": "Hi"})
    assert answer.status == 200
    assert "greenlane-instead" not in answer.headers


def test_a_hard_budget_never_leads_elsewhere(world: World) -> None:
    world.serve("openai")
    world.change({"routes": routes(), "budgets": {"b_1": budget(0)}})
    assert world.ask(body=CAREFUL).status == 402


def test_what_other_processes_spent_counts(world: World) -> None:
    world.serve("openai")
    world.change({"routes": routes(), "budgets": {"b_1": soft(1_000)}})
    world.do(world.control.tell_elsewhere("b_1", 1_000))
    assert world.ask(body=CAREFUL).headers["greenlane-instead"].startswith("fast")
