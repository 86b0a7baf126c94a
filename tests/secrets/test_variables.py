from __future__ import annotations

import stat
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.identity.household import Household

from greenlane.catalog import effects as catalog_effects
from greenlane.catalog import queries as catalog
from greenlane.catalog.actions import CreateApp
from greenlane.catalog.addresses import Addresses
from greenlane.catalog.fake import FakeDns
from greenlane.govern.action import REGISTRY
from greenlane.govern.actor import Actor
from greenlane.govern.errors import NotFound, TooLarge, WrongInput
from greenlane.identity.actions import CreateToken
from greenlane.kit.database import METADATA, Database
from greenlane.secrets import effects, queries
from greenlane.secrets.actions import PutVariable, RemoveVariable
from greenlane.secrets.sealing import Sealing, ValueUnreadable
from greenlane.secrets.tables import VARIABLE

VALUE = "correct-horse-battery-staple"


ADDRESSES = Addresses("http", "localhost", "localhost", 4180)


@pytest.fixture
def sealing() -> Sealing:
    return Sealing(bytes(range(32)))


@pytest.fixture
def household(database: Database, sealing: Sealing) -> Household:
    house = Household(database)
    works = catalog_effects.Works(database, house.clock, FakeDns(), ADDRESSES, lambda _name, _existing: None)
    house.handlings |= catalog_effects.handlings(works) | effects.handlings(sealing, house.clock)
    house.team_of_app = catalog.team_of
    return house


@pytest.fixture
def ben(household: Household) -> Actor:
    owner = household.found()
    builder = household.hire(owner, "Ben", "builder")
    household.does(builder, CreateApp("vendor-board"))
    return builder


def known(household: Household, sealing: Sealing) -> dict[str, str]:
    with household.database.read() as connection:
        return queries.known_values(connection, sealing)


def test_a_value_lies_in_no_table_as_it_is(household: Household, ben: Actor) -> None:
    household.does(ben, PutVariable("vendor-board", "API_KEY", VALUE, "production"))
    with household.database.read() as connection:
        everything = [tuple(row) for table in METADATA.sorted_tables for row in connection.execute(select(table))]
    assert any("API_KEY" in repr(row) for row in everything)
    assert not any(VALUE in repr(row) for row in everything)
    assert not any(VALUE.encode() in bytes(cell) for row in everything for cell in row if isinstance(cell, bytes))


def test_a_value_is_in_nothing_that_is_recorded_answered_or_shown(household: Household, ben: Actor) -> None:
    action = PutVariable("vendor-board", "API_KEY", VALUE)
    verb = REGISTRY.of(action)
    outcome = household.does(ben, action)
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
    assert verb.digest_of(action) == verb.digest_of(PutVariable("vendor-board", "API_KEY", VALUE))
    assert verb.digest_of(action) != verb.digest_of(PutVariable("vendor-board", "API_KEY", "another"))


def test_an_action_with_a_value_is_never_stored_for_later() -> None:
    action = PutVariable("vendor-board", "API_KEY", VALUE)
    verb = REGISTRY.of(action)
    assert not verb.storable
    with pytest.raises(WrongInput, match="was not kept"):
        verb.build(verb.plain(action))
    with pytest.raises(WrongInput) as told:
        verb.build({"app": "vendor-board", "name": "API_KEY", "value": [VALUE]})
    assert VALUE not in str(told.value) + told.value.next_step + told.value.detail


def test_a_new_value_is_a_new_version_and_the_old_one_is_still_known_to_the_scanner(
    household: Household, ben: Actor, sealing: Sealing
) -> None:
    first, second = (PutVariable("vendor-board", "API_KEY", value) for value in (VALUE, VALUE + "2"))
    assert household.facts(ben, first).new_secrets == ("API_KEY",)
    household.does(ben, first)
    assert household.facts(ben, second).new_secrets == ()
    assert household.facts(ben, PutVariable("vendor-board", "API_KEY", VALUE, "production")).new_secrets == ("API_KEY",)
    household.does(ben, second)
    with household.database.read() as connection:
        (variable,) = queries.names(connection, "vendor-board")
    assert (variable.name, variable.environment, variable.version) == ("API_KEY", "preview", 2)
    assert known(household, sealing) == {
        "API_KEY of vendor-board in preview, version 1": VALUE,
        "API_KEY of vendor-board in preview, version 2": VALUE + "2",
    }


def test_environments_keep_their_own_values(household: Household, ben: Actor) -> None:
    for environment in ("preview", "staging", "production"):
        household.does(ben, PutVariable("vendor-board", "API_KEY", environment, environment))
    with household.database.read() as connection:
        assert [one.environment for one in queries.names(connection, "vendor-board")] == [
            "preview",
            "production",
            "staging",
        ]
        assert [one.version for one in queries.names(connection, "vendor-board", "staging")] == [1]


def test_a_removed_value_is_destroyed(household: Household, ben: Actor, sealing: Sealing) -> None:
    household.does(ben, PutVariable("vendor-board", "API_KEY", VALUE))
    household.does(ben, RemoveVariable("vendor-board", "API_KEY"))
    assert known(household, sealing) == {}
    with household.database.read() as connection:
        assert queries.names(connection, "vendor-board") == []
        assert connection.execute(select(VARIABLE.c.sealed)).scalars().all() == [None]
    with pytest.raises(NotFound, match="no variable API_KEY"):
        household.does(ben, RemoveVariable("vendor-board", "API_KEY"))
    household.does(ben, PutVariable("vendor-board", "API_KEY", VALUE))
    with household.database.read() as connection:
        assert [one.version for one in queries.names(connection, "vendor-board")] == [2]


def test_a_sealed_value_opens_in_its_own_place_alone(sealing: Sealing) -> None:
    sealed = sealing.seal(VALUE, "one/preview/KEY/1")
    assert sealing.open(sealed, "one/preview/KEY/1") == VALUE
    for other, place in ((sealing, "two/preview/KEY/1"), (Sealing(bytes(32)), "one/preview/KEY/1")):
        with pytest.raises(ValueUnreadable) as told:
            other.open(sealed, place)
        assert VALUE not in str(told.value)
    with pytest.raises(ValueUnreadable):
        sealing.open(sealed[:-1] + bytes([sealed[-1] ^ 1]), "one/preview/KEY/1")
    assert sealing.seal(VALUE, "x") != sealing.seal(VALUE, "x")


def test_the_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "variables.key"
    sealed = Sealing.at(file).seal(VALUE, "x")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert Sealing.at(file).open(sealed, "x") == VALUE
    assert list(tmp_path.iterdir()) == [file]


def test_a_builder_puts_values_in_and_an_auditor_does_not(household: Household, ben: Actor) -> None:
    owner = Actor("person", household.first["person"])
    auditor = household.hire(owner, "Ada", "auditor", everywhere=True)
    put = PutVariable("vendor-board", "API_KEY", VALUE, "production")
    assert household.facts(ben, put).may
    assert household.facts(ben, put).environment == "production"
    assert not household.facts(auditor, put).may
    token = household.who(household.does(ben, CreateToken("ci", ("deploy",))).answer["token"])
    assert token is not None
    assert household.facts(token.actor, put).may


@pytest.mark.parametrize("name", ["", "1KEY", "A-B", "A B", "A" * 129, "K\u0415Y", "A=B", "A\nB"])
def test_a_variable_is_named_as_programs_can_read_it(name: str) -> None:
    with pytest.raises(WrongInput):
        PutVariable("vendor-board", name, VALUE)


def test_a_value_is_a_text_of_some_length() -> None:
    with pytest.raises(WrongInput):
        PutVariable("vendor-board", "KEY", "")
    with pytest.raises(WrongInput):
        PutVariable("vendor-board", "KEY", "a\0b")
    with pytest.raises(TooLarge):
        PutVariable("vendor-board", "KEY", "ü" * 40_000)
    with pytest.raises(WrongInput):
        PutVariable("vendor-board", "KEY", VALUE, "testing")
