"""What a scope reaches: looked up in the catalog and among the teams."""

from __future__ import annotations

from sqlalchemy import Connection

from greenlane.catalog import queries as catalog
from greenlane.identity import queries as identity
from greenlane.secrets import scopes
from greenlane.secrets.scopes import Placed


def of(connection: Connection, action: Placed) -> str:
    """The scope that an action means. Raises ``NotFound`` for a team that does not exist."""
    if action.app:
        return scopes.of_app(action.app)
    return scopes.of_team(identity.team(connection, action.team).id) if action.team else scopes.ORGANISATION


def inside(connection: Connection, scope: str) -> tuple[str, ...] | None:
    """A scope and every scope within it; None means all there are."""
    kind, _, name = scope.partition(":")
    if kind == "app":
        return (scope,)
    if kind == "team":
        return (scope, *(scopes.of_app(app.name) for app in catalog.apps_of_team(connection, name)))
    return None


def apps_in(connection: Connection, scope: str) -> list[str]:
    """The apps that get a value from this scope."""
    kind, _, name = scope.partition(":")
    if kind == "app":
        return [name]
    found = catalog.apps_of_team(connection, name) if kind == "team" else catalog.all_apps(connection)
    return [app.name for app in found]
