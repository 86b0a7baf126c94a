"""How somebody can sign in: their password, passkeys and recovery codes, as they see them and as a sign-in reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from greenlane.identity.tables import PASSKEY, PASSKEY_CHALLENGE, PASSWORD, PERSON, RECOVERY_CODE
from greenlane.kit.clock import stamp


@dataclass(frozen=True, slots=True)
class Password:
    """A person's password as it is kept."""

    id: str
    person: str
    hash: str
    vouched_by: str | None
    created: str


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey. ``synced``: it lives on all devices of somebody's account; ``credential`` is its own id for itself."""

    id: str
    credential: str
    person: str
    public_key: bytes
    uses: int
    verifies: bool
    synced: bool
    name: str
    vouched_by: str | None
    created: str
    last_used: str | None


@dataclass(frozen=True, slots=True)
class RecoveryCode:
    """A recovery code that was not used yet, known by the digest of its letters."""

    id: str
    person: str
    vouched_by: str | None


@dataclass(frozen=True, slots=True)
class WaysIn:
    """How one person can sign in. ``recovery_codes`` counts those that are left."""

    password: Password | None
    passkeys: tuple[Passkey, ...]
    recovery_codes: int
    recovery_codes_made: str | None


def ways_in(connection: Connection, person: str) -> WaysIn:
    """Everything with which a person can sign in by themselves."""
    codes = connection.execute(
        select(func.count(), func.min(RECOVERY_CODE.c.created)).where(
            RECOVERY_CODE.c.person == person, RECOVERY_CODE.c.used.is_(None)
        )
    ).one()
    return WaysIn(password_of(connection, person), passkeys_of(connection, person), codes[0], codes[1])


def claimed(connection: Connection, name: str) -> str | None:
    """The person who signs in under a name: by their mail address or, where only one has it, by their name. None for
    nobody who could sign in. The address goes first, so that nobody takes it away by calling themselves so.
    """
    wanted = name.strip().lower()
    for known_by in (PERSON.c.email, func.lower(PERSON.c.name)):
        found = connection.execute(
            select(PERSON.c.id).where(known_by == wanted, PERSON.c.state.in_(("invited", "active"))).limit(2)
        ).scalars()
        people = found.all() if wanted else ()
        if people:
            return people[0] if len(people) == 1 else None
    return None


def password_of(connection: Connection, person: str) -> Password | None:
    """A person's password, if they have one."""
    row = connection.execute(select(PASSWORD).where(PASSWORD.c.person == person)).one_or_none()
    return None if row is None else Password(row.id, row.person, row.hash, row.vouched_by, row.created)


def passkeys_of(connection: Connection, person: str) -> tuple[Passkey, ...]:
    """A person's passkeys, the oldest first."""
    rows = connection.execute(
        select(PASSKEY).where(PASSKEY.c.person == person).order_by(PASSKEY.c.created, PASSKEY.c.id)
    )
    return tuple(Passkey(**row._mapping) for row in rows)


def passkey(connection: Connection, id: str) -> Passkey | None:
    """A passkey by our id for it."""
    row = connection.execute(select(PASSKEY).where(PASSKEY.c.id == id)).one_or_none()
    return None if row is None else Passkey(**row._mapping)


def passkey_called(connection: Connection, credential: str) -> Passkey | None:
    """A passkey by its own id for itself."""
    row = connection.execute(select(PASSKEY).where(PASSKEY.c.credential == credential)).one_or_none()
    return None if row is None else Passkey(**row._mapping)


def is_asked(connection: Connection, challenge: str, person: str | None, now: datetime) -> bool:
    """Whether a question is open: put to a browser, not answered, not too old; for enrolling, to this person."""
    asked = select(PASSKEY_CHALLENGE.c.person).where(
        PASSKEY_CHALLENGE.c.challenge == challenge, PASSKEY_CHALLENGE.c.expires > stamp(now)
    )
    row = connection.execute(asked).one_or_none()
    return row is not None and row.person == person


def recovery_code(connection: Connection, secret: str) -> RecoveryCode | None:
    """A code that was not used yet, by its SHA-256."""
    row = connection.execute(
        select(RECOVERY_CODE).where(RECOVERY_CODE.c.secret == secret, RECOVERY_CODE.c.used.is_(None))
    ).one_or_none()
    return None if row is None else RecoveryCode(row.id, row.person, row.vouched_by)
