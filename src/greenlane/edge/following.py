"""Control's side of the edge: hear of what was done, compile what that changes, and have the edges serve it.

The table follows the receipts. A caller of the door gets its answer after the edges serve what it did. Where the database
goes away in between, what was done is done: the caller hears so, and the edges follow as soon as it is back.

Whatever is read is said before anything else is read, so that nothing older ever replaces what is newer.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import structlog
from sqlalchemy.exc import DBAPIError

from greenlane.catalog import queries as catalog
from greenlane.deploys import passports as passport_files
from greenlane.deploys import wanting
from greenlane.deploys.passports import Passports
from greenlane.edge.compile import Compiler
from greenlane.govern.effect import Rows
from greenlane.identity import queries as identity
from greenlane.identity.concerning import one_person
from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import stamp
from greenlane.kit.database import Database
from greenlane.kit.errors import Unavailable
from greenlane.kit.feed.authority import Authority, Follower, Said
from greenlane.ledger.receipt import Receipt

log = structlog.get_logger()

PLACING = frozenset({"publish", "rollback", "deploy"})
"""Verbs after which a passport says more than before."""

ABOUT_PREVIEWS = frozenset({"create-preview-token", "revoke-preview-token"})

ABOUT_SHARES = frozenset(
    {"create-share-link", "revoke-share-link", "set-audience", "publish", "rollback", "widen-audience"}
)
"""Verbs that make share links or end them."""

LENT = "picture"
"""As whom the platform itself visits a preview."""

TRY_AGAIN_EVERY = 0.5
"""Seconds between two attempts to follow a receipt while the database is away."""


class Following:
    """Keeps the table right. ``later`` runs a task in the background, ``write`` writes rows without a receipt, ``seen``
    notes that somebody opened an app with a session (by its hash).
    """

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
        seen: Callable[[str], None],
    ) -> None:
        self._database = database
        self._write = write
        self._compiler = compiler
        self._passports = passports
        self._blobs = blobs
        self._later = later
        self._seen = seen
        self._lent: dict[str, dict[str, Any]] = {}
        self._in_order = threading.RLock()
        with database.read() as connection:
            table = compiler.whole(connection)
            self._groups = catalog.named_groups(connection)
        self.authority = Authority(socket, table, self._heard)

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
        if person := one_person(receipt):
            self._refresh_person(person)
        elif (kind != "app" and kind != "request") or verb in ABOUT_PREVIEWS:
            self.refresh_people()

    def refresh_app(self, name: str) -> None:
        """Compile the addresses of one app anew; before them, who is in a group that no audience named until now."""
        with self._in_order:
            with self._database.read() as connection:
                app = catalog.app(connection, name)
                hosts, named = self._compiler.of_app(connection, app)
            if not self._groups.issuperset(app.named.groups):
                self._say_people()
            of_app = {host for host, entry in self.authority.entries("hosts").items() if entry["app"] == name}
            said = self.authority.say(
                {"hosts": hosts, "deploys": named},
                {"hosts": lambda host: host in of_app, "deploys": lambda _deploy: False},
            )
        self.authority.served(said)

    @contextmanager
    def lent(self, deploy: str, lasts: float) -> Iterator[str]:
        """A token that opens one preview while this is entered, and ``lasts`` seconds at most. It is kept nowhere.

        Raises ``Unavailable`` where no edge would hear of it.
        """
        if not self.authority.followers():
            raise Unavailable("Previews cannot be opened just now.", next_step="Try again in a moment.")
        secret = secrets.token_urlsafe(32)
        hashed = sha256(secret.encode()).hexdigest()
        until = self._compiler.clock.now().timestamp() + lasts
        with self._in_order:
            self._lent[hashed] = {"deploy": deploy, "id": LENT, "expires": until}
            said = self.authority.say({"previews": {hashed: self._lent[hashed]}}, {"previews": lambda _other: False})
        self.authority.served(said)
        try:
            yield secret
        finally:
            with self._in_order:
                del self._lent[hashed]
                said = self.authority.say({"previews": {}}, {"previews": lambda one: one == hashed})
            self.authority.served(said)

    def _refresh_shares(self) -> None:
        with self._in_order:
            with self._database.read() as connection:
                shares = self._compiler.shares(connection)
            said = self.authority.say({"shares": shares}, {"shares": lambda _secret: True})
        self.authority.served(said)

    def let_go(self) -> None:
        """Have the edges forget sessions that ended by themselves since they heard of them."""
        held = self.authority.entries("sessions")
        with self._database.read() as connection:
            live = identity.visiting_sessions(connection, self._compiler.clock.now())
        if any(one not in live for one in held):
            self.refresh_people()

    def refresh_people(self) -> None:
        """Compile everything about who somebody is anew."""
        with self._in_order:
            said = self._say_people()
        self.authority.served(said)

    def _say_people(self) -> Said:
        with self._database.read() as connection:
            self._groups = catalog.named_groups(connection)
            people: dict[str, Any] = self._compiler.people(connection)
        people["previews"] |= self._lent
        return self.authority.say(people, dict.fromkeys(people, lambda _name: True))

    def _refresh_person(self, person: str) -> None:
        """Compile what concerns one person anew; everybody else's entries stay as they are."""
        with self._in_order:
            with self._database.read() as connection:
                theirs = self._compiler.person(connection, person)
            before = {name: theirs.replaces(name, self.authority.entries(name)) for name in theirs.entries}
            said = self.authority.say(theirs.entries, {name: one.__contains__ for name, one in before.items()})
        self.authority.served(said)

    def _write_passport(self, app: str, deploy: str) -> None:
        """Store the passport as a file that the edge can serve while control is away."""
        with self._database.read() as connection:
            passport = self._passports.when_cosigned(connection, app, deploy)
        file = self._blobs.put(orjson.dumps(passport))
        self._write(passport_files.keep(deploy, file))
        self.refresh_app(app)

    def _heard(self, _edge: Follower, message: Mapping[str, Any]) -> None:
        """A preview's browser reported a host that its policy would not allow, or somebody opened an app."""
        if message.get("type") == "seen":
            session = str(message["session"])
            self._later(lambda: self._seen(session))
        if message.get("type") == "wanted":
            deploy, directive, host = (str(message[name]) for name in ("deploy", "directive", "host"))
            rows = wanting.want(deploy, directive, host, stamp(self._compiler.clock.now()))
            self._later(lambda: self._write(rows))
