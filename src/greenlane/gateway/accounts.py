"""Who can spend, as a tree made of what the catalog and identity know: an app's environment spends for its app, that for its
team, and teams and people for the organisation; a run of an agent for its person.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from greenlane.catalog import queries as catalog
from greenlane.gateway import tables
from greenlane.gateway.budgets.account import Account, Kind, is_grant
from greenlane.gateway.budgets.account import words as account_words
from greenlane.gateway.whose import ENVIRONMENTS, Whose
from greenlane.identity import queries as identity

ORGANISATION = identity.ORGANISATION


def of(connection: Connection, action: Whose) -> str:
    """The account that an action means. Raises ``NotFound`` for an app, team or person that there is not."""
    if action.app:
        name = catalog.app(connection, action.app).name
        return of_environment(name, action.environment) if action.environment else of_app(name)
    if action.team:
        return of_team(identity.team(connection, action.team).id)
    return of_person(identity.person(connection, action.person).id) if action.person else ORGANISATION


def of_app(app: str) -> str:
    """An app's account."""
    return f"app:{app}"


def of_environment(app: str, environment: str) -> str:
    """The account of an app's environment; all previews are one."""
    return f"environment:{app}/{environment}"


def of_team(team: str) -> str:
    """A team's account, by the team's id."""
    return f"team:{team}"


def of_person(person: str) -> str:
    """A person's account."""
    return f"person:{person}"


def of_run(run: str) -> str:
    """The account of one run of an agent, by the run's id."""
    return f"run:{run}"


def person_of_run(connection: Connection, account: str) -> str:
    """The person whose run it is; empty for a run that nobody knows."""
    parent = connection.scalar(select(tables.ACCOUNT.c.parent).where(tables.ACCOUNT.c.id == account))
    return str(parent or "").removeprefix("person:")


def names_of_runs(connection: Connection, runs: Iterable[str]) -> dict[str, str]:
    """What people call these runs, by their ids."""
    c, wanted = tables.ACCOUNT.c, [of_run(one) for one in runs]
    rows = connection.execute(select(c.id, c.name).where(c.id.in_(wanted)))
    return {row.id.removeprefix("run:"): row.name or "" for row in rows}


def of_apps(apps: list[catalog.App]) -> list[Account]:
    """The accounts of these apps and of their environments, parents first."""
    found: list[Account] = []
    for app in apps:
        own = of_app(app.name)
        found.append(Account(own, Kind.APP, of_team(app.team)))
        found += [Account(of_environment(app.name, one), Kind.ENVIRONMENT, own) for one in ENVIRONMENTS]
    return found


def of_everybody(connection: Connection) -> list[Account]:
    """The organisation's account, those of its teams, and those of its people; parents first."""
    teams = [Account(of_team(one.id), Kind.TEAM, ORGANISATION) for one in identity.teams(connection)]
    return [Account(ORGANISATION, Kind.ORGANISATION), *teams, *of_people(connection)]


def of_people(connection: Connection, only: str | None = None) -> list[Account]:
    """The accounts of people who were not erased: of all, or of one."""
    people = identity.known(connection, only)
    return [Account(of_person(one), Kind.PERSON, ORGANISATION) for one in people]


def towards(connection: Connection, account: str) -> list[Account]:
    """An account and all that it spends for, parents first: what must be known before it can have a budget."""
    top = Account(ORGANISATION, Kind.ORGANISATION)
    kind, _, name = account.partition(":")
    match kind:
        case "team":
            return [top, Account(account, Kind.TEAM, ORGANISATION)]
        case "person":
            return [top, Account(account, Kind.PERSON, ORGANISATION)]
        case "app" | "environment":
            app = catalog.app(connection, name.partition("/")[0])
            chain = [top, Account(of_team(app.team), Kind.TEAM, ORGANISATION)]
            own = of_apps([app])
            return [*chain, own[0], *(one for one in own if one.id == account and kind == "environment")]
    return [top]


def words(connection: Connection, account: str) -> str:
    """An account as people name it: ``staging of vendor-board``, ``the team Sales``, ``Ana``, ``everybody together``."""
    kind, _, name = account.partition(":")
    match kind:
        case "team":
            return f"the team {identity.team(connection, name).name}"
        case "person":
            return identity.names(connection, {name}).get(name, "somebody who was erased")
        case "run":
            person = person_of_run(connection, account)
            whose = identity.names(connection, {person}).get(person, "somebody who was erased")
            called = names_of_runs(connection, [name]).get(name, name)
            return f"what {whose} lent the agent {called}" if is_grant(name) else f"the run {called} of {whose}"
    return account_words(account)
