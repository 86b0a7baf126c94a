"""How calls are priced anew. Imported by ``main`` alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from greenlane.gateway import tables
from greenlane.gateway.daily import KEYS, Sums
from greenlane.gateway.prices.money import micro_cents
from greenlane.gateway.prices.table import Table
from greenlane.gateway.repricing.actions import RepriceCalls
from greenlane.gateway.repricing.counting import Correction, Recount, chosen, recounted
from greenlane.govern.effect import Context, Handling, Outcome, Rows
from greenlane.kit import digest
from greenlane.kit.clock import Clock, stamp
from greenlane.kit.database import Database
from greenlane.ledger.batches import framed, read_batch
from greenlane.ledger.receipt import Entry, Receipt

VERB = "calls.reprice"
"""What the receipts of corrections are noted under."""


@dataclass(frozen=True, slots=True)
class Works:
    """What the effect works with. ``append`` puts a receipt into the ledger with its rows; ``keep`` keeps bytes by digest."""

    database: Database
    prices: Callable[[], Table]
    append: Callable[[Receipt, Rows], Entry]
    keep: Callable[[bytes], str]
    clock: Clock


def handlings(works: Works) -> dict[str, Handling]:
    """The effect by verb. After a crash part of the calls may be corrected: doing it again finishes it."""
    return {"reprice-calls": Handling(_Repricing(works).reprice, probe=lambda _action, _context: "unknown")}


@dataclass(frozen=True, slots=True)
class _Repricing:
    works: Works

    def reprice(self, action: RepriceCalls, context: Context) -> Outcome:
        """Each batch of corrections gets a receipt of its own, with its rows; this action's own receipt has the sums."""
        works, found = self.works, Recount()
        prices = works.prices()
        which = chosen(action.since, action.until, action.provider, action.model)
        batches = 0
        for corrections in recounted(works.database, prices, which, found):
            batches += 1
            self._write(f"reprice_{context.action_id}_{batches:06d}", corrections, context)
        sums = {"calls": found.calls, "changed": found.changed, "left": found.left, "was": found.was, "now": found.now}
        return Outcome(happened={**sums, "batches": batches}, answer=sums)

    def _write(self, batch: str, corrections: Sequence[Correction], context: Context) -> None:
        at = stamp(self.works.clock.now())
        records = [digest.canonical(_record(one, context.action_id, at)) for one in corrections]
        data = framed(records)
        whole = read_batch(data)
        receipt = Receipt(
            id=batch,
            half="noted",
            action={"id": batch, "verb": VERB, "subject": f"action:{context.action_id}", "effect": "write"},
            process=context.process,
            cause=context.action_id,
            actor=context.actor.chain(),
            at=at,
            happened={
                "records": len(records),
                "root": f"sha256:{whole.root().hex()}",
                "chain_before": whole.before.hex(),
                "chain_after": whole.after.hex(),
                "blob": self.works.keep(data),
                "was": sum(one.was for one in corrections),
                "now": sum(one.priced.pico for one in corrections),
            },
        )
        self.works.append(receipt, _rows(batch, corrections))


def _record(one: Correction, action: str, at: str) -> dict[str, Any]:
    return {
        "k": "reprice",
        "call": one.call,
        "at": at,
        "action": action,
        "first": one.first,
        "was": one.was,
        "pico": one.priced.pico,
        "rates": one.priced.rates.document,
        "prices": one.priced.table,
    }


def _rows(batch: str, corrections: Sequence[Correction]) -> Rows:
    values = [
        {
            "of": one.call,
            "pico": one.priced.pico,
            "micro_cents": micro_cents(one.priced.pico),
            "corrected": {
                "first": one.first,
                "rates": one.priced.rates.document,
                "prices": one.priced.table,
                "in": f"{batch}/{place}",
            },
        }
        for place, one in enumerate(corrections)
    ]

    def rows(connection: Connection) -> None:
        c, sums = tables.CALL.c, Sums()
        now = {one.call: one.priced.pico for one in corrections}
        counts = select(c.id, c.pico, *(c[name] for name in KEYS)).where(c.id.in_(list(now)))
        for row in connection.execute(counts):
            sums.correct(dict(row._mapping), now[row.id] - row.pico)
        sums.write(connection)
        connection.execute(update(tables.CALL).where(tables.CALL.c.id == bindparam("of")), values)

    return rows
