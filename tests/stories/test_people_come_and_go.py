"""People are invited, added, suspended; their tokens and visits end at once. Step 7 of the story."""

from __future__ import annotations

import re
import stat
import time
from pathlib import Path

import pytest
from tests.stories.running import Running
from tests.stories.terminal import Terminal

pytestmark = pytest.mark.parametrize(
    "greenlane",
    [
        pytest.param("sqlite", marks=pytest.mark.xdist_group("people-sqlite")),
        pytest.param("postgresql", marks=pytest.mark.xdist_group("people-postgresql")),
    ],
    indirect=True,
    scope="module",
)


def test_an_invitation_is_a_link_with_an_expiry_for_one_person(greenlane: Running, owner: Terminal):
    team = f"sales-{time.monotonic_ns()}"[:18]
    owner.does("team", "create", team)
    ended = owner.types("invite", "--team", team, "--role", "builder")
    assert ended.code == 0
    (link,) = [line for line in ended.lines if line.startswith("http")]
    assert re.fullmatch(rf"{greenlane.url}/invitation/\w+", link), "raw and alone on its line"
    assert re.search(r"until 20\d\d-\d\d-\d\d", ended.out)
    browser = greenlane.browser()
    page = browser.open(link)
    assert page.status == 200
    assert page["referrer-policy"] == "no-referrer"
    home = browser.send(link, name="Nina New", email=f"nina@{team}.example")
    assert (home.status, browser.at) == (200, f"{greenlane.url}/welcome")
    assert "Nina New" in home.text
    nina = next(one for one in owner.does("people")["items"] if one.get("email") == f"nina@{team}.example")
    assert [held["role"] for held in nina["roles"]] == ["builder"]
    again = greenlane.browser().send(link, name="Second Somebody", email="")
    assert "used" in again.text


def test_an_invitation_works_at_a_terminal_too(greenlane: Running, owner: Terminal):
    link = owner.does("invite", "--team", "home", "--role", "builder")["answer"]["url"]
    terminal = greenlane.terminal()
    assert terminal.types("login", link).code == 2, "a name is needed"
    terminal.does("login", link, "--name", "Nora New")
    assert terminal.does("whoami")["name"] == "Nora New"
    kept = next(terminal.home.rglob("credentials.json"))
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_suspended_persons_tokens_and_visits_stop_at_once(greenlane: Running, owner: Terminal, name: str, site: Path):
    owner.does("deploy", site, "--app", name)
    owner.does("publish", name, "--audience", "team")
    mia = greenlane.joins("Mia Member")
    token = mia.does("token", "create", "robot", "--scopes", "visit", "--scopes", "read")["answer"]["token"]
    browser = greenlane.browser(mia)
    assert browser.open(greenlane.address(name)).status == 200
    assert greenlane.ask(name, token=token).status == 200
    owner.does("people", "suspend", mia.id)
    began = time.monotonic()
    assert greenlane.ask(name, token=token).status == 401
    assert browser.once(greenlane.address(name)).status in (302, 403)
    assert time.monotonic() - began < 1.0
    assert mia.types("whoami").code == 1
    assert greenlane.terminal(token=token).types("apps").code == 1
    assert browser.open(greenlane.address(name)).status == 200, "it is the sign-in page"
    assert "/sign-in" in browser.at
    owner.does("people", "restore", mia.id)
    assert greenlane.ask(name, token=token).status == 401, "old tokens stay ended"
    assert greenlane.browser(_with_link(greenlane, owner, mia)).open(greenlane.address(name)).status == 200


def _with_link(greenlane: Running, owner: Terminal, person: Terminal) -> Terminal:
    """The person at a new terminal, with a link that the owner made."""
    terminal = greenlane.terminal(person.name)
    terminal.does("login", owner.does("people", "link", person.id)["answer"]["url"])
    return terminal


def test_leaving_a_team_ends_what_the_team_may_open(greenlane: Running, owner: Terminal, name: str, site: Path):
    owner.does("deploy", site, "--app", name)
    owner.does("publish", name, "--audience", "team")
    mats = greenlane.joins("Mats Member")
    browser = greenlane.browser(mats)
    assert browser.open(greenlane.address(name)).status == 200
    owner.does("team", "leave", "home", mats.id)
    assert browser.once(greenlane.address(name)).status == 403
    owner.does("team", "join", "home", mats.id)
    assert browser.once(greenlane.address(name)).status == 200


def test_a_token_is_shown_once_scoped_expiring_and_revocable(
    greenlane: Running, owner: Terminal, name: str, site: Path
):
    ended = owner.types("token", "create", "nightly build", "--scopes", "deploy", "--scopes", "read", "--days", "1")
    (token,) = [line for line in ended.lines if line.startswith("glt_")]
    robot = greenlane.terminal(token=token)
    robot.does("deploy", site, "--app", name)
    assert robot.types("publish", name).code == 3, "it may not publish"
    listed = owner.types("token", "list", "--json")
    assert token not in listed.out
    one = next(one for one in listed.document["items"] if one["name"] == "nightly build")
    owner.does("token", "revoke", one["id"])
    assert robot.types("apps").code == 1
    everything = [p.read_bytes() for p in greenlane.data.rglob("*") if p.is_file() and "edge" not in p.parts]
    assert not any(token.encode() in content for content in everything), "it is stored hashed"


def test_an_agent_has_fewer_rights_than_its_person(greenlane: Running, owner: Terminal):
    token = owner.does(
        "token", "create", "helper", "--agent", "codex", "--scopes", "admin", "--scopes", "read", "--scopes", "deploy"
    )["answer"]["token"]
    agent = greenlane.terminal(token=token)
    for typed in (
        ("invite", "--team", "home"),
        ("people", "add", "Eve Extra", "--team", "home"),
        ("token", "create", "more"),
        ("role", "grant", "Olga Owner", "owner"),
    ):
        assert agent.types(*typed).code == 3, typed


def test_the_last_owner_stays(greenlane: Running, owner: Terminal):
    me = owner.does("whoami")["id"]
    assert owner.types("people", "suspend", me).code == 3
    assert owner.types("role", "remove", me, "owner").code == 3


def test_nobody_hands_out_what_they_do_not_have(greenlane: Running, owner: Terminal):
    ben = greenlane.joins("Ben Bounded")
    assert ben.types("invite", "--team", "home", "--role", "owner").code == 3
    assert ben.types("people", "add", "Eve Extra", "--team", "home", "--role", "reviewer").code == 3
    assert ben.types("role", "grant", ben.id, "owner").code == 3
