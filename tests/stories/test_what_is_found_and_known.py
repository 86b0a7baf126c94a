"""A credential that stands in the files, a false alarm, and a flaw that a newer list knows, as people meet them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

from tests.stories.running import Running
from tests.stories.terminal import Terminal

VALUE = "ghp_" + "q7Wx2Lk9Vb4Nz8Rt1Ym5Jc3Hd6Pf0Gs2Ka9E"  # put together here, so that no scanner takes it for a key


def test_a_value_that_was_found_becomes_a_variable_that_nobody_saw(
    greenlane: Running, owner: Terminal, name: str, site: Path
):
    (site / "rates.js").write_text(f"const api = '/rates'\nconst key = '{VALUE[:20]}' + '{VALUE[20:]}'\n")
    ended = owner.types("deploy", site, "--app", name)
    assert ended.code == 3
    typed = re.search(r"greenlane credentials move (\w+) --app \S+ --found-in (\w+)", ended.out + ended.err)
    assert typed is not None, ended.out + ended.err
    moved = owner.types(
        "credentials",
        "move",
        typed[1],
        "--app",
        name,
        "--found-in",
        typed[2],
        "--name",
        "RATES_KEY",
        "--environment",
        "preview",
    )
    assert moved.code == 0, moved.err
    assert "Change line 2 of rates.js" in moved.out
    assert "RATES_KEY" in owner.types("variables", "list", "--app", name).out
    again = owner.types("deploy", site, "--app", name)
    assert again.code == 3
    assert "Value of the secret RATES_KEY" in again.out + again.err
    (site / "rates.js").write_text("const api = '/rates'\n")
    assert owner.types("deploy", site, "--app", name).code == 0
    every = [ended.out, ended.err, moved.out, moved.err, again.out, again.err]
    assert not any(VALUE in said for said in every)
    assert not [one for one in owner.does("receipts", "--app", name)["receipts"] if VALUE in json.dumps(one)]


def test_a_false_alarm_is_said_with_a_reason_and_taken_back(owner: Terminal, name: str, site: Path):
    (site / "sample.js").write_text(f"const sample = '{VALUE[:-1]}Z'\n")
    refused = owner.types("deploy", site, "--app", name)
    typed = re.search(r"greenlane credentials dismiss (\w+) --app \S+ --found-in (\w+)", refused.out + refused.err)
    assert typed is not None
    said = owner.types(
        "credentials", "dismiss", typed[1], "--app", name, "--found-in", typed[2], "--why", "their sample"
    )
    assert said.code == 0, said.err
    assert owner.types("deploy", site, "--app", name).code == 0
    assert owner.does("credentials", "alarms", name)["items"][0]["mark"] == typed[1]
    assert owner.types("credentials", "restore", typed[1], "--app", name).code == 0
    assert owner.types("publish", name).code == 3


def test_a_list_of_known_flaws_is_taken_over_and_an_app_is_held_against_it(
    owner: Terminal, name: str, site: Path, tmp_path: Path
):
    lock = {"lockfileVersion": 3, "packages": {"node_modules/left-over-pad": {"version": "1.0.0"}}}
    (site / "package-lock.json").write_text(json.dumps(lock))
    assert owner.types("deploy", site, "--app", name).code == 0
    events = [{"introduced": "0"}, {"fixed": "1.0.1"}]
    affected = {
        "package": {"ecosystem": "npm", "name": "left-over-pad"},
        "ranges": [{"type": "SEMVER", "events": events}],
    }
    advisory = {
        "id": "GHSA-test-test-test",
        "modified": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "affected": [affected],
    }
    folder = tmp_path / "advisories" / "npm"
    folder.mkdir(parents=True)
    (folder / "one.json").write_text(json.dumps({**advisory, "summary": "It pads too much"}))
    taken = owner.types("advisories", "import", tmp_path / "advisories")
    assert taken.code == 0, taken.err
    found = owner.does("dependencies", name)
    assert [(one["package"], one["fixed"]) for one in found["flaws"]] == [("left-over-pad", "1.0.1")]
    assert "of today" in found["says"]
    assert "left-over-pad 1.0.0" in owner.types("explain", "publish", name).out
