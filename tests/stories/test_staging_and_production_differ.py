"""Credentials appear by themselves, another one in each environment; are rotated, revoked, and outlive a change of key."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect
from tests.chromium import tab, violations
from tests.stories.running import Running
from tests.stories.terminal import Terminal

OLD, NEW = b"sk-old-5f1c9a7d33", b"sk-new-0b8e4427aa"


def values(owner: Terminal, name: str) -> dict[tuple[str, str], tuple[str, str]]:
    found = owner.does("variables", "list", "--app", name)["items"]
    return {(one["name"], one["environment"]): (one["state"], one["why"]) for one in found}


def test_a_secret_lives_its_life_in_the_terminal(greenlane: Running, owner: Terminal, name: str):
    owner.does("apps", "create", name)
    owner.does("variables", "put", "CRM_KEY", "--app", name, "--environment", "staging", stdin=b"sk-staging-1")
    assert values(owner, name)["CRM_KEY", "production"] == (
        "missing",
        "It has a value elsewhere, and none is ever borrowed.",
    )
    owner.does("variables", "put", "CRM_KEY", "--team", "home", "--environment", "production", stdin=b"sk-team")
    assert values(owner, name)["CRM_KEY", "production"] == ("set", "It is the home team's, and there is no other.")
    owner.does("variables", "put", "CRM_KEY", "--app", name, "--environment", "production", stdin=OLD)
    assert values(owner, name)["CRM_KEY", "production"][1] == (
        "It is the app's own, which counts more than the home team's."
    )
    rotate = ("variables", "rotate", "CRM_KEY", "--app", name, "--environment", "production", "--hours", "2")
    owner.does(*rotate, stdin=NEW)
    again = owner.types(*rotate, stdin=b"sk-third")
    assert again.code == 1
    assert "is being rotated: version 1 works until" in again.err
    (one,) = [
        each
        for each in owner.does("variables", "reads", "CRM_KEY", "--app", name)["items"]
        if each["environment"] == "production"
    ]
    assert [each["version"] for each in one["versions"]] == [2, 1]
    assert one["works_too"]["version"] == 1
    refused = owner.types("variables", "put", "LD_PRELOAD", "--app", name, stdin=b"/tmp/x.so")
    assert refused.code == 2
    assert "which code a program loads" in refused.err
    before = owner.does("keys")
    owner.does("keys", "rotate")
    after = owner.does("keys")
    assert (after["newest"], after["under_older"]) != (before["newest"], 1)
    assert after["under_older"] == 0
    greenlane.stop()
    greenlane.start()
    assert values(owner, name)["CRM_KEY", "production"][0] == "set"
    told = owner.types("variables", "revoke", "--by-value", "--organisation", stdin=NEW)
    assert told.code == 0, told.err
    assert f"CRM_KEY of {name} in production, version 2" in told.out
    owner.does("variables", "revoke", "CRM_KEY", "--organisation")
    assert values(owner, name) == {}
    story = owner.types("receipts", "--app", name).out
    assert f"rotated CRM_KEY in production of {name}" in story
    everything = story + greenlane.printed + owner.types("ledger", "replay").out
    assert not any(secret.decode() in everything for secret in (OLD, NEW))
    lies = b"".join(one.read_bytes() for one in greenlane.data.rglob("*") if one.is_file())
    assert OLD not in lies
    assert NEW not in lies


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_a_secret_lives_its_life_in_the_browser(
    chromium: Browser, axe: str, greenlane: Running, owner: Terminal, name: str
):
    owner.does("apps", "create", name)
    with tab(chromium, greenlane.url) as mine:
        mine.sign_in(owner.token)
        page = mine.go(f"/apps/{name}/variables")
        page.get_by_label("Name", exact=True).fill("CRM_KEY")
        page.get_by_label("Value", exact=True).fill(OLD.decode())
        page.get_by_label("Where it counts").select_option("staging")
        page.get_by_role("button", name="Put this value in").click()
        expect(page.get_by_role("status")).to_contain_text(f"put the value of CRM_KEY into staging of {name}")
        expect(page.locator(".notice")).to_contain_text(
            "CRM_KEY is a secret without a value for production and previews."
        )
        page.locator(".notice").get_by_role("link", name=re.compile("^production")).click()
        expect(page.get_by_label("Name", exact=True)).to_have_value("CRM_KEY")
        page.get_by_label("Value", exact=True).fill(NEW.decode())
        page.get_by_role("button", name="Put this value in").click()
        expect(page.locator(".notice")).to_contain_text("CRM_KEY is a secret without a value for previews.")
        assert violations(page, axe) == []
        page.get_by_role("link", name="CRM_KEY", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(f"CRM_KEY of {name}")
        assert violations(page, axe) == []
        page.get_by_text("Rotate it: a new value, and both work for a while").first.click()
        page.get_by_label("New value").first.fill("sk-rotated-1234")
        page.get_by_role("button", name="Rotate CRM_KEY").first.click()
        expect(page.get_by_role("status")).to_contain_text(f"rotated CRM_KEY in production of {name}")
        page.get_by_role("status").get_by_role("button", name="Undo").click()
        expect(page.get_by_role("status")).to_contain_text(f"removed version 2 of CRM_KEY from production of {name}")
        expect(page.locator("main")).not_to_contain_text("Version 2")
        for text in (OLD.decode(), NEW.decode(), "sk-rotated-1234"):
            assert text not in page.content()
        for path in ("/settings/variables", "/teams/home/variables"):
            assert violations(mine.go(path), axe) == []
