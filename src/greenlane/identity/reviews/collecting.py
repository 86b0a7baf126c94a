"""Who has which right at this moment, and by which way: what a review freezes, and what it is held against later."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, or_, select

from greenlane.identity import queries as identity
from greenlane.identity.delegation.tables import DELEGATION
from greenlane.identity.federation.tables import TRUSTED_WORKLOAD
from greenlane.identity.held import CREATION, ELEVATION, GRANT, RULE, Held
from greenlane.identity.tables import PERSON, TOKEN
from greenlane.kit.clock import stamp

_KINDS = {GRANT: "role", CREATION: "creation", RULE: "group", ELEVATION: "elevation"}


@dataclass(frozen=True, slots=True)
class AppInReview:
    """An app as a review sees it: its name, its team's id, and its guests (id, since, the action that let them in)."""

    name: str
    team: str
    guests: Sequence[tuple[str, str, str]]


Ends = tuple[str, dict[str, Any]]
"""A verb and its inputs."""

AppsInReview = Callable[[Connection], Sequence[AppInReview]]
"""Every app. Handed in: apps stand above people."""


@dataclass(frozen=True, slots=True)
class Right:
    """One right of one person. ``kind`` is the way it came: role, creation, group, elevation, guest, token, grant (lent to an
    agent) or workload. ``what`` is a role, or the scopes of what stands for them; ``source`` the id of the
    group, token, grant or elevation that it comes by; ``action`` the one that gave it. ``ends`` takes it
    away; there is none where something outside gives it.
    """

    person: str
    kind: str
    what: str
    scope: str
    since: str
    until: str = ""
    source: str = ""
    action: str = ""
    ends: Ends | None = None

    @property
    def same(self) -> tuple[str, ...]:
        """What makes it this right, whenever it is looked at."""
        return (self.person, self.kind, self.what, self.scope, self.source)

    def frozen(self) -> dict[str, str]:
        """What a review keeps of it and its digest is about. Ids alone: names can be erased, and this cannot."""
        return {
            "person": self.person,
            "kind": self.kind,
            "what": self.what,
            "scope": self.scope,
            "since": self.since,
            "until": self.until,
            "source": self.source,
            "action": self.action,
        }


def collect(connection: Connection, scope: str, apps: Sequence[AppInReview], now: datetime) -> list[Right]:
    """Every right of active and invited people inside a scope as it is stored, in a steady order."""
    inside = _Inside.of(scope, apps)
    here = select(PERSON.c.id).where(PERSON.c.state.in_(("active", "invited")))
    found = [
        *_roles(connection, here, inside, now),
        *_guests(inside, apps),
        *(_tokens(connection, now) if inside.everything else ()),
        *_lent(connection, inside, now),
    ]
    people = frozenset(connection.execute(here).scalars())
    return sorted((one for one in found if one.person in people), key=lambda one: one.same)


@dataclass(frozen=True, slots=True)
class _Inside:
    """What lies inside a scope: the stored scopes, and the names of apps. ``everything`` for the organisation."""

    everything: bool
    scopes: frozenset[str]
    apps: frozenset[str]

    @classmethod
    def of(cls, scope: str, apps: Sequence[AppInReview]) -> _Inside:
        kind, _, name = scope.partition(":")
        within = frozenset(
            one.name for one in apps if (kind == "team" and one.team == name) or scope == f"app:{one.name}"
        )
        return cls(scope == identity.ORGANISATION, frozenset({scope, *(f"app:{one}" for one in within)}), within)

    def has_app(self, name: str) -> bool:
        return self.everything or name in self.apps

    def has_some_of(self, apps: Sequence[str]) -> bool:
        """What names no app reaches further than any app: it belongs to the whole organisation."""
        return self.everything or any(one in self.apps for one in apps)


def _roles(connection: Connection, people: Select[str], inside: _Inside, now: datetime) -> Iterator[Right]:
    for person, held in identity.everything_held(connection, people, now).items():
        for one in held:
            if not (inside.everything or one.scope in inside.scopes):
                continue
            kind, source = _KINDS[one.by], one.rule or one.elevation
            yield Right(
                person, kind, one.role, one.scope, one.since, one.until, source, one.action, _ending(person, one)
            )


def _ending(person: str, one: Held) -> Ends | None:
    """What takes a role away; nothing for what comes from a group or from having created an app."""
    if one.by == ELEVATION:
        return "end-elevation", {"elevation": one.elevation}
    return ("remove-role", {"person": person, "role": one.role, "scope": one.scope}) if one.by == GRANT else None


def _guests(inside: _Inside, apps: Sequence[AppInReview]) -> Iterator[Right]:
    for app in apps:
        for person, since, action in app.guests if inside.has_app(app.name) else ():
            ends = ("remove-guest", {"app": app.name, "person": person})
            yield Right(person, "guest", "visit", f"app:{app.name}", since, action=action, ends=ends)


def _tokens(connection: Connection, now: datetime) -> Iterator[Right]:
    live = TOKEN.c.revoked.is_(None) & or_(TOKEN.c.expires.is_(None), TOKEN.c.expires > stamp(now))
    for row in connection.execute(select(TOKEN).where(live)):
        ends = ("revoke-token", {"token": row.id})
        what, until = " ".join(row.scopes), row.expires or ""
        yield Right(row.person, "token", what, identity.ORGANISATION, row.created, until, row.id, ends=ends)


def _lent(connection: Connection, inside: _Inside, now: datetime) -> Iterator[Right]:
    live = DELEGATION.c.ended.is_(None) & (DELEGATION.c.expires > stamp(now))
    for row in connection.execute(select(DELEGATION).where(live)):
        if inside.has_some_of(row.apps):
            what, ends = f"{row.agent}: {' '.join(row.scopes)}", ("end-delegation", {"delegation": row.id})
            scope = _of(row.apps)
            yield Right(row.person, "grant", what, scope, row.created, row.expires, row.id, row.action, ends)
    for row in connection.execute(select(TRUSTED_WORKLOAD).where(TRUSTED_WORKLOAD.c.ended.is_(None))):
        if inside.has_some_of(row.apps):
            what, ends = f"{row.name}: {' '.join(row.scopes)}", ("end-trust", {"workload": row.name})
            yield Right(row.person, "workload", what, _of(row.apps), row.created, source=row.id, ends=ends)


def _of(apps: Sequence[str]) -> str:
    """Where what was lent counts: for these apps, or wherever its person has a right."""
    return " ".join(f"app:{one}" for one in apps) or identity.ORGANISATION
