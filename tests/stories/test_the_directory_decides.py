"""The company's directory decides who is here: it adds a person, a rule makes their group builders, it switches them off.

Nobody at Greenlane does anything in between, and what it switches off ends everywhere.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.stories.browser import ask
from tests.stories.running import Running
from tests.stories.terminal import Terminal
from tests.stories.test_an_agent_acts_for_a_person import exchanged, reads

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
AGENT = "urn:ietf:params:scim:schemas:core:2.0:Agent"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass(frozen=True)
class Directory:
    """The company's directory: it knows an address and a token."""

    address: str
    token: str

    def sends(self, method: str, path: str, body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/scim+json"}
        answer = ask(self.address + path, method, headers=headers, body=json.dumps(body).encode())
        assert answer.status in (200, 201), answer.text
        return answer.document

    def switches(self, person: str, word: str) -> None:
        """As Entra ID sends it: a capital letter, and a word for the truth."""
        change = {"op": "Replace", "path": "active", "value": word}
        self.sends("PATCH", f"/Users/{person}?aadOptscim062020", {"schemas": [PATCH], "Operations": [change]})

    def switches_agent(self, agent: str, *, on: bool) -> None:
        change = {"op": "replace", "path": "active", "value": on}
        self.sends("PATCH", f"/Agents/{agent}", {"schemas": [PATCH], "Operations": [change]})

    def member(self, group: str, change: str, person: str) -> None:
        """As Okta sends it: who comes into a group, and who leaves it."""
        members = {"op": change, "path": "members", "value": [{"value": person}]}
        self.sends("PATCH", f"/Groups/{group}", {"schemas": [PATCH], "Operations": [members]})


def test_a_person_comes_works_goes_and_comes_back_as_the_directory_says(
    greenlane: Running, owner: Terminal, name: str, site: Path
):
    made = owner.does("directory", "connect", "entra")["answer"]
    directory = Directory(f"{greenlane.url}/scim/v2", made["token"])
    ada = directory.sends(
        "POST",
        "/Users",
        {"schemas": [USER], "userName": "ada@corp.local", "externalId": "7f1", "displayName": "Ada Lovelace"},
    )["id"]
    directory.sends("POST", "/Groups", {"schemas": [GROUP], "displayName": "Makers", "members": [{"value": ada}]})
    terminal = _signs_in(greenlane, owner, ada)
    assert terminal.types("deploy", site, "--app", name).code == 3, "a group without a rule gives nothing"

    before = owner.does("groups", "try", "Makers", "builder", "--scope", "team:home")
    assert [one["name"] for one in before["gain"]] == ["Ada Lovelace"]
    owner.does("groups", "rule", "add", "Makers", "builder", "--scope", "team:home")
    terminal.does("deploy", site, "--app", name)
    terminal.does("publish", name, "--audience", "team")
    told = owner.does("people", "why", ada, "publish", "--scope", f"app:{name}")
    assert told["has"]
    assert told["ways"][0]["through"] == ["Makers"]
    assert told["ways"][0]["by"] == owner.does("whoami")["name"]

    token = terminal.does("token", "create", "robot", "--scopes", "visit", "--scopes", "read")["answer"]["token"]
    browser = greenlane.browser(terminal)
    assert browser.open(greenlane.address(name)).status == 200
    assert greenlane.ask(name, token=token).status == 200

    directory.switches(ada, "False")
    assert greenlane.ask(name, token=token).status == 401
    assert browser.once(greenlane.address(name)).status in (302, 403)
    assert terminal.types("whoami").code == 1
    assert owner.types("people", "restore", ada).code == 3, "the directory has the last word"

    directory.switches(ada, "True")
    again = _signs_in(greenlane, owner, ada)
    assert [one["role"] for one in again.does("whoami")["roles"]] == ["builder"]
    again.does("publish", name)
    assert greenlane.ask(name, token=token).status == 401, "what ended stays ended"

    says = [one["says"] for one in owner.does("directory", "requests", "entra")["items"]]
    assert says[0] == "It changed one of people: replace active, switched on."
    assert says[1] == "It changed one of people: replace active, switched off."
    owner.does("directory", "disconnect", "entra")
    gone = ask(f"{directory.address}/Users", headers={"Authorization": f"Bearer {directory.token}"})
    assert gone.status == 401


def test_a_group_publishes_to_staging_and_not_to_production(greenlane: Running, owner: Terminal, name: str, site: Path):
    made = owner.does("directory", "connect", "okta")["answer"]
    directory = Directory(f"{greenlane.url}/scim/v2", made["token"])
    sue = directory.sends("POST", "/Users", {"schemas": [USER], "userName": "sue@corp.local", "externalId": "7f5"})[
        "id"
    ]
    group = {"schemas": [GROUP], "displayName": "Stagers", "members": [{"value": sue}]}
    directory.sends("POST", "/Groups", group)
    owner.does("deploy", site, "--app", name)
    terminal = _signs_in(greenlane, owner, sue)
    refused = owner.types("groups", "try", "Stagers", "auditor:staging", "--scope", "team:home")
    assert refused.code == 2
    assert "The role auditor allows nothing that is done in staging." in refused.err
    assert len(owner.does("groups", "try", "Stagers", "developer:staging", "--scope", "team:home")["gain"]) == 1
    rule = ("groups", "rule", "add", "Stagers", "developer:staging", "--scope", "team:home")
    rule_id = owner.does(*rule)["answer"]["rule"]

    terminal.does("publish", name, "--to", "staging")
    terminal.gets(3, "publish", name)
    terminal.gets(3, "deploy", site, "--app", name)
    assert name in [one["name"] for one in terminal.does("apps")["items"]], "it reads what the role reads"
    told = owner.does("people", "why", sue, "publish", "--scope", f"app:{name}")
    assert told["says"].endswith("in staging alone, because of the role developer in staging.")
    owner.does("groups", "rule", "remove", rule_id)
    terminal.gets(3, "publish", name, "--to", "staging")
    owner.does("directory", "disconnect", "okta")


def test_an_app_is_for_a_group_of_the_company(greenlane: Running, owner: Terminal, name: str, site: Path):
    made = owner.does("directory", "connect", "okta")["answer"]
    directory = Directory(f"{greenlane.url}/scim/v2", made["token"])
    ada = directory.sends("POST", "/Users", {"schemas": [USER], "userName": "ada.b@corp.local", "externalId": "7f2"})[
        "id"
    ]
    group = directory.sends("POST", "/Groups", {"schemas": [GROUP], "displayName": "Buyers", "members": []})["id"]
    owner.does("deploy", site, "--app", name)
    owner.does("publish", name, "--audience", "named", "--groups", "Buyers")
    browser = greenlane.browser(_signs_in(greenlane, owner, ada))
    assert browser.open(greenlane.address(name)).status == 403

    directory.member(group, "add", ada)
    assert browser.open(greenlane.address(name)).status == 200
    directory.member(group, "remove", ada)
    assert browser.open(greenlane.address(name)).status == 403
    owner.does("directory", "disconnect", "okta")


def test_who_was_here_before_the_directory_is_joined_with_it(greenlane: Running, owner: Terminal):
    ida = greenlane.terminal("Ida Holm")
    link = owner.does("people", "add", "Ida Holm", "--team", "home", "--email", "ida@corp.example")["answer"]["url"]
    person = str(ida.does("login", link)["id"])
    made = owner.does("directory", "connect", "okta")["answer"]
    directory = Directory(f"{greenlane.url}/scim/v2", made["token"])
    owner.does("directory", "join", "okta", "IdaH", "ida@corp.example")
    brought = {"schemas": [USER], "userName": "idah", "externalId": "7f3", "emails": [{"value": "ida@corp.example"}]}
    assert directory.sends("POST", "/Users", brought)["id"] == person
    [joined] = owner.does("directory")["items"][0]["joined"]
    assert (joined["known_as"], joined["taken"]) == ("IdaH", True)
    directory.switches(person, "False")
    assert ida.types("apps").code != 0, "she is the directory's from then on"
    directory.switches(person, "True")
    owner.does("directory", "leave", person)
    assert owner.does("directory")["items"][0]["joined"] == []
    owner.does("directory", "disconnect", "okta")


def test_an_agent_of_the_company_works_until_the_directory_switches_it_off(greenlane: Running, owner: Terminal):
    made = owner.does("directory", "connect", "okta")["answer"]
    directory = Directory(f"{greenlane.url}/scim/v2", made["token"])
    ada = directory.sends("POST", "/Users", {"schemas": [USER], "userName": "ada.c@corp.local", "externalId": "7f4"})[
        "id"
    ]
    bot = directory.sends("POST", "/Agents", {"schemas": [AGENT], "name": "Sales Bot"})["id"]
    terminal = _signs_in(greenlane, owner, ada)
    refused = terminal.types("agents", "lend", "sales-bot")
    assert refused.code != 0
    assert "names nobody here who answers for the agent sales-bot" in refused.out + refused.err
    page = greenlane.browser(terminal).open(f"{greenlane.url}/agents").text
    assert "nobody answers for it; the directory okta brought it" in page

    named = {"op": "add", "path": "owners", "value": [{"value": ada, "type": "User"}]}
    directory.sends("PATCH", f"/Agents/{bot}", {"schemas": [PATCH], "Operations": [named]})
    secret = terminal.does("agents", "rekey", "sales-bot")["answer"]["secret"]

    def works(grant: str) -> tuple[int, str]:
        asked = {"subject_token": grant, "client_id": "sales-bot", "client_secret": secret}
        given = exchanged(greenlane, **asked)
        return given.status, str(given.document.get("access_token", ""))

    grant = terminal.does("agents", "lend", "sales-bot")["answer"]["delegation"]
    status, token = works(grant)
    assert (status, reads(greenlane, token, "/v1/me").document["actor"]["id"]) == (200, "sales-bot")
    directory.switches_agent(bot, on=False)
    assert reads(greenlane, token, "/v1/me").status == 401
    assert works(grant)[0] != 200
    [shown] = [one for one in owner.does("agents")["items"] if one["name"] == "sales-bot"]
    assert shown["idle"] == "the company's directory switched the agent sales-bot off"

    directory.switches_agent(bot, on=True)
    assert works(grant)[0] != 200, "what ended stays ended"
    status, token = works(terminal.does("agents", "lend", "sales-bot")["answer"]["delegation"])
    assert (status, reads(greenlane, token, "/v1/me").status) == (200, 200)
    receipt = owner.does("receipts", "--verb", "change-provisioned-agent", "--newest")["receipts"][0]["receipt"]
    assert receipt["actor"][-1]["id"] == "directory:okta"
    owner.does("directory", "disconnect", "okta")


def _signs_in(greenlane: Running, owner: Terminal, person: str) -> Terminal:
    """Somebody whom the directory brought, at a terminal of their own."""
    terminal = greenlane.terminal("Ada Lovelace")
    terminal.does("login", owner.does("people", "link", person)["answer"]["url"])
    return replace(terminal, id=person)
