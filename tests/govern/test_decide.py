"""Two evaluations make four lanes; the same inputs make the same bytes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenlane.govern.decide import decide
from greenlane.govern.decision import Lane
from greenlane.govern.facts import RUNGS, Facts
from greenlane.govern.policy import Pack
from greenlane.kit import digest

PACK = Pack.default()
AGAIN = Pack.load(*PACK.texts())

PUBLISH = Facts(may=True, app_exists=True, audience_now="team", audience_wanted="team", members_active=9)

HOSTS = st.sampled_from([(), ("a.example",), ("a.example", "b.example")])


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    """Sheets of facts as a publish of somebody with the right may have them."""
    now, wanted = draw(st.sampled_from(RUNGS)), draw(st.sampled_from(RUNGS))
    covers = draw(st.booleans())
    return Facts(
        may=True,
        actor_kind=draw(st.sampled_from(["person", "agent", "app", "platform"])),
        made_by_agent=draw(st.booleans()),
        members_active=draw(st.integers(1, 1000)),
        author_changes=draw(st.integers(0, 300)),
        audience_now=now,
        audience_wanted=wanted,
        audience_widens=RUNGS.index(wanted) > RUNGS.index(now),
        everyone_before=draw(st.booleans()),
        public_before=draw(st.booleans()),
        first_publish=draw(st.booleans()),
        new_hosts=draw(HOSTS),
        new_secrets=draw(st.sampled_from([(), ("KEY",)])),
        personal_data=draw(st.booleans()),
        envelope_in_force=covers or draw(st.booleans()),
        envelope_covers=covers,
        agent_velocity=draw(st.integers(0, 200)),
        shape_velocity=draw(st.integers(0, 900)),
        recent_reach=draw(st.integers(0, 9)),
    )


HAZARDS = {
    "a new host": {"new_hosts": ("a.example", "b.example", "evil.example"), "envelope_covers": False},
    "a new connection": {"new_connections": ("crm",), "envelope_covers": False},
    "a leaked credential": {"leaked_credentials": ("aws key",)},
    "something contained": {"contained": True},
    "personal data": {"personal_data": True, "data_classes": ("email",), "envelope_covers": False},
    "account numbers": {"new_data_classes": ("iban",), "data_classes": ("iban",), "envelope_covers": False},
    "an agent": {"made_by_agent": True},
    "a racing shape": {"shape_velocity": 100_000},
    "a racing agent": {"made_by_agent": True, "agent_velocity": 500},
    "a check taken out": {"authorisation_removed": True},
    "a lock": {"locked": True},
    "no quota": {"quota_exceeded": True},
    "no right": {"may": False},
    "a suspension": {"suspended": True},
    "no approval": {"envelope_covers": False, "envelope_in_force": False},
    "a wider audience": {"audience_wanted": "public", "audience_widens": True, "envelope_covers": False},
}


@given(facts(), st.sampled_from(["deploy", "publish", "declare-host", "put-variable"]))
@settings(max_examples=150, deadline=None)
def test_a_hazard_never_makes_a_lane_easier(sheet: Facts, verb: str):
    before = decide(verb, sheet, PACK).lane
    for hazard, change in HAZARDS.items():
        after = decide(verb, replace(sheet, **change), PACK).lane
        assert after.strictness >= before.strictness, hazard


@given(facts(), st.sampled_from(["deploy", "publish", "set-audience", "approve"]), st.booleans())
@settings(max_examples=100, deadline=None)
def test_the_same_inputs_make_the_same_bytes(sheet: Facts, verb: str, approved: bool):
    once = digest.canonical(decide(verb, sheet, PACK, approved).as_dict())
    stored = Facts.from_dict(sheet.as_dict())
    assert digest.canonical(decide(verb, stored, AGAIN, approved).as_dict()) == once


@given(facts())
@settings(max_examples=100, deadline=None)
def test_the_way_back_is_always_green(sheet: Facts):
    assert decide("rollback", sheet, PACK).lane is Lane.GREEN
    assert decide("lock", sheet, PACK).lane is Lane.GREEN
    assert decide("set-audience", replace(sheet, audience_widens=False), PACK).lane is Lane.GREEN


@given(facts(), st.sampled_from(["deploy", "publish", "set-audience", "declare-host"]))
@settings(max_examples=100, deadline=None)
def test_an_approval_opens_red_and_never_closed(sheet: Facts, verb: str):
    plain, approved = decide(verb, sheet, PACK), decide(verb, sheet, PACK, approved=True)
    assert plain.lane is approved.lane
    assert approved.goes is (plain.lane is not Lane.CLOSED)
    assert plain.goes is (plain.lane in {Lane.GREEN, Lane.AMBER})


@given(facts(), st.sampled_from(["deploy", "publish", "set-audience", "declare-host"]))
@settings(max_examples=100, deadline=None)
def test_every_decision_says_why_and_amber_says_how_it_is_safe(sheet: Facts, verb: str):
    decision = decide(verb, sheet, PACK)
    assert decision.reasons
    assert all(one.says and "{" not in one.says + one.instead and one.owner for one in decision.reasons)
    assert (decision.lane is Lane.AMBER) <= bool(decision.safeguards)
    if decision.lane is not Lane.GREEN:
        assert all(one.instead for one in decision.reasons)


def test_a_sentence_carries_its_facts():
    (reason,) = decide("publish", replace(PUBLISH, new_hosts=("a.example", "b.example")), PACK).reasons
    assert reason.says == "New outside host: a.example, b.example."
    assert reason.digest == PACK.policy("new-outside-host").digest


def test_closed_wins_over_red_and_names_only_what_no_approval_lifts():
    wanted = replace(PUBLISH, audience_wanted="public", audience_widens=True, leaked_credentials=("aws key",))
    decision = decide("publish", wanted, PACK)
    assert decision.lane is Lane.CLOSED
    assert [one.policy for one in decision.reasons] == ["leaked-credential"]


def test_an_approved_red_action_keeps_its_lane_and_its_safeguards():
    wanted = replace(PUBLISH, audience_wanted="public", audience_widens=True)
    decision = decide("publish", wanted, PACK, approved=True)
    assert (decision.lane, decision.approved, decision.goes) == (Lane.RED, True, True)
    assert [one.policy for one in decision.reasons] == ["public-first-time"]
    assert decision.safeguards == ("sampled-look", "tell-owner", "undo-offered")


def test_what_no_policy_speaks_for_is_closed():
    decision = decide("dance", PUBLISH, PACK)
    assert decision.lane is Lane.CLOSED
    assert decision.reasons[0].says == "Nothing grants this."
    assert decision.reasons[0].instead


def test_a_rule_that_cannot_be_evaluated_counts_against_the_action():
    overflow = """@id("x") @lane("closed") @says("No.") @instead("Wait.") @owner("Risk")
        forbid (principal, action == Action::"publish", resource) when { context.bytes * 4 > 100 };"""
    decision = decide("publish", replace(PUBLISH, bytes=2**62), Pack.default({"x.cedar": overflow}))
    assert decision.lane is Lane.CLOSED
    assert decision.reasons[0].policy == "could-not-be-evaluated"


def test_a_number_too_large_for_the_engine_counts_against_the_action():
    overflow = """@id("x") @lane("closed") @says("No.") @instead("Wait.") @owner("Risk")
        forbid (principal, action == Action::"publish", resource) when { context.bytes > 100 };"""
    decision = decide("publish", replace(PUBLISH, bytes=2**63), Pack.default({"x.cedar": overflow}))
    assert decision.lane is Lane.CLOSED
    assert decision.reasons[0].policy == "could-not-be-evaluated"


@pytest.mark.parametrize("kind", ["agent", "app", "platform"])
@pytest.mark.parametrize("verb", ["approve", "confirm", "decline", "send-back", "answer-look", "set-policy"])
def test_only_a_person_judges(verb: str, kind: str):
    sheet = Facts(may=True, request_open=True, actor_kind=kind)
    for approved in (False, True):
        assert decide(verb, sheet, PACK, approved).lane is Lane.CLOSED


def test_walking_up_the_ladder_step_by_step_ends_no_easier_than_one_step():
    """From me to everyone by way of the team is amber at the end, as it is at once."""
    at_once = replace(PUBLISH, audience_now="me", audience_wanted="everyone", audience_widens=True)
    last = replace(PUBLISH, audience_now="team", audience_wanted="everyone", audience_widens=True, audience_steps=2)
    lanes = [decide("set-audience", one, PACK).lane for one in (at_once, last)]
    assert lanes == [Lane.AMBER, Lane.AMBER]
