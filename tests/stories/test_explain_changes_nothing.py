"""Explaining says what would be decided, why, and what would make it green, and changes nothing. Step 5 of the story."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.stories.running import Running, until
from tests.stories.terminal import Terminal

pytestmark = pytest.mark.xdist_group("explain")


@pytest.fixture
def deployed(owner: Terminal, name: str, site: Path) -> str:
    """An app that is live for its owner."""
    owner.does("deploy", site, "--app", name)
    owner.does("publish", name)
    return name


def written(owner: Terminal) -> tuple[str, Any]:
    """The newest receipt, and the app list: all that explaining could change. The platform seals its own journals meanwhile."""
    newest = [one["receipt"] for one in owner.does("receipts", "--newest")["receipts"]]
    return next(one["id"] for one in newest if not one["action"]["verb"].endswith(".seal")), owner.does("apps")


def test_explaining_says_lane_reasons_policies_risk_and_what_would_be_green(owner: Terminal, deployed: str):
    before = written(owner)
    shown = owner.does("explain", "publish", deployed, "--audience", "public")
    assert shown["lane"] == "red"
    assert [one["policy"] for one in shown["reasons"]] == ["public-first-time"]
    assert all(one["says"] and one["owner"] and one["digest"].startswith("sha256:") for one in shown["reasons"])
    assert shown["risk"]["score"] == sum(part["points"] for part in shown["risk"]["parts"])
    assert all(part["says"] for part in shown["risk"]["parts"])
    green = [way for way in shown["would_be_green"] if way["lane"] == "green"]
    assert green, "something smaller would be green"
    assert all(way["says"] for way in green)
    assert owner.does("approvals")["items"] == []
    assert written(owner) == before


def test_what_would_make_it_green_is_true(owner: Terminal, deployed: str):
    shown = owner.does("explain", "publish", deployed, "--audience", "public")
    rungs = {way["changes"].get("audience_wanted") for way in shown["would_be_green"] if way["lane"] == "green"}
    assert rungs - {None}
    for rung in rungs - {None}:
        assert owner.does("explain", "publish", deployed, "--audience", rung)["lane"] == "green"
        assert owner.does("publish", deployed, "--audience", rung)["lane"] == "green"


def test_it_reads_as_sentences_and_always_ends_with_0(owner: Terminal, deployed: str, site: Path):
    for typed in (
        ("explain", "publish", deployed, "--audience", "public"),
        ("explain", "publish", deployed, "--audience", "everyone"),
        ("explain", "publish", deployed),
        ("explain", "rollback", deployed),
    ):
        ended = owner.types(*typed)
        assert ended.code == 0, ended.err
        assert ended.lines[-1] == "Nothing was changed."
        assert "Decided by: " in ended.out
        assert owner.does(*typed)["lane"] in ("green", "amber", "red", "closed")
    owner.does("lock", deployed, "--why", "audit week")
    closed = owner.types("explain", "publish", deployed)
    assert closed.code == 0
    assert "not possible" in closed.out
    assert owner.does("explain", "publish", deployed)["lane"] == "closed"


def test_a_deploy_can_be_explained_without_making_one(greenlane: Running, owner: Terminal, deployed: str, site: Path):
    (site / "board.js").write_text("fetch('https://api.exchangerates.example/latest')")

    def confirmed() -> Any:
        """The app once the witness has confirmed its newest receipts: until then its proof is unknown for a moment."""
        shown = owner.does("apps", "show", deployed)
        return shown if all(one["known"] for one in shown["questions"]) else None

    before = until(confirmed, "a confirmed receipt")
    shown = owner.does("explain", "deploy", site, "--app", deployed)
    assert shown["lane"] == "amber"
    assert "new-outside-host" in [one["policy"] for one in shown["reasons"]]
    assert until(confirmed, "a confirmed receipt") == before


def test_explaining_and_doing_come_to_the_same(owner: Terminal, name: str, site: Path):
    owner.does("deploy", site, "--app", name)
    for rung, code in (("team", 0), ("everyone", 0), ("public", 4)):
        explained = owner.does("explain", "publish", name, "--audience", rung)
        done = owner.gets(code, "publish", name, "--audience", rung)
        assert [one["policy"] for one in explained["reasons"]] == [one["policy"] for one in done["reasons"]]
        assert explained["lane"] == done["lane"]


def test_a_stranger_hears_nothing_by_asking(greenlane: Running, owner: Terminal, deployed: str):
    owner.does("team", "create", "elsewhere")
    stranger = greenlane.joins("Stan Stranger", role="builder", team="elsewhere")
    shown = stranger.does("explain", "publish", deployed)
    assert [one["policy"] for one in shown["reasons"]] == ["missing-right"]
    assert (shown["lane"], shown["facts"], shown["would_be_green"]) == ("closed", {}, [])
    assert stranger.types("apps", "show", deployed).code == 5
    assert stranger.does("apps")["items"] == []
