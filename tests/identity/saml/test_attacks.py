"""Nobody comes in with a message that the provider did not sign for us, now, as it stands; and why is said rightly.

The controls come first: the same maker and the same signer make messages that are believed, so that a refusal further
down is the attack's and not the maker's.
"""

from __future__ import annotations

import re
from collections import Counter
from copy import deepcopy
from pathlib import Path

import pytest
from tests.identity.saml.attacks import FAMILIES, VICTIM, Attack, attacks
from tests.identity.saml.provider import NOW, Said, Way, answer, assertion_of, expected, sign, wire

from greenlane.identity.saml.refusals import REASONS, SamlRefused
from greenlane.identity.saml.response import accept

WAYS = ["assertion", "response", "both"]


def signed(way: str, said: Said | None = None, by: Way | None = None):
    return answer(said, sign_assertion=way != "response", sign_response=way != "assertion", way=by)


@pytest.mark.parametrize("way", WAYS)
def test_control_an_untouched_message_is_believed(way: str) -> None:
    assert accept(wire(signed(way)), expected(), NOW).person() == Said().name_id


@pytest.mark.parametrize("way", WAYS)
def test_control_a_message_that_was_signed_again_is_believed(way: str) -> None:
    tree = deepcopy(signed(way))
    if way != "response":
        sign(assertion_of(tree))
    if way != "assertion":
        sign(tree)
    assert accept(wire(tree), expected(), NOW).person() == Said().name_id


@pytest.mark.parametrize("way", WAYS)
def test_control_a_message_that_was_signed_again_about_somebody_else_is_believed(way: str) -> None:
    assert accept(wire(signed(way, Said(name_id=VICTIM))), expected(), NOW).person() == VICTIM


def test_there_are_two_hundred_attacks_and_more_in_every_family() -> None:
    counted = Counter(one.family for one in attacks())
    assert sum(counted.values()) >= 500
    assert min(counted[family] for family in FAMILIES) >= 8
    assert len({one.message for one in attacks()}) >= 400, "they are different messages"


@pytest.mark.parametrize("attack", attacks(), ids=str)
def test_nobody_comes_in_with(attack: Attack) -> None:
    with pytest.raises(SamlRefused) as refused:
        accept(attack.message, expected(**attack.expects), NOW)
    assert refused.value.reason in attack.because, refused.value.about


def test_every_refusal_of_an_answer_is_met_by_an_attack() -> None:
    met = {reason for attack in attacks() for reason in attack.because}
    elsewhere = {"passing", "metadata", "expired-metadata", "redirect", "certificate"}
    assert met | elsewhere == set(REASONS) | elsewhere


def test_the_page_about_saml_lists_every_refusal_in_its_words() -> None:
    page = (Path(__file__).parents[3] / "docs" / "saml.md").read_text("utf-8")
    for code, (says, next_step) in REASONS.items():
        assert f"| `{code}` | {says} | {next_step} |" in page, "a row of the table is missing or says something else"
    assert page.count("\n| `") == len(REASONS)


def test_every_refusal_is_a_sentence_with_something_to_do() -> None:
    for code, said in REASONS.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
        assert all(re.fullmatch(r"[A-Z].+\.", one) for one in said), said
        assert len({says for says, _ in REASONS.values()}) == len(REASONS)


def test_a_refusal_tells_the_person_what_to_do_and_the_administrator_which_part_is_meant() -> None:
    with pytest.raises(SamlRefused) as refused:
        accept(wire(answer(Said(audience="https://elsewhere.example.com"))), expected(), NOW)
    assert refused.value.status == 401
    assert str(refused.value) == "The message is meant for another service."
    assert "compares the addresses" in refused.value.next_step
    assert refused.value.about == "https://elsewhere.example.com"
