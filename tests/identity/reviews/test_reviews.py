"""Access reviews: who has which right and why, kept or taken away by people, with evidence that verifies alone."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from tests.house import DAY, Doorway
from tests.identity.elevation.test_elevation import elevated
from tests.identity.reviews.grouping import in_group

from greenlane.catalog.actions import AddGuest
from greenlane.govern.actor import Actor
from greenlane.govern.errors import Conflict, NotFound, WrongInput
from greenlane.identity import queries as identity
from greenlane.identity.actions import CreateTeam, CreateToken, ErasePerson, GrantRole, SuspendPerson
from greenlane.identity.delegation.actions import Delegate, RegisterAgent
from greenlane.identity.groups.actions import AddGroupRule
from greenlane.identity.reviews import evidence, gathering, queries
from greenlane.identity.reviews.actions import CloseReview, KeepAccess, RemindReviewers, RemoveAccess, StartReview
from greenlane.insights import reviewing
from greenlane.insights.undoing import UNDOINGS
from greenlane.notices import queries as notices


@pytest.fixture
def ada(doorway: Doorway) -> Actor:
    return doorway.hire("Ada Builder", "builder")


@pytest.fixture
def rita(doorway: Doorway) -> Actor:
    """Somebody who knows who needs what, and keeps nobody."""
    return doorway.hire("Rita Reviewer", "reviewer")


def started(doorway: Doorway, *reviewers: Actor, scope: str = "organisation") -> str:
    action = StartReview(scope, tuple(one.id for one in reviewers))
    return str(doorway.does(doorway.owner, action).answer["review"])


def lines(doorway: Doorway, review: str) -> list[reviewing.Line]:
    with doorway.control.database.read() as connection:
        found = queries.rights(connection, review)
        one = queries.review(connection, review)
        return reviewing.lines(connection, one, found, doorway.clock.now())


def line(doorway: Doorway, review: str, person: Actor, kind: str = "role") -> reviewing.Line:
    [found] = [one for one in lines(doorway, review) if (one.person, one.kind) == (person.id, kind)]
    return found


def gathered(doorway: Doorway, review: str) -> dict[str, Any]:
    with doorway.control.database.read() as connection:
        there = reviewing.there_now(connection, queries.review(connection, review), doorway.clock.now())
        return gathering.gather(connection, review, there, doorway.clock)


def roles(doorway: Doorway, who: Actor) -> list[str]:
    with doorway.control.database.read() as connection:
        return [one.role for one in identity.held(connection, who.id, doorway.clock.now())]


def test_every_way_to_a_right_stands_in_the_list(doorway: Doorway, ada: Actor, rita: Actor) -> None:
    vera = doorway.hire("Vera Visitor", "visitor")
    doorway.deploys(ada)
    doorway.does(ada, AddGuest("vendor-board", vera.id))
    elevated(doorway, vera)
    doorway.does(ada, CreateToken("nightly", ("deploy",)))
    doorway.does(ada, RegisterAgent("codex"))
    doorway.does(ada, Delegate("codex", ("deploy",), ("vendor-board",)))
    group = in_group(doorway, "Makers", rita)
    doorway.does(doorway.owner, AddGroupRule(group, "builder", "team:home"))

    said = {(one.name, one.kind, one.what, one.scope, one.by) for one in lines(doorway, started(doorway, rita))}
    assert said >= {
        ("Ada Builder", "role", "builder", "team:home", "given by Olga Owner"),
        ("Olga Owner", "role", "owner", "organisation", "given by the platform"),
        ("Rita Reviewer", "group", "builder", "team:home", "by the group Makers"),
        ("Vera Visitor", "elevation", "developer", "team:home", "for some hours"),
        ("Vera Visitor", "guest", "visit", "app:vendor-board", "let in as a guest"),
        ("Ada Builder", "token", "deploy", "organisation", "an API token of theirs"),
        ("Ada Builder", "grant", "codex: deploy", "app:vendor-board", "lent to an agent"),
    }


def test_a_review_of_a_team_is_about_the_team_and_its_apps(doorway: Doorway, ada: Actor, rita: Actor) -> None:
    doorway.deploys(ada)
    doorway.does(doorway.owner, CreateTeam("sales"))
    doorway.does(doorway.owner, GrantRole(rita.id, "developer", "team:sales"))
    doorway.does(doorway.owner, GrantRole(rita.id, "developer", "app:vendor-board"))
    scopes = {one.scope for one in lines(doorway, started(doorway, rita, scope="team:home"))}
    assert scopes == {"team:home", "app:vendor-board"}
    scopes = {one.scope for one in lines(doorway, started(doorway, rita, scope="app:vendor-board"))}
    assert scopes == {"app:vendor-board"}
    doorway.does(doorway.owner, CreateTeam("research"))
    with pytest.raises(Conflict, match="Nobody has a right there"):
        started(doorway, rita, scope="team:research")


def test_what_is_removed_goes_by_the_action_that_takes_it_away(doorway: Doorway, ada: Actor, rita: Actor) -> None:
    review = started(doorway, rita)
    done = doorway.does(rita, RemoveAccess(review, (line(doorway, review, ada).id,), "She moved to Paris."))
    assert roles(doorway, ada) == []
    [taken] = doorway.receipts("remove-role")
    assert (taken.cause, taken.process) == (done.action_id, done.process)
    assert taken.actor[-1]["kind"] == "platform", "the reviewer may not do that alone"
    assert taken.action["inputs"]["scope"] == "team:home"
    after = line(doorway, review, ada)
    assert (after.decided, after.removed, after.still_there) == ("remove", taken.action["id"], False)


def test_a_keeper_who_reviews_takes_it_away_in_their_own_name(doorway: Doorway, ada: Actor) -> None:
    review = started(doorway)
    doorway.does(doorway.owner, RemoveAccess(review, (line(doorway, review, ada).id,), "gone"))
    assert doorway.receipts("remove-role")[0].actor[-1]["id"] == doorway.owner.id


def test_guests_tokens_grants_and_elevations_go_too(doorway: Doorway, ada: Actor, rita: Actor) -> None:
    vera = doorway.hire("Vera Visitor", "visitor")
    doorway.deploys(ada)
    doorway.does(ada, AddGuest("vendor-board", vera.id))
    elevated(doorway, vera)
    doorway.does(ada, CreateToken("nightly", ("deploy",)))
    doorway.does(ada, RegisterAgent("codex"))
    doorway.does(ada, Delegate("codex", ("deploy",), ("vendor-board",)))
    review = started(doorway, rita)
    wanted = tuple(one.id for one in lines(doorway, review) if one.kind in {"guest", "elevation", "token", "grant"})
    first = next(one.id for one in lines(doorway, review) if one.person == doorway.owner.id and one.kind == "token")
    assert first in wanted
    doorway.does(rita, RemoveAccess(review, tuple(one for one in wanted if one != first), "Nobody needs them."))
    kinds = {one.kind for one in lines(doorway, review) if one.still_there and one.id in wanted and one.id != first}
    assert kinds == set()
    verbs = ("remove-guest", "end-elevation", "revoke-token", "end-delegation")
    assert [len(doorway.receipts(one)) for one in verbs] == [1, 1, 1, 1]


def test_what_a_group_gives_is_removed_there_and_the_review_says_so(doorway: Doorway, rita: Actor) -> None:
    vera = doorway.hire("Vera Visitor", "visitor")
    group = in_group(doorway, "Makers", vera)
    rule = doorway.does(doorway.owner, AddGroupRule(group, "builder", "team:home")).happened["rule"]
    review = started(doorway, rita)
    right = line(doorway, review, vera, "group")
    done = doorway.does(rita, RemoveAccess(review, (right.id,), "She only looks."))
    assert done.happened["left"] == [right.id]
    after = line(doorway, review, vera, "group")
    assert after.trouble == "A rule about a group gives it: take them out of the group, or end the rule."
    assert after.still_there
    assert rule


def test_nobody_confirms_their_own_rights_but_may_drop_them(doorway: Doorway, ada: Actor, rita: Actor) -> None:
    review = started(doorway, rita)
    mine = line(doorway, review, rita).id
    refused = doorway.does(rita, KeepAccess(review, (mine, line(doorway, review, ada).id), "fine"))
    assert [one.policy for one in refused.decision.reasons] == ["reviews-oneself"]
    assert doorway.does(doorway.owner, KeepAccess(review, (mine,), "She reviews.")).state == "done"
    assert doorway.does(rita, RemoveAccess(review, (mine,), "I do not.")).state == "done"


def test_only_who_was_asked_and_the_keepers_decide(doorway: Doorway, ada: Actor, rita: Actor) -> None:
    review = started(doorway, rita)
    refused = doorway.does(ada, KeepAccess(review, (line(doorway, review, rita).id,), "fine"))
    assert refused.facts.may_why.startswith("keep-access takes the role")
    agent = Actor("agent", "codex", on_behalf_of=rita.id)
    assert not doorway.does(agent, KeepAccess(review, (line(doorway, review, ada).id,), "fine")).facts.may
    assert doorway.does(rita, StartReview()).state == "refused"


def test_a_review_reaches_no_further_than_who_started_it(doorway: Doorway, rita: Actor) -> None:
    engineer = doorway.hire("Egon Engineer", "platform-engineer", everywhere=True)
    action = StartReview(reviewers=(rita.id,))
    review = str(doorway.does(engineer, action).answer["review"])
    owner = line(doorway, review, doorway.owner).id
    refused = doorway.does(rita, RemoveAccess(review, (owner,), "Too many."))
    assert [one.policy for one in refused.decision.reasons] == ["review-reaches-no-further"]
    [theirs] = [one.id for one in lines(doorway, review) if one.what == "platform-engineer"]
    assert doorway.does(rita, RemoveAccess(review, (theirs,), "Enough.")).state == "done"
    assert roles(doorway, engineer) == ["visitor"]


def test_the_last_owner_stays_whatever_a_review_says(doorway: Doorway, rita: Actor) -> None:
    review = started(doorway, rita)
    owner = line(doorway, review, doorway.owner).id
    doorway.does(rita, RemoveAccess(review, (owner,), "Too many."))
    after = line(doorway, review, doorway.owner)
    assert (after.removed, after.still_there) == ("", True)
    assert "without an owner" in after.trouble


def test_what_was_kept_can_be_removed_later_and_what_is_gone_stays(doorway: Doorway, ada: Actor, rita: Actor) -> None:
    review = started(doorway, rita)
    right = line(doorway, review, ada).id
    doorway.does(rita, KeepAccess(review, (right,), "She builds."))
    doorway.does(rita, RemoveAccess(review, (right,), "She left."))
    with pytest.raises(Conflict, match="taken away already"):
        doorway.does(rita, KeepAccess(review, (right,), "She is back."))
    with pytest.raises(NotFound, match="not in this review"):
        doorway.does(rita, KeepAccess(review, ("rvr_nothing",), "fine"))


def test_a_review_that_was_closed_decides_nothing_more(doorway: Doorway, ada: Actor, rita: Actor) -> None:
    review = started(doorway, rita)
    right = line(doorway, review, ada).id
    closed = doorway.does(rita, CloseReview(review))
    assert (closed.happened["undecided"], closed.happened["kept"]) == (len(lines(doorway, review)), 0)
    for again in (KeepAccess(review, (right,), "late"), CloseReview(review)):
        with pytest.raises(Conflict, match="was closed"):
            doorway.does(rita, again)


def test_those_who_decide_are_asked_reminded_and_told_when_it_is_overdue(
    doorway: Doorway, ada: Actor, rita: Actor
) -> None:
    review = started(doorway, rita)

    def heard() -> list[str]:
        doorway.after(1)
        with doorway.control.database.read() as connection:
            return [one.kind for one in notices.notices(connection, rita.id)]

    assert heard() == ["review"]
    doorway.after(10 * DAY)
    assert heard() == ["review"]
    for passed, reminders in ((2 * DAY, 1), (60.0, 1), (3 * DAY, 2), (20 * DAY, 2)):
        doorway.after(passed)
        assert len(doorway.receipts("remind-reviewers")) == reminders
    assert [one.happened["overdue"] for one in doorway.receipts("remind-reviewers")] == [False, True]
    assert doorway.does(ada, RemindReviewers(review)).facts.may_why == "the platform alone does remind-reviewers"
    doorway.does(rita, CloseReview(review))


def test_everything_of_a_review_is_one_process(doorway: Doorway, ada: Actor, rita: Actor) -> None:
    review = started(doorway, rita)
    doorway.does(rita, RemoveAccess(review, (line(doorway, review, ada).id,), "gone"))
    doorway.does(rita, CloseReview(review))
    verbs = ("start-review", "remove-access", "remove-role", "close-review")
    assert len({doorway.receipts(one)[0].process for one in verbs}) == 1


class TestEvidence:
    @pytest.fixture
    def review(self, doorway: Doorway, ada: Actor, rita: Actor) -> str:
        """A review with something kept, something removed, something changed, and it is closed."""
        one = started(doorway, rita)
        rights = {each.name: each.id for each in lines(doorway, one) if each.kind == "role"}
        doorway.does(rita, KeepAccess(one, (rights["Olga Owner"], rights["Ada Builder"]), "They work here."))
        doorway.does(rita, RemoveAccess(one, (rights["Ada Builder"],), "She left."))
        doorway.does(doorway.owner, CloseReview(one))
        return one

    def test_it_holds_with_the_public_keys_alone(self, doorway: Doorway, review: str) -> None:
        assert evidence.faults(gathered(doorway, review), doorway.control.trust) == []

    def test_a_running_review_has_evidence_too(self, doorway: Doorway, ada: Actor, rita: Actor) -> None:
        one = started(doorway, rita)
        assert evidence.faults(gathered(doorway, one), doorway.control.trust) == []
        doorway.does(rita, KeepAccess(one, (line(doorway, one, ada).id,), " She works here. "))
        assert evidence.faults(gathered(doorway, one), doorway.control.trust) == []

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            (lambda one: one["rights"].pop(), "not the one that the review started with"),
            (lambda one: one["rights"][0].update(what="wizard"), "not the one that the review started with"),
            (lambda one: one["review"].update(due="2030"), "started with other words"),
            (lambda one: one["review"].update(action="act_1"), "No receipt says that this review was started"),
            (lambda one: one["decisions"].reverse(), "not about the rights"),
            (lambda one: _decided(one, "remove").update(decided="keep"), "another decision"),
            (lambda one: _decided(one, "remove").update(by="p_1"), "another person"),
            (lambda one: _decided(one, "remove").update(removed=None), "whether it was taken away"),
            (lambda one: _decided(one, "keep").update(because="I like her."), "not the one that was given"),
            (lambda one: _decided(one, "").update(decided="keep", action="act_1"), "who decided it last"),
            (
                lambda one: _decided(one, "keep").update(decided="", by=None, at=None, action=None),
                "who decided it last",
            ),
            (lambda one: one["review"].update(closed=None), "says that this review was closed"),
            (lambda one: one["receipts"].pop(2), "No receipt says"),
            (lambda one: one["receipts"][1].update(bytes=one["receipts"][2]["bytes"]), "A receipt does not hold"),
            (lambda one: one.pop("rights"), "It cannot be read"),
            (lambda one: one.update(greenlane="passport/1"), "not the evidence of a review"),
        ],
    )
    def test_whatever_is_changed_is_found(self, doorway: Doorway, review: str, change: Any, says: str) -> None:
        changed = copy.deepcopy(gathered(doorway, review))
        change(changed)
        assert says in " ".join(evidence.faults(changed, doorway.control.trust))

    def test_erasing_somebody_leaves_evidence_that_holds(self, doorway: Doorway, ada: Actor, review: str) -> None:
        doorway.does(doorway.owner, ErasePerson(ada.id))
        found = gathered(doorway, review)
        assert "She left." not in str(found["decisions"])
        assert ada.id not in found["names"]
        assert evidence.faults(found, doorway.control.trust) == []

    def test_as_a_table_no_cell_is_a_formula(self, doorway: Doorway, ada: Actor, rita: Actor) -> None:
        one = started(doorway, rita)
        doorway.does(rita, KeepAccess(one, (line(doorway, one, ada).id,), "=1+1"))
        table = reviewing.as_csv(lines(doorway, one))
        assert table.splitlines()[0].startswith("right,person,name,kind,what,scope,by")
        assert "'=1+1" in table


def _decided(document: dict[str, Any], decided: str) -> dict[str, Any]:
    return next(one for one in document["decisions"] if one["decided"] == decided)


@pytest.mark.parametrize(
    ("action", "error"),
    [
        (lambda: StartReview(days=0), "0 days"),
        (lambda: StartReview(reviewers=("p_1", "p_1")), "named twice"),
        (lambda: StartReview(reviewers=("p_1",)), "nobody who could review"),
        (lambda: KeepAccess("rev_1", (), "fine"), "No right is named"),
        (lambda: KeepAccess("rev_1", ("a",), " "), "reason is missing"),
        (lambda: RemoveAccess("rev_1", ("a",), "x" * 301), "cannot be a reason"),
    ],
)
def test_what_cannot_be_is_refused(doorway: Doorway, action: Any, error: str) -> None:
    with pytest.raises(WrongInput, match=error):
        doorway.does(doorway.owner, action())


def test_who_was_shut_out_does_not_review(doorway: Doorway, rita: Actor) -> None:
    doorway.does(doorway.owner, SuspendPerson(rita.id))
    with pytest.raises(WrongInput, match="nobody who could review"):
        started(doorway, rita)


def test_starting_one_is_taken_back_by_closing_it(doorway: Doorway, rita: Actor) -> None:
    done = doorway.does(doorway.owner, StartReview(reviewers=(rita.id,)))
    undo = UNDOINGS["start-review"](done.inputs, done.happened, done.facts.as_dict())
    assert undo is not None
    assert (undo.verb, undo.inputs) == ("close-review", {"review": done.happened["review"]})
