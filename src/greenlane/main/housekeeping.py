"""What control does beside answering: it follows what was done, and looks after the house in rounds.

One thread of its own does both, so that no request waits for what can be done a moment later.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import structlog
from sqlalchemy.exc import DBAPIError

from greenlane.catalog import queries as catalog
from greenlane.deploys import renewing
from greenlane.govern import recovery
from greenlane.identity.delegation import proving, token_keys
from greenlane.identity.login import asking as terminals
from greenlane.kit.errors import GreenlaneError, Unavailable
from greenlane.ledger.receipt import Receipt
from greenlane.main.parts import Parts

log = structlog.get_logger()

ROUND_EVERY = 20.0
"""Seconds between two rounds of upkeep."""

HOST_VERBS = frozenset({"declare-host", "remove-host"})
"""Verbs after which apps' code may call other hosts than before."""

SETTLED_WITHIN = timedelta(seconds=5)
"""An action that is unsettled for longer, and that nobody is working on, was left by a part that was away."""


class Housekeeping:
    """Hears of every settled action, and goes its rounds."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._tasks: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()

    def start(self) -> None:
        """Go the first round, and then one every ``ROUND_EVERY`` seconds."""
        threading.Thread(target=self._run, name="upkeep", daemon=True).start()

    def stop(self) -> None:
        """End after what was asked for until now."""
        self._tasks.put(None)

    def later(self, task: Callable[[], None]) -> None:
        """Do something as soon as what was asked for before is done."""
        self._tasks.put(task)

    def hear(self, receipt: Receipt) -> None:
        """After a settled action: new rules first, then the table, then what people should hear of."""
        one = self._parts
        if receipt.happened.get("state") == "done" and receipt.action["verb"] == "set-policy":
            one.policies.load()
        if receipt.action["verb"] == "build":
            one.builds.hurry()
        if receipt.action["verb"] == "rotate-token-key":
            issuer = one.coming_in.exchange.issuer
            token_keys.take_up(one.coming_in.token_keys, issuer, lambda: self._tell_tables(receipt))
        else:
            self._tell_tables(receipt)
        one.runs.hear(receipt)
        one.ending.hear(receipt)
        if receipt.action["verb"] == "deploy":
            one.pictures.hurry()
        if receipt.happened.get("state") == "done" and receipt.action["verb"] in HOST_VERBS:
            self.tell_egress()
        if renewing.concerns(receipt):
            self.later(one.renewing.round)
        self.later(one.notices.catch_up)
        self.later(self._count)

    def _tell_tables(self, receipt: Receipt) -> None:
        """Have the edges and the gateway serve what was done."""
        self._parts.following.hear(receipt)
        self._parts.models.hear(receipt)

    def _run(self) -> None:
        due = time.monotonic()
        while True:
            try:
                task = self._tasks.get(timeout=max(0.05, due - time.monotonic()))
                if task is None:
                    return
            except queue.Empty:
                task, due = self._round, time.monotonic() + ROUND_EVERY
            try:
                task()
            except (GreenlaneError, DBAPIError) as error:
                log.warning("upkeep was interrupted", error=repr(error))

    def _round(self) -> None:
        one = self._parts
        recovery.recover(one.door, before=one.clock.now() - SETTLED_WITHIN)
        one.upkeep.round()
        one.notices.catch_up()
        self._count()
        one.journals.seal_all()
        self.tell_egress()
        one.renewing.round()
        self._let_go()
        one.ledger.write(proving.sweep(one.clock.now()))
        one.ledger.write(terminals.sweep(one.clock.now()))

    def _let_go(self) -> None:
        """Have the edges forget sessions and keys whose time is over, and the gateway such keys."""
        one = self._parts
        if token_keys.let_go(one.coming_in.token_keys, one.coming_in.exchange.issuer):
            one.ledger.write(token_keys.sweep(one.clock.now()))
            one.following.refresh_people()
            one.models.following.refresh_lent()
        one.following.let_go()

    def tell_egress(self) -> None:
        """Have the way out follow what apps declared; while it is away it is told again a moment later."""
        one = self._parts
        with one.database.read() as connection:
            hosts = catalog.server_hosts(connection)
        try:
            one.egress.tell(hosts)
        except Unavailable as error:
            log.info("the way out follows once it is back", error=error.detail)

    def _count(self) -> None:
        """Count what came; what is much is counted bit by bit, with other work in between."""
        one = self._parts
        if one.tallies.catch_up(pages=5):
            self.later(self._count)
