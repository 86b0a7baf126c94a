"""Reads about apps: what there is, who has it, what is live and locked, and what it may call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, or_, select

from greenlane.catalog.tables import APP, APP_HOST, DOMAIN, ENVIRONMENT
from greenlane.govern.errors import NotFound
from greenlane.identity import queries as identity
from greenlane.identity import roles
from greenlane.identity.tables import MEMBERSHIP
from greenlane.kit.clock import stamp


@dataclass(frozen=True, slots=True)
class App:
    """An app. ``owner``, ``team``, ``named_people`` and ``named_teams`` are ids; ``state`` is live, asleep or archived;
    ``quota`` is in bytes.
    """

    id: str
    name: str
    title: str
    owner: str
    team: str
    rung: str
    named_people: tuple[str, ...]
    named_teams: tuple[str, ...]
    everyone_before: bool
    public_before: bool
    state: str
    quota: int
    created: str


@dataclass(frozen=True, slots=True)
class Environment:
    """What stands still between publishes. ``locked_by`` is the action that locked it, ``lock_who`` the person."""

    app: str
    name: str
    live_deploy: str | None = None
    previous: str | None = None
    changed_at: str | None = None
    changed_by: str | None = None
    locked_by: str | None = None
    lock_who: str | None = None
    lock_why: str | None = None
    lock_until: str | None = None

    def locked(self, now: datetime) -> bool:
        """Whether a lock is in force at a moment."""
        return self.locked_by is not None and (self.lock_until is None or self.lock_until > stamp(now))


@dataclass(frozen=True, slots=True)
class Host:
    """A host outside the platform that an app's pages may call, for what, and by which action."""

    host: str
    directives: tuple[str, ...]
    declared_by: str


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain that was claimed for an app. ``proof`` is the text of the DNS record that verifies it."""

    host: str
    app: str
    proof: str
    verified_at: str | None

    @property
    def record(self) -> str:
        """The name of the DNS record."""
        return f"_greenlane.{self.host}"


def find_app(connection: Connection, name: str) -> App | None:
    """An app by name; None where there is none."""
    found = _apps(connection, APP.c.name == name)
    return found[0] if found else None


def app(connection: Connection, name: str) -> App:
    """An app by name. Raises ``NotFound``."""
    found = find_app(connection, name)
    if found is None:
        raise NotFound(f"There is no app called {name!r}.", next_step="`greenlane apps` lists them.")
    return found


def all_apps(connection: Connection) -> list[App]:
    """Every app, archived ones included, by name."""
    return _apps(connection)


def names(connection: Connection) -> list[str]:
    """The names of all apps there ever were."""
    return list(connection.execute(select(APP.c.name)).scalars())


def apps_of(connection: Connection, person: str) -> list[App]:
    """The apps that a person works on: their own, those of their teams, and those that a role of theirs covers."""
    held = [one for one in identity.held(connection, person) if one.role in roles.READERS]
    scopes = {one.scope for one in held}
    if identity.ORGANISATION in scopes:
        return all_apps(connection)
    teams = {scope.removeprefix("team:") for scope in scopes if scope.startswith("team:")}
    mine = select(MEMBERSHIP.c.team).where(MEMBERSHIP.c.person == person)
    return _apps(
        connection,
        or_(
            APP.c.owner == person,
            APP.c.team.in_(mine),
            APP.c.team.in_(teams),
            APP.c.name.in_({scope.removeprefix("app:") for scope in scopes if scope.startswith("app:")}),
        ),
    )


def team_of_app(connection: Connection, name: str) -> str | None:
    """The id of the team that has an app, for those who stand below and cannot look; None where there is no app."""
    return connection.execute(select(APP.c.team).where(APP.c.name == name)).scalar_one_or_none()


def _apps(connection: Connection, *where: ColumnElement[bool]) -> list[App]:
    return [_app(row) for row in connection.execute(select(APP).where(*where).order_by(APP.c.name))]


def _app(row: Row[Any]) -> App:
    return App(
        id=row.id,
        name=row.name,
        title=row.title,
        owner=row.owner,
        team=row.team,
        rung=row.rung,
        named_people=tuple(row.named_people),
        named_teams=tuple(row.named_teams),
        everyone_before=row.everyone_before,
        public_before=row.public_before,
        state=row.state,
        quota=row.quota,
        created=row.created,
    )


def environments(connection: Connection, app: str) -> list[Environment]:
    """The lasting environments of an app that anything happened to, by name."""
    rows = connection.execute(select(ENVIRONMENT).where(ENVIRONMENT.c.app == app).order_by(ENVIRONMENT.c.name))
    return [Environment(**row) for row in rows.mappings()]


def environment(connection: Connection, app: str, name: str) -> Environment:
    """One environment; an empty one where nothing happened to it yet."""
    found = (one for one in environments(connection, app) if one.name == name)
    return next(found, Environment(app, name))


def live_deploy(connection: Connection, app: str, environment: str) -> str | None:
    """The deploy that an environment shows; None before its first publish."""
    return connection.execute(
        select(ENVIRONMENT.c.live_deploy).where(ENVIRONMENT.c.app == app, ENVIRONMENT.c.name == environment)
    ).scalar_one_or_none()


def hosts(connection: Connection, app: str) -> list[Host]:
    """The outside hosts that an app declared, by name."""
    rows = connection.execute(select(APP_HOST).where(APP_HOST.c.app == app).order_by(APP_HOST.c.host))
    return [Host(row.host, tuple(row.directives), row.declared_by) for row in rows]


def domains(connection: Connection, app: str) -> list[Domain]:
    """The domains that were claimed for an app, proven or not."""
    rows = connection.execute(select(DOMAIN).where(DOMAIN.c.app == app).order_by(DOMAIN.c.host))
    return [Domain(row.host, row.app, row.proof, row.verified_at) for row in rows]


def domain(connection: Connection, app: str, host: str) -> Domain | None:
    """What an app claimed about one domain; None where it did not."""
    return next((one for one in domains(connection, app) if one.host == host), None)


def verified_domains(connection: Connection, app: str) -> list[str]:
    """The domains that serve an app."""
    return [one.host for one in domains(connection, app) if one.verified_at is not None]


def app_of_domain(connection: Connection, host: str) -> str | None:
    """The app that a domain was proven for; None where nobody did."""
    return connection.execute(
        select(DOMAIN.c.app).where(DOMAIN.c.host == host, DOMAIN.c.verified_at.is_not(None))
    ).scalar_one_or_none()
