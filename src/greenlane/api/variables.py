"""Values over HTTP: what an app gets and why, what stands at a place, who read it, and how the keys stand."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection

from greenlane.api.house import HOUSE, READER, ApiHouse, person_of
from greenlane.api.ledger import must
from greenlane.catalog import queries as catalog
from greenlane.govern.errors import NotFound, WrongInput
from greenlane.identity import queries as identity
from greenlane.identity.queries import Signed
from greenlane.insights import values
from greenlane.insights.values import Reader
from greenlane.secrets import scopes


def routes() -> APIRouter:
    """The routes that read about values. None of them answers a secret."""
    router = APIRouter(prefix="/v1", tags=["variables"])

    @router.get("/apps/{app}/variables", summary="What an app gets in each environment, from where, and why")
    def resolved(app: str, at: HOUSE, who: READER, use: str = "run") -> dict[str, Any]:
        if use not in scopes.USES:
            raise WrongInput(f"{use!r} is no use.", next_step="Say build or run.", field="use")
        with at.database.read() as connection:
            reader = _reader(at, connection, who, app=app)
            sheet = at.shelf.sheet(connection, app, use, at.clock.now(), reader)
        return {
            "app": app,
            "use": use,
            "items": [
                {"name": row.name, **{name: value for name, value in asdict(cell).items() if name != "scope"}}
                for row in sheet.rows
                for cell in row.cells
                if cell.state != "unset"
            ],
            "hidden": sheet.hidden,
        }

    @router.get("/variables", summary="The values that stand with an app, a team or the organisation")
    def kept(at: HOUSE, who: READER, app: str = "", team: str = "") -> dict[str, Any]:
        with at.database.read() as connection:
            reader = _reader(at, connection, who, app, team)
            found = at.shelf.kept(connection, _scope(connection, app, team), at.clock.now(), reader)
        return {"items": [values.as_dict(one) for one in found.lines], "hidden": found.hidden}

    @router.get("/variables/{name}", summary="One value: its versions, and which deploys read it, when last")
    def about(name: str, at: HOUSE, who: READER, app: str = "", team: str = "") -> dict[str, Any]:
        with at.database.read() as connection:
            reader = _reader(at, connection, who, app, team)
            found = at.shelf.about(connection, _scope(connection, app, team), name, at.clock.now(), reader)
        return {
            "items": [
                {
                    **values.as_dict(one.line),
                    "versions": [
                        {"version": each.version, "put_by": by, "created": each.created, "until": each.valid_until}
                        for each, by in one.versions
                    ],
                    "reads": [asdict(read) for read in one.reads],
                }
                for one in found
            ]
        }

    @router.get("/keys", summary="How the keys stand under which values are kept")
    def keys(at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            must(at, connection, who, "read-settings", "organisation")
        return asdict(at.shelf.sealing.standing())

    return router


def _scope(connection: Connection, app: str, team: str) -> str:
    if app:
        return scopes.of_app(app)
    return scopes.of_team(identity.team(connection, team).id) if team else scopes.ORGANISATION


def _reader(at: ApiHouse, connection: Connection, who: Signed, app: str = "", team: str = "") -> Reader:
    """Whoever may see the app sees what they put in; what others put in takes a right of its own.

    Raises ``NotFound`` for what somebody may know nothing of.
    """
    subject = f"app:{app}" if app else f"team:{team}" if team else "organisation"
    sees_all = at.may(connection, who.actor, "read-variables", subject)
    if app:
        owner = catalog.app(connection, app).owner
        if not sees_all and owner != person_of(who) and not at.may(connection, who.actor, "read-receipts", subject):
            raise NotFound(
                f"There is no app called {app!r}.", next_step="`greenlane apps` lists those that you may see."
            )
    elif not sees_all:
        raise NotFound("There are no such values for you.", next_step="Ask an owner for a role that may read them.")
    return Reader(person_of(who), sees_all)
