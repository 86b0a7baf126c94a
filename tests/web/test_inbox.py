"""The inbox and its cards: what waits for whom, what a card says, and that an answer counts for what was shown."""

from __future__ import annotations

import re
import time
from html import unescape

import pytest
from sqlalchemy import insert
from tests.house import CALLS_OUT, DAY, HOUR, Doorway
from tests.web.conftest import Visitor

from greenlane.deploys.actions import Publish
from greenlane.govern import approvals, awaited, tables
from greenlane.govern.actor import Actor
from greenlane.govern.approvals import Question
from greenlane.identity import queries as identity
from greenlane.identity.actions import RemoveRole
from greenlane.insights import inbox

OTHER = {"index.html": b"<!doctype html><title>Vendor board</title><h1>Vendors, second version</h1>"}
BECAUSE = "the list is public anyway"


def asks(doorway: Doorway, author: Actor, app: str = "vendor-board") -> str:
    """Somebody deploys and wants it public; the request's id."""
    doorway.deploys(author, app)
    request = doorway.publishes(author, "public", app).request
    assert request is not None
    return request


def question(doorway: Doorway, request: str) -> Question:
    with doorway.control.database.read() as connection:
        return approvals.question(connection, request)


def hidden(page: str, request: str, decision: str) -> dict[str, str]:
    """The fields of the form on a card, as a browser would send them."""
    for form in re.findall(r"<form[^>]*>.*?</form>", page, re.DOTALL):
        fields = dict(re.findall(r'type="hidden" name="([a-z]+)" value="([^"]*)"', form))
        if fields.get("decision") == decision and f"/inbox/{request}" in form:
            return fields
    raise AssertionError(f"the card does not let anybody {decision}")


def says(page: str) -> str:
    """What people read, in one line."""
    body = re.sub(r"<(head|dialog|footer class=\"foot\").*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))


@pytest.fixture
def ben(doorway: Doorway) -> Actor:
    return doorway.hire("Ben Builder", "builder")


@pytest.fixture
def rita(doorway: Doorway) -> Actor:
    return doorway.hire("Rita Reviewer", "reviewer")


# -- what waits for whom -----------------------------------------------------------------------------------------------


def test_an_empty_inbox_says_what_will_be_here(console: Visitor, rita: Actor) -> None:
    page = console.as_(rita).get("/inbox").text
    assert "Nothing waits for you." in page
    assert 'id="waiting" data-count="0" hidden' in page
    assert "<title>Inbox" in page


def test_what_waits_is_listed_counted_and_in_the_title(console: Visitor, ben: Actor, rita: Actor) -> None:
    for app in ("vendor-board", "leave-planner", "menu"):
        asks(console.doorway, ben, app)
    page = console.as_(rita).get("/inbox").text
    assert page.count("data-step") == 3
    assert "<title>(3) Inbox" in page
    assert "Ben Builder wants to publish menu to production and open it to the whole internet." in page
    assert '<span>3</span><span class="unseen"> waiting</span>' in console.as_(rita).get("/styleguide").text
    assert console.as_(rita).get("/inbox/waiting").text == "3"


def test_nothing_that_somebody_may_not_decide_waits_for_them(console: Visitor, ben: Actor, rita: Actor) -> None:
    request = asks(console.doorway, ben)
    for somebody in (ben, console.doorway.hire("Dora", "developer"), console.doorway.owner):
        assert console.as_(somebody).get("/inbox/waiting").text == "0"
        assert "Ben Builder wants" not in console.as_(somebody).get("/inbox").text.partition('id="own"')[0]
    console.doorway.does(console.doorway.owner, RemoveRole(str(rita.person), "reviewer", "team:home"))
    assert console.as_(rita).get("/inbox/waiting").text == "0"
    assert f"/inbox/{request}" not in console.as_(rita).get("/inbox").text


def test_a_request_of_others_is_no_business_of_a_visitor(console: Visitor, ben: Actor, rita: Actor) -> None:
    request = asks(console.doorway, ben)
    vera = console.doorway.hire("Vera", "visitor")
    hidden_page, missing = (console.as_(vera).get(f"/inbox/{one}") for one in (request, "req_missing"))
    assert (hidden_page.status_code, missing.status_code) == (404, 404)
    form = {"decision": "approve", "because": BECAUSE, "seen": question(console.doorway, request).digest}
    assert console.as_(vera).post(f"/inbox/{request}", data=form).status_code == 404
    assert question(console.doorway, request).state == "waiting"


def test_nobody_answering_in_time_lets_it_wait_for_a_deputy_too(console: Visitor, ben: Actor, rita: Actor) -> None:
    pia = console.doorway.hire("Pia", "platform-engineer", everywhere=True)
    request = asks(console.doorway, ben)
    assert console.as_(pia).get("/inbox/waiting").text == "0"
    assert "a deputy is asked too" in console.as_(rita).get(f"/inbox/{request}").text
    console.doorway.after(9 * HOUR)
    assert console.as_(pia).get("/inbox/waiting").text == "1"
    card = says(console.as_(pia).get(f"/inbox/{request}").text)
    assert "It was passed on to deputies." in card
    assert "Asked: " in card
    assert "Rita Reviewer" in card
    console.doorway.after(9 * HOUR)
    assert console.as_(console.doorway.owner).get("/inbox/waiting").text == "1"


def test_what_expired_waits_for_nobody_and_says_so(console: Visitor, ben: Actor, rita: Actor) -> None:
    request = asks(console.doorway, ben)
    for _ in range(3):
        console.doorway.after(9 * HOUR)
    console.doorway.after(14 * DAY)
    assert console.as_(rita).get("/inbox/waiting").text == "0"
    card = console.as_(rita).get(f"/inbox/{request}").text
    assert "Expired unanswered" in card
    assert "<textarea" not in card


@pytest.mark.parametrize("many", [1_000, 10_000])
def test_a_great_many_requests_are_counted_and_listed_at_once(
    console: Visitor, ben: Actor, rita: Actor, many: int
) -> None:
    request = asks(console.doorway, ben)
    copies(console.doorway, request, many - 1)
    mine = console.as_(rita)
    page = mine.get("/inbox").text
    assert "<title>(99+) Inbox" in page
    assert page.count("data-step") == 50
    onward = re.search(r'href="(/inbox\?after=[^"]+)" rel="next"', page)
    assert onward is not None
    second = mine.get(unescape(onward[1])).text
    assert second.count("data-step") == 50
    assert not set(re.findall(r"/inbox/req_\w+", page)) & set(re.findall(r"/inbox/req_\w+", second))
    with console.doorway.control.database.read() as connection:
        held = identity.held(connection, str(rita.person))
        counted = min(_seconds(lambda: inbox.count(connection, str(rita.person), held)) for _ in range(5))
    assert counted < 0.03, f"{counted * 1000:.1f} ms for the count"


def _seconds(what: object) -> float:
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def copies(doorway: Doorway, request: str, number: int) -> None:
    """The same request many times over."""

    def rows(connection):
        row = dict(connection.execute(tables.request.select().where(tables.request.c.id == request)).one()._mapping)
        named = [{**row, "id": f"req_{place:024d}"} for place in range(number)]
        connection.execute(insert(tables.request), named)
        same = {"verb": row["verb"], "subject": row["subject"]}
        waits = [
            {"person": person, "since": one["created_at"], "request": one["id"], **same}
            for one in named
            for person in row["asked"]
        ]
        connection.execute(insert(tables.awaited), waits)

    doorway.control.ledger.write(rows)


def test_what_waits_is_kept_beside_every_change_of_a_request(console: Visitor, ben: Actor, rita: Actor) -> None:
    request = asks(console.doorway, ben)

    def waiting() -> list[str]:
        with console.doorway.control.database.read() as connection:
            return [one.request for one in awaited.of(connection, str(rita.person))]

    assert waiting() == [request]
    send(console, rita, request, "send-back")
    assert waiting() == []
    console.doorway.deploys(ben, files=OTHER)
    assert console.doorway.publishes(ben, "public").request == request
    assert waiting() == [request]
    send(console, ben, request, "withdraw")
    assert waiting() == []


# -- the card ----------------------------------------------------------------------------------------------------------


def test_a_card_says_everything_that_is_needed_in_its_order(console: Visitor, ben: Actor, rita: Actor) -> None:
    console.doorway.deploys(ben, files=CALLS_OUT)
    agent = Actor("agent", "copilot", ben.person)
    request = console.doorway.does(agent, Publish("vendor-board", audience="public", message="for the fair")).request
    page = console.as_(rita).get(f"/inbox/{request}").text
    told = says(page)
    order = [
        "The agent copilot for Ben Builder wants to publish vendor-board to production and open it to the whole internet",
        "Who can open it the owner alone the whole internet",
        "Personal data in it nothing as now",
        "Secrets that it uses nothing as now",
        "What it spends nothing as now",
        "Other sites that it calls nothing api.exchangerates.example",
        "Why you are asked",
        "What would go straight through",
        "instead.",
        "Can it be undone? Yes, at any time",
        "Open the preview",
        "See what changed, file by file",
        "No credentials were found",
        "Similar ones Nobody was asked about a change like this one before.",
        "It expires",
    ]
    places = [told.find(one) for one in order]
    assert -1 not in places, order[places.index(-1)]
    assert places == sorted(places)
    assert "An agent made the change." in told
    assert "for the fair" in told
    assert "--audience" not in told
    assert "Approve: vendor-board opens to the whole internet now" in told
    assert re.search(r'href="/apps/vendor-board/deploys/[^"]+"', page)
    assert "autofocus" not in page.partition("<dialog")[0], "no decision has the focus beforehand"


def test_what_would_go_straight_through_does(console: Visitor, ben: Actor, rita: Actor) -> None:
    request = asks(console.doorway, ben)
    told = says(console.as_(rita).get(f"/inbox/{request}").text)
    assert "Open it to the team instead." in told
    _facts, decision = console.doorway.door.explain(ben, Publish("vendor-board", audience="team"))
    assert str(decision.lane) == "green"


def test_similar_ones_are_counted_from_the_record(console: Visitor, ben: Actor, rita: Actor) -> None:
    for number, app in enumerate(("one", "two", "three")):
        request = asks(console.doorway, ben, app)
        send(console, rita, request, "decline" if number == 2 else "approve")
    console.doorway.after(1)
    request = asks(console.doorway, ben, "four")
    assert "2 of 3 approved, 0 rolled back." in says(console.as_(rita).get(f"/inbox/{request}").text)


def test_names_and_notes_are_shown_as_they_were_typed(console: Visitor, ben: Actor, rita: Actor) -> None:
    console.doorway.deploys(ben)
    message = '"><script>alert(1)</script>'
    request = console.doorway.does(ben, Publish("vendor-board", audience="public", message=message)).request
    page = console.as_(rita).get(f"/inbox/{request}").text
    assert "<script>alert" not in page
    assert message in says(page)


# -- answering ---------------------------------------------------------------------------------------------------------


def send(console: Visitor, who: Actor, request: str, decision: str, because: str = BECAUSE):
    page = console.as_(who).get(f"/inbox/{request}").text
    form = {**hidden(page, request, decision), "because": because}
    return console.as_(who).post(f"/inbox/{request}", data=form)


def test_approving_carries_it_out_and_leads_to_the_next_one(console: Visitor, ben: Actor, rita: Actor) -> None:
    first, second = asks(console.doorway, ben, "one"), asks(console.doorway, ben, "two")
    answer = send(console, rita, first, "approve")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/inbox/{second}")
    assert console.doorway.app("one").rung == "public"
    toast = console.as_(rita).get(f"/inbox/{second}").text
    assert "Rita Reviewer approved the request of Ben Builder" in toast
    assert "published one" in toast
    assert send(console, rita, second, "decline").headers["location"] == "/inbox"
    assert console.doorway.app("two").rung == "me"


def test_whoever_could_undo_it_is_offered_that_after_approving(console: Visitor, ben: Actor, rita: Actor) -> None:
    pia = console.doorway.hire("Pia", "platform-engineer")
    first, second = asks(console.doorway, ben, "one"), asks(console.doorway, ben, "two")
    send(console, pia, first, "approve")
    assert 'action="/do/set-audience"' in console.as_(pia).get("/inbox").text
    send(console, rita, second, "approve")
    assert 'action="/do/set-audience"' not in console.as_(rita).get("/inbox").text


@pytest.mark.parametrize("decision", ["approve", "send-back", "decline"])
def test_every_answer_needs_a_reason_and_nothing_is_lost(
    console: Visitor, ben: Actor, rita: Actor, decision: str
) -> None:
    request = asks(console.doorway, ben)
    page = send(console, rita, request, decision, "   ")
    assert page.status_code == 400
    assert f'id="because-{decision}-wrong"' in page.text
    assert f'id="choice-{decision}" open' in page.text
    assert "Your words are missing." in page.text
    assert question(console.doorway, request).state == "waiting"
    assert console.doorway.receipts(decision) == []


def test_an_answer_counts_for_what_was_shown(console: Visitor, ben: Actor, rita: Actor) -> None:
    request = asks(console.doorway, ben)
    shown = console.as_(rita).get(f"/inbox/{request}").text
    console.doorway.deploys(ben, files=CALLS_OUT)
    assert console.doorway.publishes(ben, "public").request == request
    for decision in ("approve", "send-back", "decline"):
        form = {**hidden(shown, request, decision), "because": BECAUSE}
        page = console.as_(rita).post(f"/inbox/{request}", data=form)
        assert page.status_code == 409
        told = says(page.text)
        assert "It changed since you looked, so your answer did not count." in told
        assert "Other sites that it calls: nothing when you looked, api.exchangerates.example now." in told
        assert "It is another version" in told
        assert BECAUSE in told
        assert hidden(page.text, request, decision)["seen"] == question(console.doorway, request).digest
    assert question(console.doorway, request).state == "waiting"
    assert console.doorway.app().rung == "me"


def test_two_people_who_decide_at_once_are_told_who_came_first(console: Visitor, ben: Actor, rita: Actor) -> None:
    rolf = console.doorway.hire("Rolf", "reviewer")
    request = asks(console.doorway, ben)
    shown = console.as_(rolf).get(f"/inbox/{request}").text
    send(console, rita, request, "decline", "not before the fair")
    page = console.as_(rolf).post(f"/inbox/{request}", data={**hidden(shown, request, "approve"), "because": BECAUSE})
    assert page.status_code in (403, 409)
    told = says(page.text)
    assert "This request does not wait for anybody any more." in told
    assert "Declined by Rita Reviewer" in told
    assert "not before the fair" in told
    assert console.doorway.app().rung == "me"


def test_a_form_sent_twice_answers_once(console: Visitor, ben: Actor, rita: Actor) -> None:
    request = asks(console.doorway, ben)
    form = {**hidden(console.as_(rita).get(f"/inbox/{request}").text, request, "approve"), "because": BECAUSE}
    answers = [console.as_(rita).post(f"/inbox/{request}", data=form).status_code for _ in range(2)]
    assert answers == [303, 303]
    assert len(console.doorway.receipts("approve")) == 1


def test_an_answer_of_no_known_kind_does_nothing(console: Visitor, ben: Actor, rita: Actor) -> None:
    request = asks(console.doorway, ben)
    for decision in ("", "publish", "confirm"):
        form = {"decision": decision, "because": BECAUSE, "seen": question(console.doorway, request).digest}
        assert console.as_(rita).post(f"/inbox/{request}", data=form).status_code in (400, 403)
    assert question(console.doorway, request).state == "waiting"


def test_no_list_decides_several_at_once(console: Visitor, ben: Actor, rita: Actor) -> None:
    for app in ("one", "two"):
        asks(console.doorway, ben, app)
    page = console.as_(rita).get("/inbox").text
    assert "checkbox" not in page
    assert 'name="decision"' not in page


# -- one's own ---------------------------------------------------------------------------------------------------------


def test_an_own_request_says_why_one_cannot_decide_it(console: Visitor, rita: Actor) -> None:
    owner = console.doorway.owner
    request = asks(console.doorway, owner)
    page = console.as_(owner).get("/inbox").text
    assert "You cannot decide it, because you asked for it. It waits for Rita Reviewer." in says(page)
    card = console.as_(owner).get(f"/inbox/{request}").text
    assert "Nobody judges their own work" in says(card)
    assert "<textarea" not in card.partition("<dialog")[0]
    form = {"decision": "approve", "because": BECAUSE, "seen": question(console.doorway, request).digest}
    refused = console.as_(owner).post(f"/inbox/{request}", data=form)
    assert refused.status_code == 403
    assert "Nobody judges their own work" in says(refused.text)
    assert console.doorway.app().rung == "me"


def test_one_takes_an_own_request_back(console: Visitor, ben: Actor, rita: Actor) -> None:
    request = asks(console.doorway, ben)
    assert send(console, ben, request, "withdraw").status_code == 303
    assert question(console.doorway, request).state == "withdrawn"
    assert "Ben Builder withdrew their own request" in says(console.as_(ben).get("/inbox").text)


def test_whoever_is_alone_may_confirm_and_it_stays_marked(console: Visitor) -> None:
    owner = console.doorway.owner
    request = asks(console.doorway, owner)
    assert "You are alone here, so you may confirm it yourself." in says(console.as_(owner).get("/inbox").text)
    assert send(console, owner, request, "confirm").status_code == 303
    assert console.doorway.app().rung == "public"
    assert "Confirmed by its own author. Nobody else looked." in says(console.as_(owner).get(f"/inbox/{request}").text)


def test_what_was_sent_back_tells_its_author_the_note_and_goes_on(console: Visitor, ben: Actor, rita: Actor) -> None:
    request = asks(console.doorway, ben)
    send(console, rita, request, "send-back", "take the phone numbers out")
    mine = says(console.as_(ben).get("/inbox").text)
    assert "take the phone numbers out" in mine
    assert "Upload the next version and publish it again: it goes on as this request." in mine
    console.doorway.deploys(ben, files=OTHER)
    assert console.doorway.publishes(ben, "public").request == request
    card = says(console.as_(rita).get(f"/inbox/{request}").text)
    assert "take the phone numbers out" in card, "what was said before stays on the card"
    assert "Waits for a decision" in card


def test_a_decided_request_stays_readable_with_who_said_what(console: Visitor, ben: Actor, rita: Actor) -> None:
    request = asks(console.doorway, ben)
    send(console, rita, request, "send-back", "take the phone numbers out")
    console.doorway.deploys(ben, files=OTHER)
    console.doorway.publishes(ben, "public")
    send(console, rita, request, "approve", "now it is fine")
    for reader in (ben, rita, console.doorway.owner):
        card = says(console.as_(reader).get(f"/inbox/{request}").text)
        assert "Approved by Rita Reviewer" in card
        assert card.index("now it is fine") < card.index("take the phone numbers out")
        assert "Nothing is left to decide here." in card
    assert "Approved" in says(console.as_(ben).get("/inbox").text)


# -- looks and news ----------------------------------------------------------------------------------------------------


def test_a_look_that_one_is_asked_for_is_answered_there(console: Visitor, rita: Actor) -> None:
    owner = console.doorway.owner
    console.doorway.deploys(owner)
    console.doorway.publishes(owner, "everyone")
    console.doorway.after(1)
    page = console.as_(rita).get("/inbox").text
    assert "Have a look" in page
    about = re.search(r'name="about" value="([^"]+)"', page)
    assert about is not None
    form = {"app": "vendor-board", "about": about[1], "verdict": "fine", "back": "/inbox"}
    assert console.as_(rita).post("/do/answer-look", data=form).headers["location"] == "/inbox"
    assert "Have a look" not in console.as_(rita).get("/inbox").text
    assert "Have a look" not in console.as_(owner).get("/inbox").text


def test_news_is_read_once(console: Visitor, ben: Actor, rita: Actor) -> None:
    request = asks(console.doorway, ben)
    send(console, rita, request, "decline", "not before the fair")
    console.doorway.control.notices.catch_up()
    page = console.as_(ben).get("/inbox").text
    assert "Rita Reviewer declined the request of Ben Builder" in says(page)
    seqs = re.findall(r'name="seq" value="(\d+)"', page)
    assert console.as_(rita).post("/inbox/heard", data={"seq": seqs}).status_code == 303
    assert "What you should hear of" in console.as_(ben).get("/inbox").text, "only one's own is marked"
    assert console.as_(ben).post("/inbox/heard", data={"seq": [*seqs, "x", "9" * 40]}).status_code == 303
    assert "What you should hear of" not in console.as_(ben).get("/inbox").text


def test_nothing_new_is_no_deploy_of_the_same_bytes(console: Visitor, ben: Actor, rita: Actor) -> None:
    """Asking again for the very same thing keeps the digest, so an answer to what was shown still counts."""
    request = asks(console.doorway, ben)
    shown = console.as_(rita).get(f"/inbox/{request}").text
    assert console.doorway.publishes(ben, "public").request == request
    form = {**hidden(shown, request, "approve"), "because": BECAUSE}
    assert console.as_(rita).post(f"/inbox/{request}", data=form).status_code == 303
