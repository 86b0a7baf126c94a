"""A company whose directory and sign-in are one program: it pushes its people and groups, they come in, and they leave."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.identity.peers import canaille
from tests.identity.peers.browser import Browser
from tests.identity.peers.canaille import PASSWORD, PEOPLE, SECRET, Canaille
from tests.identity.peers.visitor import Page, Visitor
from tests.stories.running import Running
from tests.stories.terminal import Terminal


@pytest.fixture(scope="module")
def company(greenlane: Running, owner: Terminal) -> Iterator[Canaille]:
    """Connected both ways: its token opens our directory, its sign-in is offered here."""
    token = owner.does("directory", "connect", "canaille")["answer"]["token"]
    us = f"http://localhost:{greenlane.port}"
    known = {
        "greenlane": canaille.client(greenlane.url, "canaille", uri=us),
        "directory": canaille.client(greenlane.url, "canaille", token, uri=f"{us}/scim/v2"),
    }
    with canaille.running(known) as peer:
        added = owner.types(
            *("sso", "add", "canaille", "--issuer", peer.issuer, "--client-id", "greenlane", "--client-secret-stdin"),
            *("--network", "127.0.0.0/8", "--directory", "canaille"),
            stdin=f"{SECRET}\n".encode(),
        )
        assert added.code == 0, added.err
        yield peer


def comes_in(greenlane: Running, visitor: Visitor, who: str) -> Page:
    """To the provider, through its two forms, and back to us."""
    visitor.stops = lambda url: not url.startswith(greenlane.url)
    out = visitor.open(f"{greenlane.url}/sso/oidc/canaille/begin").leads
    browser = Browser(greenlane.url)
    arrived = browser.go(out, {"login": who, "password": PASSWORD})
    browser.close()
    return visitor.open(f"{arrived.url}?{arrived.query}")


def test_people_and_groups_arrive_by_themselves(greenlane: Running, owner: Terminal, company: Canaille) -> None:
    people = {one["email"]: one for one in owner.does("people")["items"]}
    assert people["ada@example.com"]["name"] == "Ada Lovelace"
    company.does("save_group", name="Sales", members=["ada", "ben"])
    assert [one["name"] for one in owner.does("groups", "list")["items"]] == ["Sales"]
    tried = owner.does("groups", "try", "Sales", "builder", "--scope", "team:home")
    assert sorted(one["name"] for one in tried["gain"]) == ["Ada Lovelace", "Ben Okafor"]


def test_whom_it_pushed_comes_in_at_once_and_may_what_the_group_may(
    greenlane: Running, owner: Terminal, company: Canaille, site: Path
) -> None:
    company.does("save_group", name="Makers", members=["ada"])
    owner.does("groups", "rule", "add", "Makers", "builder", "--scope", "team:home")
    visitor = Visitor()
    home = comes_in(greenlane, visitor, "ada")
    assert (home.status, home.at) == (200, f"{greenlane.url}/")
    assert "Ada Lovelace" in home.text
    ada = next(one for one in owner.does("people")["items"] if one["email"] == "ada@example.com")
    assert owner.does("people", "why", ada["id"], "publish", "--scope", "team:home")["has"]
    company.does("save_group", name="Makers", members=["ben"])
    assert not owner.does("people", "why", ada["id"], "publish", "--scope", "team:home")["has"]


def test_another_name_there_is_another_name_here(greenlane: Running, owner: Terminal, company: Canaille) -> None:
    company.does("save_person", name="ben", **{**PEOPLE["ben"], "family_name": "Okafor-Blum"})
    assert "Ben Okafor-Blum" in {one["name"] for one in owner.does("people")["items"]}


def test_who_is_deleted_there_is_shut_out_here(greenlane: Running, owner: Terminal, company: Canaille) -> None:
    company.does("save_person", name="cleo", given_name="Cleo", family_name="Marsh", emails=["cleo@example.com"])
    visitor = Visitor()
    assert comes_in(greenlane, visitor, "cleo").status == 200
    company.does("delete_person", name="cleo")
    assert visitor.open(f"{greenlane.url}/account").at.startswith(f"{greenlane.url}/sign-in")
    cleo = next(one for one in owner.does("people")["items"] if one["email"] == "cleo@example.com")
    assert cleo["state"] == "suspended"
    company.does("delete_group", name="Sales")
    assert "Sales" not in {one["name"] for one in owner.does("groups", "list")["items"]}
    told = owner.types("directory", "requests", "canaille").out
    assert "refused" not in told
