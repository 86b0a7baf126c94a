"""The ledger's figures, as ratios to a floor in one run: bare ``sqlite3`` inserts of the same bytes in the same groups.

    python benchmarks/ledger.py [--receipts 200000] [--seconds 5] [--folder DIR] [--json FILE]

Prints receipts recorded per second in groups (SQLite, synchronous=FULL, signed), the time from ``append`` to the signed
checkpoint at 2,000 a second, and the seconds that verifying everything takes.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import tempfile
import threading
import time
from pathlib import Path

from greenlane import migrations
from greenlane.kit import ids
from greenlane.kit.database import Database
from greenlane.ledger.append import Ledger
from greenlane.ledger.receipt import Receipt
from greenlane.ledger.signer import LocalSigner
from greenlane.ledger.trust import Trust
from greenlane.ledger.verify import verify

GROUP = 1000
WORDS = "x" * 330


def receipt(number: int) -> Receipt:
    """A receipt of about 1 KB, with as many apps, people and verbs as a middling company has."""
    return Receipt(
        id=ids.new("rcp"),
        half="decided" if number % 2 else "settled",
        action={
            "id": ids.new("act"),
            "verb": f"verb.{number % 30}",
            "subject": f"app:app-{number * 7919 % 2000}",
            "inputs": {"says": WORDS},
            "digest": "sha256:" + "0" * 64,
            "effect": "send",
        },
        process=f"prc_{number // 8:026d}",
        cause=None,
        actor=[{"kind": "person", "id": f"p_{number * 104729 % 500:026d}", "credential": "tok_1"}],
        at="2026-01-01T00:00:00.000000Z",
        decided={"lane": "red" if number % 10 == 0 else "green", "reasons": []},
        cost={"micros": 0, "ms": 3},
        payload="sha256:" + "1" * 64,
    )


def floor(folder: Path, encoded: list[bytes]) -> float:
    """Rows a second of bare inserts: one table, no look-up columns, no hashing, no signature."""
    connection = sqlite3.connect(folder / "floor.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE receipt (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL)")
    start = time.perf_counter()
    for at in range(0, len(encoded), GROUP):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO receipt VALUES (?, ?)", enumerate(encoded[at : at + GROUP], at))
        connection.execute("COMMIT")
    took = time.perf_counter() - start
    connection.close()
    return len(encoded) / took


def in_groups(ledger: Ledger, total: int) -> float:
    """Receipts a second through ``append_all``, each group waiting for its checkpoint; making them is not counted."""
    took = 0.0
    for at in range(0, total, GROUP):
        group = [receipt(number) for number in range(at, min(at + GROUP, total))]
        start = time.perf_counter()
        ledger.append_all(group)
        took += time.perf_counter() - start
    return total / took


def paced(ledger: Ledger, rate: int, seconds: float, callers: int = 50) -> list[float]:
    """Seconds from the moment a receipt was due until its checkpoint, sorted, with ``callers`` threads at that rate."""
    took: list[float] = []
    begin = time.perf_counter() + 0.2

    def caller(which: int) -> None:
        for turn in range(int(rate * seconds / callers)):
            due = begin + (turn * callers + which) / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            ledger.append(receipt(which))
            took.append(time.perf_counter() - due)

    threads = [threading.Thread(target=caller, args=(which,)) for which in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(took)


def main() -> None:
    """Run all three and print them."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--receipts", type=int, default=200_000)
    options.add_argument("--seconds", type=float, default=5.0)
    options.add_argument("--folder", default=None, help="where to write; about 2 KB a receipt")
    options.add_argument("--json", type=Path, help="also write the figures there")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as place:
        folder = Path(place)
        bare = floor(folder, [receipt(number).encode() for number in range(min(chosen.receipts, 50_000))])
        database = Database(f"sqlite:///{folder / 'greenlane.db'}")
        migrations.upgrade(database.engine)
        signer = LocalSigner(folder / "signer", origin="benchmark.example")
        ledger = Ledger(database, signer)
        recorded = in_groups(ledger, chosen.receipts)
        waits = paced(ledger, 2000, chosen.seconds)
        ledger.close()
        start = time.perf_counter()
        report = verify(database, Trust.of(signer.public()))
        verified = time.perf_counter() - start
        database.close()
        if not report.holds:
            raise SystemExit("\n".join(report.words()))
    figures = {
        "cores": os.cpu_count(),
        "receipt_bytes": len(receipt(1).encode()),
        "floor_per_second": round(bare),
        "recorded_per_second": round(recorded),
        "recorded_of_floor": round(recorded / bare, 2),
        "append_to_checkpoint_ms_at_2000_per_second": {
            "p50": round(1000 * waits[len(waits) // 2], 1),
            "p99": round(1000 * waits[int(len(waits) * 0.99)], 1),
        },
        "verified": report.size,
        "verify_seconds": round(verified, 2),
        "verify_seconds_per_million": round(verified * 1_000_000 / report.size, 2),
    }
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):45} {value}")
    if chosen.json:
        chosen.json.write_text(json.dumps({"ledger": figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
