"""The page about directories: who was here before, and is joined with one."""

from __future__ import annotations

from tests.house import Doorway
from tests.identity.reviews.grouping import in_group
from tests.web.conftest import Visitor

from greenlane.identity.actions import AddPerson
from greenlane.identity.provisioning.actions import ConnectDirectory, JoinDirectory


def test_a_page_shows_who_is_joined_and_takes_them_out_again(doorway: Doorway):
    visitor = Visitor(doorway).as_(doorway.owner)
    doorway.does(doorway.owner, ConnectDirectory("okta"))
    ada = str(doorway.does(doorway.owner, AddPerson("Ada", "home")).answer["person"])
    form = visitor.get("/do/join-directory?directory=okta")
    assert form.status_code == 200
    assert "known_as" in form.text
    doorway.does(doorway.owner, JoinDirectory("okta", "ada@corp.example", ada))
    page = visitor.get("/directories").text
    assert "<code>ada@corp.example</code>" in page
    assert "okta takes them over when it next adds them" in page
    visitor.post("/do/leave-directory", data={"person": ada})
    assert "ada@corp.example" not in visitor.get("/directories").text


def test_a_rule_for_one_environment_is_looked_at_and_made(doorway: Doorway):
    visitor = Visitor(doorway).as_(doorway.owner)
    ada = doorway.hire("Ada Arriving", "visitor")
    dee = doorway.hire("Dee Developer", "developer")
    group = in_group(doorway, "Stagers", ada, dee)
    page = visitor.get(f"/groups?group={group}&role=developer:staging&scope=team:home")
    assert page.status_code == 200
    assert '<option value="developer:staging" selected>Developer in staging</option>' in page.text
    tried = page.text[page.text.index('id="tried"') :]
    assert "<bdi>Ada Arriving</bdi>" in tried
    assert "<bdi>Dee Developer</bdi>" not in tried
    assert "has it already" in tried
    assert '<input type="hidden" name="role" value="developer:staging">' in tried
    visitor.post("/do/add-group-rule", data={"group": group, "role": "developer:staging", "scope": "team:home"})
    assert "Developer in staging in home." in visitor.get("/groups").text
    refused = visitor.get(f"/groups?group={group}&role=auditor:staging&scope=team:home")
    assert refused.status_code == 400
    assert "The role auditor allows nothing that is done in staging." in refused.text
