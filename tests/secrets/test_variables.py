from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select
from tests.secrets.conftest import BOARD, VALUE, Values

from greenlane.govern.action import REGISTRY
from greenlane.govern.errors import NotFound, TooLarge, WrongInput
from greenlane.identity.actions import CreateToken
from greenlane.kit.database import METADATA
from greenlane.secrets import queries, resolving
from greenlane.secrets.actions import PutVariable, RemoveVariable, RotateVariable
from greenlane.secrets.tables import KEPT_VALUE


def put(value: str = VALUE, **more: str) -> PutVariable:
    return PutVariable("API_KEY", value, app=BOARD, **more)  # type: ignore[arg-type]


def test_a_value_lies_in_no_table_as_it_is(values: Values) -> None:
    values.put("API_KEY", VALUE)
    values.put("REGION", VALUE + "-readable", readable=True)
    with values.household.database.read() as connection:
        everything = [tuple(row) for table in METADATA.sorted_tables for row in connection.execute(select(table))]
    assert any("API_KEY" in repr(row) for row in everything)
    assert not any(VALUE in repr(row) for row in everything)
    assert not any(VALUE.encode() in bytes(cell) for row in everything for cell in row if isinstance(cell, bytes))


@pytest.mark.parametrize("action", [put(), RotateVariable("API_KEY", VALUE, app=BOARD, version=1)])
def test_a_value_is_in_nothing_that_is_recorded_answered_or_shown(values: Values, action: PutVariable) -> None:
    values.put("API_KEY", "the first")
    verb = REGISTRY.of(action)
    outcome = values.household.does(values.ben, action)
    for told in (
        repr(action),
        verb.recorded(action),
        verb.private(action),
        verb.plain(action),
        outcome.happened,
        outcome.answer,
    ):
        assert VALUE not in repr(told)
    assert VALUE not in verb.digest_of(action)
    assert verb.digest_of(action) == verb.digest_of(replace(action))
    assert verb.digest_of(action) != verb.digest_of(replace(action, value="another"))


def test_what_a_release_gets_shows_no_value_where_it_is_printed(values: Values) -> None:
    values.put("API_KEY", VALUE, environment="production")
    got = values.gets()
    assert got.values["API_KEY"] == VALUE
    assert VALUE in got.secrets
    assert VALUE not in repr(got)


def test_an_action_with_a_value_is_never_stored_for_later() -> None:
    action = put()
    verb = REGISTRY.of(action)
    assert not verb.storable
    with pytest.raises(WrongInput, match="was not kept"):
        verb.build(verb.plain(action))
    with pytest.raises(WrongInput) as told:
        verb.build({"app": BOARD, "name": "API_KEY", "value": [VALUE]})
    assert VALUE not in str(told.value) + told.value.next_step + told.value.detail


def test_a_new_value_is_a_new_version_and_the_old_one_is_still_known_to_the_scanner(values: Values) -> None:
    facts = values.household.facts
    assert facts(values.ben, put()).new_secrets == ("API_KEY",)
    values.put("API_KEY", VALUE)
    assert facts(values.ben, put()).new_secrets == ()
    assert facts(values.ben, put(environment="production")).new_secrets == ("API_KEY",)
    values.put("API_KEY", VALUE + "2")
    with values.household.database.read() as connection:
        (variable,) = queries.names(connection, BOARD)
    assert (variable.name, variable.environment, variable.version) == ("API_KEY", "preview", 2)
    assert values.known() == {
        "API_KEY of vendor-board in preview, version 1": VALUE,
        "API_KEY of vendor-board in preview, version 2": VALUE + "2",
    }


def test_a_readable_value_is_no_secret_to_risk_or_to_the_scanner_and_can_be_read(values: Values) -> None:
    action = PutVariable("REGION", "north", app=BOARD, readable=True)
    assert values.household.facts(values.ben, action).new_secrets == ()
    values.household.does(values.ben, action)
    values.put("API_KEY", VALUE)
    assert list(values.known().values()) == [VALUE]
    with values.household.database.read() as connection:
        secret, readable = queries.names(connection, BOARD)
        assert queries.readable_text(connection, values.sealing, readable) == "north"
        with pytest.raises(NotFound, match="nobody reads it"):
            queries.readable_text(connection, values.sealing, secret)


def test_a_secret_does_not_open_because_somebody_calls_it_readable_in_the_database(values: Values) -> None:
    values.put("API_KEY", VALUE)
    with values.household.database.engine.begin() as connection:
        connection.execute(KEPT_VALUE.update().values(readable=True))
    with values.household.database.read() as connection:
        (one,) = queries.names(connection, BOARD)
        with pytest.raises(Exception, match="does not open"):
            queries.readable_text(connection, values.sealing, one)


def test_a_readable_value_after_a_secret_of_the_same_name_is_a_new_version_and_the_secret_stays_one(
    values: Values,
) -> None:
    values.put("API_KEY", VALUE)
    values.put("API_KEY", "now for all to read", readable=True)
    with values.household.database.read() as connection:
        first, second = queries.versions(connection, None)
        assert queries.readable_text(connection, values.sealing, second) == "now for all to read"
        with pytest.raises(NotFound):
            queries.readable_text(connection, values.sealing, first)
    assert values.household.facts(values.ben, put()).new_secrets == ("API_KEY",), "a secret again is news"


def test_a_removed_value_is_destroyed(values: Values) -> None:
    values.put("API_KEY", VALUE)
    remove = RemoveVariable("API_KEY", app=BOARD)
    values.household.does(values.ben, remove)
    assert values.known() == {}
    with values.household.database.read() as connection:
        assert queries.names(connection, BOARD) == []
        assert connection.execute(select(KEPT_VALUE.c.sealed)).scalars().all() == [None]
    with pytest.raises(NotFound, match="no variable API_KEY"):
        values.household.does(values.ben, remove)
    values.put("API_KEY", VALUE)
    assert [one.version for one in values.versions()] == [2], "a number is never given twice"


def test_builders_put_values_into_apps_and_nobody_below_a_developer_into_what_many_apps_get(values: Values) -> None:
    house, owner = values.household, values.owner
    auditor = house.hire(owner, "Ada", "auditor", everywhere=True)
    dora = house.hire(owner, "Dora", "developer")
    for environment in ("preview", "staging", "production", "dev"):
        assert house.facts(values.ben, put(environment=environment)).may
    assert house.facts(values.ben, put(environment="production")).environment == "production"
    assert not house.facts(auditor, put()).may
    for_team = PutVariable("API_KEY", VALUE, team="home", environment="production")
    assert "takes the role" in house.facts(values.ben, for_team).may_why
    assert not house.facts(values.ben, for_team).may
    assert house.facts(dora, for_team).may
    assert not house.facts(dora, PutVariable("API_KEY", VALUE, team="sales")).may
    for_all = PutVariable("API_KEY", VALUE, organisation=True)
    assert not house.facts(dora, for_all).may
    assert house.facts(owner, for_all).may
    assert house.facts(owner, for_all).apps_reached == 2
    token = house.who(house.does(values.ben, CreateToken("ci", ("deploy",))).answer["token"])
    assert token is not None
    assert house.facts(token.actor, put()).may


@pytest.mark.parametrize("name", ["", "1KEY", "A-B", "A B", "A" * 129, "K\u0415Y", "A=B", "A\nB", "API_KEY_PREVIOUS"])
def test_a_variable_is_named_as_programs_can_read_it(name: str) -> None:
    with pytest.raises(WrongInput):
        PutVariable(name, VALUE, app=BOARD)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("PATH", "the system sets it"),
        ("LD_PRELOAD", "which code a program loads"),
        ("ld_library_path", "which code a program loads"),
        ("GREENLANE_TOKEN", "Greenlane sets it"),
        ("PYTHONPATH", "which code a program loads"),
        ("PYTHONSTARTUP", "which code a program loads"),
        ("NODE_OPTIONS", "which code a program loads"),
        ("BASH_ENV", "which code a program loads"),
        ("https_proxy", "where calls go out"),
        ("NODE_TLS_REJECT_UNAUTHORIZED", "which servers a program believes"),
        ("npm_config_registry", "package tools"),
        ("UV_INDEX_URL", "package tools"),
        ("DENO_AUTH_TOKENS", "package tools"),
        ("PORT", "Greenlane sets it"),
    ],
)
def test_names_of_the_system_are_refused_with_the_reason(name: str, why: str) -> None:
    for verb in (PutVariable, RotateVariable):
        with pytest.raises(WrongInput, match=why) as told:
            verb(name, VALUE, app=BOARD)
        assert told.value.next_step.startswith("Choose a name of your own")


@pytest.mark.parametrize("name", ["API_KEY", "DATABASE_URL", "NODE_ENV", "ENV", "TZ", "PATHS", "LDAP_URL", "_x"])
def test_names_of_apps_are_taken(name: str) -> None:
    PutVariable(name, VALUE, app=BOARD)


def test_a_value_is_a_text_of_some_length() -> None:
    for value in ("", "a\0b", "half \ud800"):
        with pytest.raises(WrongInput):
            put(value)
    with pytest.raises(TooLarge):
        put("ü" * 40_000)
    for wrong in ({"environment": "testing"}, {"use": "deploy"}):
        with pytest.raises(WrongInput):
            put(**wrong)


@pytest.mark.parametrize("where", [{}, {"app": BOARD, "team": "home"}, {"team": "home", "organisation": True}])
def test_a_value_stands_in_exactly_one_place(where: dict[str, object]) -> None:
    with pytest.raises(WrongInput, match="Whose value"):
        PutVariable("API_KEY", VALUE, **where)  # type: ignore[arg-type]


def test_a_place_takes_so_many_values_and_so_much_and_says_so(values: Values) -> None:
    for number in range(4):
        values.put(f"BLOB_{number}", "x" * 64 * 1024)
    with pytest.raises(TooLarge, match="4 values here already, 256 KiB together"):
        values.put("BLOB_5", "x")
    values.put("BLOB_5", "x", environment="production")
    values.put("BLOB_5", "x", team="home", actor=values.owner)


def test_what_a_program_is_started_with_has_a_limit(values: Values, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolving, "MOST", 100)
    values.put("API_KEY", "x" * 120, environment="production")
    with pytest.raises(TooLarge, match="KiB together"):
        values.gets()


def test_names_that_an_earlier_release_took_are_left_out_with_the_reason(values: Values) -> None:
    values.put("LDAP_URL", "x", environment="production")
    with values.household.database.engine.begin() as connection:
        connection.execute(KEPT_VALUE.update().values(name="LD_PRELOAD"))
    got = values.gets()
    assert got.values == {}
    assert got.problems == ("LD_PRELOAD is left out: it decides which code a program loads before its own.",)
