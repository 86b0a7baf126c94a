"""A swap changes the routes that lead to one provider, and no others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from greenlane.gateway.routes import Provider, Route, Table, Target
from greenlane.gateway.swapping.actions import SetRoutes
from greenlane.gateway.swapping.plan import Swap, line, read, swapped, with_routes
from greenlane.govern.errors import WrongInput

TABLE = Table(
    providers={one: Provider(one, "us") for one in ("openai", "anthropic", "azure")},
    routes={
        "fast": Route(
            (Target("openai", "gpt-5-mini", 3), Target("azure", "gpt-5-mini", 1)), (Target("openai", "gpt-5"),)
        ),
        "careful": Route((Target("anthropic", "claude-opus-5"),)),
        "spare": Route((Target("azure", "gpt-5"),), (Target("openai", "gpt-5"),)),
    },
    usual={"openai": "openai", "anthropic": "anthropic"},
)
SWAP = Swap("openai", "anthropic", {"gpt-5-mini": "claude-haiku-4-5", "gpt-5": "claude-opus-5"})


def test_an_alias_leads_elsewhere_and_back_where_that_fails() -> None:
    changed = swapped(TABLE, SWAP, ())
    assert changed == {
        "fast": Route(
            (Target("anthropic", "claude-haiku-4-5", 3), Target("azure", "gpt-5-mini", 1)),
            (Target("openai", "gpt-5-mini"), Target("openai", "gpt-5")),
        )
    }


def test_without_keeping_it_the_old_provider_is_named_nowhere() -> None:
    changed = swapped(TABLE, replace(SWAP, keep=False), ())
    assert changed["fast"].otherwise == (Target("anthropic", "claude-opus-5"),)
    assert changed["spare"] == Route((Target("azure", "gpt-5"),), (Target("anthropic", "claude-opus-5"),))
    left = with_routes(TABLE, changed).routes.values()
    assert not [one for route in left for one in (*route.targets, *route.otherwise) if one.provider == "openai"]


def test_a_model_that_was_asked_for_by_its_own_name_gets_a_route() -> None:
    asked = [("openai-chat", "GPT-5"), ("openai-chat", "openai/gpt-5"), ("anthropic-messages", "gpt-5-mini")]
    changed = swapped(TABLE, SWAP, asked)
    assert changed["gpt-5"] == Route((Target("anthropic", "claude-opus-5"),), (Target("openai", "gpt-5"),))
    assert changed["openai/gpt-5"] == changed["gpt-5"]
    assert "gpt-5-mini" not in changed, "on that wire the name leads to Anthropic as it is"


def test_a_model_without_a_counterpart_stays() -> None:
    assert swapped(TABLE, Swap("openai", "anthropic", {"o3": "claude-opus-5"}), [("openai-chat", "gpt-4.1")]) == {}


def test_weights_that_lead_to_the_same_model_come_together() -> None:
    table = replace(
        TABLE, routes={"fast": Route((Target("openai", "gpt-5", 3), Target("anthropic", "claude-opus-5", 2)))}
    )
    assert swapped(table, replace(SWAP, keep=False), ())["fast"] == Route((Target("anthropic", "claude-opus-5", 5),))


@pytest.mark.parametrize("name", ["fast", "careful", "spare"])
def test_a_route_in_one_line_is_read_as_it_was_written(name: str) -> None:
    assert read(line(name, TABLE.routes[name])) == (name, TABLE.routes[name])
    assert read(line(name, None)) == (name, None)


def test_a_line_that_means_nothing_is_refused_when_the_action_is_made() -> None:
    for wrong in ("fast openai", "fast else openai/gpt-5", "", "fast openai/gpt-5=0"):
        with pytest.raises(WrongInput):
            SetRoutes((wrong,))
    with pytest.raises(WrongInput, match="twice"):
        SetRoutes(("fast openai/gpt-5", "FAST openai/gpt-5"))
    with pytest.raises(WrongInput):
        SetRoutes(())
