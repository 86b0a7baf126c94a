from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.secrets.conftest import Values

from greenlane.govern.errors import WrongInput
from greenlane.secrets import references
from greenlane.secrets.references import LONGEST_FILLED, circle, fill, named_in


def test_a_readable_value_is_made_of_others_and_then_holds_something_of_the_secret():
    filled = fill(
        {
            "URL": "https://${HOST}/?key=${KEY}",
            "HOST": "${NAME}.example.com",
            "NAME": "crm",
            "PLAIN": "$HOME $${NAME} ${",
        },
        {"KEY": "s3cret ${NAME}"},
    )
    assert filled.values == {
        "URL": "https://crm.example.com/?key=s3cret ${NAME}",
        "HOST": "crm.example.com",
        "NAME": "crm",
        "PLAIN": "$HOME ${NAME} ${",
        "KEY": "s3cret ${NAME}",
    }
    assert filled.secret == {"KEY", "URL"}
    assert filled.problems == {}


def test_what_cannot_be_filled_in_is_left_out_and_says_why():
    filled = fill({"A": "${B}", "B": "${C}", "C": "${A}", "SELF": "${SELF}", "LOST": "${NOWHERE}", "ON": "${LOST}"}, {})
    assert filled.values == {}
    assert filled.problems["LOST"] == "LOST refers to NOWHERE, which has no value here"
    assert filled.problems["ON"] == "ON refers to LOST, which cannot be filled in"
    assert filled.problems["SELF"] == "SELF refers to itself by way of SELF"
    assert "A refers to itself by way of B and C" in filled.problems.values()
    assert filled.problems.keys() == {"A", "B", "C", "SELF", "LOST", "ON"}


def test_a_short_text_does_not_unfold_without_end():
    """Each line doubles the one before: 40 of them would be a terabyte."""
    bomb = {f"N{n}": f"${{N{n - 1}}}${{N{n - 1}}}" for n in range(1, 40)} | {"N0": "x"}
    filled = fill(bomb, {})
    assert filled.values.keys() == {f"N{n}" for n in range(17)}
    assert "longer than 64 KiB" in filled.problems["N17"]
    assert sum(map(len, filled.values.values())) <= 2 * LONGEST_FILLED


def test_a_long_chain_is_followed_to_its_end():
    chain = {f"N{n}": f"${{N{n + 1}}}" for n in range(300)} | {"N300": "end"}
    assert fill(chain, {}).values["N0"] == "end"


@given(st.dictionaries(st.sampled_from("ABCDE"), st.text("ABC${}x", max_size=20)))
def test_whatever_is_written_every_name_is_filled_or_says_why(readable: dict[str, str]):
    filled = fill(readable, {})
    assert filled.values.keys() | filled.problems.keys() == readable.keys()
    assert not filled.values.keys() & filled.problems.keys()
    for name in readable:
        if circle(readable, name):
            assert name in filled.problems
    assert all("${" in value or not references.named_in(value) for value in filled.values.values())


def test_names_are_found_in_order_and_once():
    assert named_in("${B} ${A} ${B} $${C} ${1}") == ("B", "A")


def test_a_value_that_would_refer_to_itself_is_refused_in_words(values: Values):
    values.put("A", "${B}", readable=True)
    values.put("B", "${C}", readable=True)
    for value, words in (("${C}", "C would refer to itself"), ("${A}", "itself by way of A and B")):
        with pytest.raises(WrongInput, match=words) as told:
            values.put("C", value, readable=True)
        assert "$${NAME}" in told.value.next_step
    values.put("C", "${A}", readable=True, environment="production")
    values.put("C", "${A}", environment="preview")  # a secret is never looked into
    assert values.gets("preview").values == {"A": "${A}", "B": "${A}", "C": "${A}"}
    assert values.gets("preview").secrets == {"${A}"}


def test_a_circle_through_a_teams_value_is_found_when_an_app_is_started(values: Values):
    values.put("A", "${B}", readable=True, environment="production", team="home", actor=values.owner)
    values.put("B", "${A}", readable=True, environment="production")
    got = values.gets()
    assert got.values == {}
    assert any("refers to itself by way of" in one for one in got.problems)
