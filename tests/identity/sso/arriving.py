"""An organisation whose people come in through a provider: the real door and verbs, and a provider that can be bent."""

from __future__ import annotations

from typing import Any

from tests.house import Doorway
from tests.identity.sso.issuer import HERE, SECRET, Issuer

from greenlane.govern.actor import Actor
from greenlane.govern.door import Answer
from greenlane.identity import queries
from greenlane.identity.arriving import Caller, Opened
from greenlane.identity.oidc.books import Books
from greenlane.identity.sso import pending
from greenlane.identity.sso.actions import AddIdentityProvider
from greenlane.identity.sso.parts import Landed
from greenlane.identity.sso.pending import Wish

CALLER = Caller("192.0.2.9", "Firefox on Linux")


class Desk:
    """What an administrator and the people of a company do."""

    def __init__(self, doorway: Doorway) -> None:
        self.doorway, self.clock = doorway, doorway.clock
        self.control = doorway.control
        self.issuer = Issuer(doorway.clock)
        self.control.coming_in.books.wire = self.issuer
        self.company = self.control.coming_in.company

    @property
    def books(self) -> Books:
        return self.control.coming_in.books

    def adds(self, name: str = "okta", **more: Any) -> Answer:
        said = {"issuer": HERE, "client_id": "greenlane", "client_secret": SECRET, "creates": True, **more}
        return self.doorway.does(self.doorway.owner, AddIdentityProvider(name, **said))

    def goes_out(self, wish: Wish | None = None, browser: str = "", provider: str = "okta") -> tuple[str, str]:
        """Where a browser is sent, and its own secret."""
        browser = browser or pending.browser_secret()
        return self.company.oidc.begin(provider, wish or Wish(), browser), browser

    def lands(self, subject: str = "u-1", wish: Wish | None = None, provider: str = "okta", **claims: Any) -> Landed:
        address, browser = self.goes_out(wish, provider=provider)
        return self.company.oidc.answered(provider, self.issuer.signs_in(address, subject, **claims), browser)

    def comes_in(self, subject: str = "u-1", wish: Wish | None = None, provider: str = "okta", **claims: Any) -> Opened:
        return self.control.coming_in.arrivals.by_company(self.lands(subject, wish, provider, **claims).secret, CALLER)

    def who(self, opened: Opened) -> queries.Signed | None:
        with self.control.database.read() as connection:
            return queries.who_is(connection, opened.secret, self.clock.now())

    def actor(self, opened: Opened) -> Actor:
        found = self.who(opened)
        assert found is not None
        return found.actor

    def person(self, person: str) -> queries.Person:
        with self.control.database.read() as connection:
            return queries.person(connection, person)
