"""An app for the company's own groups: who is in one can open it, for as long as the directory says so."""

from __future__ import annotations

import pytest
from tests.house import Doorway
from tests.identity.scim.directory import Directory
from tests.insights.test_undoing import undo_of

from greenlane.catalog import audience as audiences
from greenlane.catalog import queries as catalog
from greenlane.catalog.actions import SetAudience
from greenlane.catalog.named import Named
from greenlane.deploys.actions import Publish
from greenlane.edge.compile import Compiler
from greenlane.edge.table import Table
from greenlane.govern.door import Answer
from greenlane.govern.errors import NotFound, WrongInput
from greenlane.govern.facts import Facts
from greenlane.identity.actions import SuspendPerson

APP = "vendor-board"
HOST = "vendor-board.localhost"


@pytest.fixture
def directory(doorway: Doorway) -> Directory:
    doorway.deploys(doorway.owner)
    doorway.publishes(doorway.owner, "me")
    return Directory(doorway)


@pytest.fixture
def ada(directory: Directory) -> str:
    return str(directory.adds().body["id"])


def opens(directory: Directory, person: str) -> bool:
    """Whether the edge would let them in, by the whole table that it is sent."""
    house = directory.doorway
    compiler = Compiler(house.control.addresses, house.clock, bytes(32), 60, 1)
    with house.control.database.read() as connection:
        whole = compiler.whole(connection)
    table = Table()
    table.replace({**whole, "version": 1})
    host = table.hosts.get(HOST)
    circles = table.circles_of(person)
    assert host is not None
    return circles is not None and host.audience.admits(person, circles)


def _facts(directory: Directory, audience: SetAudience) -> Facts:
    facts, _ = directory.doorway.door.explain(directory.doorway.owner, audience)
    return facts


def sets(directory: Directory, audience: SetAudience) -> Answer:
    return directory.doorway.does(directory.doorway.owner, audience)


def test_whoever_is_in_the_group_can_open_the_app_and_nobody_else(directory: Directory, ada: str) -> None:
    ben = str(directory.adds().body["id"])
    inner = directory.groups("Buyers", ada)
    group = directory.groups("Purchasing", inner)
    sets(directory, SetAudience(APP, "named", groups=("Purchasing",)))
    assert (opens(directory, ada), opens(directory, ben)) == (True, False)
    directory.patches(f"/Groups/{inner}", {"op": "add", "path": "members", "value": [{"value": ben}]})
    directory.patches(f"/Groups/{inner}", {"op": "remove", "path": f'members[value eq "{ada}"]'})
    assert (opens(directory, ada), opens(directory, ben)) == (False, True)
    directory.doorway.does(directory.doorway.owner, SuspendPerson(ben))
    assert not opens(directory, ben)
    directory.sends("DELETE", f"/Groups/{group}")
    with directory.doorway.control.database.read() as connection:
        assert catalog.app(connection, APP).named.groups == (group,), "the receipt said so, and nobody is in it"
    directory.doorway.does(directory.doorway.owner, Publish(APP))


def test_the_decision_knows_how_many_they_are_and_that_they_are_more(directory: Directory, ada: str) -> None:
    directory.groups("Buyers", ada, str(directory.adds().body["id"]))
    facts = _facts(directory, SetAudience(APP, "named", groups=("Buyers",)))
    assert (facts.audience_people, facts.audience_widens) == (3, True)
    sets(directory, SetAudience(APP, "named", groups=("Buyers",)))
    again = _facts(directory, SetAudience(APP, "named", groups=("Buyers",)))
    assert again.audience_widens is False


def test_a_publish_can_name_a_group_and_undoing_brings_it_back(directory: Directory, ada: str) -> None:
    group = directory.groups("Buyers", ada)
    directory.doorway.does(directory.doorway.owner, Publish(APP, audience="named", groups=("Buyers",)))
    assert opens(directory, ada)
    sets(directory, SetAudience(APP, "me"))
    assert not opens(directory, ada)
    back = undo_of(directory.doorway, "set-audience")
    assert back is not None
    assert back.inputs == {"app": APP, "audience": "named", "groups": [group]}
    sets(directory, SetAudience(APP, "named", groups=(group,)))
    assert opens(directory, ada)


def test_a_group_that_is_not_there_or_that_two_are_called_is_told(directory: Directory, ada: str) -> None:
    with pytest.raises(NotFound, match="no group called 'Buyers'"):
        _facts(directory, SetAudience(APP, "named", groups=("Buyers",)))
    directory.groups("Buyers", ada)
    first, second = directory.groups("Twins", ada), directory.groups("Twins")
    with pytest.raises(WrongInput, match="several groups"):
        _facts(directory, SetAudience(APP, "named", groups=("Twins",)))
    sets(directory, SetAudience(APP, "named", groups=(first, second)))
    assert opens(directory, ada)


def test_staging_and_previews_are_for_the_groups_that_are_named_too(directory: Directory, ada: str) -> None:
    group = directory.groups("Buyers", ada)
    sets(directory, SetAudience(APP, "named", groups=(group,)))
    with directory.doorway.control.database.read() as connection:
        app = catalog.app(connection, APP)
        assert app.named == Named(groups=(group,))
        assert not audiences.one_more(connection, app, ada)["audience_widens"], "she is let in already"
