"""Somebody who was here before their directory: joined by an administrator, taken over, and taken out again."""

from __future__ import annotations

import pytest
from tests.house import Doorway
from tests.identity.scim.directory import USER, Directory, Told

from greenlane.govern.actions import Approve
from greenlane.govern.actor import Actor
from greenlane.govern.door import Answer
from greenlane.govern.errors import Conflict, NotFound, Refused, WrongInput
from greenlane.identity import queries as identity
from greenlane.identity.actions import AddPerson, CreateToken, ErasePerson, GrantRole, SuspendPerson
from greenlane.identity.groups.actions import AddGroupRule
from greenlane.identity.provisioning import noting, queries
from greenlane.identity.provisioning.actions import DisconnectDirectory, JoinDirectory, LeaveDirectory

MAIL = "ada@example.com"
THERE = "ada.lovelace@corp.example"


@pytest.fixture
def directory(doorway: Doorway) -> Directory:
    return Directory(doorway)


@pytest.fixture
def ada(directory: Directory) -> str:
    """A builder who was added here, with the mail address that the directory knows too."""
    ada = _adds(directory, "Ada", MAIL)
    directory.doorway.session(Actor("person", ada))
    return ada


def _adds(directory: Directory, name: str, email: str = "") -> str:
    owner = directory.doorway.owner
    return str(directory.doorway.does(owner, AddPerson(name, "home", email)).answer["person"])


def _brings(directory: Directory, **more: object) -> Told:
    """Ada as the directory adds her, whatever it is told."""
    body = {
        "schemas": [USER],
        "userName": THERE,
        "externalId": "00u7f1",
        "active": True,
        "displayName": "Ada Lovelace",
        "emails": [{"value": MAIL, "type": "work", "primary": True}],
        **more,
    }
    return directory.sends("POST", "/Users", body)


def _does(directory: Directory, action: object) -> Answer:
    return directory.doorway.does(directory.doorway.owner, action)


def _joins(directory: Directory, person: str, known_as: str = THERE) -> Answer:
    return _does(directory, JoinDirectory(directory.name, known_as, person))


def _state(directory: Directory, person: str) -> str | None:
    with directory.doorway.control.database.read() as connection:
        return identity.state_of(connection, person)


def _held(directory: Directory, person: str) -> set[tuple[str, str]]:
    with directory.doorway.control.database.read() as connection:
        return {(one.role, one.scope) for one in identity.held(connection, person)}


def test_whom_an_administrator_joined_the_directory_takes_over(directory: Directory, ada: str) -> None:
    before = _held(directory, ada)
    token = _does_as(directory, ada, CreateToken("mine")).answer["token"]
    refused = _brings(directory)
    assert refused.status == 409
    assert "greenlane directory join" in refused.body["detail"]
    with directory.doorway.control.database.read() as connection:
        one = queries.requests(connection, str(directory.made["directory"]))[0]
    assert "greenlane directory join" in noting.words(one)
    assert _joins(directory, ada).state == "done"
    told = _brings(directory)
    assert (told.status, told.body["id"]) == (201, ada)
    assert _held(directory, ada) == before
    with directory.doorway.control.database.read() as connection:
        assert identity.person(connection, ada).name == "Ada Lovelace"
        assert identity.who_is(connection, str(token), directory.doorway.clock.now()) is not None
    found = directory.sends("GET", f'/Users?filter=userName eq "{THERE.upper()}"')
    assert [one["id"] for one in found.body["Resources"]] == [ada]


def _does_as(directory: Directory, person: str, action: object) -> Answer:
    return directory.doorway.does(Actor("person", person), action)


@pytest.mark.parametrize("known_as", [THERE.upper(), "00u7f1"])
def test_the_directory_is_met_by_user_name_or_by_its_own_id(directory: Directory, ada: str, known_as: str) -> None:
    _joins(directory, ada, known_as)
    assert _brings(directory).body["id"] == ada


def test_a_mail_address_alone_joins_nobody(directory: Directory, ada: str) -> None:
    _joins(directory, ada, MAIL)
    assert _brings(directory).status == 409
    with directory.doorway.control.database.read() as connection:
        [one] = queries.joins(connection, str(directory.made["directory"]))
    assert (one.person, one.known_as, one.taken) == (ada, MAIL, False)


def test_who_is_joined_is_switched_off_and_on_by_the_directory_and_back_after_a_deletion(
    directory: Directory, ada: str
) -> None:
    _joins(directory, ada)
    _brings(directory)
    directory.switches(ada, on=False)
    assert _state(directory, ada) == "suspended"
    directory.switches(ada, on=True)
    assert _state(directory, ada) == "active"
    assert directory.sends("DELETE", f"/Users/{ada}").status == 204
    assert _brings(directory, externalId="another").body["id"] == ada
    assert _state(directory, ada) == "active"


def test_who_was_shut_out_here_stays_so(directory: Directory, ada: str) -> None:
    _does(directory, SuspendPerson(ada))
    _joins(directory, ada)
    assert _brings(directory).status == 201
    assert _state(directory, ada) == "suspended"


def test_who_was_invited_and_has_not_come_is_here_by_the_word_of_the_directory(directory: Directory) -> None:
    bea = _adds(directory, "Bea")
    _joins(directory, bea)
    assert _brings(directory).body["id"] == bea
    assert _state(directory, bea) == "active"


def test_who_arrives_switched_off_is_cut_off(directory: Directory, ada: str) -> None:
    session = directory.doorway.session(Actor("person", ada))
    _joins(directory, ada)
    _brings(directory, active=False)
    assert _state(directory, ada) == "suspended"
    with directory.doorway.control.database.read() as connection:
        assert identity.who_is(connection, session, directory.doorway.clock.now()) is None


def test_the_receipt_offers_to_take_it_back_and_that_works_before_and_after(directory: Directory, ada: str) -> None:
    _joins(directory, ada)
    [receipt] = directory.doorway.receipts("join-directory")
    assert THERE not in str(receipt), "what the directory calls somebody is theirs to have erased"
    assert _does(directory, LeaveDirectory(ada)).state == "done"
    assert _brings(directory).status == 409
    _joins(directory, ada)
    _brings(directory)
    group = directory.groups("Makers", ada)
    _does(directory, AddGroupRule(group, "reviewer", "organisation"))
    assert ("reviewer", "organisation") in _held(directory, ada)
    _does(directory, LeaveDirectory(ada))
    assert {role for role, _ in _held(directory, ada)} == {"builder"}
    assert directory.sends("GET", f"/Users/{ada}").status == 404
    assert directory.switches(ada, on=False).status == 404
    assert _brings(directory).status == 409
    with directory.doorway.control.database.read() as connection:
        assert identity.person(connection, ada).name == "Ada Lovelace"


def test_one_person_has_one_directory_and_one_name_there(directory: Directory, ada: str) -> None:
    entra = Directory(directory.doorway, "entra")
    brought = directory.adds("bo@example.com").body["id"]
    bea = _adds(directory, "Bea")
    with pytest.raises(Conflict, match="brought somebody by this name"):
        _joins(directory, ada, "BO@example.com")
    with pytest.raises(Refused, match="belongs to a directory already"):
        _joins(entra, str(brought))
    _joins(directory, ada)
    with pytest.raises(Refused, match="belongs to a directory already"):
        _joins(entra, ada)
    with pytest.raises(Conflict, match="Somebody else is joined"):
        _joins(directory, bea, THERE.upper())
    with pytest.raises(NotFound, match="Nobody joined"):
        _does(directory, LeaveDirectory(str(brought)))
    with pytest.raises(WrongInput):
        JoinDirectory("okta", " ", ada)


def test_two_people_for_one_are_told_apart_by_somebody(directory: Directory, ada: str) -> None:
    bea = _adds(directory, "Bea")
    _joins(directory, ada, THERE)
    _joins(directory, bea, "00u7f1")
    told = _brings(directory)
    assert told.status == 409
    assert "Two people here" in told.body["detail"]
    _does(directory, LeaveDirectory(bea))
    assert _brings(directory).body["id"] == ada


def test_a_keeper_is_joined_by_two_and_nobody_joins_who_may_do_more(directory: Directory, ada: str) -> None:
    owner = directory.doorway.owner
    _does(directory, GrantRole(ada, "platform-engineer"))
    assert _joins(directory, ada).state == "waiting"
    refused = _does_as(directory, ada, JoinDirectory("okta", "root", owner.id))
    assert refused.state == "refused"
    assert "that person may do more than you" in refused.decision.reasons[0].says


def test_who_moves_to_another_directory_and_who_is_erased_leave_nothing_behind(directory: Directory, ada: str) -> None:
    _joins(directory, ada)
    _brings(directory)
    _does(directory, DisconnectDirectory("okta"))
    entra = Directory(directory.doorway, "entra")
    _joins(entra, ada)
    assert _brings(entra).body["id"] == ada
    _does(directory, ErasePerson(ada))
    with directory.doorway.control.database.read() as connection:
        assert queries.joins(connection, str(entra.made["directory"])) == []
        assert queries.directory_of(connection, ada) is None


def test_a_join_that_waited_takes_effect_once_another_keeper_approved_it(directory: Directory, ada: str) -> None:
    doorway = directory.doorway
    other = doorway.hire("Otto Owner", "owner", everywhere=True)
    _does(directory, GrantRole(ada, "platform-engineer"))
    waiting = _joins(directory, ada)
    assert waiting.state == "waiting"
    assert waiting.request is not None
    assert _brings(directory).status == 409, "nothing is joined before somebody looked"
    assert _does(directory, Approve(waiting.request, "it is hers")).state == "refused"
    assert doorway.does(other, Approve(waiting.request, "I asked her, it is hers")).state == "done"
    told = _brings(directory)
    assert (told.status, told.body["id"]) == (201, ada)
    assert ("platform-engineer", "organisation") in _held(directory, ada)
