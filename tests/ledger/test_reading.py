"""Reading: pages of receipts, proofs of one, exports of all."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from sqlalchemy import text

from greenlane.kit.database import Database
from greenlane.ledger import proving, queries
from greenlane.ledger.append import Ledger
from greenlane.ledger.export import write_export
from greenlane.ledger.exported import verify_export
from greenlane.ledger.proof import NotProven, Proof
from greenlane.ledger.receipt import NotAReceipt, Receipt
from greenlane.ledger.signer import LocalSigner
from greenlane.ledger.trust import Trust


@pytest.fixture
def filled(ledger: Ledger, receipt: Callable[..., Receipt]) -> Ledger:
    lanes = ["green", "amber", "red", "closed"]
    ledger.append_all([receipt(n, half="decided", decided={"lane": lanes[n % 4]}) for n in range(300)])
    return ledger


def seqs(found: list[queries.Entry]) -> list[int]:
    return [one.seq for one in found]


def test_a_receipt_reads_back_as_it_was_written(receipt: Callable[..., Receipt]) -> None:
    one = receipt(1, happened={"files": 3}, used=[{"as": "used", "kind": "app", "id": "x"}], cost={"ms": 4})
    assert Receipt.decode(one.encode()) == one
    assert Receipt.decode(one.encode()).encode() == one.encode()
    for wrong in (b"", b"{}", b"[]", b'{"greenlane":"receipt/9"}', one.encode().replace(b'"cause"', b'"curse"')):
        with pytest.raises(NotAReceipt):
            Receipt.decode(wrong)


def test_pages_follow_the_sequence_in_both_directions(database: Database, filled: Ledger) -> None:
    with database.read() as connection:
        assert seqs(queries.entries(connection, limit=3)) == [0, 1, 2]
        assert seqs(queries.entries(connection, after=2, limit=3)) == [3, 4, 5]
        assert seqs(queries.entries(connection, newest_first=True, limit=3)) == [299, 298, 297]
        assert seqs(queries.entries(connection, newest_first=True, before=297, limit=3)) == [296, 295, 294]
        assert seqs(queries.entries(connection, after=299)) == []


def test_receipts_are_found_by_what_they_are_about(database: Database, filled: Ledger) -> None:
    with database.read() as connection:
        assert seqs(queries.entries(connection, subject="app:app-1", limit=3)) == [1, 4, 7]
        assert seqs(queries.entries(connection, person="p_1", subject="app:app-1", limit=2)) == [1, 7]
        assert seqs(queries.entries(connection, lane="red", limit=3)) == [2, 6, 10]
        assert seqs(queries.entries(connection, lane="green", limit=3)) == [0, 4, 8]
        assert seqs(queries.entries(connection, verb="test.note", process="prc_1", after=297)) == [298, 299]
        assert seqs(queries.by_action(connection, "act_7")) == [7]
        assert queries.entries(connection, verb="nothing") == []
        assert queries.entry(connection, 300) is None


@pytest.mark.parametrize("column", ["subject", "person", "process", "verb", "lane"])
def test_every_question_is_answered_from_an_index(database: Database, filled: Ledger, column: str) -> None:
    extra = " AND lane != 'green'" if column == "lane" else ""
    statement = f"SELECT seq FROM receipt WHERE {column} = :value{extra} ORDER BY seq DESC LIMIT 5"
    prefix = "EXPLAIN QUERY PLAN" if database.dialect == "sqlite" else "EXPLAIN"
    with database.read() as connection:
        if database.dialect == "postgresql":
            connection.execute(text("SET enable_seqscan = off"))
        plan = str(connection.execute(text(f"{prefix} {statement}"), {"value": "red"}).all())
    assert f"receipt_by_{column}" in plan


def test_a_proof_file_proves_its_record_and_no_other(
    database: Database, filled: Ledger, signer: LocalSigner, receipt: Callable[..., Receipt]
) -> None:
    filled.close()
    with database.read() as connection:
        text_file = str(proving.prove(connection, 123))
        data = queries.stored_bytes(connection, 123)
        with pytest.raises(NotProven):
            proving.prove(connection, 300)
        with pytest.raises(NotProven):
            proving.prove(connection, 1, with_witness=True)
    assert data is not None
    assert text_file.startswith("c2sp.org/tlog-proof@v1\nindex 123\n")
    assert Proof.parse(text_file).check(data, signer.key).size == 300
    extra = text_file.replace("index", "extra eHg=\nindex", 1)
    assert Proof.parse(extra).check(data, signer.key).size == 300
    with pytest.raises(NotProven):
        Proof.parse(text_file).check(receipt(1).encode(), signer.key)
    with pytest.raises(NotProven):
        Proof.parse(text_file.replace("index 123", "index 124")).check(data, signer.key)
    for wrong in ("", "nonsense\n\n", text_file.replace("@v1", "@v2"), text_file.replace("index", "inbox")):
        with pytest.raises(NotProven):
            Proof.parse(wrong)


@pytest.fixture
def exported(tmp_path: Path, database: Database, filled: Ledger) -> Path:
    filled.close()
    path = tmp_path / "export.jsonl"
    with database.read() as connection, path.open("wb") as out:
        assert write_export(connection, out) == 300
    return path


@pytest.fixture
def trust(signer: LocalSigner) -> Trust:
    return Trust.of(signer.public())


def test_an_export_is_verified_alone(exported: Path, trust: Trust) -> None:
    report = verify_export(exported, trust)
    assert (report.fault, report.size, report.signed) == (None, 300, 300)


def test_a_part_is_exported_with_its_places(tmp_path: Path, database: Database, filled: Ledger, trust: Trust) -> None:
    filled.close()
    path = tmp_path / "part.jsonl"
    with database.read() as connection, path.open("wb") as out:
        write_export(connection, out, only=[7, 3, 250])
    assert [orjson.loads(line)["index"] for line in path.read_bytes().splitlines()[1:]] == [3, 7, 250]
    assert verify_export(path, trust).holds


def _line(number: int, change: Callable[[dict[str, object]], object]) -> Callable[[list[bytes]], None]:
    def changed(lines: list[bytes]) -> None:
        document = orjson.loads(lines[number + 1])
        change(document)
        lines[number + 1] = orjson.dumps(document)

    return changed


def _edit(document: dict[str, object]) -> None:
    document["bytes"] = base64.b64encode(b"{}").decode()


@pytest.mark.parametrize(
    ("tampering", "seq"),
    [
        (_line(42, _edit), 42),
        (_line(42, lambda document: document.update(proof=[])), 42),
        (_line(42, lambda document: document.update(index=43)), 42),
        (lambda lines: lines.pop(43), 42),
        (lambda lines: lines.pop(), 299),
        (lambda lines: lines.insert(43, lines[50]), 42),
        (lambda lines: lines.__setitem__(slice(43, 45), [lines[44], lines[43]]), 42),
        (lambda lines: lines.__setitem__(43, b"nonsense"), 42),
        (lambda lines: lines.__setitem__(0, lines[0].replace(b"log.test", b"log.tset")), 0),
        (lambda lines: lines.clear(), 0),
    ],
)
def test_a_tampered_export_names_the_first_receipt_that_does_not_hold(
    exported: Path, trust: Trust, tampering: Callable[[list[bytes]], object], seq: int
) -> None:
    lines = exported.read_bytes().splitlines()
    tampering(lines)
    exported.write_bytes(b"".join(line + b"\n" for line in lines))
    report = verify_export(exported, trust)
    assert report.fault is not None
    assert report.fault.seq == seq


def test_an_export_signed_with_another_key_does_not_hold(tmp_path: Path, exported: Path) -> None:
    stranger = LocalSigner(tmp_path / "stranger", origin="log.test")
    assert not verify_export(exported, Trust.of(stranger.public())).holds
