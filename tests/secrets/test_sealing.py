from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select, update
from tests.secrets.conftest import BEFORE, BOARD, VALUE, Values

from greenlane.kit.clock import stamp
from greenlane.secrets import adopting
from greenlane.secrets.actions import PutVariable, RotateKey
from greenlane.secrets.driver import KeysAway, ValueUnreadable, Wrapped
from greenlane.secrets.fake import FakeKeys
from greenlane.secrets.sealing import Sealing, is_wrapped
from greenlane.secrets.tables import DATA_KEY, KEPT_VALUE


def restarted(values: Values, keys: FakeKeys | None = None, before: bytes | None = BEFORE) -> Sealing:
    """Another process: the same database, nothing at hand."""
    clock = values.household.clock
    return Sealing(
        keys or values.keys, values.household.database, values.write, lambda: stamp(clock.now()), before=before
    )


def test_a_sealed_value_opens_in_its_own_place_alone(values: Values) -> None:
    sealed = values.sealing.seal(VALUE, "one")
    assert VALUE.encode() not in sealed
    for sealing in (values.sealing, restarted(values)):
        assert sealing.open(sealed, "one") == VALUE
    for sealing, bytes_, place in (
        (values.sealing, sealed, "two"),
        (values.sealing, sealed[:-1] + bytes([sealed[-1] ^ 1]), "one"),
        (values.sealing, sealed[:-40], "one"),
        (values.sealing, sealed[:30], "one"),
        (restarted(values, FakeKeys()), sealed, "one"),
    ):
        with pytest.raises(ValueUnreadable) as told:
            sealing.open(bytes_, place)
        assert VALUE not in str(told.value) + told.value.detail
    assert values.sealing.seal(VALUE, "x") != values.sealing.seal(VALUE, "x")


def test_every_scope_has_a_data_key_of_its_own_that_lies_wrapped(values: Values) -> None:
    values.put("A", VALUE)
    values.put("B", VALUE)
    values.put("A", VALUE, team="home", actor=values.owner)
    values.put("A", VALUE, organisation=True, actor=values.owner)
    with values.household.database.read() as connection:
        keys = connection.execute(select(DATA_KEY)).all()
    assert sorted(one.scope.partition(":")[0] for one in keys) == ["app", "organisation", "team"]
    assert all(len(one.wrapped) > 32 and one.wrapped_by == values.keys.newest() for one in keys)


def test_after_a_change_of_the_key_everything_opens_and_nothing_lies_under_the_old_one(values: Values) -> None:
    values.put("API_KEY", VALUE, environment="production")
    old = values.keys.newest()
    values.household.does(values.owner, RotateKey())
    assert values.keys.newest() != old
    assert values.sealing.standing().under_older == 0
    values.keys.forget(old)
    for sealing in (values.sealing, restarted(values)):
        values.sealing = sealing
        assert values.gets().values == {"API_KEY": VALUE}


def test_what_is_put_in_after_a_change_lies_under_a_data_key_that_nobody_saw_before(values: Values) -> None:
    values.put("API_KEY", VALUE)
    values.household.does(values.owner, RotateKey())
    values.put("API_KEY", VALUE + "2")
    with values.household.database.read() as connection:
        first, second = connection.execute(select(KEPT_VALUE.c.sealed).order_by(KEPT_VALUE.c.version)).scalars()
        keys = connection.execute(select(DATA_KEY.c.retired).order_by(DATA_KEY.c.id)).scalars().all()
    assert first[:48] != second[:48]
    assert [one is None for one in keys] == [False, True]


def test_a_key_that_wraps_nothing_any_more_is_destroyed_with_the_next_change_and_no_sooner(values: Values) -> None:
    values.put("API_KEY", VALUE, environment="production")
    first = values.keys.newest()
    assert values.household.does(values.owner, RotateKey()).happened["forgotten"] == []
    second = values.keys.newest()
    assert values.keys.names() == (first, second), "the change could still fail to be recorded"
    assert values.household.does(values.owner, RotateKey()).happened["forgotten"] == [first]
    assert values.keys.names() == (second, values.keys.newest())
    assert values.gets().values == {"API_KEY": VALUE}


def test_a_change_of_the_key_that_breaks_off_leaves_everything_open_as_before(values: Values) -> None:
    values.put("API_KEY", VALUE, environment="production")
    values.keys.renew()  # killed here: the new key is made, and nothing was wrapped by it
    values.sealing = restarted(values)
    assert values.gets().values == {"API_KEY": VALUE}
    assert values.sealing.standing().under_older == 1
    values.household.does(values.owner, RotateKey())
    assert values.gets().values == {"API_KEY": VALUE}


def test_values_are_read_and_put_in_while_the_key_changes(values: Values) -> None:
    """No downtime: what is asked for during changes is answered, and what is put in opens afterwards."""
    values.put("API_KEY", VALUE, environment="production")
    stop = threading.Event()

    def reading() -> set[str]:
        found: set[str] = set()
        while not (stop.is_set() and found):
            values.sealing = restarted(values)  # nothing at hand: every reading unwraps
            found.add(values.gets().values["API_KEY"])
        return found

    with ThreadPoolExecutor(1) as beside:
        found = beside.submit(reading)
        try:
            for _ in range(5):
                values.household.does(values.owner, RotateKey())
        finally:
            stop.set()
        assert found.result() == {VALUE}


def test_a_wrapping_that_was_forgotten_meanwhile_is_read_anew(values: Values, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between reading how a data key is wrapped and unwrapping it, the key may change more than once."""
    values.put("API_KEY", VALUE, environment="production")
    values.sealing = restarted(values)

    def late(wrapped: Wrapped, about: str) -> bytes:
        monkeypatch.undo()
        for _ in range(2):
            values.household.does(values.owner, RotateKey())
        assert wrapped.by not in values.keys.names()
        return values.keys.unwrap(wrapped, about)

    monkeypatch.setattr(values.keys, "unwrap", late)
    assert values.gets().values == {"API_KEY": VALUE}


def test_a_key_service_that_is_away_stops_new_places_and_not_what_is_at_hand(values: Values) -> None:
    values.put("API_KEY", VALUE, environment="production")
    values.keys.away = True
    assert values.gets().values == {"API_KEY": VALUE}
    values.put("API_KEY", VALUE + "2", environment="production")
    with pytest.raises(KeysAway) as told:
        values.household.does(values.owner, PutVariable("API_KEY", VALUE, team="sales"))
    assert told.value.status == 503
    with pytest.raises(KeysAway):
        values.household.does(values.owner, RotateKey())
    values.sealing = restarted(values)
    with pytest.raises(KeysAway):
        values.gets()
    values.keys.away = False
    assert values.gets().values == {"API_KEY": VALUE + "2"}


def as_before_data_keys(values: Values) -> None:
    """Let every value lie as earlier releases kept it."""
    values.put("API_KEY", VALUE, environment="production")
    nonce = bytes(12)
    sealed = nonce + AESGCM(BEFORE).encrypt(nonce, VALUE.encode(), f"{BOARD}/production/API_KEY/1".encode())
    with values.household.database.engine.begin() as connection:
        connection.execute(update(KEPT_VALUE).values(sealed=sealed))


def test_values_of_an_earlier_release_open_as_they_lie_and_are_brought_under_data_keys(values: Values) -> None:
    as_before_data_keys(values)
    assert values.gets().values == {"API_KEY": VALUE}
    assert list(values.known().values()) == [VALUE]
    count, rows = adopting.adopted(values.household.database, values.sealing)
    values.write(rows)
    assert count == 1
    with values.household.database.read() as connection:
        assert all(map(is_wrapped, connection.execute(select(KEPT_VALUE.c.sealed)).scalars()))
    values.sealing = restarted(values, before=None)
    assert values.gets().values == {"API_KEY": VALUE}
    assert adopting.adopted(values.household.database, values.sealing)[0] == 0


def test_without_the_key_of_then_a_value_of_an_earlier_release_says_which_file_is_wanted(values: Values) -> None:
    as_before_data_keys(values)
    for before in (None, bytes(32)):
        values.sealing = restarted(values, before=before)
        with pytest.raises(ValueUnreadable) as told:
            values.gets()
        assert "keys/variables" in told.value.next_step
