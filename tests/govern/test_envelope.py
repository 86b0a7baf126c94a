"""An approval is asked once, and then only for the difference."""

from __future__ import annotations

from dataclasses import replace

from greenlane.govern.decide import decide
from greenlane.govern.decision import Lane
from greenlane.govern.envelope import Envelope, coverage
from greenlane.govern.facts import Facts
from greenlane.govern.policy import Pack

PACK = Pack.default()
UNTIL = "2027-01-01T00:00:00.000000Z"

PAGE = Facts(
    may=True,
    app_exists=True,
    members_active=9,
    audience_now="public",
    audience_wanted="public",
    public_before=True,
    kinds=("image", "page", "style"),
    outside_hosts=("fonts.example",),
    files=30,
    files_changed=1,
)
APPROVED = Envelope.from_facts("app:careers", PAGE, UNTIL)


def under(envelope: Envelope, facts: Facts) -> Facts:
    covers, missing = envelope.covers(facts)
    return replace(facts, envelope_in_force=True, envelope_covers=covers, envelope_missing=missing)


def test_ten_typo_fixes_of_a_public_page_ask_nobody():
    lanes = [
        decide("publish", under(APPROVED, replace(PAGE, files_changed=1 + n % 3, author_velocity=n)), PACK).lane
        for n in range(10)
    ]
    assert lanes == [Lane.GREEN] * 10


def test_outside_only_the_difference_is_asked():
    wanted = replace(PAGE, outside_hosts=("fonts.example", "pay.example"), new_hosts=("pay.example",))
    decision = decide("publish", under(APPROVED, wanted), PACK)
    assert decision.lane is Lane.RED
    assert [one.says for one in decision.reasons] == [
        "It goes beyond what was approved for the public: calls to pay.example."
    ]


def test_the_approved_difference_is_covered_from_then_on():
    wanted = replace(PAGE, outside_hosts=("fonts.example", "pay.example"), new_hosts=("pay.example",))
    wider = Envelope.from_facts("app:careers", wanted, UNTIL)
    assert decide("publish", under(wider, wanted), PACK).lane is Lane.GREEN


def test_what_came_in_while_it_was_narrow_does_not_ride_out():
    """The host is not new any more, and yet nobody approved it for the public."""
    narrow = replace(PAGE, audience_now="team", audience_widens=True, outside_hosts=("collect.example",), new_hosts=())
    assert APPROVED.covers(narrow) == (False, ("calls to collect.example",))


def test_every_dimension_is_compared():
    facts = replace(
        PAGE,
        kinds=("page", "script"),
        executable=True,
        connections=("crm",),
        new_secrets=("KEY",),
        data_classes=("email",),
        personal_data=True,
    )
    assert APPROVED.covers(facts)[1] == (
        "content of the kind code",
        "content of the kind script",
        "data from crm",
        "personal data of the class email",
        "personal data of the class personal",
        "the secret KEY",
    )


def test_an_approval_for_everyone_here_says_nothing_of_the_public():
    narrower = replace(APPROVED, audience="everyone")
    assert narrower.covers(PAGE) == (False, ("an audience as wide as public",))
    assert narrower.covers(replace(PAGE, audience_wanted="team"))[0]


def test_two_approvals_count_together_but_not_across_audiences():
    host = replace(APPROVED, kinds=(), hosts=("pay.example",))
    both = replace(PAGE, outside_hosts=("fonts.example", "pay.example"))
    assert coverage((APPROVED, host), both) == (True, ())
    assert coverage((APPROVED, replace(host, audience="team")), both) == (False, ("calls to pay.example",))


def test_without_an_approval_nothing_is_covered():
    assert not coverage((), Facts())[0]


def test_an_envelope_survives_being_stored():
    assert Envelope.from_dict(APPROVED.as_dict()) == APPROVED
