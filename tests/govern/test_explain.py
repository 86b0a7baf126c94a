"""What would make it green: the smallest true answers."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from greenlane.govern.cases import Case, read_cases
from greenlane.govern.decide import decide
from greenlane.govern.decision import Lane
from greenlane.govern.explain import APPROVAL, what_would_make_it_green
from greenlane.govern.facts import Facts
from greenlane.govern.policy import Pack, default_cases

PACK = Pack.default()
CASES = read_cases(default_cases())
PUBLISH = Facts(may=True, app_exists=True, members_active=9, audience_now="team", audience_wanted="team")


def names(verb: str, facts: Facts) -> list[list[str]]:
    return [[change.name for change in way.changes] for way in what_would_make_it_green(verb, facts, PACK)]


def test_what_is_green_needs_nothing():
    assert names("publish", PUBLISH) == []


def test_a_public_page_could_be_for_the_team_or_be_approved():
    wanted = replace(PUBLISH, audience_wanted="public", audience_widens=True)
    ways = what_would_make_it_green("publish", wanted, PACK)
    assert ways[0].says == "Open it to the team instead: --audience team."
    assert ways[-1] is APPROVAL
    assert len(ways) == 2


def test_the_widest_audience_that_is_green_is_named():
    wanted = replace(PUBLISH, audience_wanted="public", audience_widens=True, everyone_before=True)
    assert "--audience everyone" in what_would_make_it_green("publish", wanted, PACK)[0].says


def test_two_hindrances_need_two_changes():
    wanted = replace(PUBLISH, new_hosts=("a.example",), new_secrets=("KEY",))
    assert names("publish", wanted) == [["hosts", "secrets"]]


def test_an_approval_never_helps_what_is_closed():
    wanted = replace(PUBLISH, leaked_credentials=("aws key",), audience_wanted="public", audience_widens=True)
    assert names("publish", wanted) == [["audience", "credentials"]]


def test_leaving_out_what_the_approval_misses_is_enough():
    public = replace(PUBLISH, audience_now="public", audience_wanted="public", public_before=True)
    wanted = replace(
        public,
        outside_hosts=("a.example",),
        new_hosts=("a.example",),
        envelope_in_force=True,
        envelope_missing=("calls to a.example",),
    )
    assert ["hosts"] in names("publish", wanted)


def test_a_lock_is_lifted_in_the_same_step():
    (way,) = what_would_make_it_green("publish", replace(PUBLISH, locked=True), PACK)
    assert "--unlock" in way.says


def test_where_nothing_can_be_changed_nothing_is_promised():
    assert names("confirm", Facts(may=True, members_active=2, request_open=True)) == []


@pytest.mark.parametrize("case", CASES, ids=[case.says for case in CASES])
def test_every_way_is_true_and_has_no_part_too_many(case: Case):
    for way in what_would_make_it_green(case.verb, case.facts, PACK):
        if way is APPROVAL:
            assert decide(case.verb, case.facts, PACK, approved=True).goes
            continue
        assert _lane(case, way.changes, case.facts) is Lane.GREEN
        for size in range(len(way.changes)):
            for fewer in combinations(way.changes, size):
                assert _lane(case, fewer, case.facts) is not Lane.GREEN


def _lane(case: Case, changes: tuple, facts: Facts) -> Lane:
    after = replace(facts, **{name: value for change in changes for name, value in change.facts.items()})
    if changes and facts.envelope_missing and any(change.name in {"hosts", "personal data"} for change in changes):
        after = replace(after, envelope_covers=True, envelope_missing=())
    return decide(case.verb, after, PACK).lane
