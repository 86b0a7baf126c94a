"""Payloads: readable with the key, erasable for good, and never a reason for the tree to break."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import update

from greenlane.kit.database import Database
from greenlane.ledger import tables
from greenlane.ledger.append import Ledger
from greenlane.ledger.payload import PayloadDamaged, Payloads
from greenlane.ledger.receipt import Receipt
from greenlane.ledger.signer import LocalSigner
from greenlane.ledger.trust import Trust
from greenlane.ledger.verify import verify

SECRET = {"because": "Ada asked on the phone"}


@pytest.fixture
def payloads(tmp_path: Path) -> Payloads:
    return Payloads.from_file(tmp_path / "keys" / "payload.key")


def test_what_is_forgotten_is_gone_and_the_ledger_still_verifies(
    tmp_path: Path,
    database: Database,
    ledger: Ledger,
    signer: LocalSigner,
    payloads: Payloads,
    receipt: Callable[..., Receipt],
) -> None:
    sealed = payloads.seal(SECRET)
    ledger.append(receipt(1, payload=sealed.digest), sealed.rows)
    with database.read() as connection:
        assert payloads.open(connection, sealed.digest) == SECRET
    ledger.write(payloads.forget(sealed.digest))
    with database.read() as connection:
        assert payloads.open(connection, sealed.digest) is None
    ledger.close()
    trust = Trust.of(signer.public())
    report = verify(database, trust, payloads=payloads)
    assert (report.fault, report.payloads) == (None, 0)
    if database.dialect == "sqlite":
        database.close()
        with closing(sqlite3.connect(tmp_path / "greenlane.db")) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert b"phone" not in (tmp_path / "greenlane.db").read_bytes()


def test_the_content_is_stored_encrypted_and_its_digest_is_salted(
    database: Database, ledger: Ledger, payloads: Payloads
) -> None:
    one, other = payloads.seal(SECRET), payloads.seal(SECRET)
    assert one.digest != other.digest
    ledger.write(one.rows)
    with database.read() as connection:
        row = connection.execute(tables.payload.select()).one()
    assert b"phone" not in bytes(row.sealed)


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path, payloads: Payloads) -> None:
    key = tmp_path / "keys" / "payload.key"
    before = key.read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    Payloads.from_file(key)
    assert key.read_bytes() == before


def test_a_changed_payload_is_found_with_its_receipt(
    database: Database, ledger: Ledger, signer: LocalSigner, payloads: Payloads, receipt: Callable[..., Receipt]
) -> None:
    for number in range(3):
        sealed = payloads.seal({"number": number})
        ledger.append(receipt(number, payload=sealed.digest), sealed.rows)
    ledger.write(
        lambda connection: connection.execute(
            update(tables.payload).where(tables.payload.c.digest == sealed.digest).values(nonce=b"0" * 12)
        )
    )
    ledger.close()
    with database.read() as connection, pytest.raises(PayloadDamaged):
        payloads.open(connection, sealed.digest)
    report = verify(database, Trust.of(signer.public()), payloads=payloads)
    assert report.fault is not None
    assert report.fault.seq == 2
