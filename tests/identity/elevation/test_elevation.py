"""A role for some hours: asked for, allowed by somebody else, over by itself."""

from __future__ import annotations

from threading import Event
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.house import HOUR, Doorway

from greenlane.api.app import create
from greenlane.catalog import queries as catalog
from greenlane.govern import approvals
from greenlane.govern.actions import Approve
from greenlane.govern.actor import Actor
from greenlane.govern.door import Answer
from greenlane.govern.errors import Conflict, NotFound, Refused, WrongInput
from greenlane.identity import queries as identity
from greenlane.identity.actions import CreateToken, ErasePerson, GrantRole, RemoveRole, RestorePerson, SuspendPerson
from greenlane.identity.elevation import queries
from greenlane.identity.elevation.actions import AskElevation, EndElevation
from greenlane.identity.elevation.ending import Ending
from greenlane.insights import seeing_calls
from greenlane.insights.standing import who_may
from greenlane.insights.undoing import UNDOINGS
from greenlane.insights.why import why

ASKED = AskElevation("developer", "The import of the vendors hangs.", "team:home", hours=2)


@pytest.fixture
def ben(doorway: Doorway) -> Actor:
    return doorway.hire("Ben Visitor", "visitor")


@pytest.fixture
def engineer(doorway: Doorway) -> Actor:
    return doorway.hire("Egon Engineer", "platform-engineer", everywhere=True)


def roles(doorway: Doorway, who: Actor) -> list[str]:
    """The roles that count at this moment."""
    with doorway.control.database.read() as connection:
        return [one.role for one in identity.held(connection, who.id, doorway.clock.now())]


def asked_of(doorway: Doorway, answer: Answer) -> tuple[str, ...]:
    with doorway.control.database.read() as connection:
        return approvals.question(connection, str(answer.request)).asked


def elevated(doorway: Doorway, who: Actor, action: AskElevation = ASKED) -> str:
    """Somebody has the role that they asked for; the elevation's id."""
    asked = doorway.does(who, action)
    done = doorway.does(doorway.owner, Approve(str(asked.request), "They mend it.")).answer["resumed"]
    assert done.state == "done"
    return str(done.happened["elevation"])


def test_somebody_who_may_give_the_role_decides_and_it_runs_from_then(doorway: Doorway, ben: Actor) -> None:
    asked = doorway.does(ben, ASKED)
    assert (asked.state, [one.policy for one in asked.decision.reasons]) == ("waiting", ["elevation-of-one-s-own"])
    assert asked_of(doorway, asked) == (doorway.owner.id,)
    assert roles(doorway, ben) == ["visitor"]

    doorway.clock.forward(5 * HOUR)
    doorway.does(doorway.owner, Approve(str(asked.request), "She mends it."))
    assert roles(doorway, ben) == ["visitor", "developer"]
    doorway.clock.forward(2 * HOUR - 10)
    assert doorway.deploys(ben).state == "done"


def test_it_is_over_by_the_clock_whether_its_end_is_written_down_or_not(doorway: Doorway, ben: Actor) -> None:
    one = elevated(doorway, ben)
    doorway.deploys(ben)
    doorway.clock.forward(2 * HOUR)
    assert roles(doorway, ben) == ["visitor"]
    refused = doorway.publishes(ben)
    assert (refused.state, refused.decision.reasons[0].policy) == ("refused", "missing-right")

    ending = Ending(doorway.door)
    ending.round()
    [written] = doorway.receipts("end-elevation")
    assert written.actor[-1]["kind"] == "platform"
    assert written.action["subject"] == f"elevation:{one}"
    ending.round()
    assert len(doorway.receipts("end-elevation")) == 1, "once is enough"


def test_no_list_shows_it_as_running_before_its_end_is_written_down(doorway: Doorway, ben: Actor) -> None:
    def lists() -> dict[str, bool]:
        now = doorway.clock.now()
        with doorway.control.database.read() as connection:
            scopes = identity.scopes_around(connection, "team:home", lambda *_: None)
            held = {
                "people": identity.held_by(connection, [ben.id], now).get(ben.id, ()),
                "conflicts": identity.everything_held(connection, [ben.id], now).get(ben.id, ()),
                "rights": identity.rights(connection, ben.id, "team:home", lambda *_: None, now),
            }
            return {name: any(one.role == "developer" for one in roles) for name, roles in held.items()} | {
                "running": bool(queries.running(connection, now)),
                "who may": ben.id in {one.person for one in who_may(connection, "deploy", "team:home", "preview", now)},
                "people with": ben.id in identity.people_with(connection, ("developer",), scopes, now),
                "apps": bool(catalog.apps_for(connection, ben.id, now)),
                "calls": bool((seen := seeing_calls.counted(connection, ben.id, now)) and seen.teams),
            }

    doorway.deploys(doorway.owner)
    elevated(doorway, ben)
    assert {name for name, shown in lists().items() if not shown} == set()
    page = TestClient(create(doorway.control._api()))
    page.headers["authorization"] = f"Bearer {doorway.does(doorway.owner, CreateToken('robot')).answer['token']}"
    assert len(page.get("http://localhost:4180/v1/elevations").json()["items"]) == 1
    doorway.clock.forward(2 * HOUR)
    assert {name for name, shown in lists().items() if shown} == set()
    assert page.get("http://localhost:4180/v1/elevations").json()["items"] == []
    assert doorway.receipts("end-elevation") == [], "nobody wrote it down yet"


def test_nobody_is_asked_to_decide_whose_role_is_over(doorway: Doorway, ben: Actor) -> None:
    def asked() -> list[str]:
        with doorway.control.database.read() as connection:
            return list(doorway.control.reviewers(connection, "team:home", None, 0))

    elevated(doorway, ben, AskElevation("reviewer", "The reviewer is ill.", "team:home", hours=2))
    assert asked() == [ben.id]
    doorway.clock.forward(2 * HOUR)
    assert asked() == [doorway.owner.id]


def test_the_next_look_is_when_the_next_one_is_over(doorway: Doorway, ben: Actor) -> None:
    ending = Ending(doorway.door)
    assert ending.round() == 20
    elevated(doorway, ben)
    doorway.clock.forward(2 * HOUR - 5)
    assert ending.round() == pytest.approx(5, abs=2)


def test_it_can_be_ended_before_its_time_by_its_person_or_by_a_keeper(
    doorway: Doorway, ben: Actor, engineer: Actor
) -> None:
    for who in (ben, engineer):
        one = elevated(doorway, ben)
        assert doorway.does(who, EndElevation(one)).state == "done"
        assert roles(doorway, ben) == ["visitor"]
        with pytest.raises(Conflict, match="over already"):
            doorway.does(who, EndElevation(one))
    other = doorway.hire("Otto Other", "builder")
    assert doorway.does(other, EndElevation(elevated(doorway, ben))).state == "refused"
    with pytest.raises(NotFound):
        doorway.does(ben, EndElevation("elv_nothing"))


def test_ending_it_takes_asking_back(doorway: Doorway, ben: Actor) -> None:
    asked = doorway.does(ben, ASKED)
    done = doorway.does(doorway.owner, Approve(str(asked.request), "fine")).answer["resumed"]
    undo = UNDOINGS["ask-elevation"](done.inputs, done.happened, done.facts.as_dict())
    assert undo is not None
    assert (undo.verb, undo.inputs) == ("end-elevation", {"elevation": done.happened["elevation"]})


def test_nobody_allows_themselves_nor_more_than_they_have_for_good(doorway: Doorway, engineer: Actor) -> None:
    wanted = doorway.does(engineer, AskElevation("owner", "The owner is away."))
    assert [one.policy for one in wanted.decision.reasons] == ["elevation-to-a-keeper"]
    assert doorway.does(engineer, Approve(str(wanted.request), "me")).state == "refused"
    other = doorway.hire("Erna Engineer", "platform-engineer", everywhere=True)
    refused = doorway.does(other, Approve(str(wanted.request), "fine"))
    assert refused.facts.may_why == "the role owner allows more than you have for good"
    assert doorway.does(doorway.owner, Approve(str(wanted.request), "fine")).state == "done"


def test_who_is_elevated_gives_nothing_that_lasts_and_elevates_nobody(doorway: Doorway, ben: Actor) -> None:
    elevated(doorway, ben, AskElevation("platform-engineer", "The keeper is on holiday."))
    eva = doorway.hire("Eva Visitor", "visitor")
    given = doorway.does(ben, GrantRole(eva.id, "builder", "team:home"))
    assert "nothing-that-lasts" in [one.policy for one in given.decision.reasons]
    asked = doorway.does(eva, ASKED)
    refused = doorway.does(ben, Approve(str(asked.request), "fine"))
    assert refused.facts.may_why == "the role developer allows more than you have for good"
    assert doorway.does(ben, SuspendPerson(eva.id)).state == "done", "what the role is for, it does"


def test_an_owner_for_some_hours_is_not_the_owner_who_must_stay(doorway: Doorway, engineer: Actor) -> None:
    elevated(doorway, engineer, AskElevation("owner", "The owner is away."))
    with doorway.control.database.read() as connection:
        assert identity.active_owners(connection) == {doorway.owner.id}
    assert doorway.does(engineer, RemoveRole(doorway.owner.id, "owner")).state == "refused"


def test_a_token_made_meanwhile_does_afterwards_what_its_person_may(doorway: Doorway, ben: Actor) -> None:
    one = elevated(doorway, ben)
    doorway.deploys(ben)
    made = doorway.does(ben, CreateToken("meanwhile", ("deploy", "publish")))
    with doorway.control.database.read() as connection:
        signed = identity.who_is(connection, str(made.answer["token"]), doorway.clock.now())
    assert signed is not None
    assert doorway.publishes(signed.actor).state == "done"
    doorway.does(ben, EndElevation(one))
    assert doorway.publishes(signed.actor).state == "refused"


def test_shutting_somebody_out_ends_it_for_good(doorway: Doorway, ben: Actor) -> None:
    elevated(doorway, ben)
    doorway.does(doorway.owner, SuspendPerson(ben.id))
    doorway.does(doorway.owner, RestorePerson(ben.id))
    assert roles(doorway, ben) == ["visitor"]


def test_erasing_somebody_forgets_what_they_said_they_needed_it_for(doorway: Doorway, ben: Actor) -> None:
    one = elevated(doorway, ben)
    assert "import of the vendors" not in doorway.receipts("ask-elevation")[-1].encode().decode()
    doorway.does(doorway.owner, ErasePerson(ben.id))
    with doorway.control.database.read() as connection:
        assert queries.elevation(connection, one).because == ""


def test_taking_the_role_back_says_how_an_elevation_is_ended(doorway: Doorway, ben: Actor) -> None:
    one = elevated(doorway, ben)
    with pytest.raises(Refused, match="some hours only") as refused:
        doorway.does(doorway.owner, RemoveRole(ben.id, "developer", "team:home"))
    assert refused.value.next_step == f"greenlane elevations end {one}"


def test_a_group_s_rule_is_told_as_a_gain_for_who_has_the_role_for_some_hours(doorway: Doorway, ben: Actor) -> None:
    elevated(doorway, ben)
    with doorway.control.database.read() as connection:
        assert not identity.was_given(connection, ben.id, "developer", "team:home")
    assert doorway.does(doorway.owner, GrantRole(ben.id, "developer", "team:home")).happened["new"]


def test_why_says_who_allowed_it_and_until_when(doorway: Doorway, ben: Actor) -> None:
    elevated(doorway, ben)
    doorway.deploys(ben)
    with doorway.control.database.read() as connection:
        found = why(connection, ben.id, "publish", "app:vendor-board", now=doorway.clock.now())
    [way] = [one for one in found.ways if one.role == "developer"]
    assert found.has
    assert way.says.startswith(
        "Ben Visitor is developer of team:home until 2026-01-01 02:00 UTC: allowed by Olga Owner"
    )
    doorway.clock.forward(2 * HOUR)
    with doorway.control.database.read() as connection:
        assert not why(connection, ben.id, "publish", "app:vendor-board", now=doorway.clock.now()).has


@pytest.mark.parametrize(
    ("action", "error"),
    [
        (lambda: AskElevation("developer", "fine", "team:home", hours=9), "9 hours is longer"),
        (lambda: AskElevation("developer", "fine", "team:home", hours=0), "no time at all"),
        (lambda: AskElevation("developer", " ", "team:home"), "reason is missing"),
        (lambda: AskElevation("wizard", "fine", "team:home"), "no role 'wizard'"),
    ],
)
def test_what_cannot_be_is_refused_before_anybody_is_asked(doorway: Doorway, ben: Actor, action, error: str) -> None:
    with pytest.raises(WrongInput, match=error):
        doorway.does(ben, action())


def test_a_role_that_one_has_is_not_asked_for(doorway: Doorway, ben: Actor) -> None:
    with pytest.raises(Conflict, match="visitor there already"):
        doorway.does(ben, AskElevation("visitor", "fine", "team:home"))
    elevated(doorway, ben)
    with pytest.raises(Conflict, match="developer there already until 2026-01-01 02:00 UTC"):
        doorway.does(ben, ASKED)


def test_an_agent_never_asks_for_its_person(doorway: Doorway, ben: Actor) -> None:
    agent = Actor("agent", "codex", on_behalf_of=ben.id)
    assert doorway.does(agent, ASKED).facts.may_why == "ask-elevation is for people, never for an agent"


def test_the_end_is_written_down_by_itself(doorway: Doorway, ben: Actor) -> None:
    one = elevated(doorway, ben)
    ended = Event()
    doorway.door.subscribe(lambda receipt: ended.set() if receipt.action["verb"] == "end-elevation" else None)
    ending = Ending(doorway.door)
    doorway.door.subscribe(ending.hear)
    ending.start()
    try:
        doorway.clock.forward(2 * HOUR)
        elevated(doorway, ben, AskElevation("reviewer", "Everybody else is away.", "team:home"))
        assert ended.wait(60)
    finally:
        ending.stop()
    assert doorway.receipts("end-elevation")[0].action["subject"] == f"elevation:{one}"


def test_who_waits_for_lines_of_an_app_hears_none_that_came_after_the_end(
    doorway: Doorway, ben: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    doorway.deploys(doorway.owner)
    doorway.publishes(doorway.owner)
    elevated(doorway, ben)
    token = doorway.does(ben, CreateToken("robot", ("read",))).answer["token"]
    api = TestClient(create(doorway.control._api()), headers={"authorization": f"Bearer {token}"})
    runtime = type(doorway.control.runtime)
    monkeypatch.setattr(runtime, "standing", lambda _self, _app: [])
    monkeypatch.setattr(runtime, "lines", lambda _self, _key, **_more: [])
    assert api.get("/v1/apps/vendor-board/logs").status_code == 200

    def late(_self: Any, _key: Any, **_more: Any) -> list[Any]:
        doorway.clock.forward(2 * HOUR)
        return [{"says": "a line that came after the end"}]

    monkeypatch.setattr(runtime, "lines", late)
    assert api.get("/v1/apps/vendor-board/logs?within=25").status_code == 404
