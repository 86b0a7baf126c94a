"""When a SAML provider's metadata were read by themselves, when they are next, and what was told of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from greenlane.identity.saml.parties import SamlProvider
from greenlane.identity.sso import providers
from greenlane.identity.sso.providers import IdentityProvider
from greenlane.identity.sso.tables import METADATA_READING
from greenlane.kit.clock import stamp

SOONEST = timedelta(hours=1)
LATEST = timedelta(days=1)
"""Between two readings, whatever the metadata ask for. Without a word of theirs it is ``LATEST``."""

OF_WHAT_REMAINS = 0.75
"""Metadata that end are read when so much of the time is over (Shibboleth's refreshDelayFactor)."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the reading of a provider's metadata stands. ``told``: what administrators were told; empty while all is well."""

    read: str | None
    due: str
    missed: int
    told: str


def follows(provider: IdentityProvider) -> bool:
    """Whether a provider's metadata are read by themselves: they came over https, which vouches for them."""
    return provider.saml is not None and provider.metadata.startswith("https://")


def never_again(metadata: str) -> tuple[str, str]:
    """Why what was read at an address is never read again by itself, and what to do; both empty where it is, and for XML."""
    if not metadata.startswith("http://"):
        return "", ""
    return (
        "Its metadata came over http, so they are never read again by themselves.",
        "Give their https address: new certificates are then taken over in time.",
    )


def next_after(found: SamlProvider, now: datetime) -> datetime:
    """When metadata are read again: as they ask, daily otherwise, and before they end."""
    wait = timedelta(seconds=found.cached) if found.cached else LATEST
    if found.until:
        wait = min(wait, (datetime.fromisoformat(found.until) - now) * OF_WHAT_REMAINS)
    return now + max(SOONEST, min(wait, LATEST))


def reading(connection: Connection, provider: str) -> Reading | None:
    """How it stands with a provider (by id); None where nothing was read by itself yet."""
    row = connection.execute(select(METADATA_READING).where(METADATA_READING.c.provider == provider)).one_or_none()
    return None if row is None else Reading(row.read, row.due, row.missed, row.told)


def due(connection: Connection, now: datetime) -> list[IdentityProvider]:
    """Providers whose metadata are to be read now. One that is switched off can wait."""
    later = set(
        connection.execute(select(METADATA_READING.c.provider).where(METADATA_READING.c.due > stamp(now))).scalars()
    )
    return [one for one in providers.providers(connection) if one.on and follows(one) and one.id not in later]


def note(connection: Connection, provider: str, held: Reading) -> None:
    """Write down how it stands; nothing of a provider that was removed meanwhile."""
    values = {"read": held.read, "due": held.due, "missed": held.missed, "told": held.told}
    if connection.execute(
        update(METADATA_READING).where(METADATA_READING.c.provider == provider).values(**values)
    ).rowcount:
        return
    if providers.find(connection, provider) is not None:
        connection.execute(insert(METADATA_READING).values(provider=provider, **values))


def forget(connection: Connection, provider: str) -> None:
    """An administrator gave the metadata anew, or removed the provider."""
    connection.execute(delete(METADATA_READING).where(METADATA_READING.c.provider == provider))
