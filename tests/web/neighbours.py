"""A small organisation behind the real door whose people come in through the console: what the tests of pages stand on."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.house import Doorway, InOneProcess

from greenlane.catalog.actions import CreateApp
from greenlane.catalog.addresses import Addresses
from greenlane.govern.actor import Actor
from greenlane.identity import queries, roles
from greenlane.identity.actions import CreateSignInLink, CreateToken, Invite
from greenlane.identity.tokens import Kind
from greenlane.kit.database import Database
from greenlane.ledger import queries as ledger
from greenlane.web.signed_in import SignedIn

COMING_AND_GOING = frozenset({"sign-in", "sign-out", "accept-invitation"})


class Neighbours:
    """People, their ways in, and what happened since the last one was handed out."""

    def __init__(self, folder: Path, addresses: Addresses, migrated: Path) -> None:
        """``migrated`` is a SQLite file that went through every migration: theirs is a copy of it."""
        shutil.copyfile(migrated, folder / "greenlane.db")
        self.database = Database(f"sqlite:///{folder / 'greenlane.db'}")
        self.control = InOneProcess(self.database, folder / "house", addresses)
        self.doorway = Doorway(self.control)
        self.doorway.does(self.doorway.owner, CreateApp("vendor-board"))
        self.ana = self.hire("Ana Costa")
        self._after = -1

    @property
    def origin(self) -> str:
        """Scheme, host and port of the console."""
        return self.control.addresses.console

    def hire(self, name: str) -> SignedIn:
        """Somebody more who builds here."""
        return SignedIn(str(self.doorway.hire(name, "builder").person), name)

    def settle(self, person: SignedIn) -> str:
        """A session of somebody."""
        return self._noted(self.doorway.session(Actor("person", person.person)))

    def hand_out(self, kind: Kind, person: SignedIn | None = None) -> str:
        """A new link, token or invitation."""
        actor = Actor("person", (person or self.ana).person)
        if kind is Kind.LINK:
            return self._noted(self._last(self.doorway.does(actor, CreateSignInLink(actor.id)).answer["link"]))
        if kind is Kind.API:
            made = self.doorway.does(actor, CreateToken("for a test", roles.EVERY_SCOPE))
            return self._noted(str(made.answer["token"]))
        return self._noted(self._last(self.doorway.does(self.doorway.owner, Invite("home")).answer["link"]))

    def who(self, session: str) -> str | None:
        """Whose session this is."""
        with self.database.read() as connection:
            found = queries.who_is(connection, session, self.control.clock.now())
        return None if found is None else found.actor.person

    @property
    def happened(self) -> list[tuple[str, str]]:
        """Verbs of coming and going that were carried out since something was handed out, and by whom."""
        with self.database.read() as connection:
            found = [one.receipt for one in ledger.entries(connection, after=self._after, limit=1000)]
        done = [one for one in found if one.half == "settled" and one.action["verb"] in COMING_AND_GOING]
        return [(one.action["verb"], one.actor[0]["id"]) for one in done if one.happened["state"] == "done"]

    def close(self) -> None:
        self.control.ledger.close()
        self.database.close()

    def _noted(self, secret: str) -> str:
        with self.database.read() as connection:
            newest = ledger.entries(connection, limit=1, newest_first=True)
        self._after = newest[0].seq
        return secret

    @staticmethod
    def _last(link: object) -> str:
        return str(link).rpartition("/")[2]
