"""Processes killed with -9 at any moment: what was acknowledged is there, and what remains verifies."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from greenlane.kit.database import Database
from greenlane.kit.errors import Unavailable
from greenlane.ledger import queries
from greenlane.ledger.append import Ledger
from greenlane.ledger.receipt import Receipt
from greenlane.ledger.signer import NotAContinuation, SignerClient
from greenlane.ledger.tree import EMPTY_ROOT
from greenlane.ledger.trust import Trust
from greenlane.ledger.verify import verify
from greenlane.ledger.witness import Forwarder, WitnessClient

from .processes import end, start_signer, start_witness


@contextmanager
def signing(folder: Path) -> Iterator[SignerClient]:
    process = start_signer(folder)
    client = SignerClient(folder / "signer.sock")
    try:
        yield client
    finally:
        client.close()
        end(process)


def test_a_writer_killed_at_any_moment_loses_nothing_that_it_acknowledged(
    database: Database, tmp_path: Path, receipt: Callable[..., Receipt]
) -> None:
    told = tmp_path / "acknowledged"
    told.touch()
    with signing(tmp_path) as signer:
        trust = Trust.of(signer.public())
        for turn in range(3):
            before = told.stat().st_size
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.ledger.writing", database.url, str(tmp_path / "signer.sock"), str(told)],
                cwd=Path(__file__).parents[2],
            )
            enough = before + random.Random(turn).randrange(1, 4000)
            while told.stat().st_size < enough:
                assert process.poll() is None
            process.kill()
            process.wait(10)
            _settle(database, signer)
            acknowledged = [line.split() for line in told.read_text().splitlines() if line]
            with database.read() as connection:
                for seq, name in acknowledged:
                    entry = queries.entry(connection, int(seq))
                    assert entry is not None
                    assert entry.receipt.id == name
            assert verify(database, trust).holds


def _settle(database: Database, signer: SignerClient) -> None:
    """A start after the kill: the seat is free again, and what was not signed is."""
    ledger = Ledger(database, signer, patience=10)
    ledger.write(lambda _connection: None)
    ledger.close()


def test_a_killed_signer_is_waited_for_and_then_goes_on(
    database: Database, tmp_path: Path, receipt: Callable[..., Receipt]
) -> None:
    process = start_signer(tmp_path)
    client = SignerClient(tmp_path / "signer.sock")
    ledger = Ledger(database, client, patience=0.3)
    ledger.append(receipt(1))
    end(process, hard=True)
    with pytest.raises(Unavailable):
        ledger.append(receipt(2))
    process = start_signer(tmp_path)
    entry = ledger.append(receipt(3))
    assert ledger.newest_checkpoint() is not None
    assert client.head()[0] == entry.size
    ledger.close()
    assert verify(database, Trust.of(client.public())).holds
    client.close()
    end(process)


def test_a_signer_that_returns_soon_is_not_noticed_by_callers(
    database: Database, tmp_path: Path, receipt: Callable[..., Receipt]
) -> None:
    process = start_signer(tmp_path)
    client = SignerClient(tmp_path / "signer.sock")
    ledger = Ledger(database, client, patience=20)
    ledger.append(receipt(1))
    end(process, hard=True)
    entries: list[int] = []
    caller = threading.Thread(target=lambda: entries.append(ledger.append(receipt(2)).seq))
    caller.start()
    process = start_signer(tmp_path)
    caller.join()
    assert entries == [1]
    ledger.close()
    client.close()
    end(process)


def test_a_restarted_signer_still_refuses_what_it_refused_before(
    database: Database, tmp_path: Path, receipt: Callable[..., Receipt]
) -> None:
    with signing(tmp_path) as signer:
        ledger = Ledger(database, signer)
        ledger.append(receipt(1))
        ledger.close()
    with signing(tmp_path) as signer:
        for size, root in ((0, EMPTY_ROOT), (1, EMPTY_ROOT), (2, EMPTY_ROOT)):
            with pytest.raises(NotAContinuation):
                signer.sign_checkpoint(size, root, [])


def test_a_killed_witness_fails_nothing_and_catches_up(
    database: Database, tmp_path: Path, receipt: Callable[..., Receipt]
) -> None:
    with signing(tmp_path) as signer:
        log = Trust.of(signer.public()).log
        process = start_witness(tmp_path, log)
        client = WitnessClient(tmp_path / "witness.sock")
        ledger = Ledger(database, signer)
        forwarder = Forwarder(ledger, database, client, every=0.01)
        ledger.append(receipt(1))
        _until(lambda: forwarder.standing().seen == 1)
        end(process, hard=True)
        ledger.append_all([receipt(number) for number in range(2, 400)])
        _until(lambda: forwarder.standing().lag == 398)
        assert "witness cannot be reached" in forwarder.standing().trouble
        process = start_witness(tmp_path, log)
        _until(lambda: forwarder.standing().lag == 0)
        assert forwarder.standing().trouble == ""
        forwarder.close()
        ledger.close()
        word = client.note()
        trust = Trust(log.name, log, Trust.of(signer.public()).witness)
        assert word is not None
        assert verify(database, trust, witnessed=word).holds
        client.close()
        end(process)


def _until(true: Callable[[], bool]) -> None:
    waiting = threading.Event()
    for _ in range(2000):
        if true():
            return
        waiting.wait(0.005)
    raise AssertionError("it never came true")
