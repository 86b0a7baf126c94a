"""The default pack: it passes the tests that it ships, and it speaks of every verb that there is."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

import greenlane
from greenlane.govern.action import REGISTRY
from greenlane.govern.cases import Case, read_cases, run_cases
from greenlane.govern.cedar import PackError
from greenlane.govern.decide import decide
from greenlane.govern.policy import Pack, default_cases, default_layer

PACK = Pack.default()
CASES = read_cases(default_cases())


def registered() -> set[str]:
    """The verbs of every feature."""
    for path in sorted(Path(greenlane.__file__).parent.glob("*/actions.py")):
        importlib.import_module(f"greenlane.{path.parent.name}.actions")
    return {verb.name for verb in REGISTRY}


@pytest.mark.parametrize("case", CASES, ids=[case.says for case in CASES])
def test_the_pack_does_what_its_own_tests_say(case: Case):
    decision = decide(case.verb, case.facts, PACK)
    policies = {reason.policy for reason in decision.reasons}
    assert decision.lane is case.lane, policies
    assert case.policies is None or policies == case.policies
    assert case.safeguards is None or set(decision.safeguards) == case.safeguards


def test_every_policy_that_asks_or_refuses_has_a_case():
    decided = {reason.policy for result in run_cases(PACK, default_cases()) for reason in result.decision.reasons}
    assert {one.id for one in PACK.policies if one.lane in {"red", "closed"}} <= decided


def test_every_verb_is_granted_by_some_policy():
    granted = {verb for one in PACK.policies if one.lane in {"green", "amber"} for verb in one.verbs or ()}
    assert registered() - granted == set()


def test_the_pack_is_spelt_like_the_verbs():
    Pack.default(verbs=registered() | {"seal-views"})


def test_a_person_can_read_it_without_scrolling_sideways():
    for file, text in default_layer().items():
        assert max(map(len, text.splitlines())) <= 120, file


def test_a_case_that_does_not_hold_says_what_came_out():
    text = '[[case]]\nsays = "All may."\nverb = "publish"\nlane = "green"\n'
    (result,) = run_cases(PACK, text)
    assert not result.holds
    assert result.wrong == "it is closed (missing-right), not green"


def test_a_case_can_name_the_policies_and_the_safeguards():
    text = '[[case]]\nsays = "x"\nverb = "archive-app"\nlane = "amber"\nfacts = {may = true}\n'
    (policies,) = run_cases(PACK, text + 'policies = ["lock"]\n')
    (safeguards,) = run_cases(PACK, text + 'safeguards = ["sampled-look"]\n')
    assert policies.wrong == "hard-to-take-back decided, not lock"
    assert safeguards.wrong == "the safeguards are tell-owner"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('says = "x"\nverb = "publish"', "the case has no lane"),
        ('says = "x"\nverb = "publish"\nlane = "blue"', "'blue' is not a valid Lane"),
        ('says = "x"\nverb = "publish"\nlane = "red"\nfacts = {mai = true}', "no fact called 'mai'"),
        ('says = "x"\nverb = "publish"\nlane = "red"\nfacts = {may = "yes"}', "the fact 'may' cannot be 'yes'"),
        ('says = "x"\nverb = "publish"\nlane = "red"\nlanes = 3', "a case has no 'lanes'"),
    ],
)
def test_a_case_that_cannot_be_meant_is_refused_with_its_line(text: str, reason: str):
    with pytest.raises(PackError) as caught:
        read_cases(f"[given]\nmay = true\n\n[[case]]\n{text}\n")
    assert caught.value.line == 4
    assert reason in caught.value.reason


def test_a_file_of_cases_that_is_no_toml_is_refused():
    with pytest.raises(PackError, match=r"cases.toml"):
        read_cases("[[case]\n")
