"""Twice a year somebody asks who still needs which right, and an auditor checks the answer without asking us."""

from __future__ import annotations

import json
from pathlib import Path

from tests.stories.running import Running
from tests.stories.terminal import Terminal


def test_rights_are_kept_or_taken_away_and_an_auditor_checks_it_alone(
    greenlane: Running, owner: Terminal, name: str, site: Path, tmp_path: Path
) -> None:
    ada, rita = greenlane.joins("Ada Builder"), greenlane.joins("Rita Reviewer", "reviewer")
    ada.does("deploy", site, "--app", name)
    review = owner.does("reviews", "start", "--scope", "team:home", "--reviewers", "Rita Reviewer")["answer"]["review"]
    [waiting] = rita.does("reviews")["items"]
    assert (waiting["id"], waiting["scope"], waiting["overdue"]) == (review, "team:home", False)
    items = rita.does("reviews", "show", review)["items"]
    rights = {one["name"]: one for one in items if one["kind"] == "role"}
    assert (rights["Ada Builder"]["what"], rights["Ada Builder"]["by"]) == ("builder", f"given by {owner_name(owner)}")
    assert rita.types("reviews", "keep", review, rights["Rita Reviewer"]["id"], "--because", "me").code == 3

    rita.does("reviews", "remove", review, rights["Ada Builder"]["id"], "--because", "She moved to Paris.")
    assert ada.types("deploy", site, "--app", name).code == 3
    owner.does("reviews", "keep", review, rights["Rita Reviewer"]["id"], "--because", "She reviews.")
    owner.does("reviews", "close", review)

    file = tmp_path / "review.json"
    owner.does("reviews", "evidence", review, "--to", file)
    keys = tmp_path / "trust.json"
    keys.write_text(json.dumps(owner.does("trust", "export")))
    auditor = greenlane.terminal("Somebody elsewhere")
    checked = auditor.does("reviews", "verify", file, "--trust", keys)
    assert (checked["ok"], checked["rights"]) == (True, len(items))
    file.write_text(file.read_text().replace("She moved to Paris.", "She asked for it."))
    refused = auditor.types("reviews", "verify", file, "--trust", keys)
    assert refused.code == 1
    assert "the reason is not the one that was given" in refused.out

    owner.does("reviews", "evidence", review, "--csv", "--to", tmp_path / "review.csv")
    assert "She moved to Paris." in (tmp_path / "review.csv").read_text()


def owner_name(owner: Terminal) -> str:
    return str(owner.does("whoami")["name"])
