"""A directory's agents are registered agents: its owner answers for each, and what it switches off ends at once."""

from __future__ import annotations

from typing import Any

import pytest
from tests.house import Doorway
from tests.identity.scim.directory import AGENT, Directory

from greenlane.govern.actor import Actor
from greenlane.govern.errors import Conflict, Refused
from greenlane.identity import queries as identity
from greenlane.identity.actions import CreateToken
from greenlane.identity.delegation import queries
from greenlane.identity.delegation.actions import Delegate, RegisterAgent, ReplaceAgentKey, RetireAgent
from greenlane.identity.delegation.standing import standing
from greenlane.identity.provisioning.actions import ConnectDirectory, DisconnectDirectory


@pytest.fixture
def directory(doorway: Doorway) -> Directory:
    return Directory(doorway)


@pytest.fixture
def ada(directory: Directory) -> Actor:
    """Somebody whom the directory brought."""
    return Actor("person", str(directory.adds("ada@corp.example").body["id"]))


def brings(directory: Directory, name: str = "sales-bot", *owners: str, **more: Any) -> str:
    """An agent as a directory adds it; its id."""
    listed = [{"value": one, "type": "User"} for one in owners]
    told = directory.sends("POST", "/Agents", {"schemas": [AGENT], "name": name, "owners": listed, **more})
    assert told.status == 201, told.body
    return str(told.body["id"])


def switches(directory: Directory, agent: str, *, on: bool) -> None:
    assert directory.patches(f"/Agents/{agent}", {"op": "replace", "path": "active", "value": on}).status == 200


def agent(directory: Directory, name: str = "sales-bot") -> queries.Agent:
    with directory.doorway.control.database.read() as connection:
        return queries.agent(connection, name)


def lends(directory: Directory, who: Actor, name: str = "sales-bot") -> str:
    return str(directory.doorway.does(who, Delegate(name)).answer["delegation"])


def over(directory: Directory, grant: str, name: str = "sales-bot") -> str:
    """Why a grant is over; empty where it holds."""
    control = directory.doorway.control
    with control.database.read() as connection:
        person = queries.delegation(connection, grant).person
        acting = Actor("agent", name, on_behalf_of=person, credential=grant)
        return standing(connection, acting, control.clock.now()).over


def test_an_agent_of_a_directory_is_registered_and_its_owner_answers_for_it(directory: Directory, ada: Actor) -> None:
    brings(directory, "sales-bot", ada.id)
    found = agent(directory)
    assert (found.person, found.source, found.idle, found.proves) == (ada.id, "okta", "", "nothing")
    assert found.scopes == RegisterAgent("any").scopes
    secret = directory.doorway.does(ada, ReplaceAgentKey("sales-bot")).answer["secret"]
    assert secret.startswith("gln_")
    assert over(directory, lends(directory, directory.doorway.owner)) == ""
    (made,) = directory.doorway.receipts("provision-agent")
    assert made.happened["registered"] == "sales-bot"
    assert [link["id"] for link in made.document()["actor"]][-1] == "directory:okta"


@pytest.mark.parametrize("known_as", ["id", "externalId", "userName"])
def test_an_owner_is_whom_the_directory_brought_by_any_name_that_it_has(directory: Directory, known_as: str) -> None:
    person = directory.adds("eve@corp.example").body
    brings(directory, "sales-bot", str(person[known_as]))
    assert agent(directory).person == person["id"]


@pytest.mark.parametrize("owner", ["", "p_nobody", "owner@example.com"])
def test_without_a_known_owner_it_does_nothing_and_says_why(directory: Directory, owner: str) -> None:
    brings(directory, "sales-bot", *([owner] if owner else []))
    why = "the company's directory names nobody here who answers for the agent sales-bot"
    assert (agent(directory).person, agent(directory).idle) == ("", why)
    with pytest.raises(Refused, match="names nobody here"):
        lends(directory, directory.doorway.owner)
    with directory.doorway.control.database.read() as connection:
        with_a_token = Actor("agent", "sales-bot", on_behalf_of="p_x", credential="tok_x")
        assert standing(connection, with_a_token).over == why


def test_an_owner_of_this_installation_whom_it_never_brought_is_not_its_to_name(directory: Directory) -> None:
    brings(directory, "sales-bot", str(directory.doorway.owner.id))
    assert agent(directory).person == ""


def test_losing_its_owner_ends_what_it_was_lent_and_naming_one_lets_it_work_again(
    directory: Directory, ada: Actor
) -> None:
    id = brings(directory, "sales-bot", ada.id)
    grant = lends(directory, ada)
    assert directory.patches(f"/Agents/{id}", {"op": "remove", "path": "owners"}).status == 200
    assert over(directory, grant) == "it was ended"
    assert "names nobody here" in agent(directory).idle
    named = {"op": "add", "path": "owners", "value": [{"value": ada.id}]}
    assert directory.patches(f"/Agents/{id}", named).status == 200
    assert over(directory, grant) == "it was ended"
    assert over(directory, lends(directory, ada)) == ""


def test_switching_it_off_cuts_it_off_and_switching_it_on_lets_it_be_lent_anew(
    directory: Directory, ada: Actor
) -> None:
    id = brings(directory, "sales-bot", ada.id)
    grant = lends(directory, ada)
    token = directory.doorway.does(ada, CreateToken("desk", ("deploy",), agent="sales-bot")).answer["token"]
    switches(directory, id, on=False)
    assert over(directory, grant) == "it was ended"
    assert agent(directory).idle == "the company's directory switched the agent sales-bot off"
    control = directory.doorway.control
    with control.database.read() as connection:
        assert identity.who_is(connection, token, control.clock.now()) is None
    with pytest.raises(Refused):
        lends(directory, ada)
    switches(directory, id, on=True)
    assert agent(directory).idle == ""
    assert over(directory, grant) == "it was ended", "nothing comes back"
    assert over(directory, lends(directory, ada)) == ""


def test_one_that_comes_switched_off_may_do_nothing(directory: Directory, ada: Actor) -> None:
    brings(directory, "sales-bot", ada.id, active=False)
    assert "switched the agent sales-bot off" in agent(directory).idle


def test_deleting_it_ends_everything_and_adding_it_again_is_the_same_one_without_its_secret(
    directory: Directory, ada: Actor
) -> None:
    id = brings(directory, "sales-bot", ada.id)
    directory.doorway.does(ada, ReplaceAgentKey("sales-bot"))
    grant = lends(directory, ada)
    assert directory.sends("DELETE", f"/Agents/{id}").status == 204
    assert over(directory, grant) == "it was ended"
    with directory.doorway.control.database.read() as connection:
        assert queries.agents(connection) == []
    assert brings(directory, "sales-bot", ada.id) != id
    found = agent(directory)
    assert (found.idle, found.proves, found.epoch) == ("", "nothing", 3)
    assert over(directory, grant) == "it was ended"


def test_an_agent_that_somebody_registered_is_not_taken_over(directory: Directory, ada: Actor) -> None:
    doorway = directory.doorway
    doorway.does(doorway.owner, RegisterAgent("sales-bot"))
    grant = lends(directory, doorway.owner)
    for name in ("sales-bot", "Sales Bot"):
        told = directory.sends("POST", "/Agents", {"schemas": [AGENT], "name": name, "owners": [{"value": ada.id}]})
        assert (told.status, told.body["scimType"]) == (409, "uniqueness")
        assert "It is not taken over." in told.body["detail"]
    assert (agent(directory).person, agent(directory).source) == (doorway.owner.id, "")
    assert over(directory, grant) == ""
    doorway.does(doorway.owner, RetireAgent("sales-bot"))
    told = directory.sends("POST", "/Agents", {"schemas": [AGENT], "name": "sales-bot"})
    assert told.status == 409, "no name is given twice"


def test_nobody_registers_an_agent_that_a_directory_brought(directory: Directory, ada: Actor) -> None:
    brings(directory, "sales-bot", ada.id)
    with pytest.raises(Conflict, match="came from the directory okta"):
        directory.doorway.does(directory.doorway.owner, RegisterAgent("sales-bot"))


def test_what_somebody_here_retired_stays_so_whatever_its_directory_says(directory: Directory, ada: Actor) -> None:
    id = brings(directory, "sales-bot", ada.id)
    directory.doorway.does(ada, RetireAgent("sales-bot"))
    switches(directory, id, on=False)
    switches(directory, id, on=True)
    assert agent(directory).idle == "the agent sales-bot was retired"


def test_it_keeps_the_name_that_it_came_with(directory: Directory, ada: Actor) -> None:
    id = brings(directory, "Sales Bot (EU)", ada.id)
    grant = lends(directory, ada, "sales-bot-eu")
    renamed = directory.patches(f"/Agents/{id}", {"op": "replace", "path": "name", "value": "Europe"})
    assert renamed.body["name"] == "Europe"
    assert over(directory, grant, "sales-bot-eu") == ""
    switches(directory, id, on=False)
    assert over(directory, grant, "sales-bot-eu") == "it was ended"


def test_a_name_of_which_nothing_is_left_gives_way_to_the_id(directory: Directory, ada: Actor) -> None:
    id = brings(directory, "エージェント", ada.id)
    assert agent(directory, id.replace("_", "-")).person == ada.id


def test_a_directory_that_goes_leaves_its_agents_and_has_them_again_when_it_comes_back(
    directory: Directory, ada: Actor
) -> None:
    brings(directory, "sales-bot", ada.id)
    grant = lends(directory, ada)
    doorway = directory.doorway
    doorway.does(doorway.owner, DisconnectDirectory("okta"))
    assert (agent(directory).idle, over(directory, grant)) == ("", "")
    directory.token = str(doorway.does(doorway.owner, ConnectDirectory("okta")).answer["token"])
    brings(directory, "sales-bot")
    assert "names nobody here" in agent(directory).idle


def test_another_directory_does_not_get_it(directory: Directory, ada: Actor) -> None:
    brings(directory, "sales-bot", ada.id)
    other = Directory(directory.doorway, "entra")
    told = other.sends("POST", "/Agents", {"schemas": [AGENT], "name": "sales-bot"})
    assert told.status == 409
    assert "the directory okta brought" in told.body["detail"]
