"""A person decides: who may, about what, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.house import DAY, HOUR, PAGE, Doorway

from greenlane.catalog import queries as catalog
from greenlane.catalog.actions import SetAudience
from greenlane.deploys import queries as deploys
from greenlane.deploys.actions import Publish
from greenlane.govern import approvals
from greenlane.govern.actions import Approve, Confirm, Decline, SendBack, Withdraw
from greenlane.govern.actor import Actor
from greenlane.govern.decision import Lane
from greenlane.govern.errors import Conflict, Refused


@pytest.fixture
def asked(doorway: Doorway) -> Callable[[], str]:
    """Make a deploy, publish it to the public, and return the request that waits."""

    def ask() -> str:
        doorway.deploys(doorway.owner)
        answer = doorway.publishes(doorway.owner, "public")
        assert answer.state == "waiting"
        assert answer.request is not None
        return answer.request

    return ask


def question(doorway: Doorway, request: str) -> approvals.Question:
    with doorway.control.database.read() as connection:
        return approvals.question(connection, request)


def test_a_red_action_is_stored_and_not_carried_out(doorway: Doorway, asked: Callable[[], str]) -> None:
    reviewer = doorway.hire("Rita Reviewer", "reviewer")
    request = asked()
    assert doorway.app().rung == "me"
    assert question(doorway, request).asked == (reviewer.id,)


def test_a_colleague_with_the_right_lets_it_go_on(doorway: Doorway, asked: Callable[[], str]) -> None:
    reviewer = doorway.hire("Rita Reviewer", "reviewer")
    request = asked()
    answer = doorway.does(reviewer, Approve(request, "checked with legal"))
    resumed = answer.answer["resumed"]
    assert (resumed.state, resumed.actor.id) == ("done", doorway.owner.id)
    assert doorway.app().rung == "public"


def test_an_author_cannot_approve_their_own_publish(doorway: Doorway, asked: Callable[[], str]) -> None:
    doorway.hire("Rita Reviewer", "reviewer")
    assert doorway.does(doorway.owner, Approve(asked(), "I am sure")).state == "refused"
    assert doorway.app().rung == "me"


def test_an_agent_cannot_approve(doorway: Doorway, asked: Callable[[], str]) -> None:
    reviewer = doorway.hire("Rita Reviewer", "reviewer")
    agent = Actor("agent", "codex", on_behalf_of=reviewer.id)
    assert doorway.does(agent, Approve(asked(), "looks fine")).state == "refused"


def test_somebody_without_the_right_cannot_approve(doorway: Doorway, asked: Callable[[], str]) -> None:
    doorway.hire("Rita Reviewer", "reviewer")
    builder = doorway.hire("Bea Builder", "builder")
    assert doorway.does(builder, Approve(asked(), "looks fine")).state == "refused"


def test_an_approval_of_something_else_than_was_shown_is_refused(doorway: Doorway, asked: Callable[[], str]) -> None:
    reviewer = doorway.hire("Rita Reviewer", "reviewer")
    answer = doorway.does(reviewer, Approve(asked(), "looks fine", seen="sha256:" + "0" * 64))
    assert (answer.state, answer.decision.reasons[0].policy) == ("refused", "outdated")


def test_a_request_is_decided_once(doorway: Doorway, asked: Callable[[], str]) -> None:
    reviewer, other = doorway.hire("Rita Reviewer", "reviewer"), doorway.hire("Rolf Reviewer", "reviewer")
    request = asked()
    doorway.does(reviewer, Approve(request, "fine"))
    assert doorway.does(other, Decline(request, "not fine")).state == "refused"


def test_a_declined_request_is_never_carried_out(doorway: Doorway, asked: Callable[[], str]) -> None:
    reviewer = doorway.hire("Rita Reviewer", "reviewer")
    request = asked()
    assert doorway.does(reviewer, Decline(request, "not for the public")).state == "done"
    assert question(doorway, request).state == "declined"
    assert doorway.app().rung == "me"


def test_what_was_sent_back_goes_on_as_the_same_request(doorway: Doorway, asked: Callable[[], str]) -> None:
    reviewer = doorway.hire("Rita Reviewer", "reviewer")
    request = asked()
    doorway.does(reviewer, SendBack(request, "the title is wrong"))
    assert question(doorway, request).state == "sent-back"
    doorway.deploys(doorway.owner, files={**PAGE, "index.html": b"<h1>The right title</h1>"})
    again = doorway.publishes(doorway.owner, "public")
    assert again.request == request
    assert question(doorway, request).state == "waiting"


def test_an_author_can_take_a_request_back(doorway: Doorway, asked: Callable[[], str]) -> None:
    doorway.hire("Rita Reviewer", "reviewer")
    request = asked()
    assert doorway.does(doorway.owner, Withdraw(request)).state == "done"
    assert question(doorway, request).state == "withdrawn"


def test_the_owner_of_an_organisation_of_one_confirms_and_it_stays_unreviewed(
    doorway: Doorway, asked: Callable[[], str]
) -> None:
    answer = doorway.does(doorway.owner, Confirm(asked(), "only me here"))
    assert answer.answer["resumed"].happened["unreviewed"]
    assert doorway.app().rung == "public"
    assert all(one.happened.get("unreviewed") for one in doorway.receipts("confirm"))
    assert doorway.receipts("publish")[-1].happened["unreviewed"]


def test_confirming_ends_with_the_second_member(doorway: Doorway, asked: Callable[[], str]) -> None:
    request = asked()
    doorway.hire("Bea Builder", "builder")
    assert doorway.does(doorway.owner, Confirm(request, "still me")).state == "refused"


def test_a_new_reason_sends_an_approval_back_to_waiting(doorway: Doorway) -> None:
    reviewer = doorway.hire("Rita Reviewer", "reviewer")
    doorway.deploys(doorway.owner)
    doorway.publishes(doorway.owner)
    request = doorway.does(doorway.owner, SetAudience("vendor-board", "public")).request
    assert request is not None
    everyone = b"\n".join(b"person%d@example.com,+41 44 668 18 %02d" % (n, n) for n in range(40))
    doorway.deploys(doorway.owner, files={**PAGE, "people.csv": b"mail,phone\n" + everyone})
    doorway.publishes(doorway.owner)
    with pytest.raises(Refused):
        doorway.does(reviewer, Approve(request, "looks fine"))
    assert question(doorway, request).state == "waiting"
    assert doorway.app().rung == "me"


def test_what_was_looked_at_is_what_is_published(doorway: Doorway, asked: Callable[[], str]) -> None:
    reviewer = doorway.hire("Rita Reviewer", "reviewer")
    request = asked()
    with doorway.control.database.read() as connection:
        looked_at = deploys.meant(connection, "vendor-board", "").id
    doorway.deploys(doorway.owner, files={"index.html": b"<h1>Nobody has seen this</h1>"})
    doorway.does(reviewer, Approve(request, "checked with legal"))
    with doorway.control.database.read() as connection:
        assert catalog.live_deploy(connection, "vendor-board", "production") == looked_at


def test_ten_typo_fixes_of_a_public_page_ask_nobody(doorway: Doorway, asked: Callable[[], str]) -> None:
    reviewer = doorway.hire("Rita Reviewer", "reviewer")
    doorway.does(reviewer, Approve(asked(), "checked with legal"))
    for number in range(10):
        doorway.deploys(doorway.owner, files={"index.html": b"<h1>Vendors, corrected %d times</h1>" % number})
        assert doorway.publishes(doorway.owner).decision.lane is Lane.GREEN


def test_outside_the_envelope_only_the_difference_is_asked(doorway: Doorway, asked: Callable[[], str]) -> None:
    reviewer = doorway.hire("Rita Reviewer", "reviewer")
    doorway.does(reviewer, Approve(asked(), "checked with legal"))
    calls_out = {**PAGE, "board.js": b"fetch('https://api.rates.example/latest').then(show)"}
    doorway.deploys(doorway.owner, files=calls_out)
    answer = doorway.publishes(doorway.owner)
    assert answer.state == "waiting"
    assert any("api.rates.example" in one for one in answer.facts.envelope_missing)
    assert not any("public" in one for one in answer.facts.envelope_missing)


def test_an_approved_audience_never_opens_what_nobody_looked_at(doorway: Doorway) -> None:
    reviewer = doorway.hire("Rita Reviewer", "reviewer")
    doorway.deploys(doorway.owner)
    doorway.publishes(doorway.owner)
    request = doorway.does(doorway.owner, SetAudience("vendor-board", "public")).request
    assert request is not None
    doorway.deploys(doorway.owner, files={**PAGE, "index.html": b"<h1>Something else</h1>"})
    assert doorway.publishes(doorway.owner).state == "done"
    with pytest.raises(Conflict):
        doorway.does(reviewer, Approve(request, "fine as I saw it"))
    assert doorway.app().rung == "me"


def test_an_approved_audience_opens_what_was_looked_at(doorway: Doorway) -> None:
    reviewer = doorway.hire("Rita Reviewer", "reviewer")
    doorway.deploys(doorway.owner)
    doorway.publishes(doorway.owner)
    request = doorway.does(doorway.owner, SetAudience("vendor-board", "public")).request
    assert request is not None
    doorway.does(reviewer, Approve(request, "fine as I saw it"))
    assert doorway.app().rung == "public"


def test_nothing_dies_unseen(doorway: Doorway, asked: Callable[[], str]) -> None:
    reviewer = doorway.hire("Rita Reviewer", "reviewer")
    deputy = doorway.hire("Paul Platform", "platform-engineer", everywhere=True)
    request = asked()
    assert question(doorway, request).asked == (reviewer.id,)
    doorway.after(9 * HOUR)
    assert set(question(doorway, request).asked) == {reviewer.id, deputy.id}
    doorway.after(15 * DAY)
    assert question(doorway, request).state == "expired"
    assert [one.happened["request"] for one in doorway.receipts("expire-request")] == [request]


def test_how_long_a_person_was_waited_for_is_on_the_receipt(doorway: Doorway, asked: Callable[[], str]) -> None:
    reviewer = doorway.hire("Rita Reviewer", "reviewer")
    request = asked()
    doorway.clock.forward(HOUR)
    doorway.does(reviewer, Approve(request, "fine"))
    assert doorway.receipts("publish")[-1].cost["waited_ms"] == pytest.approx(HOUR * 1000, abs=5000)


def test_a_publish_that_is_inside_nothing_is_not_covered_by_anothers_approval(
    doorway: Doorway, asked: Callable[[], str]
) -> None:
    reviewer = doorway.hire("Rita Reviewer", "reviewer")
    doorway.does(reviewer, Approve(asked(), "fine"))
    doorway.deploys(doorway.owner, app="offsite")
    assert doorway.does(doorway.owner, Publish("offsite", audience="public")).state == "waiting"
