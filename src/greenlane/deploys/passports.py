"""The passport of a deploy as it stands now: its artifact's statement with every receipt that is about it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, delete, insert

from greenlane.catalog import queries as catalog
from greenlane.deploys import queries
from greenlane.deploys.tables import PASSPORT_FILE
from greenlane.govern import approvals
from greenlane.govern.effect import Rows
from greenlane.govern.policies import Policies
from greenlane.identity import queries as identity
from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import Clock
from greenlane.ledger import passport, proving
from greenlane.ledger import queries as ledger
from greenlane.ledger.bundle import Attester
from greenlane.ledger.proof import NotProven, Proof
from greenlane.ledger.receipt import Entry
from greenlane.ledger.trust import Trust

MOST_RECEIPTS = 200
"""Receipts that a passport carries at most: those of the deploy, then the newest ones that placed it."""

PATIENCE = 3.0
"""Seconds that a passport waits for the witness, which sees new checkpoints a few times a second."""


@dataclass(frozen=True, slots=True)
class Passports:
    """Writes passports. ``attester`` is the signer, which alone has the key."""

    attester: Attester
    trust: Trust
    blobs: Blobs
    policies: Policies
    clock: Clock

    def of(self, connection: Connection, app: str, deploy: str) -> dict[str, Any]:
        """The passport of one deploy. Its digest never changes; what stands around the artifact grows."""
        one = queries.deploy(connection, app, deploy)
        entries = self._about(connection, one)
        decided = [entry.receipt for entry in entries if entry.receipt.half == "decided"]
        settled = [entry.receipt for entry in entries if entry.receipt.half == "settled"]
        last = decided[-1].decided
        owner = catalog.app(connection, app).owner
        allowed = _allowed(entries)
        if allowed is None and last["facts"]["envelope_covers"]:
            allowed = approvals.granted_by(connection, f"app:{app}", self.clock.now())
        approver, unreviewed = allowed or (None, False)
        names = identity.names(connection, [one for one in (owner, approver) if one])
        return passport.build(
            self.attester,
            self.trust,
            artifact=self.blobs.get(one.passport),
            decision={
                "lane": last["lane"],
                "policies": self._words(last),
                "safeguards": sorted({name for receipt in decided for name in receipt.decided["safeguards"]}),
                "owner": {"id": owner, "name": names.get(owner, "")},
                "approver": {"id": approver, "name": names.get(approver, ""), "unreviewed": unreviewed}
                if approver
                else None,
            },
            use=[edge for receipt in settled for edge in receipt.used],
            cost={
                "micros": sum(receipt.cost.get("micros", 0) for receipt in settled),
                "ms": sum(receipt.cost.get("ms", 0) for receipt in settled),
                "waited_ms": sum(receipt.cost.get("waited_ms", 0) for receipt in settled),
            },
            sbom=orjson.loads(self.blobs.get(one.sbom)),
            receipts=[
                (ledger.stored_bytes(connection, entry.seq) or b"", self._proof(connection, entry)) for entry in entries
            ],
        )

    def when_cosigned(self, connection: Connection, app: str, deploy: str) -> dict[str, Any]:
        """The passport, waiting a little for the witness where its newest receipts are not cosigned yet.

        Raises ``NotProven`` when the witness stays away.
        """
        deadline = self.clock.monotonic() + PATIENCE
        while True:
            try:
                return self.of(connection, app, deploy)
            except NotProven:
                if self.clock.monotonic() > deadline:
                    raise
            time.sleep(0.1)
            connection.rollback()  # the next look sees what was written meanwhile

    def _about(self, connection: Connection, one: queries.DeployView) -> list[Entry]:
        """The deploy's own receipts, those of what placed it, and those of who allowed that."""
        actions = [one.action, *queries.placing_actions(connection, one.app, one.id)]
        found = ledger.by_actions(connection, actions)
        causes = {entry.receipt.cause for entry in found if entry.receipt.cause is not None}
        return ledger.by_actions(connection, {*actions, *causes})[-MOST_RECEIPTS:] if causes else found[-MOST_RECEIPTS:]

    def _words(self, decided: Any) -> list[dict[str, str]]:
        """The text of every policy that decided, so that a stranger can read what was allowed."""
        pack = self.policies.by_digest(decided["pack"])
        texts = {} if pack is None else {policy.id: policy.text for policy in pack.policies}
        return [
            {
                "id": reason["policy"],
                "says": reason["says"],
                "owner": reason["owner"],
                "digest": reason["digest"],
                "text": texts[reason["policy"]],
            }
            for reason in decided["reasons"]
            if reason["policy"] in texts
        ]

    def _proof(self, connection: Connection, entry: Entry) -> Proof:
        """Under a checkpoint that the witness cosigned as well, where there is a witness."""
        return proving.prove(connection, entry.seq, with_witness=self.trust.witness is not None)


def _allowed(entries: list[Entry]) -> tuple[str, bool] | None:
    """Who allowed it last, and whether that was their own request, unreviewed."""
    for entry in reversed(entries):
        receipt = entry.receipt
        if receipt.action["verb"] in {"approve", "confirm"} and receipt.happened.get("outcome") == "approved":
            return str(receipt.actor[-1]["id"]), receipt.action["verb"] == "confirm"
    return None


def keep(deploy: str, blob: str) -> Rows:
    """Rows that remember the newest stored passport of a deploy."""

    def rows(connection: Connection) -> None:
        connection.execute(delete(PASSPORT_FILE).where(PASSPORT_FILE.c.deploy == deploy))
        connection.execute(insert(PASSPORT_FILE).values(deploy=deploy, blob=blob))

    return rows
