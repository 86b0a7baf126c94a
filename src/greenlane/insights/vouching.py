"""Whether the passport of a version holds: built as it stands now, and verified as a stranger would, against the trust root.

A verdict is kept until something else happens to the app, and for ten minutes at most.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from greenlane.deploys import queries as deploys
from greenlane.deploys.bundle import Bundle
from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import Clock
from greenlane.kit.errors import GreenlaneError
from greenlane.ledger import queries as ledger
from greenlane.ledger.passport import verify_passport
from greenlane.ledger.trust import Trust

GOOD_FOR = timedelta(minutes=10)
"""How long a verdict is told again while nothing else happens."""

MOST_KEPT = 4096
"""Verdicts that are remembered."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying a passport came to. ``holds`` is None where it could not be verified now.

    ``problem`` says in a sentence why it does not hold, or why that is not known.
    """

    holds: bool | None
    at: datetime
    receipts: int = 0
    witnessed: bool = False
    digest: str = ""
    problem: str = ""


class Vouching:
    """Verifies passports. ``passport`` builds one as it stands now. Thread-safe."""

    def __init__(
        self, passport: Callable[[Connection, str, str], dict[str, Any]], blobs: Blobs, trust: Trust, clock: Clock
    ) -> None:
        self._passport = passport
        self._blobs = blobs
        self._trust = trust
        self._clock = clock
        self._kept: OrderedDict[tuple[str, int], Verdict] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, connection: Connection, one: deploys.DeployView) -> Verdict:
        """The verdict on a version's passport, a fresh one where anything happened to its app since the last."""
        newest = ledger.entries(connection, subject=f"app:{one.app}", limit=1, newest_first=True)
        key = (one.id, newest[0].seq if newest else -1)
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and self._clock.now() - kept.at < GOOD_FOR:
            return kept
        found = self.fresh(connection, one)
        if found.holds is not None:
            with self._lock:
                self._kept[key] = found
                while len(self._kept) > MOST_KEPT:
                    self._kept.popitem(last=False)
        return found

    def fresh(self, connection: Connection, one: deploys.DeployView) -> Verdict:
        """The verdict as of now."""
        now = self._clock.now()
        try:
            passport = self._passport(connection, one.app, one.id)
            manifest = Bundle.from_manifest(self._blobs.get(one.artifact))
        except GreenlaneError as error:  # a part of Greenlane is away, or the witness has not seen the newest receipts
            return Verdict(None, now, problem=error.message)
        files = {path: entry.sha256 for path, entry in manifest.files.items()}
        report = verify_passport(passport, files, self._trust)
        problem = report.problems[0] if report.problems else ""
        if not problem and (report.digest, report.app, report.deploy) != (one.passport, one.app, one.id):
            problem = "It is the passport of another version."
        return Verdict(not problem, now, report.receipts, report.witnessed, report.digest, problem)
