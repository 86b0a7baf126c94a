"""The page about what an app stores: empty, filled, full, and while nobody can tell."""

from __future__ import annotations

import pytest
from tests.house import Doorway
from tests.store.test_data import BOARD, keeper
from tests.store.test_data import release as new_version
from tests.web.conftest import Visitor
from tests.web.test_people import form, read, send, words

from greenlane.catalog.actions import CreateApp
from greenlane.deploys.actions import Publish
from greenlane.govern.actor import Actor
from greenlane.kit.errors import Unavailable
from greenlane.store.fake import QUOTA

PAGE = f"/apps/{BOARD}/data"


@pytest.fixture
def dora(doorway: Doorway) -> Actor:
    """A developer of the team, with an app."""
    dora = doorway.hire("Dora Developer", "developer")
    doorway.does(dora, CreateApp(BOARD))
    return dora


def test_an_app_that_stores_nothing_says_where_it_could(console: Visitor, doorway: Doorway, dora: Actor) -> None:
    said = words(read(console, dora, PAGE))
    assert "Nothing is stored yet" in said
    assert "DATABASE_URL" in said
    assert "snapshot of production now" not in said


def test_a_snapshot_is_taken_and_brought_back_from_the_page(console: Visitor, doorway: Doorway, dora: Actor) -> None:
    new_version(doorway, dora, "# one")
    doorway.does(dora, Publish(BOARD))
    keeper(doorway).data[BOARD, "production"] = b"one visit"
    page = read(console, dora, PAGE)
    send(console, dora, "/do/snapshot-data", **form(page, "/do/snapshot-data"))
    page = read(console, dora, PAGE)
    said = words(page)
    assert "Somebody asked for it" in said
    assert "9 B of" in said.replace("\N{NARROW NO-BREAK SPACE}", " ")
    (snapshot,) = keeper(doorway).snapshots[BOARD, "production"]
    address = f"/do/restore-data?app={BOARD}&amp;environment=production&amp;snapshot={snapshot}"
    assert address in page
    keeper(doorway).data[BOARD, "production"] = b"two visits"
    look = read(console, dora, f"/do/restore-data?app={BOARD}&environment=production&snapshot={snapshot}&look=yes")
    assert "What was stored since that snapshot is not there any more." in words(look)
    assert keeper(doorway).data[BOARD, "production"] == b"two visits", "looking changes nothing"
    inputs = {"app": BOARD, "environment": "production", "snapshot": snapshot}
    send(console, dora, "/do/restore-data", **inputs, key="restore-once")
    assert keeper(doorway).data[BOARD, "production"] == b"one visit"
    assert "Before a restore" in words(read(console, dora, PAGE))


def test_a_full_folder_is_said_with_what_to_do(console: Visitor, doorway: Doorway, dora: Actor) -> None:
    keeper(doorway).data[BOARD, "staging"] = b"x" * (QUOTA + 1)
    assert "It is full: the app can read what is there, and write nothing more." in words(read(console, dora, PAGE))


def test_while_nobody_can_tell_the_page_says_so(console: Visitor, doorway: Doorway, dora: Actor) -> None:
    keeper(doorway).broken = Unavailable("The part of Greenlane that runs apps cannot be reached.")
    said = words(read(console, dora, PAGE))
    assert "How much is stored cannot be told just now." in said
    assert "Nothing is stored yet" not in said


def test_whoever_only_reads_is_offered_nothing(console: Visitor, doorway: Doorway, dora: Actor) -> None:
    keeper(doorway).data[BOARD, "production"] = b"one visit"
    rita = doorway.hire("Rita Reviewer", "reviewer")
    page = read(console, rita, PAGE)
    assert "/do/snapshot-data" not in page
    assert "/do/erase-data" not in page


def test_the_page_of_an_app_leads_there(console: Visitor, doorway: Doorway, dora: Actor) -> None:
    for path in ("", "/settings"):
        assert f'href="{PAGE}"' in read(console, dora, f"/apps/{BOARD}{path}")
