"""What can be known of apps: reads only, frozen answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, bindparam, func, or_, select

from greenlane.catalog.addresses import Addresses
from greenlane.catalog.hosts import SERVER
from greenlane.catalog.named import Named
from greenlane.catalog.tables import APP, APP_HOST, DOMAIN, ENVIRONMENT, GUEST, SHARE_LINK, WIDENING
from greenlane.govern.errors import NotFound
from greenlane.identity import queries as identity


@dataclass(frozen=True, slots=True)
class App:
    """An app. ``owner`` and ``team`` are ids, ``rung`` is its audience, ``quota`` is in bytes."""

    id: str
    name: str
    title: str
    owner: str
    team: str
    rung: str
    named: Named
    everyone_before: bool
    public_before: bool
    state: str
    quota: int
    created: str


@dataclass(frozen=True, slots=True)
class Environment:
    """What is live in an environment, since when and by which action, and the lock on it if there is one."""

    name: str
    live_deploy: str | None
    previous: str | None
    changed_at: str | None
    changed_by: str | None
    locked_by: str | None
    lock_who: str | None
    lock_why: str | None
    lock_until: str | None

    def locked(self, now: str) -> bool:
        """Whether a lock holds at that stamp."""
        return self.locked_by is not None and (self.lock_until is None or self.lock_until > now)


@dataclass(frozen=True, slots=True)
class DeclaredHost:
    """A host outside the platform that an app may call, and what for."""

    host: str
    directives: tuple[str, ...]
    environment: str = ""
    """Where; empty for everywhere."""

    def counts_in(self, environment: str) -> bool:
        """Whether it is declared there."""
        return self.environment in ("", environment)


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain of an app's own: the DNS record's value that proves it, and when it was proven."""

    host: str
    app: str
    proof: str
    claimed_by: str
    verified_at: str | None

    @property
    def record(self) -> str:
        """The name of the DNS record that proves it."""
        return f"_greenlane.{self.host}"


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who was let in on top of an app's audience, since when, and by which action."""

    person: str
    since: str
    action: str


@dataclass(frozen=True, slots=True)
class ShareLink:
    """A link that opens an app's production to whoever holds it, for whom it was meant, and until when.

    ``secret`` is the SHA-256 of what stands in the link, in hexadecimal.
    """

    id: str
    secret: str
    app: str
    meant_for: str
    made_by: str
    created: str
    expires: str


# asked on every page: built once, because building a statement takes twice as long as running it
_APP = select(APP).where(APP.c.name == bindparam("name"))
_TEAM = select(APP.c.team).where(APP.c.name == bindparam("name"))
_ENVIRONMENTS = select(ENVIRONMENT).where(ENVIRONMENT.c.app == bindparam("name")).order_by(ENVIRONMENT.c.name)
_LIVE = select(ENVIRONMENT.c.live_deploy).where(
    ENVIRONMENT.c.app == bindparam("name"), ENVIRONMENT.c.name == bindparam("environment")
)
_WIDENING = select(WIDENING.c.rung, WIDENING.c.due_at).where(WIDENING.c.app == bindparam("name"))
_GUESTS = select(GUEST.c.person).where(GUEST.c.app == bindparam("name"))


def _app(row: Row[tuple[object, ...]]) -> App:
    values = dict(row._mapping)
    people, teams, groups = (values.pop(f"named_{kind}") or () for kind in ("people", "teams", "groups"))
    return App(**values, named=Named(tuple(people), tuple(teams), tuple(groups)))


def named_groups(connection: Connection) -> frozenset[str]:
    """Every group that the audience of some app names, by id."""
    lists = connection.execute(select(APP.c.named_groups).where(APP.c.named_groups.is_not(None))).scalars()
    return frozenset(one for named in lists for one in named)


def find_app(connection: Connection, name: str) -> App | None:
    """An app by name, or None."""
    row = connection.execute(_APP, {"name": name}).one_or_none()
    return None if row is None else _app(row)


def app(connection: Connection, name: str) -> App:
    """An app by name. Raises ``NotFound``."""
    found = find_app(connection, name)
    if found is None:
        raise NotFound(f"There is no app called {name!r}.", next_step="`greenlane apps` lists those that you may see.")
    return found


def owner_of(connection: Connection, subject: str) -> str | None:
    """The id of the person who owns what an action is about, such as ``app:vendor-board``; None where nobody does."""
    kind, _, name = subject.partition(":")
    if kind != "app":
        return None
    return connection.execute(select(APP.c.owner).where(APP.c.name == name)).scalar_one_or_none()


def team_of(connection: Connection, name: str) -> str | None:
    """The id of the team that has an app."""
    return connection.execute(_TEAM, {"name": name}).scalar_one_or_none()


def teams_of(connection: Connection, names: Collection[str]) -> dict[str, str]:
    """The ids of the teams that have these apps, by the app's name."""
    if not names:
        return {}
    rows = connection.execute(select(APP.c.name, APP.c.team).where(APP.c.name.in_(list(names))))
    return {row.name: row.team for row in rows}


def names(connection: Connection) -> list[str]:
    """The names of all apps."""
    return list(connection.execute(select(APP.c.name).order_by(APP.c.name)).scalars())


@dataclass(frozen=True, slots=True)
class Census:
    """How many apps there are by state, by rung, and by team (the largest first); archived ones by state alone."""

    states: dict[str, int]
    rungs: dict[str, int]
    teams: dict[str, int]


def census(connection: Connection) -> Census:
    """All apps, counted."""
    number = func.count().label("number")
    rows = connection.execute(
        select(APP.c.state, APP.c.rung, APP.c.team, number).group_by(APP.c.state, APP.c.rung, APP.c.team)
    )
    states: Counter[str] = Counter()
    rungs: Counter[str] = Counter()
    teams: Counter[str] = Counter()
    for row in rows:
        states[row.state] += row.number
        if row.state != "archived":
            rungs[row.rung] += row.number
            teams[row.team] += row.number
    return Census(dict(states), dict(rungs), dict(teams.most_common()))


def largest_owners(connection: Connection, limit: int) -> dict[str, int]:
    """The people who own the most apps that are not archived, and how many."""
    number = func.count().label("number")
    query = select(APP.c.owner, number).where(APP.c.state != "archived").group_by(APP.c.owner)
    return {
        row.owner: row.number for row in connection.execute(query.order_by(number.desc(), APP.c.owner).limit(limit))
    }


def all_apps(connection: Connection, *, after: str = "", limit: int | None = None) -> list[App]:
    """Apps by name; ``after`` is the last name seen."""
    query = select(APP).where(APP.c.name > after).order_by(APP.c.name)
    return [_app(row) for row in connection.execute(query if limit is None else query.limit(limit))]


def apps_for(
    connection: Connection, person: str, now: datetime, *, after: str = "", limit: int = 100, containing: str = ""
) -> list[App]:
    """Apps that a person sees now: their own, and those of the teams and places where a role of theirs reads what happens.

    ``containing``: only those whose name or title has these letters, large or small.
    """
    scopes = {one.scope for one in identity.held(connection, person, now) if one.may("read-receipts")}
    query = select(APP).where(APP.c.name > after).order_by(APP.c.name).limit(limit)
    if identity.ORGANISATION not in scopes:
        teams = [scope.removeprefix("team:") for scope in scopes if scope.startswith("team:")]
        single = [scope.removeprefix("app:") for scope in scopes if scope.startswith("app:")]
        query = query.where(or_(APP.c.owner == person, APP.c.team.in_(teams), APP.c.name.in_(single)))
    if containing:
        query = query.where(
            or_(APP.c.name.icontains(containing, autoescape=True), APP.c.title.icontains(containing, autoescape=True))
        )
    return [_app(row) for row in connection.execute(query)]


def production_of(connection: Connection, names: Sequence[str]) -> dict[str, str]:
    """Since when each of these apps shows what it shows in production, as stamps; apps that show nothing are missing."""
    rows = connection.execute(
        select(ENVIRONMENT.c.app, ENVIRONMENT.c.changed_at).where(
            ENVIRONMENT.c.app.in_(names), ENVIRONMENT.c.name == "production", ENVIRONMENT.c.live_deploy.is_not(None)
        )
    )
    return {row.app: row.changed_at for row in rows}


def apps_of_team(connection: Connection, team: str, *, limit: int | None = None) -> list[App]:
    """The apps that a team (its id) has, by name."""
    query = select(APP).where(APP.c.team == team).order_by(APP.c.name)
    return [_app(row) for row in connection.execute(query if limit is None else query.limit(limit))]


def apps_named(connection: Connection, names: Sequence[str]) -> list[App]:
    """The apps of these names, by name."""
    rows = connection.execute(select(APP).where(APP.c.name.in_(names)).order_by(APP.c.name))
    return [_app(row) for row in rows]


def owned_by(connection: Connection, person: str) -> list[str]:
    """The names of the apps that somebody owns, whatever state they are in."""
    return list(connection.execute(select(APP.c.name).where(APP.c.owner == person).order_by(APP.c.name)).scalars())


def environments(connection: Connection, name: str) -> list[Environment]:
    """The lasting environments of an app that were ever used."""
    rows = connection.execute(_ENVIRONMENTS, {"name": name})
    return [Environment(**{key: value for key, value in row._mapping.items() if key != "app"}) for row in rows]


def environment(connection: Connection, name: str, environment: str) -> Environment | None:
    """One environment of an app; None where nothing ever happened in it."""
    return next((one for one in environments(connection, name) if one.name == environment), None)


def live_deploy(connection: Connection, name: str, environment: str) -> str | None:
    """The id of the deploy that is live."""
    return connection.execute(_LIVE, {"name": name, "environment": environment}).scalar_one_or_none()


def widening(connection: Connection, name: str) -> tuple[str, str] | None:
    """The audience that an app opens to by itself, and when: (rung, stamp)."""
    row = connection.execute(_WIDENING, {"name": name}).one_or_none()
    return None if row is None else (row.rung, row.due_at)


def due_widenings(connection: Connection, now: str) -> list[tuple[str, str]]:
    """Apps whose narrower first hour is over at that stamp: (app, rung)."""
    rows = connection.execute(select(WIDENING.c.app, WIDENING.c.rung).where(WIDENING.c.due_at <= now))
    return [(row.app, row.rung) for row in rows]


def guests(connection: Connection, name: str) -> list[Guest]:
    """Who was let in on top of an app's audience, the longest first."""
    rows = connection.execute(select(GUEST).where(GUEST.c.app == name).order_by(GUEST.c.since, GUEST.c.person))
    return [Guest(row.person, row.since, row.action) for row in rows]


def guests_by_app(connection: Connection) -> dict[str, list[Guest]]:
    """Everybody who was let in on top of an audience, by the app's name."""
    found: dict[str, list[Guest]] = {}
    for row in connection.execute(select(GUEST).order_by(GUEST.c.app, GUEST.c.since, GUEST.c.person)):
        found.setdefault(row.app, []).append(Guest(row.person, row.since, row.action))
    return found


def guest_ids(connection: Connection, name: str) -> frozenset[str]:
    """The ids of an app's guests."""
    return frozenset(connection.execute(_GUESTS, {"name": name}).scalars())


def share_links(connection: Connection, now: str, name: str | None = None) -> list[ShareLink]:
    """Share links that work at that stamp, of one app or of all; the one that ends first comes first."""
    query = select(SHARE_LINK).where(SHARE_LINK.c.expires > now).order_by(SHARE_LINK.c.expires, SHARE_LINK.c.id)
    if name is not None:
        query = query.where(SHARE_LINK.c.app == name)
    return [ShareLink(**row._mapping) for row in connection.execute(query)]


def hosts(connection: Connection, name: str) -> list[DeclaredHost]:
    """The hosts that an app declared, by name, and where each counts."""
    query = select(APP_HOST).where(APP_HOST.c.app == name).order_by(APP_HOST.c.host, APP_HOST.c.environment)
    return [DeclaredHost(row.host, tuple(row.directives), row.environment) for row in connection.execute(query)]


def purposes_in(declared: Iterable[DeclaredHost], environment: str) -> dict[str, tuple[str, ...]]:
    """For what each declared host may be called in an environment."""
    found: dict[str, tuple[str, ...]] = {}
    for one in declared:
        if one.counts_in(environment):
            found[one.host] = tuple(dict.fromkeys((*found.get(one.host, ()), *one.directives)))
    return found


def page_hosts(connection: Connection, name: str, environment: str) -> list[str]:
    """The hosts that an app's pages may call in an environment, for whatever."""
    declared = purposes_in(hosts(connection, name), environment)
    return [host for host, purposes in declared.items() if set(purposes) - {SERVER}]


def server_hosts(connection: Connection) -> dict[str, list[str]]:
    """The hosts that apps' code may call where it runs: under `app` everywhere, under `app/environment` there alone."""
    found: dict[str, list[str]] = {}
    for row in connection.execute(select(APP_HOST).order_by(APP_HOST.c.app, APP_HOST.c.host)):
        if SERVER in row.directives:
            found.setdefault("/".join(filter(None, (row.app, row.environment))), []).append(row.host)
    return found


def domains(connection: Connection, name: str) -> list[Domain]:
    """The domains that an app claimed."""
    rows = connection.execute(select(DOMAIN).where(DOMAIN.c.app == name).order_by(DOMAIN.c.host))
    return [Domain(**row._mapping) for row in rows]


def domain(connection: Connection, name: str, host: str) -> Domain | None:
    """What an app claimed about one domain; None where it did not."""
    return next((one for one in domains(connection, name) if one.host == host), None)


def app_of_domain(connection: Connection, host: str) -> str | None:
    """The name of the app that a domain was proven for; None where nobody did."""
    return connection.execute(
        select(DOMAIN.c.app).where(DOMAIN.c.host == host, DOMAIN.c.verified_at.is_not(None))
    ).scalar_one_or_none()


def verified_domains(connection: Connection, name: str) -> list[str]:
    """The domains that serve an app."""
    return [one.host for one in domains(connection, name) if one.verified_at is not None]


def knows_host(connection: Connection, addresses: Addresses, host: str) -> bool:
    """Whether a host name (no port) belongs to an app here."""
    if app_of_domain(connection, host) is not None:
        return True
    label, _, rest = host.partition(".")
    return rest == addresses.apps_domain and find_app(connection, label.rpartition("--")[2]) is not None
