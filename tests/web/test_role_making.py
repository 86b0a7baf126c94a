"""Roles of one's own and what is kept apart, on their pages: seen before they are saved."""

from __future__ import annotations

from html import unescape

from tests.house import Doorway
from tests.web.conftest import Visitor

from greenlane.govern.actor import Actor
from greenlane.identity.actions import GrantRole
from greenlane.identity.custom_roles.actions import CreateRole
from greenlane.identity.duties.actions import KeepApart


def shown(console: Visitor, who: Actor, path: str, status: int = 200) -> str:
    page = console.as_(who).get(path)
    assert page.status_code == status, (path, page.text)
    return unescape(page.text)


def test_a_role_is_looked_at_made_given_changed_and_deleted(console: Visitor, doorway: Doorway) -> None:
    owner = doorway.owner
    page = shown(console, owner, "/roles/make")
    assert 'value="publish:production"' in page
    look = shown(console, owner, "/roles/make?look=yes&name=release-manager&rights=publish&says=For+releases.")
    assert "It allows: Publish." in look
    assert "Nobody holds it yet." in look
    assert "Save this role" in look
    made = {"name": "release-manager", "rights": ["publish", "rollback"], "says": "For releases.", "key": "k1"}
    assert console.as_(owner).post("/do/create-role", data=made).status_code == 303
    rea = doorway.hire("Rea Release", "release-manager")

    roles = shown(console, owner, "/roles")
    assert "For releases." in roles
    assert "/roles/make?role=release-manager" in roles
    look = shown(console, owner, "/roles/make?look=yes&role=release-manager&rights=publish")
    assert "1\u00a0holder would have other rights at once" in look
    assert "loses rollback" in look
    assert "would lose rights at once" in look, "what deleting it would do stands there too"
    assert "release-manager" in shown(console, owner, f"/people/{rea.id}")
    assert ">release-manager</option>" in shown(console, owner, "/do/grant-role")
    change = shown(console, owner, "/do/delete-role")
    assert ">release-manager</option>" in change
    assert ">Auditor</option>" not in change, "only what was made here can be deleted"


def test_what_is_wrong_with_a_role_is_said_where_it_is_made(console: Visitor, doorway: Doorway) -> None:
    assert "cannot be the name of a new role" in shown(
        console, doorway.owner, "/roles/make?look=yes&name=owner&rights=publish", 400
    )
    assert "A role allows something." in shown(console, doorway.owner, "/roles/make?look=yes&name=empty", 400)
    shown(console, doorway.owner, "/roles/make?role=owner", 400)


def test_who_may_not_make_roles_sees_no_such_page(console: Visitor, doorway: Doorway) -> None:
    bea = doorway.hire("Bea Builder", "builder")
    shown(console, bea, "/roles/make", 404)
    assert "/roles/make" not in shown(console, bea, "/roles")
    assert "Keep these apart" not in shown(console, bea, "/duties")


def test_only_rights_that_one_has_are_offered(console: Visitor, doorway: Doorway) -> None:
    engineer = doorway.hire("Edda Engineer", "platform-engineer", everywhere=True)
    assert 'value="erase-person"' in shown(console, doorway.owner, "/roles/make")
    assert 'value="erase-person"' not in shown(console, engineer, "/roles/make")


def test_what_is_kept_apart_is_seen_before_and_after(console: Visitor, doorway: Doorway) -> None:
    owner = doorway.owner
    ben = doorway.hire("Ben Builder", "builder")
    doorway.does(owner, GrantRole(ben.id, "reviewer", "team:home"))
    assert "Nothing is kept apart yet." in shown(console, owner, "/duties")
    look = shown(console, owner, "/duties?kind=roles&one=builder&other=reviewer")
    assert "Ben Builder is builder of team:home and reviewer of team:home." in look
    assert (
        console.as_(owner)
        .post("/do/keep-apart", data={"kind": "roles", "one": "builder", "other": "reviewer", "key": "k2"})
        .status_code
        == 303
    )
    page = shown(console, owner, "/duties")
    assert "Builder and Reviewer" in page
    assert "Ben Builder is builder of team:home and reviewer of team:home." in page
    assert f'href="/people/{ben.id}"' in page
    assert "These are the same." in shown(console, owner, "/duties?kind=verbs&one=publish&other=publish", 400)
    assert "is not possible here" in shown(console, owner, "/duties?kind=verbs&one=publish&other=deploy&days=9999", 400)
    assert "is not possible here" in shown(console, owner, "/duties?kind=verbs&one=publish&other=deploy&days=x", 400)
    doorway.does(owner, CreateRole("both", ("lock", "unlock")))
    doorway.does(owner, KeepApart("verbs", "lock", "unlock", 30))
    page = shown(console, owner, "/duties")
    assert "The role both allows both lock and unlock." in page
    assert "What was done in the last 30\u00a0days counts." in page
