"""A pack is tried on two weeks of made-up work before it is in force."""

from __future__ import annotations

import pytest

from greenlane.govern.policy import Pack
from greenlane.learning.changes import HAZARDS, changes
from greenlane.learning.simulate import Report, render, simulate
from greenlane.learning.waiting import waiting

PACK = Pack.default()


@pytest.fixture(scope="module")
def report() -> Report:
    return simulate(PACK)


def test_most_changes_go_by_themselves(report: Report):
    assert report.automatic >= 0.60
    assert report.held <= 0.10


def test_the_hazards_are_caught_and_the_harmless_are_left_alone(report: Report):
    assert report.caught >= 0.99
    assert report.false_holds <= 0.05
    assert all(one.seeded >= 5 for one in report.hazards.values())


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_it_does_not_hang_on_one_seed(seed: int):
    report = simulate(PACK, changes=1000, seed=seed)
    assert report.caught >= 0.99
    assert report.automatic >= 0.60
    assert report.held <= 0.10
    assert report.false_holds <= 0.05


def test_the_same_seed_gives_the_same_report(report: Report):
    assert simulate(PACK).as_dict() == report.as_dict()
    assert simulate(PACK, seed=2).as_dict() != report.as_dict()


def test_a_careless_pack_is_found_out():
    lax = """@id("all") @lane("green") @says("All may.") @instead("") @owner("Nobody")
        permit (principal, action, resource);"""
    report = simulate(Pack.load({"lax.cedar": lax}), changes=500)
    assert report.caught == 0
    assert report.automatic == 1


def test_a_fearful_pack_is_found_out():
    fearful = """@id("ask-always") @lane("red") @says("Ask.") @instead("Wait.") @owner("Fear")
        forbid (principal, action, resource) unless { context.approved };"""
    report = simulate(Pack.default({"fear.cedar": fearful}), changes=500)
    assert report.held > 0.8
    assert report.false_holds == 1
    assert report.waiting.work > 10 * simulate(PACK, changes=500).waiting.work


def test_the_shares_add_up(report: Report):
    assert sum(report.lanes.values()) == report.changes == 2000
    assert report.harmless + sum(one.seeded for one in report.hazards.values()) == 2000


def test_changes_come_in_the_order_of_time_and_name_their_hazard():
    made = list(changes(800, 1))
    assert [one.minute for one in made] == sorted(one.minute for one in made)
    assert {one.hazard for one in made} == {"", *HAZARDS}


def test_it_reads_as_a_page(report: Report):
    page = render(report)
    assert "2000 changes, seed 1" in page
    assert "hazards caught" in page
    assert all(name in page for name in HAZARDS)
    assert max(map(len, page.splitlines())) <= 100


def test_a_question_in_the_morning_is_answered_at_the_next_look():
    assert waiting([9 * 60 + 5]).median == 35


def test_a_question_on_friday_evening_waits_for_monday():
    friday_evening = 4 * 1440 + 18 * 60
    assert waiting([friday_evening]).median == 3 * 1440 - 9 * 60 + 10


def test_a_queue_is_worked_off_in_its_order():
    together = waiting([9 * 60] * 7)
    assert (together.median, together.longest, together.work) == (20, 30, 70)


def test_nobody_waits_when_nothing_is_held():
    assert waiting([]).longest == 0
