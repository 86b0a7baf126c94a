"""Values in the console: what an app gets and why, what stands with a team or with everybody, and one value's story."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from sqlalchemy import Connection
from starlette.responses import Response
from starlette.routing import Route

from greenlane.catalog import queries as catalog
from greenlane.govern.errors import NotFound
from greenlane.identity import queries as identity
from greenlane.identity import roles
from greenlane.insights.values import Reader
from greenlane.secrets import queries, reaching, scopes
from greenlane.secrets.model_keys import maker
from greenlane.web import one_app, people, wording
from greenlane.web.asked import Asked
from greenlane.web.site import Site

MOST_READS = 20
"""Readings of a value that are listed."""

MAKING = {"run": "when it runs", "build": "while it is built"}
"""When a use counts, in words."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where values stand: how it is called, its address here, the inputs that name it to a verb, and its scope.

    ``may`` says which verbs the asker's roles allow here, for which environment.
    """

    title: str
    address: str
    inputs: dict[str, object]
    scope: str
    subject: str
    may: one_app.Rights


def routes(site: Site) -> list[Route]:
    """What there is at each of the three places, and one value of it."""
    return [
        site.page("/apps/{app}/variables", of_app),
        site.page("/apps/{app}/variables/{name}", one_of_app),
        site.page("/teams/{team}/variables", of_team),
        site.page("/teams/{team}/variables/{name}", one_of_team),
        site.page("/settings/variables", of_everybody),
        site.page("/settings/variables/{name}", one_of_everybody),
    ]


def of_app(at: Asked) -> Response:
    """What an app gets in each environment, for running or for building."""
    use = at.query("use", "run")
    if use not in scopes.USES:
        raise NotFound("There is no such list.", next_step="Look at what it gets when it runs.")
    with at.read() as connection:
        app = one_app.visible(at, connection)
        reader = _reader(at, connection, f"app:{app.name}")
        sheet = at.house.shelf.sheet(connection, app.name, use, at.now, reader)
        offers = _model_keys(connection, app, use) if reader.sees_all else []
    place = _app(at, app)
    return at.page(
        "variables/app.html",
        part="main",
        app=app,
        title=app.title or app.name,
        place=place,
        sheet=sheet,
        offers=offers,
        may_take=place.may("move-model-key"),
        making=MAKING,
        places=wording.ENVIRONMENTS,
        offered=_offered(place),
        uses=wording.USES,
        typed=_typed(at),
    )


def _model_keys(connection: Connection, app: catalog.App, use: str) -> list[dict[str, str]]:
    """The app's own values whose names say that they are keys for models: what names each to a verb, and whose it is."""
    own = queries.versions(connection, [scopes.of_app(app.name)])
    found = {
        one.key: {"app": app.name, "name": one.name, "environment": one.environment, "use": one.use}
        for one in own
        if one.use in {use, scopes.BOTH} and maker(one.name)
    }
    return list(found.values())


def of_team(at: Asked) -> Response:
    """What stands with a team."""
    with at.read() as connection:
        return _kept(at, connection, _team(at, connection))


def of_everybody(at: Asked) -> Response:
    """What stands with the organisation, and the keys under which everything lies."""
    with at.read() as connection:
        return _kept(at, connection, _everybody(at))


def one_of_app(at: Asked) -> Response:
    """One of an app's own values, and which value of that name counts where."""
    with at.read() as connection:
        app = one_app.visible(at, connection)
        return _one(at, connection, _app(at, app), app)


def one_of_team(at: Asked) -> Response:
    """One of a team's values."""
    with at.read() as connection:
        return _one(at, connection, _team(at, connection), None)


def one_of_everybody(at: Asked) -> Response:
    """One of the organisation's values."""
    with at.read() as connection:
        return _one(at, connection, _everybody(at), None)


def _kept(at: Asked, connection: Connection, place: Place) -> Response:
    reader = _reader(at, connection, place.subject)
    kept = at.house.shelf.kept(connection, place.scope, at.now, reader)
    everywhere = place.scope == scopes.ORGANISATION
    return at.page(
        "variables/place.html",
        part="main",
        place=place,
        kept=kept,
        reaches=len(reaching.apps_in(connection, place.scope)),
        standing=at.house.shelf.sealing.standing() if everywhere and place.may("rotate-key") else None,
        places=wording.ENVIRONMENTS,
        offered=_offered(place),
        uses=wording.USES,
        typed=_typed(at),
        settings=everywhere,
    )


def _one(at: Asked, connection: Connection, place: Place, app: catalog.App | None) -> Response:
    name = at.named("name")
    reader = _reader(at, connection, place.subject)
    shelf = at.house.shelf
    rows = []
    if app is not None:
        for use in scopes.USES:
            found = shelf.sheet(connection, app.name, use, at.now, reader).rows
            rows += [(use, row) for row in found if row.name == name]
    try:
        told = shelf.about(connection, place.scope, name, at.now, reader)
    except NotFound:
        if not rows:
            raise
        told = []
    return at.page(
        "variables/value.html",
        part="main",
        app=app,
        place=place,
        name=name,
        title=place.title,
        rows=rows,
        making=MAKING,
        told=told,
        wider=[] if app is None else _wider(at, connection, app, name),
        most=MOST_READS,
        places=wording.ENVIRONMENTS,
        uses=wording.USES,
        settings=place.scope == scopes.ORGANISATION,
    )


def _wider(at: Asked, connection: Connection, app: catalog.App, name: str) -> list[tuple[str, str]]:
    """The app's team and the organisation, where they have a value of this name that the asker may look at: words and
    address.
    """
    team = identity.team(connection, app.team)
    its_team = scopes.of_team(team.id)
    places = {
        its_team: (its_team, f"the team {team.name}", f"/teams/{quote(team.name, safe='')}/variables/{name}"),
        scopes.ORGANISATION: (identity.ORGANISATION, "the organisation", f"/settings/variables/{name}"),
    }
    there = {one.scope for one in queries.versions(connection, places, name)}
    return [
        (words, address)
        for scope, (subject, words, address) in places.items()
        if scope in there and at.may(connection, "read-variables", subject)
    ]


def _app(at: Asked, app: catalog.App) -> Place:
    return Place(
        app.title or app.name,
        f"/apps/{app.name}/variables",
        {"app": app.name},
        scopes.of_app(app.name),
        f"app:{app.name}",
        one_app.rights(at, app),
    )


def _team(at: Asked, connection: Connection) -> Place:
    team = people.team_of(at, connection)
    at.must(connection, "read-variables", f"team:{team.id}")
    scope = scopes.of_team(team.id)
    held = (identity.ORGANISATION, scope)
    address = f"/teams/{quote(team.name, safe='')}/variables"
    return Place(f"the team {team.name}", address, {"team": team.name}, scope, scope, _shared(at, held))


def _everybody(at: Asked) -> Place:
    with at.read() as connection:
        at.must(connection, "read-variables")
    held = (identity.ORGANISATION,)
    inputs: dict[str, object] = {"organisation": "yes"}
    return Place("the organisation", "/settings/variables", inputs, scopes.ORGANISATION, held[0], _shared(at, held))


def _shared(at: Asked, held: tuple[str, ...]) -> one_app.Rights:
    """What the asker's roles allow where many apps are concerned."""
    mine = identity.counting(at.held, held)

    def may(verb: str, environment: str = "") -> bool:
        place = environment if roles.VERBS[verb].shared is None else roles.shared_place(environment)
        return any(one.may(verb, place) for one in mine)

    return may


def _reader(at: Asked, connection: Connection, subject: str) -> Reader:
    return Reader(at.me.person, at.may(connection, "read-variables", subject))


def _offered(place: Place) -> list[str]:
    """The environments into which the asker may put values here."""
    return [one for one in scopes.ENVIRONMENTS if place.may("put-variable", one)]


def _typed(at: Asked) -> dict[str, str]:
    """What a link says beforehand of a value that is to be put in."""
    return {name: at.query(name) for name in ("name", "environment", "use")}
