"""What people, agents and workloads come in with: proofs, the company's own sign-in, sessions and lent tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from sqlalchemy import Connection

from greenlane.catalog import queries as catalog
from greenlane.catalog.addresses import Addresses
from greenlane.catalog.driver import Dns
from greenlane.govern.door import Door
from greenlane.govern.effect import Rows
from greenlane.identity.arriving import Arrivals
from greenlane.identity.attempts import Attempts
from greenlane.identity.delegation.exchange import Exchange
from greenlane.identity.delegation.issuing import Issuer
from greenlane.identity.delegation.token_keys import TokenKeys
from greenlane.identity.federation.issuers import Issuers
from greenlane.identity.lasting import Lasting
from greenlane.identity.login.asking import Logins
from greenlane.identity.oidc.books import Books
from greenlane.identity.passkeys import RelyingParty
from greenlane.identity.passwords import Passwords
from greenlane.identity.proving import Proofs
from greenlane.identity.sso import effects as sso_effects
from greenlane.identity.sso.company import Company
from greenlane.identity.sso.parts import Parts
from greenlane.kit.clock import Clock
from greenlane.kit.database import Database
from greenlane.kit.places import kept_key
from greenlane.kit.settings import Settings
from greenlane.main import company
from greenlane.notices.driver import Outside
from greenlane.secrets.sealing import Sealing


@dataclass
class ComingIn:
    """Every way in, made once.

    ``lasting`` says how long a session lasts; ``keys`` is the folder where they keep their keys; ``door`` gives the door,
    which is made after the proofs are.
    """

    database: Database
    write: Callable[[Rows], None]
    clock: Clock
    addresses: Addresses
    sealing: Sealing
    dns: Dns
    outside: Outside
    keys: Path
    door: Callable[[], Door]
    lasting: Lasting

    @cached_property
    def books(self) -> Books:
        """What the company's providers say of themselves."""
        return Books(company.ProvidersOverNetwork(), self.clock)

    @cached_property
    def proofs(self) -> Proofs:
        """Looks at what somebody signs in with. The console's host is what passkeys are for."""
        return Proofs(Passwords(), RelyingParty(self.addresses.console))

    @cached_property
    def company(self) -> Company:
        """The company's own sign-in."""
        parts = Parts(
            database=self.database,
            write=self.write,
            clock=self.clock,
            seals=self.sealing,
            books=self.books,
            arrived=self.proofs.arrived,
            console=self.addresses.console,
        )
        return Company(parts)

    @cached_property
    def arrivals(self) -> Arrivals:
        """Opens sessions, and counts attempts that fail."""
        return Arrivals(self.door(), self.proofs, self.attempts, self.write, self.lasting)

    @cached_property
    def attempts(self) -> Attempts:
        """Counts what was guessed wrongly."""
        return Attempts(kept_key(self.keys / "attempts.key"), self.write, self.clock)

    @cached_property
    def logins(self) -> Logins:
        """Takes the questions of terminals, and hands their tokens out."""
        return Logins(self.door(), self.attempts, self.write)

    @cached_property
    def exchange(self) -> Exchange:
        """Gives agents and workloads their tokens."""
        seeds = self.token_keys.seeds()
        issuer = Issuer(self.addresses.console, seeds[0])
        issuer.believe(seeds)
        issuers = Issuers(self.outside.fetch, self.clock)
        return Exchange(self.database, self.write, issuer, self.clock, self._is_an_app, issuers)

    @cached_property
    def token_keys(self) -> TokenKeys:
        """What their tokens are signed with."""
        return TokenKeys(self.database, self.sealing, self.clock, kept_key(self.keys / "tokens.key"))

    def sso_works(self) -> sso_effects.Works:
        """What verbs about the company's providers are carried out with."""
        return sso_effects.Works(
            database=self.database, seals=self.sealing, dns=self.dns, books=self.books, arrived=self.proofs.arrived
        )

    def _is_an_app(self, connection: Connection, address: str) -> bool:
        """Whether an address is that of an app here: scheme, host and port."""
        scheme, _, authority = address.partition("://")
        host, _, port = authority.partition(":")
        ours = self.addresses.console.partition("://")[2].partition(":")[2]
        return (scheme, port) == (self.addresses.scheme, ours) and catalog.knows_host(connection, self.addresses, host)


def lasting(settings: Settings) -> Lasting:
    """How long browsers stay signed in here."""
    return Lasting(timedelta(hours=settings.session_idle_hours), timedelta(days=settings.session_days))
