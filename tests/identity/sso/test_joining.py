"""Somebody who was here before their directory joins it by themselves, with a fresh sign-in at its provider."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.house import Doorway
from tests.identity.scim.directory import Directory
from tests.identity.sso.arriving import Desk

from greenlane.govern.actor import Actor
from greenlane.govern.door import Answer
from greenlane.govern.errors import Conflict, Refused, SignInNeeded
from greenlane.identity import queries as identity
from greenlane.identity.provisioning import queries as provisioning
from greenlane.identity.provisioning.actions import JoinDirectory, LeaveDirectory
from greenlane.identity.sso import providers
from greenlane.identity.sso.actions import JoinBySignIn, LinkIdentity
from greenlane.identity.sso.pending import Wish

ID = "00u7f1"
THERE = {"userName": "ada.lovelace@corp.example", "externalId": ID, "displayName": "Ada Lovelace"}


@pytest.fixture
def desk(doorway: Doorway) -> Desk:
    """A company that signs in with okta, whose ids are those of the directory okta."""
    one = Desk(doorway)
    one.adds(directory="okta", creates=False)
    return one


@pytest.fixture
def directory(doorway: Doorway) -> Directory:
    return Directory(doorway)


@pytest.fixture
def ada(doorway: Doorway) -> Actor:
    return doorway.hire("Ada", "builder")


def joins(desk: Desk, who: Actor, subject: str = ID, **claims: object) -> Answer:
    landed = desk.lands(subject, Wish(purpose="join", person=who.id, fresh=True), **claims)
    return desk.doorway.does(who, JoinBySignIn(landed.secret))


def brought(directory: Directory, **more: object) -> tuple[int, str]:
    told = directory.adds(**{**THERE, **more})
    return told.status, str(told.body.get("id", ""))


def test_who_signs_in_afresh_is_joined_and_taken_over_and_comes_in_with_that_account(
    desk: Desk, directory: Directory, ada: Actor
) -> None:
    address, _ = desk.goes_out(Wish(purpose="join", person=ada.id, fresh=True))
    asked = dict(parse_qsl(urlsplit(address).query))
    assert (asked["prompt"], "max_age" in asked) == ("login", True)
    told = joins(desk, ada)
    assert (told.state, told.decision.lane) == ("done", "amber")
    [receipt] = desk.doorway.receipts("join-by-sign-in")
    assert ID not in str(receipt), "what the directory calls somebody is theirs to have erased"
    assert desk.comes_in(ID).person == ada.id
    assert brought(directory) == (201, ada.id)
    assert desk.comes_in(ID).person == ada.id


def test_a_mail_address_or_a_name_joins_nobody(desk: Desk, directory: Directory, ada: Actor) -> None:
    joins(desk, ada, "another", email="ada.lovelace@corp.example", email_verified=True)
    status, person = brought(directory)
    assert (status, person != ada.id) == (201, True)
    assert brought(directory, userName="ANOTHER", externalId="00u9")[1] not in {ada.id, person}


def test_an_account_of_somebody_else_is_refused_in_words(desk: Desk, directory: Directory, ada: Actor) -> None:
    bea = desk.doorway.hire("Bea", "builder")
    desk.doorway.does(bea, LinkIdentity(desk.lands("hers", Wish(purpose="link", person=bea.id)).secret))
    with pytest.raises(Conflict, match="belongs to somebody else here"):
        joins(desk, ada, "hers")
    brought(directory)
    with pytest.raises(Conflict, match="brought this account already, as somebody else"):
        joins(desk, ada)
    joins(desk, bea, "hers")
    desk.doorway.does(ada, LinkIdentity(desk.lands("mine", Wish(purpose="link", person=ada.id)).secret))
    with pytest.raises(Conflict, match="connected with another account"):
        joins(desk, ada, "third")
    with pytest.raises(Refused, match="belongs to a directory already"):
        joins(desk, bea, "hers")
    with desk.control.database.read() as connection:
        assert provisioning.joined(connection, ada.id) is None
        assert [one.external for one in providers.identities_of(connection, ada.id)] == ["mine"]


def test_somebody_joined_by_an_administrator_keeps_their_place(desk: Desk, directory: Directory, ada: Actor) -> None:
    bea = desk.doorway.hire("Bea", "builder")
    desk.doorway.does(desk.doorway.owner, JoinDirectory("okta", ID, bea.id))
    with pytest.raises(Conflict, match="Somebody else is joined"):
        joins(desk, ada)
    refused = desk.doorway.does(bea, LeaveDirectory(bea.id))
    assert (refused.state, "administrator" in refused.decision.reasons[0].says) == ("refused", True)
    assert brought(directory) == (201, bea.id)


def test_an_answer_counts_once(desk: Desk, directory: Directory, ada: Actor) -> None:
    landed = desk.lands(ID, Wish(purpose="join", person=ada.id, fresh=True))
    desk.doorway.does(ada, JoinBySignIn(landed.secret))
    desk.doorway.does(ada, LeaveDirectory(ada.id))
    with pytest.raises(SignInNeeded):
        desk.doorway.does(ada, JoinBySignIn(landed.secret))
    with pytest.raises(SignInNeeded, match="took too long"):
        desk.doorway.does(ada, JoinBySignIn("arrived:made-up"))


def test_who_joined_leaves_by_themselves_until_the_directory_has_them(
    desk: Desk, directory: Directory, ada: Actor
) -> None:
    joins(desk, ada)
    bea = desk.doorway.hire("Bea", "builder")
    assert desk.doorway.does(bea, LeaveDirectory(ada.id)).state == "refused"
    assert desk.doorway.does(ada, LeaveDirectory(ada.id)).state == "done"
    assert desk.comes_in(ID).person == ada.id, "the account stays connected"
    joins(desk, ada)
    brought(directory)
    refused = desk.doorway.does(ada, LeaveDirectory(ada.id))
    assert (refused.state, "administrator" in refused.decision.reasons[0].says) == ("refused", True)
    assert desk.doorway.does(desk.doorway.owner, LeaveDirectory(ada.id)).state == "done"


def test_a_provider_without_a_directory_joins_nobody(doorway: Doorway, ada: Actor) -> None:
    desk = Desk(doorway)
    desk.adds(creates=False)
    with pytest.raises(Refused, match="no directory that could take you over"):
        joins(desk, ada)


def test_a_keeper_is_joined_by_name_and_by_two(desk: Desk, directory: Directory) -> None:
    otto = desk.doorway.hire("Otto Owner", "owner", everywhere=True)
    told = joins(desk, otto)
    assert (told.state, told.decision.lane) == ("refused", "closed")
    assert "a second person looks" in told.decision.reasons[0].instead
    with desk.control.database.read() as connection:
        assert provisioning.joined(connection, otto.id) is None
        assert identity.state_of(connection, otto.id) == "active"
