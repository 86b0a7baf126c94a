"""What happened is told in sentences, and a stranger can check every byte of it. Step 6 of the story."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from pathlib import Path

import psycopg
import pytest
from tests.stories.browser import ask
from tests.stories.running import Running, until
from tests.stories.terminal import Terminal

both = pytest.mark.parametrize(
    "greenlane",
    [
        pytest.param("sqlite", marks=pytest.mark.xdist_group("proven-sqlite")),
        pytest.param("postgresql", marks=pytest.mark.xdist_group("proven-postgresql")),
    ],
    indirect=True,
    scope="module",
)
own = pytest.mark.xdist_group("proven-own")


@pytest.fixture
def published(owner: Terminal, name: str, site: Path) -> str:
    """An app with something to tell."""
    owner.does("deploy", site, "--app", name, "-m", "first version")
    owner.does("publish", name, "--audience", "team")
    owner.gets(4, "publish", name, "--audience", "public")
    return name


def stranger(greenlane: Running) -> Terminal:
    """Another machine: another home, no address, no token."""
    there = greenlane.terminal()
    return Terminal(there.typist, there.home, "http://localhost:9")


@both
def test_the_receipts_tell_the_story_in_sentences(owner: Terminal, published: str):
    ended = owner.types("receipts", "--app", published)
    assert ended.code == 0
    told = [line.split("  ", 2)[-1] for line in ended.lines]
    assert any(re.search(rf"Olga Owner created {published}", line) for line in told), told
    assert any(re.search(rf"Olga Owner deployed a new version of {published}", line) for line in told), told
    assert any(re.search(rf"Olga Owner published {published} to production", line) for line in told), told
    assert any("waits for a person" in line for line in told), told
    assert "first version" not in ended.out, "people's words are not in the ledger"


@both
def test_with_json_they_are_told_in_full(owner: Terminal, published: str):
    receipts = owner.does("receipts", "--app", published)["receipts"]
    halves = [(one["verb"], one["half"]) for one in receipts]
    assert halves.count(("publish", "decided")) == 2
    assert halves.count(("publish", "settled")) == 2
    settled = next(one["receipt"] for one in receipts if (one["verb"], one["half"]) == ("publish", "settled"))
    for block in ("happened", "used", "decided", "cost", "process", "actor", "at"):
        assert settled[block], block
    assert settled["cost"]["ms"] >= 0
    assert {edge["as"] for edge in settled["used"]} == {"used", "made"}
    decided = next(one["receipt"] for one in receipts if (one["verb"], one["half"]) == ("publish", "decided"))
    assert decided["decided"]["facts"]["audience_wanted"] == "team"
    assert decided["decided"]["pack"].startswith("sha256:")


@both
def test_every_decision_replays(owner: Terminal, published: str):
    replayed = owner.does("ledger", "replay")
    assert replayed["replayed"] >= 4
    assert replayed["differences"] == []


@both
def test_the_ledger_of_a_running_server_verifies(owner: Terminal, published: str):
    verified = owner.does("ledger", "verify")
    assert verified["ok"] is True
    assert verified["receipts"] >= 8
    assert verified["first_bad"] is None
    assert owner.types("ledger", "verify").code == 0


@both
def test_an_export_verifies_on_another_machine_and_a_changed_one_does_not(
    greenlane: Running, owner: Terminal, published: str
):
    there = stranger(greenlane)
    export, trust = there.home / "ledger.jsonl", there.home / "trust.json"
    owner.does("ledger", "export", "--to", export)
    trust.write_text(owner.types("trust", "export").out)
    verified = there.does("ledger", "verify", export, "--trust", trust)
    assert verified["ok"] is True
    assert verified["trust"] == str(trust), "the output names the root that was used"
    lines = export.read_text().splitlines()
    half = len(lines[4]) // 2
    lines[4] = lines[4][:half] + ("A" if lines[4][half] != "A" else "B") + lines[4][half + 1 :]
    export.write_text("\n".join(lines) + "\n")
    ended = there.types("ledger", "verify", export, "--trust", trust)
    assert ended.code == 1, ended.out
    assert there.types("ledger", "verify", export).code == 1, "without a root nothing is said to hold"


@both
def test_a_passport_is_checked_offline_on_another_machine(
    greenlane: Running, owner: Terminal, published: str, site: Path
):
    there = stranger(greenlane)
    passport, trust, files = there.home / "p.json", there.home / "trust.json", there.home / "site"
    passport.write_text(owner.types("passport", "get", published).out)
    trust.write_text(owner.types("trust", "export").out)
    shutil.copytree(site, files)
    ended = there.types("passport", "verify", files, "--passport", passport, "--trust", trust)
    assert ended.code == 0, ended.out + ended.err
    assert published in ended.out
    assert "Olga Owner answers for it." in ended.out
    assert "inside-the-team" in ended.out, "the policies that decided, in their words"
    assert str(trust) in ended.out, "the root that was used is named"

    (files / "css" / "main.css").write_text("h1 { color: red }")
    ended = there.types("passport", "verify", files, "--passport", passport, "--trust", trust)
    assert ended.code == 1
    assert "css/main.css" in ended.out + ended.err, "the file that was changed is named"

    (files / "css" / "main.css").unlink()
    ended = there.types("passport", "verify", files, "--passport", passport, "--trust", trust)
    assert (ended.code, "css/main.css" in ended.out + ended.err) == (1, True)


@both
def test_without_a_trust_root_nothing_is_believed(greenlane: Running, owner: Terminal, published: str, site: Path):
    there = stranger(greenlane)
    passport = there.home / "p.json"
    passport.write_text(owner.types("passport", "get", published).out)
    ended = there.types("passport", "verify", site, "--passport", passport)
    assert ended.code == 1
    assert "trust export" in ended.err
    assert "--trust" in ended.err


@both
def test_another_installations_keys_do_not_vouch(greenlane: Running, owner: Terminal, published: str, site: Path):
    there = stranger(greenlane)
    passport, trust = there.home / "p.json", there.home / "trust.json"
    passport.write_text(owner.types("passport", "get", published).out)
    document = json.loads(owner.types("trust", "export").out)
    swapped = json.dumps(document).replace(_key(document), "A" * len(_key(document)))
    trust.write_text(swapped)
    assert there.types("passport", "verify", site, "--passport", passport, "--trust", trust).code == 1


def _key(document: object) -> str:
    """Some public key in a trust root."""
    return max(re.findall(r"[A-Za-z0-9+/]{40,}", json.dumps(document)), key=len)


@both
def test_the_keys_are_pinned_at_first_contact(greenlane: Running, owner: Terminal, published: str, site: Path):
    passport = owner.home / f"{published}.json"
    passport.write_text(owner.types("passport", "get", published).out)
    ended = owner.types("passport", "verify", site, "--passport", passport)
    assert ended.code == 0, ended.err
    assert "trust/localhost-" in ended.out


@both
def test_the_app_serves_its_passport_and_every_response_names_it(
    greenlane: Running, owner: Terminal, published: str, site: Path
):
    made = owner.does("apps", "show", published)
    until(
        lambda: greenlane.ask(published, "/.well-known/greenlane/passport.json", owner.token).status == 200,
        "the passport",
    )
    served = greenlane.ask(published, "/.well-known/greenlane/passport.json", owner.token)
    assert served["content-type"].startswith("application/json")
    passport = owner.home / f"{published}-served.json"
    passport.write_bytes(served.body)
    assert owner.types("passport", "verify", site, "--passport", passport).code == 0
    digest = owner.does("passport", "verify", site, "--passport", passport)["digest"]
    for path in ("/", "/css/main.css", "/no-such-page", "/.well-known/greenlane/passport.json"):
        answer = greenlane.ask(published, path, owner.token)
        assert answer["greenlane-passport"] == digest
        assert answer["greenlane-deploy"] == made["newest"]["deploy"]
    assert greenlane.ask(published, "/.well-known/greenlane/passport.json").status == 401, "as private as the app"


@both
def test_a_receipts_proof_can_be_taken_along(owner: Terminal, published: str):
    seq = owner.does("receipts", "--app", published)["receipts"][-1]["seq"]
    proof = owner.types("ledger", "proof", seq).out
    assert proof.startswith("c2sp.org/tlog-proof")
    assert owner.types("ledger", "checkpoint").out.splitlines()[0].startswith("localhost")


@own
def test_a_stopped_servers_folder_verifies_and_the_first_receipt_that_does_not_hold_is_named(
    fresh: Running, site: Path
):
    olga = fresh.owner
    olga.does("deploy", site, "--app", "vendor-board")
    olga.does("publish", "vendor-board")
    olga.does("ledger", "verify")
    fresh.stop()
    there = stranger(fresh)
    verified = there.does("ledger", "verify", "--data", fresh.data)
    assert verified["ok"] is True
    with sqlite3.connect(fresh.data / "greenlane.db") as database:
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {trigger}")  # whoever can write the file can do that as well
        ((before,),) = database.execute("SELECT bytes FROM receipt WHERE seq = 3")
        database.execute("UPDATE receipt SET bytes = ? WHERE seq = 3", (before.replace(b"green", b"amber"),))
    database.close()
    refused = there.gets(1, "ledger", "verify", "--data", fresh.data)
    assert refused["first_bad"]["seq"] == 3
    assert "3" in there.types("ledger", "verify", "--data", fresh.data).out
    fresh.start()
    ended = olga.types("ledger", "verify")
    assert ended.code == 1
    assert "3" in ended.out


@own
def test_a_database_that_was_put_back_is_noticed_and_not_gone_on_with(fresh: Running, site: Path):
    olga = fresh.owner
    olga.does("deploy", site, "--app", "vendor-board")
    fresh.stop()
    old = fresh.folder / "old"
    old.mkdir()
    for file in fresh.data.glob("greenlane.db*"):
        shutil.copy(file, old)
    fresh.start()
    olga.does("publish", "vendor-board")
    size = olga.does("ledger", "verify")["receipts"]
    fresh.stop()
    for file in fresh.data.glob("greenlane.db*"):
        file.unlink()
    for file in old.iterdir():
        shutil.copy(file, fresh.data)
    there = stranger(fresh)
    refused = there.gets(1, "ledger", "verify", "--data", fresh.data)
    assert refused["ok"] is False
    assert refused["first_bad"]["seq"] < size
    with pytest.raises(AssertionError, match="were signed: the newest are missing"):
        fresh.start()


@own
def test_a_folder_without_a_ledger_says_so(fresh: Running, tmp_path: Path):
    there = stranger(fresh)
    missing = there.types("ledger", "verify", "--data", tmp_path)
    shutil.copy(fresh.data / "trust.json", tmp_path)
    sqlite3.connect(tmp_path / "greenlane.db").close()
    empty = there.types("ledger", "verify", "--data", tmp_path)
    assert (missing.code, empty.code) == (1, 1)
    assert "no ledger" in missing.err
    assert "no ledger" in empty.err
    assert "Next: " in empty.err


@own
@pytest.mark.parametrize("fresh", ["postgresql"], indirect=True)
def test_a_changed_row_in_postgresql_is_noticed_as_well(fresh: Running, site: Path):
    olga = fresh.owner
    olga.does("deploy", site, "--app", "vendor-board")
    with psycopg.connect(fresh.settings["GREENLANE_DATABASE"]) as database:
        database.execute("ALTER TABLE receipt DISABLE TRIGGER ALL")
        database.execute("UPDATE receipt SET bytes = overlay(bytes placing 'X'::bytea from 20) WHERE seq = 2")
    refused = olga.gets(1, "ledger", "verify")
    assert refused["first_bad"]["seq"] == 2


@both
def test_the_trust_root_is_open_to_everybody(greenlane: Running, owner: Terminal):
    shown = ask(f"{greenlane.url}/v1/trust")
    assert shown.status == 200
    assert shown.document == json.loads(owner.types("trust", "export").out)
