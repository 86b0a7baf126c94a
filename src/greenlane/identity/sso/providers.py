"""Which identity providers there are, whom they know, and which mail domains lead to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select

from greenlane.govern.errors import NotFound
from greenlane.identity.saml.parties import SamlProvider
from greenlane.identity.sso import names
from greenlane.identity.sso.tables import IDENTITY, IDENTITY_PROVIDER, MAIL_DOMAIN

SUBJECT = "sub"
"""The claim that never changes, where nothing else was chosen."""


@dataclass(frozen=True, slots=True)
class Oidc:
    """What an OpenID Connect provider needs beside its secret."""

    issuer: str
    client_id: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """A provider. Exactly one of ``oidc`` and ``saml`` is set, by ``kind``."""

    id: str
    name: str
    kind: str
    title: str
    oidc: Oidc | None
    saml: SamlProvider | None
    metadata: str
    """SAML: the address that its metadata came from; empty where they were given themselves."""
    id_claim: str
    requires: tuple[str, ...]
    groups: str
    creates: bool
    directory: str
    strong: str
    begins: bool
    """SAML: whether it may begin a sign-in that nobody here asked for."""
    networks: tuple[str, ...]
    sealed_secret: bytes | None
    on: bool
    created: str

    @property
    def required(self) -> tuple[tuple[str, str], ...]:
        """Claims with the values that they must have."""
        return tuple(names.claim(one) for one in self.requires)


@dataclass(frozen=True, slots=True)
class MailDomain:
    """A mail domain: its provider by name, the DNS record that proves it, and since when it is proven."""

    domain: str
    provider: str
    proof: str
    verified: str | None

    @property
    def record(self) -> str:
        """The name of the TXT record."""
        return f"_greenlane-mail.{self.domain}"


@dataclass(frozen=True, slots=True)
class Identity:
    """An account at a provider (its name and title) that is a person here."""

    id: str
    provider: str
    title: str
    external: str
    person: str
    created: str
    last_used: str | None


def providers(connection: Connection) -> list[IdentityProvider]:
    """Every provider, by name."""
    return [_provider(row) for row in connection.execute(select(IDENTITY_PROVIDER).order_by(IDENTITY_PROVIDER.c.name))]


def provider(connection: Connection, name: str) -> IdentityProvider:
    """A provider by name or id. Raises ``NotFound``."""
    found = find(connection, name)
    if found is None:
        raise NotFound(f"There is no identity provider {name!r}.", next_step="`greenlane sso list` lists them.")
    return found


def find(connection: Connection, name: str) -> IdentityProvider | None:
    """A provider by name or id, or None."""
    known = (IDENTITY_PROVIDER.c.name == name) | (IDENTITY_PROVIDER.c.id == name)
    row = connection.execute(select(IDENTITY_PROVIDER).where(known)).one_or_none()
    return None if row is None else _provider(row)


def people_of(connection: Connection) -> dict[str, int]:
    """How many people each provider (by id) has signed in."""
    counted = select(IDENTITY.c.provider, func.count().label("people")).group_by(IDENTITY.c.provider)
    return {row.provider: row.people for row in connection.execute(counted)}


def identities_of(connection: Connection, person: str) -> list[Identity]:
    """A person's accounts at providers, the oldest first."""
    return _identities(connection, IDENTITY.c.person == person)


def identity(connection: Connection, provider: str, external: str) -> Identity | None:
    """Whose an account is, by the provider's id and its own id for it."""
    found = _identities(connection, (IDENTITY.c.provider == provider) & (IDENTITY.c.external == external))
    return found[0] if found else None


def _identities(connection: Connection, where: Any) -> list[Identity]:
    rows = connection.execute(
        select(IDENTITY, IDENTITY_PROVIDER.c.name, IDENTITY_PROVIDER.c.title)
        .join(IDENTITY_PROVIDER, IDENTITY_PROVIDER.c.id == IDENTITY.c.provider)
        .where(where)
        .order_by(IDENTITY.c.created, IDENTITY.c.id)
    )
    return [Identity(row.id, row.name, row.title, row.external, row.person, row.created, row.last_used) for row in rows]


def mail_domains(connection: Connection) -> list[MailDomain]:
    """Every mail domain that was claimed, by name."""
    rows = connection.execute(
        select(MAIL_DOMAIN, IDENTITY_PROVIDER.c.name)
        .join(IDENTITY_PROVIDER, IDENTITY_PROVIDER.c.id == MAIL_DOMAIN.c.provider)
        .order_by(MAIL_DOMAIN.c.domain)
    )
    return [MailDomain(row.domain, row.name, row.proof, row.verified) for row in rows]


def home_of(connection: Connection, address: str) -> IdentityProvider | None:
    """The provider that people with a mail address sign in with: by the proven domain behind its last @, exactly."""
    domain = address.rpartition("@")[2].strip().rstrip(".").lower()
    row = connection.execute(
        select(IDENTITY_PROVIDER)
        .join(MAIL_DOMAIN, MAIL_DOMAIN.c.provider == IDENTITY_PROVIDER.c.id)
        .where(
            MAIL_DOMAIN.c.domain == _ascii(domain),
            MAIL_DOMAIN.c.verified.is_not(None),
            IDENTITY_PROVIDER.c.running.is_(True),
        )
    ).one_or_none()
    return None if row is None else _provider(row)


def _ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return ""


def _provider(row: Row[Any]) -> IdentityProvider:
    known = row.settings
    oidc = saml = None
    if row.kind == "oidc":
        oidc = Oidc(known["issuer"], known["client_id"], tuple(known["scopes"]))
    else:
        saml = SamlProvider(**{**known["saml"], "certificates": tuple(known["saml"]["certificates"])})
    return IdentityProvider(
        id=row.id,
        name=row.name,
        kind=row.kind,
        title=row.title,
        oidc=oidc,
        saml=saml,
        metadata=known.get("metadata", ""),
        id_claim=known["id_claim"],
        requires=tuple(known["requires"]),
        groups=row.groups,
        creates=row.creates,
        directory=known["directory"],
        strong=known["strong"],
        begins=known["begins"],
        networks=tuple(known["networks"]),
        sealed_secret=row.sealed_secret,
        on=row.running,
        created=row.created,
    )
