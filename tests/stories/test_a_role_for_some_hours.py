"""Somebody who only looks has to mend something: a role for an hour, with a reason, and back again."""

from __future__ import annotations

from pathlib import Path

from tests.stories.running import Running
from tests.stories.terminal import Terminal


def test_a_visitor_mends_an_app_and_is_a_visitor_again(
    greenlane: Running, owner: Terminal, name: str, site: Path
) -> None:
    owner.does("deploy", site, "--app", name)
    vera = greenlane.joins("Vera Visitor", "visitor")
    assert vera.types("deploy", site, "--app", name).code == 3
    wish = ("elevate", "developer", "--scope", f"app:{name}", "--because", "The prices are wrong.")
    request = vera.gets(4, *wish)["request"]
    assert vera.types("approve", request, "--because", "me").code == 3
    owner.does("approve", request, "--because", "She wrote the prices.")

    vera.does("deploy", site, "--app", name)
    [running] = owner.does("elevations")["items"]
    assert (running["name"], running["role"], running["scope"]) == ("Vera Visitor", "developer", f"app:{name}")
    assert running["because"] == "The prices are wrong."
    told = owner.does("people", "why", vera.id, "publish", "--scope", f"app:{name}")
    assert told["has"]
    assert "It ends by itself." in told["ways"][0]["says"]
    assert [one.get("until") for one in vera.does("whoami")["roles"]] == [None, running["until"]]

    vera.does("elevations", "end", running["id"])
    assert vera.types("publish", name).code == 3
    assert owner.does("elevations")["items"] == []
    said = [one["sentence"] for one in owner.does("receipts", "--verb", "ask-elevation", "--newest")["receipts"]]
    assert any(one.startswith(f"Vera Visitor became developer of app:{name} for 1 h") for one in said)
