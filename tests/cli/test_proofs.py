"""Passports and ledgers are checked with nothing but files and public keys."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from pathlib import Path

import pytest
from tests.cli.conftest import Types
from tests.cli.fake_control import FakeControl

from greenlane import migrations
from greenlane.cli.folder import read_folder
from greenlane.kit import digest
from greenlane.kit.database import Database
from greenlane.ledger.append import Ledger
from greenlane.ledger.export import write_export
from greenlane.ledger.passport import artifact_statement, build
from greenlane.ledger.receipt import Receipt
from greenlane.ledger.signer import LocalSigner
from greenlane.ledger.trust import Trust

MOMENT = "2026-01-01T00:00:00.000000Z"


@pytest.fixture
def signer(tmp_path: Path) -> LocalSigner:
    return LocalSigner(tmp_path / "signer", origin="log.test")


@pytest.fixture
def keys(signer: LocalSigner, tmp_path: Path) -> Path:
    """The trust root as a file."""
    path = tmp_path / "trust.json"
    Trust.of(signer.public()).write(path)
    return path


@pytest.fixture
def passport(site: Path, signer: LocalSigner, tmp_path: Path) -> Path:
    """A passport of the site, as `greenlane passport get` prints it."""
    files = {name: f"sha256:{one.sha256}" for name, one in read_folder(site).files.items()}
    artifact = artifact_statement(
        origin="log.test", app="board", deploy="k7q2m9x0aa", manifest=digest.of(files), files=files, started=MOMENT, finished=MOMENT
    )  # fmt: skip
    policy = {"id": "team-green", "text": "permit (…);", "says": "Only the team can open it.", "owner": "Risk"}
    decision = {
        "lane": "green",
        "policies": [{**policy, "digest": digest.sha256(policy["text"].encode())}],
        "safeguards": ["the owner of the app is told"],
        "owner": {"id": "p_1", "name": "Ada"},
        "approver": None,
    }
    path = tmp_path / "p.json"
    path.write_text(json.dumps(build(signer, Trust.of(signer.public()), artifact=artifact, decision=decision)))
    return path


def test_a_passport_says_who_answers_and_what_was_allowed(types: Types, site: Path, passport: Path, keys: Path):
    ended = types("passport", "verify", str(site), "--passport", str(passport), "--trust", str(keys))
    assert ended.code == 0
    assert "Ada answers for it." in ended.lines
    assert "Only the team can open it. (policy team-green, owned by Risk)" in ended.lines
    assert "Still in force: the owner of the app is told." in ended.lines
    assert ended.lines[-1] == f"Checked with the public keys of log.test in {keys}."


def test_checking_a_passport_asks_nobody(types: Types, control: FakeControl, site: Path, passport: Path, keys: Path):
    types("passport", "verify", str(site), "--passport", str(passport), "--trust", str(keys))
    assert control.asked == []


def test_a_passport_is_checked_against_an_archive_too(
    types: Types, site: Path, passport: Path, keys: Path, tmp_path: Path
):
    archive = tmp_path / "site.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for name in ("index.html", "css/main.css"):
            out.write(site / name, f"site/{name}")
    assert types("passport", "verify", str(archive), "--passport", str(passport), "--trust", str(keys)).code == 0


def test_a_changed_file_is_named(types: Types, site: Path, passport: Path, keys: Path):
    (site / "css" / "main.css").write_text("h1 { color: red }")
    (site / "extra.html").write_text("x")
    ended = types("passport", "verify", str(site), "--passport", str(passport), "--trust", str(keys))
    assert ended.code == 1
    assert "css/main.css was changed." in ended.lines
    assert "extra.html does not belong to it." in ended.lines


def test_without_public_keys_nothing_is_believed(types: Types, site: Path, passport: Path):
    ended = types("passport", "verify", str(site), "--passport", str(passport))
    assert ended.code == 1
    assert "There are no public keys to check this with." in ended.err
    assert "greenlane trust export" in ended.err


def test_the_pinned_keys_are_used_and_named(types: Types, control: FakeControl, site: Path, passport: Path, home: Path):
    types("trust", "export")
    ended = types("passport", "verify", str(site), "--passport", str(passport))
    assert ended.code == 1
    assert "This passport does not hold." in ended.lines
    assert str(home / "trust") in ended.out


def test_what_is_no_passport_is_said(types: Types, site: Path, keys: Path):
    ended = types("passport", "verify", str(site), "--passport", str(keys), "--trust", str(keys), "--json")
    assert ended.code == 1
    assert ended.document["ok"] is False
    assert types("passport", "verify", str(site), "--passport", "nowhere", "--trust", str(keys)).code == 1


def test_an_export_is_checked_alone(types: Types, tmp_path: Path, ledger_folder: Path):
    export, keys = tmp_path / "ledger.jsonl", ledger_folder / "trust.json"
    ended = types("ledger", "verify", str(export), "--trust", str(keys))
    assert (ended.code, ended.lines[0]) == (0, "All 5 receipts hold; 5 are signed for.")
    lines = export.read_text().splitlines()
    export.write_text("\n".join([*lines[:3], *lines[4:]]) + "\n")
    ended = types("ledger", "verify", str(export), "--trust", str(keys))
    assert (ended.code, ended.lines[0]) == (1, "Receipt 2 does not hold: it is missing.")


def test_a_stopped_servers_folder_is_checked_and_the_first_bad_receipt_named(types: Types, ledger_folder: Path):
    ended = types("ledger", "verify", "--data", str(ledger_folder), "--json")
    assert (ended.code, ended.document["ok"], ended.document["receipts"]) == (0, True, 5)
    tamper(ledger_folder)
    ended = types("ledger", "verify", "--data", str(ledger_folder))
    assert ended.code == 1
    assert ended.lines[0].startswith("Receipt 3 does not hold:")
    assert types("ledger", "verify", "--data", str(ledger_folder.parent / "nowhere")).code == 1


def test_an_export_goes_to_a_file_or_out(types: Types, control: FakeControl, tmp_path: Path):
    control.reads["/v1/ledger/export"] = '{"a":1}\n{"b":2}\n'
    assert types("ledger", "export").out == '{"a":1}\n{"b":2}\n'
    assert types("ledger", "export", "--to", str(tmp_path / "l.jsonl")).code == 0
    assert (tmp_path / "l.jsonl").read_text() == '{"a":1}\n{"b":2}\n'


def tamper(folder: Path) -> None:
    """Change one letter of a stored receipt."""
    with sqlite3.connect(folder / "greenlane.db") as connection:
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{trigger}"')
        data = connection.execute("SELECT bytes FROM receipt WHERE seq = 3").fetchone()[0]
        connection.execute("UPDATE receipt SET bytes = ? WHERE seq = 3", (data.replace(b"rcp_3", b"rcp_9"),))
    connection.close()


@pytest.fixture
def ledger_folder(tmp_path: Path) -> Path:
    """A stopped server's data folder with five receipts, and an export of them beside it."""
    folder = tmp_path / "data"
    folder.mkdir()
    database = Database(f"sqlite:///{folder / 'greenlane.db'}")
    migrations.upgrade(database.engine)
    signer = LocalSigner(folder / "signer", origin="log.test")
    Trust.of(signer.public()).write(folder / "trust.json")
    ledger = Ledger(database, signer)
    for number in range(5):
        ledger.append(receipt(number))
    ledger.close()
    with database.read() as connection, (tmp_path / "ledger.jsonl").open("wb") as out:
        write_export(connection, out)
    database.close()
    return folder


def receipt(number: int) -> Receipt:
    return Receipt(
        id=f"rcp_{number}",
        half="noted",
        action={"id": f"act_{number}", "verb": "test.note", "subject": "app:board"},
        process="prc_1",
        cause=None,
        actor=[{"kind": "person", "id": "p_1"}],
        at=MOMENT,
    )
