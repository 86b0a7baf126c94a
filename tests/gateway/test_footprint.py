"""Footprints are ranges, agree with the method that they come from, and are left open where it knows nothing."""

from __future__ import annotations

import math
from typing import Any

import pytest
from ecologits.model_repository import models
from ecologits.tracers.utils import llm_impacts

from greenlane.gateway.footprint.compiling import compile_footprints
from greenlane.gateway.footprint.table import Footprints
from greenlane.gateway.usage import Usage


@pytest.fixture(scope="module")
def footprints() -> Footprints:
    return Footprints(compile_footprints())


def ends(value: Any) -> tuple[float, float]:
    return getattr(value, "min", value), getattr(value, "max", value)


def test_every_model_weighs_what_the_method_says(footprints: Footprints) -> None:
    for model in models.list_models():
        for tokens in (0, 1, 400, 30_000):
            ours = footprints.weigh(model.provider.value, model.name, Usage(input=9, output=tokens))
            theirs = llm_impacts(model.provider.value, model.name, tokens, math.inf)
            assert ours is not None
            assert theirs.energy is not None
            assert theirs.gwp is not None
            assert theirs.wcf is not None
            for span, value, scale in (
                (ours.energy, theirs.energy.value, 1e9),
                (ours.carbon, theirs.gwp.value, 1e9),
                (ours.water, theirs.wcf.value, 1e6),
            ):
                low, high = (end * scale for end in ends(value))
                assert low * 0.999999 - 3 <= span.low <= low + 1e-3
                assert high - 1e-3 <= span.high <= high * 1.000001 + 3


def test_a_range_comes_with_its_assumptions(footprints: Footprints) -> None:
    found = footprints.weigh("openai", "gpt-5", Usage(output=400))
    assert found is not None
    assert found.energy.low < found.energy.high
    assert any("others estimate" in one for one in found.assumptions)
    assert found.document()["table"] == footprints.digest


def test_a_model_that_nobody_weighed_is_left_open_in_words(footprints: Footprints) -> None:
    assert footprints.weigh("our-vllm", "llama-house", Usage(output=1)) is None
    assert "does not know llama-house" in footprints.missing("our-vllm", "llama-house")


def test_resellers_and_dated_releases_are_the_same_model(footprints: Footprints) -> None:
    usage = Usage(output=77)
    plain = footprints.weigh("anthropic", "claude-sonnet-4-5", usage)
    assert plain is not None
    assert footprints.weigh("openrouter", "anthropic/claude-sonnet-4-5", usage) == plain
    assert footprints.weigh("anthropic", "claude-sonnet-4-5-20991231", usage) == plain
    assert footprints.weigh("gemini", "gemini-2.5-pro", usage) == footprints.weigh("google", "Gemini-2.5-Pro", usage)
