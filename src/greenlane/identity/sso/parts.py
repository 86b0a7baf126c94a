"""What signing in through a provider works with, whatever it speaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from greenlane.govern.effect import Rows
from greenlane.govern.errors import NotFound, SignInNeeded
from greenlane.identity.oidc.books import Books
from greenlane.identity.sso import pending, providers
from greenlane.identity.sso.arrived import Arrived, Vouched
from greenlane.identity.sso.driver import Seals, sealed_place
from greenlane.identity.sso.pending import Pending, Wish
from greenlane.identity.sso.providers import IdentityProvider
from greenlane.kit.clock import Clock
from greenlane.kit.database import Database


@dataclass(frozen=True, slots=True)
class Landed:
    """A sign-in that came back and was believed. ``secret`` stands for what was vouched for; ``told`` are its claims,
    kept only where an administrator tries a provider out.
    """

    purpose: str
    person: str | None
    place: str
    page: str
    secret: str = field(repr=False)
    told: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Parts:
    """Shared by both kinds. ``console`` is the console's origin, ``write`` the ledger's way without a receipt."""

    database: Database
    write: Callable[[Rows], None]
    clock: Clock
    seals: Seals
    books: Books
    arrived: Arrived
    console: str

    def known(self, connection: Connection, name: str, kind: str) -> IdentityProvider:
        """A provider of a kind. Raises ``NotFound``."""
        found = providers.find(connection, name)
        if found is None or found.kind != kind:
            raise NotFound("There is no such sign-in here.", next_step="Begin at the sign-in page.")
        return found

    def on(self, name: str, kind: str, wish: Wish) -> IdentityProvider:
        """A provider that people can use; one that is switched off can be tried out. Raises ``NotFound``."""
        with self.database.read() as connection:
            found = self.known(connection, name, kind)
        if not found.on and wish.purpose != "test":
            raise NotFound("This sign-in is switched off.", next_step="Sign in another way.")
        return found

    def secret(self, provider: IdentityProvider) -> str:
        """A provider's sealed secret; empty where it has none."""
        sealed = provider.sealed_secret
        return "" if sealed is None else self.seals.open(sealed, sealed_place(provider.id))

    def landed(self, waiting: Pending, vouched: Vouched, told: Mapping[str, Any]) -> Landed:
        """What was believed, kept for the door; where it was only tried, the sign-in is over and nothing is kept."""
        trying = waiting.purpose == "test"
        if trying:
            self.over(waiting)
        secret = "" if trying else self.arrived.keep(vouched, self.clock.now())
        return Landed(
            waiting.purpose, waiting.person, waiting.place, waiting.page, secret, dict(told) if trying else {}
        )

    def over(self, waiting: Pending) -> None:
        """A sign-in ends without having opened anything."""

        def rows(connection: Connection) -> None:
            pending.ended(connection, waiting.state)

        self.write(rows)


def not_begun_here() -> SignInNeeded:
    """What somebody hears whose sign-in this browser did not begin, or who took too long."""
    return SignInNeeded(
        "This sign-in was not begun in this browser, was used already, or took too long.",
        next_step="Begin again from the sign-in page, and let your browser keep cookies for it.",
    )
