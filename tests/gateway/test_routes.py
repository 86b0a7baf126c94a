"""The same call finds the same providers in the same order, and what may not serve it says why."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from greenlane.gateway.routes import (
    Call,
    DataRule,
    Provider,
    Retries,
    Route,
    Table,
    Target,
    candidates,
    worth_another,
)

TABLE = Table(
    providers={
        "openai": Provider("openai", "us"),
        "azure": Provider("azure", "eu", keeps_nothing=True),
        "anthropic": Provider("anthropic", "us", keeps_nothing=True),
        "old": Provider("old", "eu", on=False),
    },
    routes={
        "fast": Route(
            (Target("openai", "gpt-5-mini", 3), Target("azure", "gpt-5-mini", 1), Target("old", "gpt-3.5", 0)),
            (Target("anthropic", "claude-haiku-4-5"),),
        ),
        "gone": Route((Target("old", "gpt-3.5"), Target("nobody", "x"))),
    },
    usual={"openai": "openai", "anthropic": "anthropic"},
    allowed={"environment:board/staging": ("fast", "claude-haiku-*")},
    rules={
        "personal data": DataRule(frozenset({"eu"}), keeps_nothing=True),
        "source code": DataRule(keeps_nothing=True),
    },
)
CALL = Call("call_1", "openai-chat", "fast", ("environment:board/production", "person:p_1"))


def order(call: Call, table: Table = TABLE, resting: tuple[str, ...] = ()) -> list[str]:
    return [one.provider for one in candidates(call, table, resting).candidates]


def test_a_call_has_one_order_and_all_calls_together_have_the_weights() -> None:
    assert candidates(CALL, TABLE) == candidates(CALL, TABLE)
    first = Counter(order(replace(CALL, id=f"call_{n}"))[0] for n in range(4_000))
    assert first.keys() == {"openai", "azure"}
    assert 2_850 < first["openai"] < 3_150
    assert {tuple(order(replace(CALL, id=f"call_{n}"))) for n in range(50)} == {
        ("openai", "azure", "anthropic"),
        ("azure", "openai", "anthropic"),
    }


def test_who_is_in_trouble_is_tried_last() -> None:
    assert order(CALL, resting=("openai", "azure"))[0] == "anthropic"


def test_a_model_that_no_route_names_goes_to_the_usual_provider_of_its_wire() -> None:
    found = candidates(replace(CALL, model="gpt-9"), TABLE)
    assert [(one.provider, one.model) for one in found.candidates] == [("openai", "gpt-9")]
    assert candidates(replace(CALL, model="x", wire="gemini-generate"), TABLE).left[0].reason == (
        "No provider is set up for x."
    )


def test_a_request_can_name_a_provider_that_is_set_up_and_no_other() -> None:
    named = candidates(replace(CALL, model="anthropic/claude-opus-5"), TABLE).candidates
    assert [(one.provider, one.model) for one in named] == [("anthropic", "claude-opus-5")]
    other = candidates(replace(CALL, model="evil.example/claude"), TABLE).candidates
    assert [(one.provider, one.model) for one in other] == [("openai", "evil.example/claude")]


def test_personal_data_goes_where_it_may_and_nowhere_else() -> None:
    found = candidates(replace(CALL, data=frozenset({"personal data"})), TABLE)
    assert [one.provider for one in found.candidates] == ["azure"]
    assert {one.reason for one in found.left} == {
        "The prompt holds something of the class 'personal data', which stays in eu; openai is not there.",
        "The prompt holds something of the class 'personal data', which stays in eu; anthropic is not there.",
    }
    keeping = candidates(replace(CALL, data=frozenset({"source code", "weather"})), TABLE)
    assert "The prompt holds something of the class 'source code', and openai keeps what it is sent." in {
        one.reason for one in keeping.left
    }


def test_an_environment_uses_the_models_of_its_list_alone() -> None:
    staging = replace(CALL, spenders=("environment:board/staging",))
    assert len(order(staging)) == 3, "an alias on the list stands for all that it leads to"
    assert order(replace(staging, model="claude-haiku-4-5", wire="anthropic-messages")) == ["anthropic"]
    refused = candidates(replace(staging, model="gpt-5"), TABLE)
    assert refused.candidates == ()
    assert refused.left[0].reason == "Only fast, claude-haiku-* may be used by staging of board."


def test_every_reason_is_told_when_nobody_can_serve() -> None:
    found = candidates(replace(CALL, model="gone"), TABLE)
    assert found.candidates == ()
    assert {one.reason for one in found.left} == {"old is switched off.", "nobody is not set up."}


@pytest.mark.parametrize(
    ("status", "begun", "again"),
    [
        (None, False, True),
        (429, False, True),
        (529, False, True),
        (400, False, False),
        (401, False, False),
        (500, True, False),
        (None, True, False),
    ],
)
def test_a_call_is_tried_again_where_that_can_help_and_nothing_was_sent(
    status: int | None, begun: bool, again: bool
) -> None:
    assert worth_another(status, begun=begun) is again


def test_second_attempts_are_a_fifth_of_the_first_ones_in_the_long_run() -> None:
    retries = Retries(each=5, most=2)
    assert [retries.another() for _ in range(3)] == [True, True, False]
    tried = 0
    for _ in range(1_000):
        retries.called()
        tried += retries.another()
    assert tried == 200
