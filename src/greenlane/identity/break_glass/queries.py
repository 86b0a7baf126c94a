"""Reads about break-glass: who could come in by it, when that was last tried, and whether anybody could at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, func, select

from greenlane.identity import queries as identity
from greenlane.identity import roles
from greenlane.identity.break_glass.tables import BREAK_GLASS_DRILL, BREAK_GLASS_USE
from greenlane.identity.provisioning.tables import DIRECTORY_USER
from greenlane.identity.sso.tables import IDENTITY_PROVIDER
from greenlane.identity.tables import PASSKEY, RECOVERY_CODE
from greenlane.kit.clock import parse, stamp

TRY_EVERY = timedelta(days=90)
"""How long after it was tried a way in counts as tried."""


@dataclass(frozen=True, slots=True)
class Keyholder:
    """An owner, with what of them would still open when the company's sign-in is away. ``tried`` is when and by which
    way they last came in around it. ``depends`` says in words what makes them depend on the company all the same.
    """

    person: str
    name: str
    passkeys: int
    codes: int
    tried: str
    way: str
    drill: bool
    depends: str

    @property
    def ready(self) -> bool:
        """Whether they come in whatever the company's provider or directory says."""
        return bool(self.passkeys or self.codes) and not self.depends

    def stale(self, now: datetime) -> bool:
        """Whether nobody knows any more that it works."""
        return not self.tried or parse(self.tried) < now - TRY_EVERY


@dataclass(frozen=True, slots=True)
class BreakGlass:
    """Every owner, and whether people sign in with the company at all."""

    company: bool
    keyholders: tuple[Keyholder, ...]

    def trouble(self, now: datetime) -> tuple[str, str]:
        """What should not stay so, and what to do about it, in words; both empty where all is well."""
        ready = [one for one in self.keyholders if one.ready]
        if not self.company:
            return "", ""
        if not ready:
            return (
                "People sign in with the company, and no owner could come in without it.",
                "An owner who is not from the directory needs a passkey or recovery codes.",
            )
        if all(one.stale(now) for one in ready):
            return "No owner has tried their way in around the company's sign-in for 90 days.", "Announce a drill."
        return "", ""

    def warning(self, now: datetime) -> str:
        """The same in one breath; empty where all is well."""
        return " ".join(self.trouble(now)).strip()


def company_signs_in(connection: Connection) -> bool:
    """Whether an identity provider of the company is switched on."""
    running = select(IDENTITY_PROVIDER.c.id).where(IDENTITY_PROVIDER.c.running).limit(1)
    return connection.execute(running).first() is not None


def break_glass(connection: Connection) -> BreakGlass:
    """The owners who can act, by name."""
    owners = sorted(identity.active_owners(connection))
    names = identity.names(connection, owners)
    passkeys = _count(connection, select(PASSKEY.c.person, func.count()).group_by(PASSKEY.c.person))
    left = select(RECOVERY_CODE.c.person, func.count()).where(RECOVERY_CODE.c.used.is_(None))
    codes = _count(connection, left.group_by(RECOVERY_CODE.c.person))
    from_outside = frozenset(
        connection.execute(select(DIRECTORY_USER.c.person).where(DIRECTORY_USER.c.released.is_(None))).scalars()
    )
    found = []
    for person in owners:
        use = last_use(connection, person)
        at, way, drill = ("", "", False) if use is None else use
        depends = _depends(connection, person, from_outside)
        keys = passkeys.get(person, 0)
        found.append(Keyholder(person, names.get(person, ""), keys, codes.get(person, 0), at, way, drill, depends))
    return BreakGlass(company_signs_in(connection), tuple(sorted(found, key=lambda one: one.name.casefold())))


def last_use(connection: Connection, person: str) -> tuple[str, str, bool] | None:
    """When somebody last came in by break-glass, by which way, and whether that was a drill."""
    table = BREAK_GLASS_USE.c
    row = connection.execute(
        select(table.at, table.way, table.drill).where(table.person == person).order_by(table.at.desc()).limit(1)
    ).one_or_none()
    return None if row is None else (row.at, row.way, row.drill)


def announced(connection: Connection, person: str, now: datetime) -> tuple[str, str] | None:
    """The drill that somebody may hold now: its action, and who announced it."""
    table = BREAK_GLASS_DRILL.c
    open_now: ColumnElement[bool] = table.held.is_(None) & (table.until > stamp(now))
    row = connection.execute(
        select(table.action, table.announced_by).where(table.person == person, open_now).order_by(table.until).limit(1)
    ).one_or_none()
    return None if row is None else (row.action, row.announced_by)


def _depends(connection: Connection, person: str, from_outside: frozenset[str]) -> str:
    """What makes an owner depend on the company."""
    if person in from_outside:
        return "The directory brought them, and can switch them off."
    held = identity.held(connection, person)
    own = any((one.role, one.scope, one.rule) == (roles.OWNER, identity.ORGANISATION, "") for one in held)
    return "" if own else "They are an owner by a group alone."


def _count(connection: Connection, counted: Select[str, int]) -> Mapping[str, int]:
    """How many each person has."""
    return {row[0]: row[1] for row in connection.execute(counted)}
