"""What can be done about a credential that was found: move it without seeing it, or say that it is none."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select
from tests.house import Doorway

from greenlane.catalog.actions import CreateApp, CreateShareLink
from greenlane.deploys import alarms, queries
from greenlane.deploys.actions import Deploy, MarkFalseAlarm, MoveCredential, UnmarkFalseAlarm
from greenlane.govern.actions import Approve
from greenlane.govern.actor import Actor
from greenlane.govern.errors import NotFound, WrongInput
from greenlane.identity.actions import CreateTeam
from greenlane.insights.undoing import UNDOINGS
from greenlane.ledger import tables as ledger
from greenlane.secrets import queries as secrets
from greenlane.secrets.actions import PutVariable

GITHUB = "ghp_" + "q7Wx2Lk9Vb4Nz8Rt1Ym5Jc3Hd6Pf0Gs2Ka9E"
PAGE = b"<!doctype html><title>Rates</title>"
LEAKS = {"index.html": PAGE, "js/rates.js": f"const api = '/rates'\nconst key = '{GITHUB}'\n".encode()}
APP = "rates"


def finding(doorway: Doorway, found_in: str) -> dict:
    with doorway.control.database.read() as connection:
        sent = queries.upload(connection, found_in)
    assert sent.inspection is not None
    [one] = [one for one in sent.inspection["findings"] if one["weight"] == "leaked"]
    return one


def sent_by(doorway: Doorway, actor: Actor, files: dict[str, bytes] = LEAKS) -> tuple[str, dict]:
    with doorway.control.database.read() as connection:
        known = queries.catalog.find_app(connection, APP)
    if known is None:
        doorway.does(actor, CreateApp(APP))
    upload = doorway.sends(actor, files)
    return upload, finding(doorway, upload)


def test_a_builder_moves_a_value_into_a_variable_without_anybody_seeing_it(doorway: Doorway) -> None:
    ben = doorway.hire("Ben Builder", "builder")
    upload, one = sent_by(doorway, ben)
    refused = doorway.does(ben, Deploy(APP, upload))
    assert (refused.state, refused.decision.reasons[0].policy) == ("refused", "leaked-credential")

    moved = doorway.does(ben, MoveCredential(APP, upload, one["mark"], "RATES_KEY", ("preview", "production")))
    assert (moved.state, str(moved.decision.lane)) == ("done", "amber")
    assert (moved.answer["file"], moved.answer["line"]) == ("js/rates.js", 2)
    assert "line 2 of js/rates.js" in moved.answer["change"]
    assert "RATES_KEY" in moved.answer["change"]
    with doorway.control.database.read() as connection:
        kept = secrets.known_values(connection, doorway.control.sealing)
        written = b"".join(connection.execute(select(ledger.receipt.c.bytes)).scalars())
    assert list(kept.values()) == [GITHUB, GITHUB]
    assert GITHUB not in json.dumps([dict(moved.answer), dict(moved.happened)])
    assert GITHUB.encode() not in written


def test_the_moved_value_is_found_as_the_variables_own_from_then_on(doorway: Doorway) -> None:
    upload, one = sent_by(doorway, doorway.owner)
    doorway.does(doorway.owner, MoveCredential(APP, upload, one["mark"], "RATES_KEY"))
    split = {"index.html": PAGE, "a.js": f"k = '{GITHUB[:15]}' + '{GITHUB[15:]}'".encode()}
    with pytest.raises(ValueError, match="too many values"):
        finding(doorway, doorway.sends(doorway.owner, split))
    again = doorway.does(doorway.owner, Deploy(APP, doorway.sends(doorway.owner, split)))
    assert again.state == "refused"
    assert any("RATES_KEY of rates" in kind for kind in again.facts.leaked_credentials)


def test_moving_is_taken_back_where_it_made_one_new_variable(doorway: Doorway) -> None:
    upload, one = sent_by(doorway, doorway.owner)
    moved = doorway.does(doorway.owner, MoveCredential(APP, upload, one["mark"], "RATES_KEY"))
    undo = UNDOINGS["move-credential"](moved.inputs, moved.happened, moved.facts.as_dict())
    assert undo is not None
    assert (undo.verb, undo.inputs["name"]) == ("remove-variable", "RATES_KEY")
    again = doorway.does(doorway.owner, MoveCredential(APP, upload, one["mark"], "RATES_KEY"))
    assert UNDOINGS["move-credential"](again.inputs, again.happened, again.facts.as_dict()) is None


def test_nobody_moves_what_somebody_else_sent_or_into_an_app_that_is_not_theirs(doorway: Doorway) -> None:
    ana, ben = doorway.hire("Ana Author", "builder"), doorway.hire("Ben Builder", "builder")
    upload, one = sent_by(doorway, ana)
    with pytest.raises(NotFound):
        doorway.does(ben, MoveCredential(APP, upload, one["mark"], "RATES_KEY"))
    doorway.does(doorway.owner, CreateTeam("other"))
    doorway.does(doorway.owner, CreateApp("theirs", team="other"))
    assert doorway.does(ana, MoveCredential("theirs", upload, one["mark"], "RATES_KEY")).state == "refused"


def test_a_visitor_moves_nothing(doorway: Doorway) -> None:
    upload, one = sent_by(doorway, doorway.owner)
    visitor = doorway.hire("Vera Visitor", "visitor")
    assert doorway.does(visitor, MoveCredential(APP, upload, one["mark"], "RATES_KEY")).state == "refused"


@pytest.mark.parametrize(("name", "environments"), [("1KEY", ("preview",)), ("KEY", ()), ("KEY", ("moon",))])
def test_a_name_or_place_that_cannot_be_is_refused_at_once(name: str, environments: tuple[str, ...]) -> None:
    with pytest.raises(WrongInput):
        MoveCredential(APP, "upl_1", "ab", name, environments)


def test_an_unknown_mark_or_upload_is_said_to_be_unknown(doorway: Doorway) -> None:
    upload, _ = sent_by(doorway, doorway.owner)
    for found_in, mark in ((upload, "00"), (upload, ""), ("upl_none", "00"), ("d123456789", "00")):
        with pytest.raises(NotFound):
            doorway.does(doorway.owner, MoveCredential(APP, found_in, mark, "KEY"))
        with pytest.raises(NotFound):
            doorway.does(doorway.owner, MarkFalseAlarm(APP, found_in, mark, "a sample"))


def test_a_false_alarm_is_marked_by_whom_and_why_and_the_same_deploy_goes_through(doorway: Doorway) -> None:
    ben = doorway.hire("Ben Builder", "builder")
    upload, one = sent_by(doorway, ben)
    marked = doorway.does(ben, MarkFalseAlarm(APP, upload, one["mark"], "a sample of the vendor's own page"))
    assert (marked.state, str(marked.decision.lane), marked.inputs["kind"]) == ("done", "amber", one["kind"])
    assert "tell-owner" in marked.decision.safeguards
    gone = doorway.does(ben, Deploy(APP, upload))
    assert (gone.state, gone.facts.leaked_credentials, gone.facts.called_off) == ("done", (), (one["kind"],))
    with doorway.control.database.read() as connection:
        [alarm] = alarms.alarms(connection, APP)
        shown = queries.newest(connection, APP)
        said = doorway.control.payloads.open(connection, _payload(connection, marked.action_id))
    assert (alarm.person, alarm.reviewed, alarm.mark) == (ben.person, False, one["mark"])
    assert shown is not None
    assert shown.findings[0]["called_off"] == marked.action_id
    assert said == {"why": "a sample of the vendor's own page"}


def _payload(connection, action: str) -> str:
    return queries.call.row_of(connection, action).payload


def test_taken_back_it_counts_again(doorway: Doorway) -> None:
    upload, one = sent_by(doorway, doorway.owner)
    marked = doorway.does(doorway.owner, MarkFalseAlarm(APP, upload, one["mark"], "a sample"))
    undo = UNDOINGS["mark-false-alarm"](marked.inputs, marked.happened, marked.facts.as_dict())
    assert undo is not None
    assert undo.verb == "unmark-false-alarm"
    assert doorway.does(doorway.owner, UnmarkFalseAlarm(APP, one["mark"])).state == "done"
    assert doorway.does(doorway.owner, Deploy(APP, upload)).state == "refused"
    with pytest.raises(NotFound):
        doorway.does(doorway.owner, UnmarkFalseAlarm(APP, one["mark"]))


def test_a_false_alarm_holds_for_one_app_and_one_value(doorway: Doorway) -> None:
    upload, one = sent_by(doorway, doorway.owner)
    doorway.does(doorway.owner, MarkFalseAlarm(APP, upload, one["mark"], "a sample"))
    doorway.does(doorway.owner, CreateApp("another"))
    assert doorway.does(doorway.owner, Deploy("another", upload)).state == "refused"
    other = {**LEAKS, "js/rates.js": LEAKS["js/rates.js"].replace(b"ghp_q7W", b"ghp_q8W")}
    assert doorway.does(doorway.owner, Deploy(APP, doorway.sends(doorway.owner, other))).state == "refused"


def test_a_reason_is_needed(doorway: Doorway) -> None:
    upload, one = sent_by(doorway, doorway.owner)
    with pytest.raises(WrongInput):
        doorway.does(doorway.owner, MarkFalseAlarm(APP, upload, one["mark"], "  "))


def test_where_everyone_can_open_the_app_a_second_person_looks_first(doorway: Doorway) -> None:
    rita = doorway.hire("Rita Reviewer", "reviewer", everywhere=True)
    ben = doorway.hire("Ben Builder", "builder")
    doorway.deploys(ben, APP)
    doorway.publishes(ben, "everyone", APP)
    upload, one = sent_by(doorway, ben)
    asked = doorway.does(ben, MarkFalseAlarm(APP, upload, one["mark"], "a sample"))
    assert (asked.state, asked.decision.reasons[0].policy) == ("waiting", "false-alarm-for-many")
    assert doorway.does(ben, Deploy(APP, upload)).state == "refused"
    doorway.does(rita, Approve(str(asked.request), "it is the sample of their documentation"))
    assert doorway.does(ben, Deploy(APP, upload)).facts.called_off == ()
    assert doorway.publishes(ben, "", APP).state == "done"


def test_what_one_person_called_off_does_not_open_to_everyone_or_by_a_link_alone(doorway: Doorway) -> None:
    doorway.hire("Rita Reviewer", "reviewer", everywhere=True)
    ben = doorway.hire("Ben Builder", "builder")
    upload, one = sent_by(doorway, ben)
    doorway.does(ben, MarkFalseAlarm(APP, upload, one["mark"], "a sample"))
    doorway.does(ben, Deploy(APP, upload))
    assert doorway.publishes(ben, "team", APP).state == "done"
    wide = doorway.publishes(ben, "everyone", APP)
    assert (wide.state, wide.decision.reasons[0].policy) == ("waiting", "called-off-by-one-person")
    assert doorway.does(ben, CreateShareLink(APP, "a partner")).state == "waiting"


def test_that_a_variables_own_value_is_a_false_alarm_takes_a_second_person(doorway: Doorway) -> None:
    doorway.hire("Rita Reviewer", "reviewer", everywhere=True)
    doorway.does(doorway.owner, CreateApp(APP))
    doorway.does(doorway.owner, PutVariable("DOOR", "plain-but-secret-words", app=APP))
    upload, one = sent_by(doorway, doorway.owner, {"index.html": PAGE, "a.txt": b"plain-but-secret-words"})
    asked = doorway.does(doorway.owner, MarkFalseAlarm(APP, upload, one["mark"], "everybody knows it"))
    assert (asked.state, asked.decision.reasons[0].policy) == ("waiting", "false-alarm-about-a-kept-value")


def test_an_agent_never_says_what_is_a_false_alarm(doorway: Doorway) -> None:
    upload, one = sent_by(doorway, doorway.owner)
    agent = Actor("agent", "scribe", doorway.owner.person)
    refused = doorway.does(agent, MarkFalseAlarm(APP, upload, one["mark"], "trust me"))
    assert (refused.state, refused.decision.reasons[0].policy) == ("refused", "missing-right")


def test_every_decision_about_it_is_made_again_bit_for_bit(doorway: Doorway) -> None:
    upload, one = sent_by(doorway, doorway.owner)
    doorway.does(doorway.owner, MarkFalseAlarm(APP, upload, one["mark"], "a sample"))
    doorway.does(doorway.owner, Deploy(APP, upload))
    assert doorway.replays()["differences"] == []
