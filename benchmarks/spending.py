"""What calls to models cost, at a million of them: how fast journals become rows, and how long spending takes to tell.

``python benchmarks/spending.py --calls 1000000 [--postgres URL]``. The database of a URL has to be empty. Records are like
those of the gateway; they are sealed in batches of two thousand and taken by control's own code, in one process.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.house import Doorway, InOneProcess

from greenlane import migrations
from greenlane.gateway import keeping
from greenlane.gateway.queries.calls import Filter
from greenlane.insights import spending
from greenlane.kit.clock import stamp
from greenlane.kit.database import Database
from greenlane.kit.digest import canonical
from greenlane.ledger.batches import Journal
from greenlane.ledger.journal import Sealer

DAYS, APPS, PEOPLE, TEAMS = 30, 100, 200, 20
MODELS = [("openai", "gpt-5-mini"), ("openai", "gpt-5"), ("claude", "claude-haiku-4-5"), ("google", "gemini-2.5-flash")]
TOGETHER = 1_000
"""Calls that begin and end in one batch; every tenth of them ends in the next one."""
ASKED = 40
"""Times that each question is asked."""


def records(calls: int, now: datetime) -> Iterator[bytes]:
    """Life, intents and ends, spread over the days."""
    dice = random.Random(7)
    yield canonical({"k": "life", "worker": "worker_1", "at": stamp(now - timedelta(days=DAYS))})
    late: list[bytes] = []
    for number in range(calls):
        at = stamp(now - timedelta(days=DAYS * (1 - number / calls)))
        provider, model = dice.choice(MODELS)
        app, own = f"app-{dice.randrange(APPS)}", dice.random() < 0.3
        begun = {
            "k": "begin",
            "call": f"call_{number:026d}",
            "at": at,
            "worker": "worker_1",
            "key": f"gk_{number % 500}" if own else "deploy",
            "use": "run",
            "actor": [{"kind": "app", "id": app, "credential": "dep_1"}],
            "app": None if own else app,
            "environment": None if own else dice.choice(["production", "production", "preview"]),
            "deploy": None if own else "dep_1",
            "team": None if own else f"t_{hash(app) % TEAMS}",
            "person": f"p_{dice.randrange(PEOPLE)}" if own else None,
            "wire": "openai-chat",
            "asked": "fast",
            "provider": provider,
            "model": model,
            "because": "fast leads here",
            "reserved": 9_000_000_000,
            "budgets": [["bu_1", "2026-11-01T00:00:00.000000Z"], ["bu_2", "2026-11-22T00:00:00.000000Z"]],
            "clamped": None,
            "request": "sha256:" + "a" * 64,
            "data": [],
            "sandbox": True,
            "trace": None,
        }
        ended = {
            "k": "end",
            "call": begun["call"],
            "at": at,
            "outcome": "answered",
            "status": 200,
            "usage": {"input": dice.randrange(4_000), "output": 200},
            "estimated": False,
            "pico": dice.randrange(9_000_000_000),
            "rates": {"input": 2_000_000, "output": 8_000_000},
            "prices": "sha256:" + "b" * 64,
            "footprint": {"uwh": [40_000, 1_300_000], "ugco2e": [10_000, 500_000], "ul": [100, 4_000]},
            "answer": "sha256:" + "c" * 64,
            "ms": 1_250,
            "first_ms": 310,
            "tries": [{"provider": provider, "model": model, "status": 200}],
            "credential": "mc_1",
            "masked": {},
        }
        yield canonical(begun)
        if number % 10 == 0:
            late.append(canonical(ended))
        else:
            yield canonical(ended)
        if number % TOGETHER == TOGETHER - 1:
            yield from late
            late.clear()
    yield from late


def taken(doorway: Doorway, folder: Path, calls: int) -> float:
    """Seconds in which control takes the records of so many calls."""
    control, spent, written = doorway.control, 0.0, 0
    journal = Journal(folder)
    sealer = Sealer(
        folder,
        control.ledger,
        control.database,
        keep=control.blobs.put,
        beside=partial(keeping.rows_of, 0),
        clock=control.clock,
        series="models-0",
    )
    for record in records(calls, control.clock.now()):
        journal.append(record)
        written += 1
        if written % (2 * TOGETHER) == 0:
            journal.seal()
            began = time.perf_counter()
            sealer.seal_all()
            spent += time.perf_counter() - began
    journal.seal()
    began = time.perf_counter()
    sealer.seal_all()
    spent += time.perf_counter() - began
    journal.close()
    print(f"{written:,} records of {calls:,} calls in {spent:.1f} s: {written / spent:,.0f} a second", flush=True)
    return spent


def asked(database: Database, now: datetime) -> None:
    """The sums of /spend, by everything that it can be split by."""
    days = [(now - timedelta(days=ago)).date().isoformat() for ago in reversed(range(DAYS))]
    for by in ("app", "team", "person", "model", "provider", "run", "day"):
        said(f"spending by {by}, {DAYS} days", partial(_spending, database, by, Filter(), days))
    said("spending of one app by model", partial(_spending, database, "model", Filter(app="app-7"), days))
    said("spending of one person by model", partial(_spending, database, "model", Filter(person="p_7"), days))


def _spending(database: Database, by: Any, which: Filter, days: list[str]) -> object:
    with database.read() as connection:
        return spending.spending(connection, by, which, days)


def said(what: str, question: Callable[[], object]) -> None:
    """Ask often, and print what it took."""
    took: list[float] = []
    question()
    for _ in range(ASKED):
        began = time.perf_counter()
        question()
        took.append((time.perf_counter() - began) * 1_000)
    p95 = statistics.quantiles(took, n=20)[-1]
    print(f"{what}: p50 {statistics.median(took):.1f} ms, p95 {p95:.1f} ms", flush=True)


def main() -> None:
    """Fill a database and ask it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--postgres", default="", help="an empty database; SQLite in a folder when left out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        database = Database(options.postgres or f"sqlite:///{folder / 'greenlane.db'}")
        migrations.upgrade(database.engine)
        control = InOneProcess(database, folder)
        control.clock.forward((datetime(2026, 11, 22, 12, tzinfo=UTC) - control.clock.now()).total_seconds())
        taken(Doorway(control), folder / "gateway-journal" / "0", options.calls)
        asked(database, control.clock.now())
        control.ledger.close()
        database.close()


if __name__ == "__main__":
    main()
