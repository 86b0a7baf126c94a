"""How long a browser stays signed in, what places are called, and who hears of a new browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.house import DAY, HOUR, Doorway, InOneProcess

from greenlane.govern.actor import Actor
from greenlane.identity import queries
from greenlane.identity.actions import CreateSignInLink
from greenlane.identity.arriving import Caller
from greenlane.identity.lasting import Places
from greenlane.identity.tokens import sha256
from greenlane.kit.database import Database
from greenlane.notices import queries as notices

OFFICE = Caller("10.1.2.3", "Firefox on Linux", "f" * 64)
PHONE = Caller("198.51.100.7", "Safari on iPhone", "a" * 64)


class Here:
    """Somebody who comes in, where sessions end after a day without work and after three in any case."""

    def __init__(self, doorway: Doorway) -> None:
        self.doorway = doorway
        self.arrivals = doorway.control.coming_in.arrivals
        self.ada = doorway.hire("Ada Builder", "builder")

    def comes_in(self, caller: Caller = OFFICE) -> str:
        link = str(self.doorway.does(self.doorway.owner, CreateSignInLink(self.ada.id)).answer["link"])
        return self.arrivals.by_secret(link.rpartition("/")[2], caller).secret

    def who(self, session: str) -> Actor | None:
        with self.doorway.control.database.read() as connection:
            found = queries.who_is(connection, session, self.doorway.clock.now())
        return None if found is None else found.actor

    def works(self, session: str) -> bool:
        actor = self.who(session)
        if actor is not None:
            self.arrivals.seen(actor.credential)
        return actor is not None

    def running(self) -> list[queries.Session]:
        with self.doorway.control.database.read() as connection:
            return queries.sessions_of(connection, self.ada.id, self.doorway.clock.now())

    def told(self) -> list[str]:
        self.doorway.control.notices.catch_up()
        with self.doorway.control.database.read() as connection:
            return [one.kind for one in notices.notices(connection, self.ada.id)]


@pytest.fixture
def here(database: Database, tmp_path: Path) -> Iterator[Here]:
    control = InOneProcess(database, tmp_path, session_days=3, session_idle_hours=24)
    yield Here(Doorway(control))
    control.ledger.close()


def test_a_session_ends_when_nobody_works_with_it(here: Here) -> None:
    session = here.comes_in()
    here.doorway.clock.forward(DAY - 60)
    assert here.who(session) is not None
    here.doorway.clock.forward(120)
    assert here.who(session) is None
    assert not here.works(session), "it is not revived by being tried"
    assert here.who(session) is None


def test_a_session_that_is_worked_with_lasts_and_ends_all_the_same(here: Here) -> None:
    session = here.comes_in()
    worked = 0
    while here.works(session):
        here.doorway.clock.forward(20 * HOUR)
        worked += 1
    assert worked == 4, "for three days, and no longer"


def test_opening_an_app_is_work_too(here: Here) -> None:
    session = here.comes_in()
    here.doorway.clock.forward(20 * HOUR)
    here.arrivals.seen_at_an_app(sha256(session))
    here.doorway.clock.forward(20 * HOUR)
    assert here.who(session) is not None


def test_a_session_says_its_browser_its_place_and_both_of_its_ends(here: Here) -> None:
    here.comes_in()
    one = next(one for one in here.running() if one.device == OFFICE.device)
    assert one.address == "10.1.2.3"
    assert Places(("office=10.1.0.0/16",)).name(one.address) == "office"
    assert one.expires < one.ends


def test_a_browser_that_was_not_seen_before_is_told_of_once(here: Here) -> None:
    here.comes_in()
    assert here.told() == [], "the first one is no news"
    here.comes_in()
    assert here.told() == []
    here.comes_in(PHONE)
    here.comes_in(PHONE)
    assert here.told() == ["sign-in"]
    [receipt] = here.doorway.receipts("tell-of-sign-in")
    assert PHONE.address not in str(receipt.document())
    assert PHONE.device not in str(receipt.document())


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("10.1.2.3", "the lab"),
        ("10.1.9.9", "office"),
        ("2001:db8::1", "office six"),
        ("192.0.2.1", "192.0.2.1"),
        ("127.0.0.1", "this machine"),
        ("::1", "this machine"),
        ("unix", "unix"),
        ("", ""),
        (None, ""),
    ],
)
def test_the_narrowest_network_that_holds_an_address_names_it(address: str | None, name: str) -> None:
    places = Places(("office=10.1.0.0/16", "the lab=10.1.2.0/24", "office six=2001:db8::/32"))
    assert places.name(address) == name
