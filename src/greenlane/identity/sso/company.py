"""Which of the company's providers people can sign in with, and where each begins."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Connection

from greenlane.identity.sso import providers
from greenlane.identity.sso.by_oidc import ByOidc
from greenlane.identity.sso.by_saml import BySaml
from greenlane.identity.sso.parts import Parts
from greenlane.identity.sso.providers import IdentityProvider


@dataclass(frozen=True, slots=True)
class Offered:
    """A provider as the sign-in page offers it: what its button says, and the address that begins it."""

    name: str
    kind: str
    title: str
    address: str


@dataclass(frozen=True)
class Company:
    """The company's own sign-in."""

    parts: Parts

    @cached_property
    def oidc(self) -> ByOidc:
        """Signing in by OpenID Connect."""
        return ByOidc(self.parts)

    @cached_property
    def saml(self) -> BySaml:
        """Signing in by SAML."""
        return BySaml(self.parts)

    def leaving(self, session: str) -> str:
        """Where a browser goes to sign out at the provider that a session (its id) came from; empty for nowhere."""
        return self.saml.leaving(session) or self.oidc.leaving(session)

    def offered(self) -> list[Offered]:
        """The providers that people can sign in with."""
        with self.parts.database.read() as connection:
            return [offer(one) for one in providers.providers(connection) if one.on]

    def everything(self) -> list[Offered]:
        """Every provider, those that are switched off included."""
        with self.parts.database.read() as connection:
            return [offer(one) for one in providers.providers(connection)]

    def home_of(self, address: str) -> Offered | None:
        """The provider of a mail address, by its proven domain."""
        with self.parts.database.read() as connection:
            found = providers.home_of(connection, address)
        return None if found is None else offer(found)

    def leads_home(self) -> bool:
        """Whether any mail domain leads to a provider."""
        with self.parts.database.read() as connection:
            return _any_domain(connection)


def offer(provider: IdentityProvider) -> Offered:
    """A provider, and where signing in with it begins."""
    return Offered(provider.name, provider.kind, provider.title, f"/sso/{provider.kind}/{provider.name}/begin")


def _any_domain(connection: Connection) -> bool:
    return any(one.verified is not None for one in providers.mail_domains(connection))
