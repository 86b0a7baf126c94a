"""A recorded decision can be made again, bit for bit."""

from __future__ import annotations

import json

from greenlane.govern.cases import read_cases
from greenlane.govern.decide import decide
from greenlane.govern.policy import Pack, default_cases
from greenlane.govern.replay import Difference, recorded, replay, replay_all
from greenlane.kit import digest

PACK = Pack.default()
KEPT = {PACK.digest: Pack.load(*json.loads(digest.canonical(PACK.texts())))}

BLOCKS = [
    json.loads(digest.canonical(recorded(case.verb, case.facts, decide(case.verb, case.facts, PACK, approved))))
    for case in read_cases(default_cases())
    for approved in (False, True)
]


def test_every_decision_comes_out_as_recorded():
    again = replay_all(BLOCKS, KEPT.get)
    assert again.holds
    assert again.decisions == len(BLOCKS)


def test_a_changed_lane_is_named():
    block = {**BLOCKS[0], "lane": "red"}
    assert replay(block, KEPT.get) == (Difference("lane", "red", "green"),)


def test_a_changed_letter_of_a_sentence_is_named():
    reasons = [{**BLOCKS[0]["reasons"][0], "says": "It was fine."}]
    assert [one.name for one in replay({**BLOCKS[0], "reasons": reasons}, KEPT.get)] == ["reasons"]


def test_a_changed_fact_that_mattered_is_found():
    block = {**BLOCKS[0], "facts": {**BLOCKS[0]["facts"], "contained": True}}
    assert "lane" in [one.name for one in replay(block, KEPT.get)]


def test_a_fact_that_nobody_knows_is_found():
    block = {**BLOCKS[0], "facts": {**BLOCKS[0]["facts"], "mood": "grim"}}
    assert replay(block, KEPT.get) == (Difference("facts", ["mood"], []),)


def test_a_pack_that_is_not_kept_is_named():
    assert replay(BLOCKS[0], {}.get) == (Difference("pack", PACK.digest, None),)


def test_the_place_of_each_difference_is_told():
    again = replay_all([BLOCKS[0], {**BLOCKS[1], "lane": "amber"}, BLOCKS[2]], KEPT.get)
    assert not again.holds
    assert list(again.differences) == [1]
