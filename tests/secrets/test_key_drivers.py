"""What holds for every key driver: the file on disk, the fake, and whoever comes later."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from greenlane.secrets.driver import KEY_BYTES, KeyDriver, KeysAway, ValueUnreadable, Wrapped
from greenlane.secrets.fake import FakeKeys
from greenlane.secrets.local_keys import LocalKeys

KEY = os.urandom(KEY_BYTES)


@pytest.fixture(params=["file", "fake"])
def driver(request: pytest.FixtureRequest, tmp_path: Path) -> KeyDriver:
    return LocalKeys(tmp_path / "keys" / "variables.key") if request.param == "file" else FakeKeys()


def test_a_wrapped_key_comes_back_for_what_it_was_wrapped_for_and_for_nothing_else(driver: KeyDriver) -> None:
    wrapped = driver.wrap(KEY, "one")
    assert wrapped.by == driver.newest()
    assert KEY not in wrapped.key
    assert driver.unwrap(wrapped, "one") == KEY
    for other, about in (
        (wrapped, "two"),
        (Wrapped(wrapped.by, wrapped.key[:-1] + bytes([wrapped.key[-1] ^ 1])), "one"),
        (Wrapped(wrapped.by, b""), "one"),
        (Wrapped("nobody:9", wrapped.key), "one"),
    ):
        with pytest.raises(ValueUnreadable):
            driver.unwrap(other, about)


def test_after_a_change_the_new_key_wraps_and_the_old_one_still_unwraps(driver: KeyDriver) -> None:
    before = driver.wrap(KEY, "one")
    newest = driver.renew()
    assert newest == driver.newest() != before.by
    assert driver.names() == (before.by, newest)
    assert driver.wrap(KEY, "one").by == newest
    assert driver.unwrap(before, "one") == KEY


def test_a_forgotten_key_unwraps_nothing_and_the_newest_is_never_forgotten(driver: KeyDriver) -> None:
    before = driver.wrap(KEY, "one")
    with pytest.raises(ValueError, match="newest"):
        driver.forget(driver.newest())
    newest = driver.renew()
    driver.forget(before.by)
    driver.forget(before.by)
    assert driver.names() == (newest,)
    with pytest.raises(ValueUnreadable):
        driver.unwrap(before, "one")
    assert driver.renew() not in (before.by, newest), "a name is never given twice"


def test_many_threads_wrap_at_once(driver: KeyDriver) -> None:
    wrapped: list[Wrapped] = []
    threads = [threading.Thread(target=lambda: wrapped.append(driver.wrap(KEY, "one"))) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [driver.unwrap(one, "one") for one in wrapped] == [KEY] * 8


def test_keys_in_files_are_their_owners_alone_and_stay(tmp_path: Path) -> None:
    path = tmp_path / "variables.key"
    first = LocalKeys(path)
    wrapped = first.wrap(KEY, "one")
    first.renew()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["variables.2.key", "variables.key"]
    assert {stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()} == {0o600}
    again = LocalKeys(path)
    assert again.newest() == first.newest()
    assert again.unwrap(wrapped, "one") == KEY


def test_the_key_of_an_earlier_release_is_the_first_key(tmp_path: Path) -> None:
    path = tmp_path / "variables.key"
    path.write_bytes(KEY)
    keys = LocalKeys(path)
    assert keys.first() == KEY
    keys.renew()
    keys.forget(keys.names()[0])
    assert keys.first() is None
    assert LocalKeys(path).names() == keys.names(), "no other first key is made in its place"


def test_a_key_service_that_is_away_says_so() -> None:
    keys = FakeKeys()
    wrapped = keys.wrap(KEY, "one")
    keys.away = True
    for ask in (keys.newest, keys.names, keys.renew, lambda: keys.wrap(KEY, "x"), lambda: keys.unwrap(wrapped, "one")):
        with pytest.raises(KeysAway):
            ask()
