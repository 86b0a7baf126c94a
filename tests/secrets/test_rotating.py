from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.house import Doorway
from tests.secrets.conftest import BOARD, VALUE, Values

from greenlane.catalog.actions import CreateApp
from greenlane.govern.decision import Lane
from greenlane.govern.errors import Conflict, NotFound, WrongInput
from greenlane.identity.actions import CreateTeam
from greenlane.secrets import queries
from greenlane.secrets.actions import PutVariable, RemoveVariable, RevokeVariable, RotateVariable

HOUR = 3600.0


def rotate(values: Values, value: str = "new", version: int = 1, hours: int = 24) -> None:
    action = RotateVariable("API_KEY", value, app=BOARD, environment="production", hours=hours, version=version)
    values.household.does(values.ben, action)


def test_after_a_rotation_both_values_work_for_a_while_and_then_the_new_one_alone(values: Values):
    values.put("API_KEY", "old", environment="production")
    rotate(values, hours=2)
    got = values.gets()
    assert got.values == {"API_KEY": "new", "API_KEY_PREVIOUS": "old"}
    assert got.secrets == {"new", "old"}
    assert [one.version for one in got.versions] == [2, 1]
    during = got.resolution
    assert during.changes_at is not None
    values.household.clock.forward(2 * HOUR)
    got = values.gets()
    assert got.values == {"API_KEY": "new"}
    assert got.resolution.changes_at is None
    assert got.resolution.digest != during.digest, "what runs learns that it is out of date"
    assert set(values.known().values()) == {"old", "new"}, "the scanner still knows what once was a secret"


def test_a_rotation_keeps_a_secret_secret_and_a_readable_value_readable(values: Values):
    values.put("API_KEY", "old", environment="production", readable=True)
    rotate(values)
    assert all(one.readable for one in values.versions("API_KEY"))
    assert values.gets().secrets == frozenset()


def test_of_two_rotations_at_once_one_is_done_and_the_other_is_told(doorway: Doorway):
    ben = doorway.hire("Ben", "builder")
    doorway.does(ben, CreateApp(BOARD))
    doorway.does(ben, PutVariable("API_KEY", "old", app=BOARD))
    with doorway.control.database.read() as connection:
        exact = doorway.door.house.handlings["rotate-variable"].exact
        both = [exact(connection, RotateVariable("API_KEY", value, app=BOARD)) for value in ("a", "b")]
    assert [one.version for one in both] == [1, 1]
    doorway.does(ben, both[0])
    with pytest.raises(Conflict, match="same moment"):
        doorway.does(ben, both[1])
    with pytest.raises(Conflict, match=r"being rotated: version 1 works until 2026-01-\d\d \d\d:\d\d UTC"):
        doorway.does(ben, RotateVariable("API_KEY", "c", app=BOARD))
    doorway.does(ben, RemoveVariable("API_KEY", app=BOARD, version=1))
    doorway.does(ben, RotateVariable("API_KEY", "c", app=BOARD))
    with doorway.control.database.read() as connection:
        assert [one.version for one in queries.versions(connection, None)] == [2, 3]
    assert [one.happened["state"] for one in doorway.receipts("rotate-variable")] == [
        "done",
        "failed",
        "failed",
        "done",
    ]


def test_a_new_value_put_in_replaces_both_of_a_rotation_at_once(values: Values):
    values.put("API_KEY", "old", environment="production")
    rotate(values)
    values.put("API_KEY", "newest", environment="production")
    assert values.gets().values == {"API_KEY": "newest"}


def test_a_version_that_is_taken_back_lets_the_one_before_count_again(values: Values):
    values.put("API_KEY", "old", environment="production")
    rotate(values, hours=1)
    values.household.clock.forward(2 * HOUR)
    values.household.does(values.ben, RemoveVariable("API_KEY", app=BOARD, environment="production", version=2))
    assert values.gets().values == {"API_KEY": "old"}
    rotate(values, "newer", version=1)
    assert [one.version for one in values.versions()] == [1, 3]


def test_what_has_no_value_is_not_rotated(values: Values):
    handling = values.household.handlings["rotate-variable"]
    with values.household.database.read() as connection, pytest.raises(NotFound, match="has no value"):
        handling.exact(connection, RotateVariable("API_KEY", "x", app=BOARD))
    for hours in (0, 721):
        with pytest.raises(WrongInput, match="no time for both"):
            RotateVariable("API_KEY", "x", app=BOARD, hours=hours)


def spread(values: Values) -> None:
    """One secret in many places, under two names."""
    values.put("API_KEY", "old-value", environment="production")
    values.put("API_KEY", VALUE, environment="production")
    values.put("API_KEY", VALUE, environment="staging")
    values.put("SAME_KEY", VALUE, team="home", environment="staging", actor=values.owner)
    values.put("API_KEY", "another-value", organisation=True, actor=values.owner)
    values.put("API_KEY", VALUE, app="crm", actor=values.owner)


def test_a_secret_is_revoked_by_name_wherever_it_stands(values: Values):
    spread(values)
    outcome = values.household.does(values.owner, RevokeVariable("API_KEY", organisation=True))
    assert outcome.happened["versions"] == 5
    assert [one.name for one in values.versions()] == ["SAME_KEY"]
    assert values.gets().values == {}


def test_a_secret_is_revoked_by_its_value_under_whatever_name(values: Values):
    spread(values)
    outcome = values.household.does(values.owner, RevokeVariable(value=VALUE, organisation=True))
    assert VALUE not in repr(outcome.happened) + repr(outcome.answer)
    assert outcome.answer["places"] == [
        "API_KEY of crm in preview, version 1",
        "API_KEY of vendor-board in production, version 2",
        "API_KEY of vendor-board in staging, version 1",
        "SAME_KEY of a team in staging, version 1",
    ]
    assert sorted(values.known().values()) == ["another-value", "old-value"]


def test_revoking_in_a_team_leaves_other_teams_and_everybodys_values_alone(values: Values):
    spread(values)
    values.household.does(values.owner, RevokeVariable("API_KEY", team="home"))
    assert sorted((one.scope.partition(":")[0], one.name) for one in values.versions()) == [
        ("app", "API_KEY"),
        ("organisation", "API_KEY"),
        ("team", "SAME_KEY"),
    ]
    values.household.does(values.owner, RevokeVariable("API_KEY", app="crm"))
    assert len(values.versions()) == 2


def test_builders_revoke_in_their_apps_and_no_wider(values: Values):
    facts = values.household.facts
    assert facts(values.ben, RevokeVariable("API_KEY", app=BOARD)).may
    assert not facts(values.ben, RevokeVariable("API_KEY", team="home")).may
    assert not facts(values.ben, RevokeVariable(value=VALUE, organisation=True)).may
    assert facts(values.owner, RevokeVariable("API_KEY", organisation=True)).apps_reached == 2


def test_what_is_revoked_is_named_and_a_short_value_could_be_guessed():
    for wrong in ({}, {"name": "A", "value": VALUE}, {"value": "1234567"}):
        with pytest.raises(WrongInput):
            RevokeVariable(**wrong, organisation=True)


def test_what_stands_nowhere_is_not_revoked(values: Values):
    for action in (RevokeVariable("API_KEY", app=BOARD), RevokeVariable(value=VALUE, organisation=True)):
        with pytest.raises(NotFound):
            values.household.does(values.owner, action)


def test_explaining_a_revocation_tells_nobody_whether_a_value_is_right(values: Values):
    """Whoever may ask what would happen could try values until one fits."""
    values.put("API_KEY", VALUE)
    facts = values.household.facts
    right, wrong = (RevokeVariable(value=value, app=BOARD) for value in (VALUE, VALUE + "x"))
    assert facts(values.ben, right) == facts(values.ben, wrong)


def test_the_story_of_a_secret_reads_in_sentences(doorway: Doorway):
    doorway.does(doorway.owner, CreateTeam("sales"))
    for where in ({"app": BOARD}, {"team": "sales"}, {"organisation": True}):
        if "app" in where:
            doorway.does(doorway.owner, CreateApp(BOARD))
        put = doorway.does(doorway.owner, PutVariable("API_KEY", "old", environment="production", **where))
        assert put.decision.lane is Lane.AMBER
        action = RotateVariable("API_KEY", "new", environment="production", **where)
        assert doorway.does(doorway.owner, action).decision.lane is Lane.GREEN
    answer = doorway.does(doorway.owner, RevokeVariable("API_KEY", organisation=True))
    assert answer.decision.lane is Lane.AMBER
    assert doorway.replays()["differences"] == []


def test_of_many_rotations_in_the_same_instant_exactly_one_is_done(doorway: Doorway):
    doorway.does(doorway.owner, CreateApp(BOARD))
    doorway.does(doorway.owner, PutVariable("API_KEY", "old", app=BOARD))

    def rotated(number: int) -> str:
        try:
            return doorway.door.govern(doorway.owner, RotateVariable("API_KEY", f"new-{number}", app=BOARD)).state
        except Conflict as error:
            return error.code

    with ThreadPoolExecutor(8) as people:
        ended = sorted(people.map(rotated, range(8)))
    assert ended == ["conflict"] * 7 + ["done"]
    with doorway.control.database.read() as connection:
        assert [one.version for one in queries.versions(connection, None)] == [1, 2]
