"""Reads about snapshots of what apps store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from greenlane.govern.errors import NotFound, WrongInput
from greenlane.store.tables import SNAPSHOT


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot: whose, by which action and of which kind that was, what was live then, and what is in it.

    ``gone_at`` is when it was given up or erased; None while it can be restored.
    """

    id: str
    app: str
    environment: str
    action: str
    verb: str
    deploy: str | None
    bytes: int
    files: int
    digest: str
    made_at: str
    gone_at: str | None


def snapshots(connection: Connection, app: str) -> Sequence[Snapshot]:
    """Those of an app that can be restored, the newest first."""
    found = select(SNAPSHOT).where(SNAPSHOT.c.app == app, SNAPSHOT.c.gone_at.is_(None))
    rows = connection.execute(found.order_by(SNAPSHOT.c.made_at.desc(), SNAPSHOT.c.id.desc()))
    return [Snapshot(**row._mapping) for row in rows]


def meant(connection: Connection, app: str, environment: str, snapshot: str) -> Snapshot:
    """The snapshot of that id, or the newest one of an environment. Raises ``NotFound``.

    Raises ``WrongInput`` for one of another environment: what staging holds is not carried to production, nor back.
    """
    there = snapshots(connection, app)
    look = f"`greenlane data {app}` lists those that there are."
    if not snapshot:
        for one in there:
            if one.environment == environment:
                return one
        raise NotFound(f"There is no snapshot of what {app} stores in {environment}.", next_step=look)
    for one in there:
        if one.id == snapshot:
            if one.environment != environment:
                raise WrongInput(
                    f"The snapshot {snapshot} is of {one.environment}, and data is never carried from one environment to "
                    f"another: what is in {one.environment} may be meant for nobody in {environment}.",
                    next_step=f"Choose a snapshot of {environment}: `greenlane data {app} --environment {environment}`.",
                    field="snapshot",
                )
            return one
    raise NotFound(f"{app} has no snapshot {snapshot}, or not any more.", next_step=look)
