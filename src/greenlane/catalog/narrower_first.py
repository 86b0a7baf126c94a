"""The safeguard ``narrower-first``: a wide audience opens to the team, and an hour later to everybody who was meant.

Whoever objects within the hour sets another audience, or rolls back. What is published within the hour is decided for
those who are meant. Asking for the same audience again does not shorten the hour.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, delete, insert, select

from greenlane.catalog import audience
from greenlane.catalog.actions import WidenAudience
from greenlane.catalog.named import NOBODY, Named
from greenlane.catalog.queries import widening
from greenlane.catalog.tables import APP, WIDENING
from greenlane.govern.effect import Context, Outcome
from greenlane.govern.errors import Conflict
from greenlane.kit.clock import stamp

HOUR = timedelta(hours=1)
"""How long an audience stays narrower."""

FIRST = "team"
"""The rung that an app stands on meanwhile."""


def opens_at(connection: Connection, app: str, wanted: str, context: Context) -> str | None:
    """When an app will be open to the wanted audience; None for at once.

    The decision asks for the narrower hour; one that is running already for the same audience is kept as it is.
    """
    if not audience.widens(FIRST, wanted):
        return None
    running = widening(connection, app)
    if running is not None and running[0] == wanted and not context.decision.approved:
        return running[1]
    narrower = "narrower-first" in context.decision.safeguards and context.facts.audience_widens
    return stamp(context.now + HOUR) if narrower else None


def open_to(
    connection: Connection,
    app: str,
    wanted: str,
    *,
    at: str | None,
    action: str,
    named: Named = NOBODY,
) -> None:
    """Rows: the app stands on the wanted rung, or on the team's until the moment ``at``.

    An app on a wider rung than the team's stays on it meanwhile.
    """
    connection.execute(delete(WIDENING).where(WIDENING.c.app == app))
    if at is None:
        audience.place(connection, app, wanted, named)
        return
    now = connection.execute(select(APP.c.rung).where(APP.c.name == app)).scalar_one()
    if audience.widens(now, FIRST):
        audience.place(connection, app, FIRST)
    connection.execute(insert(WIDENING).values(app=app, rung=wanted, due_at=at, action=action))


def stop(connection: Connection, app: str) -> None:
    """Rows: somebody objected, and the app stays as narrow as it is."""
    connection.execute(delete(WIDENING).where(WIDENING.c.app == app))


def widen(action: WidenAudience, context: Context) -> Outcome:
    """The effect of widen-audience: the hour is over and nobody objected."""

    def rows(connection: Connection) -> None:
        running = widening(connection, action.app)
        if running is None or running[0] != action.audience or running[1] > stamp(context.now):
            raise Conflict(
                f"{action.app} is not to be opened now.", next_step="Publish it again if it should be opened."
            )
        open_to(connection, action.app, action.audience, at=None, action=context.action_id)

    return Outcome(rows, happened={"app": action.app, "audience": action.audience})
