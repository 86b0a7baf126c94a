"""Reads about variables: which there are, never what they hold. One call opens values, for the platform's own use."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from greenlane.secrets.sealing import Sealing
from greenlane.secrets.tables import VARIABLE


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable that has a value: where, under which version, put there when and by which action."""

    app: str
    environment: str
    name: str
    version: int
    action: str
    created: str


def names(connection: Connection, app: str, environment: str = "") -> list[Variable]:
    """The variables of an app, in all environments or one; their values stay where they are."""
    newest = (
        select(VARIABLE.c.environment, VARIABLE.c.name, func.max(VARIABLE.c.version).label("version"))
        .where(VARIABLE.c.app == app, VARIABLE.c.removed.is_(None))
        .group_by(VARIABLE.c.environment, VARIABLE.c.name)
        .subquery()
    )
    rows = connection.execute(
        select(VARIABLE)
        .join(
            newest,
            (VARIABLE.c.environment == newest.c.environment)
            & (VARIABLE.c.name == newest.c.name)
            & (VARIABLE.c.version == newest.c.version),
        )
        .where(VARIABLE.c.app == app)
        .order_by(VARIABLE.c.environment, VARIABLE.c.name)
    )
    return [
        Variable(row.app, row.environment, row.name, row.version, row.action, row.created)
        for row in rows
        if environment in {"", row.environment}
    ]


def known_values(connection: Connection, sealing: Sealing) -> dict[str, str]:
    """Every value that was put in and not removed, older versions included, by words that say which one it is.

    For the scanner that finds a value where it leaked, and for nothing else: never hand it to a face, never log it.
    """
    rows = connection.execute(select(VARIABLE).where(VARIABLE.c.removed.is_(None)))
    return {
        f"{row.name} of {row.app} in {row.environment}, version {row.version}": sealing.open(
            row.sealed, place(row.app, row.environment, row.name, row.version)
        )
        for row in rows
    }


def place(app: str, environment: str, name: str, version: int) -> str:
    """What a sealed value is bound to."""
    return f"{app}/{environment}/{name}/{version}"
