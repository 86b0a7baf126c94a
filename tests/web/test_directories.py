"""The page about directories: who was here before, and is joined with one."""

from __future__ import annotations

from tests.house import Doorway
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
