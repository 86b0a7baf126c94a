"""The promises of the amber lane, and that nothing dies unseen: what the platform does by itself, on time."""

from __future__ import annotations

import pytest
from tests.house import CALLS_OUT, DAY, HOUR, PAGE, Doorway

from greenlane.catalog.actions import DeclareHost, SetAudience, WakeApp
from greenlane.catalog.unused import opened
from greenlane.deploys import queries
from greenlane.deploys.actions import AnswerLook
from greenlane.deploys.upkeep import drawn
from greenlane.edge.journal import JournalSink, last_opened
from greenlane.edge.views import View
from greenlane.govern import approvals
from greenlane.govern.actions import Approve, SendBack
from greenlane.govern.actor import Actor
from greenlane.govern.decision import Lane
from greenlane.ledger.journal import Sealer


@pytest.fixture
def ben(doorway: Doorway) -> Actor:
    """Somebody who builds, and owns what they build."""
    return doorway.hire("Ben Builder", "builder")


# -- narrower first


def test_a_first_publish_to_everyone_opens_to_the_team_and_an_hour_later_to_everyone(doorway: Doorway, ben: Actor):
    doorway.deploys(ben)
    answer = doorway.publishes(ben, "everyone")
    assert answer.decision.lane is Lane.AMBER
    assert doorway.app().rung == "team"
    doorway.after(HOUR - 10)
    assert doorway.app().rung == "team"
    doorway.after(20)
    assert (doorway.app().rung, doorway.app().everyone_before) == ("everyone", True)


def test_setting_the_audience_of_what_nobody_used_yet_takes_the_same_hour(doorway: Doorway, ben: Actor):
    doorway.deploys(ben)
    answer = doorway.does(ben, SetAudience("vendor-board", "everyone"))
    assert "narrower-first" in answer.decision.safeguards
    assert doorway.app().rung == "team"
    doorway.after(HOUR + 1)
    assert doorway.app().rung == "everyone"


def test_what_the_team_used_before_opens_at_once(doorway: Doorway, ben: Actor):
    doorway.deploys(ben)
    doorway.publishes(ben, "team")
    answer = doorway.does(ben, SetAudience("vendor-board", "everyone"))
    assert answer.decision.lane is Lane.AMBER
    assert answer.answer["narrower_until"] is None
    assert doorway.app().rung == "everyone"


def test_publishing_the_same_again_does_not_shorten_the_hour(doorway: Doorway, ben: Actor):
    doorway.deploys(ben)
    first = doorway.publishes(ben, "everyone")
    doorway.deploys(ben, files={**PAGE, "about.html": b"<h1>About</h1>"})
    again = doorway.publishes(ben, "everyone")
    assert again.answer["narrower_until"] == first.answer["narrower_until"]
    assert doorway.app().rung == "team"


def test_whoever_objects_within_the_hour_stops_it(doorway: Doorway, ben: Actor):
    doorway.deploys(ben)
    doorway.publishes(ben, "everyone")
    assert doorway.does(doorway.owner, SetAudience("vendor-board", "team")).decision.lane is Lane.GREEN
    doorway.after(2 * HOUR)
    assert doorway.app().rung == "team"
    assert doorway.receipts("widen-audience") == []


def test_opening_wider_is_a_receipt_of_its_own(doorway: Doorway, ben: Actor):
    doorway.deploys(ben)
    doorway.publishes(ben, "everyone")
    doorway.after(HOUR + 1)
    doorway.after(HOUR)
    (one,) = doorway.receipts("widen-audience")
    assert one.actor[-1]["kind"] == "platform"
    assert one.happened["audience"] == "everyone"


# -- apps that nobody opens


def amber(doorway: Doorway, ben: Actor) -> None:
    doorway.deploys(ben)
    doorway.publishes(ben, "everyone")
    doorway.after(HOUR + 1)


def test_an_unused_amber_app_is_asked_about_and_a_week_later_it_sleeps(doorway: Doorway, ben: Actor):
    amber(doorway, ben)
    doorway.after(22 * DAY)
    assert doorway.receipts("ask-if-needed") == []
    doorway.after(1.5 * DAY)
    assert len(doorway.receipts("ask-if-needed")) == 1
    doorway.after(6 * DAY)
    assert doorway.app().state == "live"
    doorway.after(1.5 * DAY)
    assert doorway.app().state == "asleep"
    doorway.after(60 * DAY)
    assert (len(doorway.receipts("ask-if-needed")), len(doorway.receipts("expire-app"))) == (1, 1)


def test_waking_an_app_gives_it_thirty_days(doorway: Doorway, ben: Actor):
    amber(doorway, ben)
    doorway.after(24 * DAY)
    doorway.after(8 * DAY)
    assert doorway.does(ben, WakeApp("vendor-board")).state == "done"
    doorway.after(20 * DAY)
    assert doorway.app().state == "live"
    doorway.after(4 * DAY)
    doorway.after(8 * DAY)
    assert doorway.app().state == "asleep"


def test_an_app_that_somebody_opens_stays(doorway: Doorway, ben: Actor):
    amber(doorway, ben)
    for _ in range(20):
        doorway.after(5 * DAY)
        opening = {"vendor-board": doorway.clock.now()}
        doorway.control.ledger.write(lambda connection, last=opening: opened(connection, last))
    assert doorway.app().state == "live"
    assert doorway.receipts("ask-if-needed") == []


def test_a_page_view_in_the_journal_is_what_counts_as_opening(doorway: Doorway, ben: Actor, tmp_path):
    amber(doorway, ben)
    doorway.after(24 * DAY)
    minute = doorway.clock.now().strftime("%Y-%m-%dT%H:%MZ")
    sink = JournalSink(tmp_path / "journal")
    sink.write([View("vendor-board", "production", ben.id, minute, 3)])
    sink.close()
    control = doorway.control
    sealer = Sealer(
        tmp_path / "journal",
        control.ledger,
        control.database,
        keep=control.blobs.put,
        beside=lambda _batch, records: lambda connection: opened(connection, last_opened(records)),
        clock=doorway.clock,
    )
    assert len(sealer.seal_all()) == 1
    doorway.after(8 * DAY)
    assert doorway.app().state == "live"


def test_a_look_at_a_preview_does_not_keep_an_app_awake():
    views = [b'{"kind":"views","app":"a","environment":"preview","who":"p_1","minute":"2026-01-01T09:30Z","count":1}']
    assert last_opened(views) == {}


def test_a_green_app_never_falls_asleep_by_itself(doorway: Doorway, ben: Actor):
    doorway.deploys(ben)
    doorway.publishes(ben, "team")
    doorway.after(40 * DAY)
    doorway.after(40 * DAY)
    assert doorway.app().state == "live"


def test_a_small_fix_does_not_end_the_promise_and_narrowing_does(doorway: Doorway, ben: Actor):
    amber(doorway, ben)
    doorway.deploys(ben, files={**PAGE, "about.html": b"<h1>About</h1>"})
    assert doorway.publishes(ben).decision.lane is Lane.GREEN
    doorway.after(24 * DAY)
    assert len(doorway.receipts("ask-if-needed")) == 1
    doorway.does(ben, SetAudience("vendor-board", "team"))
    doorway.after(40 * DAY)
    doorway.after(40 * DAY)
    assert doorway.app().state == "live"


# -- sampled looks


def test_a_sampled_change_asks_somebody_other_than_its_author(doorway: Doorway, ben: Actor):
    rita = doorway.hire("Rita Reviewer", "reviewer")
    doorway.deploys(ben)
    published = doorway.publishes(ben, "everyone")
    doorway.after(1)
    with doorway.control.database.read() as connection:
        (look,) = queries.looks(connection)
    assert (look.about, look.asked) == (published.action_id, (rita.id,))
    refused = doorway.does(ben, AnswerLook("vendor-board", published.action_id, "fine"))
    assert refused.state == "refused"
    assert (
        doorway.does(rita, AnswerLook("vendor-board", published.action_id, "fine", "as it should be")).state == "done"
    )
    doorway.after(DAY)
    with doorway.control.database.read() as connection:
        assert queries.looks(connection) == []


def test_an_author_who_reviews_does_not_look_at_their_own(doorway: Doorway):
    doorway.deploys(doorway.owner)
    published = doorway.publishes(doorway.owner, "everyone")
    doorway.after(1)
    assert doorway.receipts("look") == [], "nobody else is there to look"
    doorway.hire("Rita Reviewer", "reviewer")
    doorway.after(1)
    refused = doorway.does(doorway.owner, AnswerLook("vendor-board", published.action_id, "fine"))
    assert (refused.state, refused.decision.reasons[0].policy) == ("refused", "own-work")


def test_one_in_ten_is_drawn_by_the_action_itself():
    sample = sum(drawn(f"act_{number}") for number in range(10_000))
    assert 900 < sample < 1100


# -- requests


def waiting(doorway: Doorway, request: str) -> approvals.Question:
    with doorway.control.database.read() as connection:
        return approvals.question(connection, request)


def test_a_request_that_nobody_answers_goes_to_deputies_then_to_owners_and_then_ends(doorway: Doorway, ben: Actor):
    rita = doorway.hire("Rita Reviewer", "reviewer")
    dora = doorway.hire("Dora Deputy", "reviewer", everywhere=True)
    doorway.deploys(ben)
    request = doorway.publishes(ben, "public").request
    assert request is not None
    assert waiting(doorway, request).asked == (rita.id,)
    doorway.after(8 * HOUR + 1)
    assert set(waiting(doorway, request).asked) == {rita.id, dora.id}
    doorway.after(8 * HOUR + 1)
    assert set(waiting(doorway, request).asked) == {rita.id, dora.id, doorway.owner.id}
    doorway.after(8 * HOUR + 1)
    assert len(doorway.receipts("escalate")) == 2, "nobody is left to pass it on to"
    doorway.after(14 * DAY)
    assert waiting(doorway, request).state == "expired"
    (ended,) = doorway.receipts("expire-request")
    assert ended.happened["outcome"] == "expired"
    assert doorway.does(rita, Approve(request, "too late")).state == "refused"


def test_a_request_that_was_sent_back_and_forgotten_ends_too(doorway: Doorway, ben: Actor):
    rita = doorway.hire("Rita Reviewer", "reviewer")
    doorway.deploys(ben)
    request = doorway.publishes(ben, "public").request
    assert request is not None
    doorway.does(rita, SendBack(request, "take the phone numbers out"))
    doorway.after(2 * DAY)
    assert waiting(doorway, request).state == "sent-back"
    doorway.after(14 * DAY)
    assert waiting(doorway, request).state == "expired"


# -- uploads that nobody finished


def test_an_abandoned_upload_is_noted_once(doorway: Doorway, ben: Actor):
    doorway.sends(ben)
    doorway.after(23 * HOUR)
    assert doorway.receipts("upload") == []
    doorway.after(2 * HOUR)
    doorway.after(2 * HOUR)
    (one,) = doorway.receipts("upload")
    assert (one.half, one.happened["was"], one.happened["files"]) == ("noted", "complete", 1)


# -- all of it


def test_what_the_platform_did_by_itself_replays(doorway: Doorway, ben: Actor):
    doorway.hire("Rita Reviewer", "reviewer")
    amber(doorway, ben)
    doorway.deploys(ben, files=CALLS_OUT)
    doorway.does(ben, DeclareHost("vendor-board", "api.exchangerates.example"))
    doorway.after(24 * DAY)
    doorway.after(8 * DAY)
    replayed = doorway.replays()
    assert all(doorway.receipts(verb) for verb in ("widen-audience", "look", "ask-if-needed", "expire-app"))
    assert replayed["differences"] == []
