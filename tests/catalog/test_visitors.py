"""People who come in beside an app's audience: whoever asked, guests, whoever holds a share link."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.house import DAY, Doorway

from greenlane.catalog import queries as catalog
from greenlane.catalog.actions import AddGuest, AskToOpen, CreateShareLink, RemoveGuest, RevokeShareLink, SetAudience
from greenlane.edge.compile import Compiler
from greenlane.govern import approvals
from greenlane.govern.actions import Approve, Decline
from greenlane.govern.actor import Actor
from greenlane.govern.door import Answer
from greenlane.govern.errors import Conflict, NotFound, WrongInput
from greenlane.identity import queries as identity
from greenlane.identity.actions import AddPerson, CreateTeam, SignIn, SignOut, SuspendPerson
from greenlane.insights.undoing import UNDOINGS
from greenlane.kit.clock import stamp

APP = "vendor-board"
PERSONAL = {"people.csv": b"name,email\n" + b"".join(b"Person %d,person%d@corp.io\n" % (n, n) for n in range(40))}


def audience(doorway: Doorway, environment: str = "production") -> dict:
    """Who the edge lets in."""
    compiler = Compiler(doorway.control.addresses, doorway.clock, bytes(32), 60, 1)
    with doorway.control.database.read() as connection:
        hosts, _ = compiler.of_app(connection, catalog.app(connection, APP))
    return next(entry["audience"] for entry in hosts.values() if entry["environment"] == environment)


def guests(doorway: Doorway) -> list[str]:
    with doorway.control.database.read() as connection:
        return [one.person for one in catalog.guests(connection, APP)]


def links(doorway: Doorway) -> list[str]:
    with doorway.control.database.read() as connection:
        return [one.id for one in catalog.share_links(connection, stamp(doorway.clock.now()), APP)]


def question(doorway: Doorway, answer: Answer) -> approvals.Question:
    assert answer.request is not None
    with doorway.control.database.read() as connection:
        return approvals.question(connection, answer.request)


@pytest.fixture
def ada(doorway: Doorway) -> Actor:
    """A builder who owns the app, which is for herself alone."""
    one = doorway.hire("Ada Builder", "builder")
    doorway.deploys(one)
    doorway.publishes(one, "me")
    return one


@pytest.fixture
def ben(doorway: Doorway) -> Actor:
    """Somebody who opens apps and does nothing else."""
    return doorway.hire("Ben Visitor", "visitor")


def outside(doorway: Doorway) -> Actor:
    """Somebody of another team."""
    doorway.does(doorway.owner, CreateTeam("elsewhere"))
    added = doorway.does(doorway.owner, AddPerson("Otto Outside", "elsewhere", role="visitor")).answer
    secret = str(added["link"]).rpartition("/")[2]
    doorway.does(signed_in(doorway, secret), SignIn(secret))
    return Actor("person", str(added["person"]))


def signed_in(doorway: Doorway, link: str) -> Actor:
    """Whom a one-time link would sign in."""
    with doorway.control.database.read() as connection:
        found = identity.who_signs_in(connection, link, doorway.clock.now())
    assert found is not None
    return found.actor


class TestAsking:
    def test_the_owner_is_asked_and_their_yes_lets_in_the_one_who_asked(
        self, doorway: Doorway, ada: Actor, ben: Actor
    ) -> None:
        asked = doorway.does(ben, AskToOpen(APP, "I plan the vendors' visits."))
        assert (asked.state, asked.decision.lane) == ("waiting", "red")
        assert [reason.policy for reason in asked.decision.reasons] == ["asks-to-open"]
        assert question(doorway, asked).asked == (ada.id,), "the owner, and nobody else yet"
        assert ben.id not in audience(doorway)["people"]

        answer = doorway.does(ada, Approve(str(asked.request), "He does plan them."))
        assert answer.answer["resumed"].state == "done"
        assert audience(doorway) == {"rung": "me", "people": sorted([ada.id, ben.id]), "teams": []}
        assert ben.id in audience(doorway, "preview")["people"]
        assert doorway.app().rung == "me", "the audience itself is as it was"

    def test_nothing_that_was_asked_for_stands_in_the_ledger(self, doorway: Doorway, ada: Actor, ben: Actor) -> None:
        doorway.does(ben, AskToOpen(APP, "Because of the Marlow affair"))
        assert "Marlow" not in str([one.encode() for one in doorway.receipts("ask-to-open")])

    def test_an_approval_lets_in_one_person_and_covers_nothing_else(
        self, doorway: Doorway, ada: Actor, ben: Actor
    ) -> None:
        asked = doorway.does(ben, AskToOpen(APP, "to plan"))
        doorway.does(ada, Approve(str(asked.request), "fine"))
        with doorway.control.database.read() as connection:
            assert approvals.in_force(connection, f"app:{APP}", doorway.clock.now()) == []
        eva = doorway.hire("Eva Visitor", "visitor")
        assert doorway.does(eva, AskToOpen(APP, "me too")).state == "waiting"

    def test_who_may_share_it_decides_and_nobody_else_does(self, doorway: Doorway, ada: Actor, ben: Actor) -> None:
        asked = doorway.does(ben, AskToOpen(APP, "to plan"))
        eva = doorway.hire("Eva Visitor", "visitor")
        reviewer = doorway.hire("Rosa Reviewer", "reviewer")
        for somebody in (eva, reviewer, ben):
            refused = doorway.does(somebody, Approve(str(asked.request), "why not"))
            assert refused.state == "refused", somebody
        mate = doorway.hire("Mia Builder", "builder")
        assert doorway.does(mate, Approve(str(asked.request), "he is one of us")).state == "done"

    def test_asking_twice_continues_the_same_request(self, doorway: Doorway, ada: Actor, ben: Actor) -> None:
        first = doorway.does(ben, AskToOpen(APP, "to plan"))
        second = doorway.does(ben, AskToOpen(APP, "to plan the visits of May"))
        assert second.request == first.request
        assert question(doorway, second).action == second.action_id
        other = doorway.does(doorway.hire("Eva Visitor", "visitor"), AskToOpen(APP, "to plan"))
        assert other.request != first.request

    def test_a_no_is_a_no_and_asking_again_is_possible(self, doorway: Doorway, ada: Actor, ben: Actor) -> None:
        asked = doorway.does(ben, AskToOpen(APP, "to plan"))
        doorway.does(ada, Decline(str(asked.request), "not this one"))
        assert guests(doorway) == []
        again = doorway.does(ben, AskToOpen(APP, "for the audit"))
        assert (again.state, again.request != asked.request) == ("waiting", True)

    def test_whoever_is_in_already_need_not_ask(self, doorway: Doorway, ada: Actor, ben: Actor) -> None:
        refused = doorway.does(ada, AskToOpen(APP, "to see it"))
        assert (refused.state, refused.decision.reasons[0].policy) == ("refused", "opens-already")

    def test_whoever_can_open_production_may_ask_for_its_previews(
        self, doorway: Doorway, ada: Actor, ben: Actor
    ) -> None:
        doorway.does(ada, SetAudience(APP, "everyone"))
        stranger = outside(doorway)
        assert doorway.does(stranger, AskToOpen(APP, "to look at the next version")).state == "waiting"

    def test_the_next_in_line_is_asked_when_the_owner_does_not_answer(
        self, doorway: Doorway, ada: Actor, ben: Actor
    ) -> None:
        mate = doorway.hire("Mia Builder", "builder")
        asked = doorway.does(ben, AskToOpen(APP, "to plan"))
        doorway.after(9 * 3600)
        assert set(question(doorway, asked).asked) == {ada.id, mate.id}
        doorway.after(9 * 3600)
        assert set(question(doorway, asked).asked) == {ada.id, mate.id, doorway.owner.id}

    def test_somebody_else_is_asked_where_the_owner_is_gone(self, doorway: Doorway, ada: Actor, ben: Actor) -> None:
        doorway.does(doorway.owner, SuspendPerson(str(ada.id)))
        asked = doorway.does(ben, AskToOpen(APP, "to plan"))
        assert question(doorway, asked).asked == (doorway.owner.id,)

    def test_the_one_who_could_only_ask_themselves_lets_themselves_in_and_the_owner_is_told(
        self, doorway: Doorway, ada: Actor
    ) -> None:
        """An owner of the organisation has no reviewer above them: no request of theirs may wait for nobody."""
        answer = doorway.does(doorway.owner, AddGuest(APP, str(doorway.owner.id)))
        assert (answer.state, answer.decision.lane) == ("done", "amber")
        assert [reason.policy for reason in answer.decision.reasons] == ["guest-of-oneself"]
        assert "tell-owner" in answer.decision.safeguards

    def test_a_yes_counts_after_the_asker_has_signed_out(self, doorway: Doorway, ada: Actor, ben: Actor) -> None:
        session = doorway.session(ben)
        with doorway.control.database.read() as connection:
            found = identity.who_is(connection, session, doorway.clock.now())
        assert found is not None
        from_session = found.actor
        assert from_session.credential
        asked = doorway.does(from_session, AskToOpen(APP, "to plan"))
        doorway.does(from_session, SignOut(everywhere=True))
        doorway.does(ada, Approve(str(asked.request), "fine"))
        assert guests(doorway) == [ben.id]

    def test_an_agent_asks_for_nobody(self, doorway: Doorway, ada: Actor, ben: Actor) -> None:
        agent = Actor("agent", "codex", on_behalf_of=ben.id)
        assert doorway.does(agent, AskToOpen(APP, "to look around")).state == "refused"

    def test_asking_says_why(self) -> None:
        with pytest.raises(WrongInput):
            AskToOpen(APP, "  ")


class TestGuests:
    def test_a_guest_goes_and_comes_back_by_undoing(self, doorway: Doorway, ada: Actor, ben: Actor) -> None:
        added = doorway.does(ada, AddGuest(APP, str(ben.id)))
        assert (added.state, added.decision.lane) == ("done", "green")
        undo = UNDOINGS["add-guest"](added.inputs, added.happened, added.facts.as_dict())
        assert undo is not None
        removed = doorway.does(ada, RemoveGuest(**undo.inputs))
        assert (removed.decision.lane, guests(doorway)) == ("green", [])
        back = UNDOINGS["remove-guest"](removed.inputs, removed.happened, removed.facts.as_dict())
        assert back is not None
        doorway.does(ada, AddGuest(**back.inputs))
        assert guests(doorway) == [ben.id]
        assert ben.id in audience(doorway)["people"]

    def test_somebody_who_is_no_guest_cannot_be_sent_away(self, doorway: Doorway, ada: Actor, ben: Actor) -> None:
        with pytest.raises(NotFound):
            doorway.does(ada, RemoveGuest(APP, str(ben.id)))
        with pytest.raises(NotFound):
            doorway.does(ada, AddGuest(APP, "p_nobody"))

    def test_an_agent_that_lets_somebody_in_is_told_to_the_owner(
        self, doorway: Doorway, ada: Actor, ben: Actor
    ) -> None:
        agent = Actor("agent", "codex", on_behalf_of=ada.id)
        answer = doorway.does(agent, AddGuest(APP, str(ben.id)))
        assert (answer.state, answer.decision.lane) == ("done", "amber")

    @pytest.mark.parametrize(
        ("before", "after", "stays"),
        [
            ("team", "team", True),
            ("team", "everyone", True),
            ("team", "me", False),
            ("everyone", "team", False),
            ("me", "me", False),
            ("me", "team", True),
        ],
    )
    def test_who_was_let_in_stays_unless_the_audience_is_narrowed(
        self, doorway: Doorway, ada: Actor, ben: Actor, before: str, after: str, stays: bool
    ) -> None:
        doorway.does(ada, SetAudience(APP, before))
        doorway.after(2 * 3600)  # a wide audience may open to the team first
        somebody = outside(doorway)
        doorway.does(ada, AddGuest(APP, str(somebody.id)))
        narrowed = doorway.does(ada, SetAudience(APP, after))
        doorway.after(2 * 3600)
        assert (guests(doorway) == [somebody.id]) is stays
        assert narrowed.state == "done"


class TestShareLinks:
    def shared(self, doorway: Doorway, actor: Actor, days: int = 7) -> Answer:
        return doorway.does(actor, CreateShareLink(APP, "the buyers at Acme", days))

    def test_a_link_of_the_teams_app_works_until_it_ends(self, doorway: Doorway, ada: Actor) -> None:
        doorway.does(ada, SetAudience(APP, "team"))
        made = self.shared(doorway, ada, 2)
        assert (made.state, made.decision.lane) == ("done", "amber")
        assert str(made.answer["link"]).startswith("http://vendor-board.localhost:4180/?greenlane-share=glv_")
        assert links(doorway) == [made.answer["id"]]
        assert "Acme" not in str([one.encode() for one in doorway.receipts("create-share-link")])
        doorway.clock.forward(2 * DAY + 2)
        assert links(doorway) == []

    def test_a_link_is_ended_at_once_and_by_undoing(self, doorway: Doorway, ada: Actor) -> None:
        doorway.does(ada, SetAudience(APP, "team"))
        made = self.shared(doorway, ada)
        undo = UNDOINGS["create-share-link"](made.inputs, made.happened, made.facts.as_dict())
        assert undo is not None
        doorway.does(ada, RevokeShareLink(**undo.inputs))
        assert links(doorway) == []
        with pytest.raises(NotFound):
            doorway.does(ada, RevokeShareLink(**undo.inputs))

    def test_a_link_past_a_small_circle_needs_a_person(self, doorway: Doorway, ada: Actor) -> None:
        made = self.shared(doorway, ada)
        assert (made.state, links(doorway)) == ("waiting", [])
        assert [reason.policy for reason in made.decision.reasons] == ["share-link-past-a-small-circle"]

    def test_a_link_to_personal_data_needs_a_person_each_time(self, doorway: Doorway, ada: Actor) -> None:
        doorway.deploys(ada, files={"index.html": b"<h1>x</h1>", **PERSONAL})
        doorway.publishes(ada, "team")
        made = self.shared(doorway, ada)
        assert made.state == "waiting"
        assert "share-link-to-personal-data" in [reason.policy for reason in made.decision.reasons]
        yes = doorway.does(doorway.owner, Approve(str(made.request), "they signed for it"))
        assert yes.answer["resumed"].state == "done"
        assert self.shared(doorway, ada).state == "waiting"

    def test_personal_data_cannot_be_slipped_in_behind_a_link(self, doorway: Doorway, ada: Actor) -> None:
        doorway.does(ada, SetAudience(APP, "team"))
        made = self.shared(doorway, ada)
        doorway.deploys(ada, files={"index.html": b"<h1>x</h1>", **PERSONAL})
        late = doorway.publishes(ada)
        assert (late.state, late.decision.reasons[0].policy) == ("waiting", "personal-data-behind-a-link")
        doorway.does(ada, RevokeShareLink(APP, str(made.answer["id"])))
        assert doorway.publishes(ada).state == "done"

    def test_an_agents_link_needs_a_person(self, doorway: Doorway, ada: Actor) -> None:
        doorway.does(ada, SetAudience(APP, "team"))
        assert self.shared(doorway, Actor("agent", "codex", on_behalf_of=ada.id)).state == "waiting"

    def test_only_me_means_only_me(self, doorway: Doorway, ada: Actor) -> None:
        doorway.does(ada, SetAudience(APP, "team"))
        self.shared(doorway, ada)
        doorway.does(ada, SetAudience(APP, "me"))
        assert links(doorway) == []

    def test_nothing_is_shared_that_is_not_published(self, doorway: Doorway, ada: Actor) -> None:
        doorway.deploys(ada, app="empty")
        doorway.does(ada, SetAudience("empty", "team"))
        with pytest.raises(Conflict):
            doorway.does(ada, CreateShareLink("empty", "the buyers"))

    @pytest.mark.parametrize("days", [0, 31, -1])
    def test_a_link_works_for_a_day_to_a_month(self, days: int) -> None:
        with pytest.raises(WrongInput):
            CreateShareLink(APP, "the buyers", days)
        with pytest.raises(WrongInput):
            replace(CreateShareLink(APP, "the buyers", 1), meant_for=" ")


def test_every_decision_about_visitors_is_made_again_from_the_record(doorway: Doorway, ada: Actor, ben: Actor) -> None:
    asked = doorway.does(ben, AskToOpen(APP, "to plan"))
    doorway.does(ada, Approve(str(asked.request), "fine"))
    doorway.does(ada, CreateShareLink(APP, "the buyers"))
    assert doorway.replays()["differences"] == []
