"""The scorecard adds up named parts, and its table is checked like a policy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenlane.govern.cedar import PackError
from greenlane.govern.facts import Facts
from greenlane.govern.policy import Pack
from greenlane.govern.risk import Scorecard

CARD = Pack.default().scorecard


def part(text: str) -> str:
    return f'# a comment\n\n[[part]]\nname = "x"\nsays = "X."\n{text}\n'


def test_nothing_that_speaks_against_a_change_is_no_risk():
    assert CARD.score(Facts()).score == 0
    assert CARD.score(Facts()).parts == ()


def test_every_part_is_named_and_the_score_is_their_sum():
    risk = CARD.score(Facts(new_hosts=("a.example", "b.example"), made_by_agent=True, author_changes=60))
    assert {one.name: one.points for one in risk.parts} == {
        "new hosts": 16,
        "made by an agent": 6,
        "a known author": -4,
    }
    assert risk.score == 18
    assert risk.parts[0].says == "It calls hosts that it did not call before: a.example, b.example."


def test_a_list_counts_up_to_its_most():
    assert CARD.score(Facts(new_hosts=tuple("abcdefgh"))).parts[0].points == 24


def test_an_audience_that_grows_counts_more_than_one_that_is_wide():
    wide = CARD.score(Facts(audience_now="public", audience_wanted="public")).score
    grows = CARD.score(Facts(audience_wanted="public", audience_widens=True)).score
    assert grows > wide > 0


def test_an_agent_that_races_is_riskier():
    scores = [CARD.score(Facts(made_by_agent=True, agent_velocity=n)).score for n in (1, 30, 60, 120)]
    assert scores == sorted(set(scores))


@given(st.lists(st.text("abc", min_size=1), max_size=30), st.integers(0, 10**9), st.booleans(), st.integers(0, 999))
def test_the_score_stays_between_0_and_100(hosts: list[str], files: int, personal: bool, changes: int):
    facts = Facts(
        new_hosts=tuple(hosts),
        files_changed=files,
        personal_data=personal,
        leaked_credentials=tuple(hosts),
        author_changes=changes,
    )
    assert 0 <= CARD.score(facts).score <= 100


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('fact = "file"\nsteps = [[1, 1]]', "no fact called 'file'"),
        ('fact = "files"\npoints = 3', "'files' turns into points by 'steps'"),
        ('fact = "locked"', "'locked' turns into points by 'points'"),
        ('fact = "locked"\npoints = 3\nwhen = "files"', "'files' is no yes-or-no fact"),
        ("points = 3", "fact is missing"),
        ('fact = "locked"\npoints = "many"', "invalid literal"),
    ],
)
def test_a_part_that_cannot_be_meant_is_refused_with_its_line(text: str, reason: str):
    with pytest.raises(PackError) as caught:
        Scorecard.read(part(text))
    assert (caught.value.file, caught.value.line) == ("risk.toml", 3)
    assert reason in caught.value.reason


def test_a_sentence_can_only_name_facts():
    with pytest.raises(PackError, match="'hosts'"):
        Scorecard.read(part('fact = "locked"\npoints = 3').replace("X.", "{hosts}"))


def test_a_table_that_is_no_toml_is_refused_with_its_line():
    with pytest.raises(PackError, match=r"risk\.toml, line 2"):
        Scorecard.read("[[part]]\nname = =\n")


def test_the_digest_follows_the_text():
    assert Scorecard.read(part('fact = "locked"\npoints = 3')).digest != CARD.digest
