"""Control's side of the edge: hear of what was done, compile what that changes, and have the edges serve it.

The table follows the receipts. A caller of the door gets its answer after the edges serve what it did. Where the database
goes away in between, what was done is done: the caller hears so, and the edges follow as soon as it is back.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import structlog
from sqlalchemy.exc import DBAPIError

from greenlane.catalog import queries as catalog
from greenlane.deploys import passports as passport_files
from greenlane.deploys import wanting
from greenlane.deploys.passports import Passports
from greenlane.edge.authority import Authority
from greenlane.edge.compile import Compiler
from greenlane.govern.effect import Rows
from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import stamp
from greenlane.kit.database import Database
from greenlane.ledger.receipt import Receipt

log = structlog.get_logger()

PLACING = frozenset({"publish", "rollback", "deploy"})
"""Verbs after which a passport says more than before."""

ABOUT_PREVIEWS = frozenset({"create-preview-token", "revoke-preview-token"})

ABOUT_SHARES = frozenset(
    {"create-share-link", "revoke-share-link", "set-audience", "publish", "rollback", "widen-audience"}
)
"""Verbs that make share links or end them."""

TRY_AGAIN_EVERY = 0.5
"""Seconds between two attempts to follow a receipt while the database is away."""


class Following:
    """Keeps the table right. ``later`` runs a task in the background, ``write`` writes rows without a receipt."""

    def __init__(
        self,
        *,
        database: Database,
        write: Callable[[Rows], None],
        compiler: Compiler,
        passports: Passports,
        blobs: Blobs,
        socket: Path,
        later: Callable[[Callable[[], None]], None],
    ) -> None:
        self._database = database
        self._write = write
        self._compiler = compiler
        self._passports = passports
        self._blobs = blobs
        self._later = later
        with database.read() as connection:
            table = compiler.whole(connection)
        self.authority = Authority(socket, table, self._wanted)

    def hear(self, receipt: Receipt) -> None:
        """After a settled action: bring what it may have changed to the edges, and wait until they serve it."""
        if receipt.happened.get("state") != "done":
            return
        try:
            self._follow(receipt)
        except DBAPIError as error:
            log.warning("the edges follow once the database is back", error=repr(error.orig))
            self._later(lambda: self._follow_later(receipt))

    def _follow_later(self, receipt: Receipt) -> None:
        try:
            self._follow(receipt)
        except DBAPIError:
            time.sleep(TRY_AGAIN_EVERY)  # in the background, where everything else waits for the database too
            self._later(lambda: self._follow_later(receipt))

    def _follow(self, receipt: Receipt) -> None:
        verb, (kind, _, name) = str(receipt.action["verb"]), str(receipt.action["subject"]).partition(":")
        if kind == "app":
            self.refresh_app(name)
        if verb in PLACING:
            deploy = str(receipt.happened["deploy"])
            self._later(lambda: self._write_passport(name, deploy))
        if verb in ABOUT_SHARES:
            self._refresh_shares()
        if (kind != "app" and kind != "request") or verb in ABOUT_PREVIEWS:
            self._refresh_people()

    def refresh_app(self, name: str) -> None:
        """Compile the addresses of one app anew."""
        with self._database.read() as connection:
            hosts, named = self._compiler.of_app(connection, catalog.app(connection, name))
        of_app = {host for host, entry in self.authority.entries("hosts").items() if entry["app"] == name}
        self.authority.change(
            {"hosts": hosts, "deploys": named},
            {"hosts": lambda host: host in of_app, "deploys": lambda _deploy: False},
        )

    def _refresh_shares(self) -> None:
        with self._database.read() as connection:
            shares = self._compiler.shares(connection)
        self.authority.change({"shares": shares}, {"shares": lambda _secret: True})

    def _refresh_people(self) -> None:
        with self._database.read() as connection:
            people: dict[str, Any] = self._compiler.people(connection)
        self.authority.change(people, dict.fromkeys(people, lambda _name: True))

    def _write_passport(self, app: str, deploy: str) -> None:
        """Store the passport as a file that the edge can serve while control is away."""
        with self._database.read() as connection:
            passport = self._passports.when_cosigned(connection, app, deploy)
        file = self._blobs.put(orjson.dumps(passport))
        self._write(passport_files.keep(deploy, file))
        self.refresh_app(app)

    def _wanted(self, deploy: str, directive: str, host: str) -> None:
        """A preview's browser reported a host that its policy would not allow."""
        rows = wanting.want(deploy, directive, host, stamp(self._compiler.clock.now()))
        self._later(lambda: self._write(rows))
