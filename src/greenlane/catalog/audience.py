"""Rows that say who may open an app, and the ladder that they climb."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, update

from greenlane.catalog.tables import APP
from greenlane.govern.errors import WrongInput
from greenlane.govern.facts import RUNGS


def check(audience: str) -> None:
    """Raises ``WrongInput`` for a rung that the ladder does not have."""
    if audience not in RUNGS:
        raise WrongInput(f"There is no audience called {audience!r}.", next_step=f"Choose one of: {', '.join(RUNGS)}.")


def widens(now: str, wanted: str) -> bool:
    """Whether the second rung is wider than the first."""
    return RUNGS.index(wanted) > RUNGS.index(now)


def place(
    connection: Connection, app: str, audience: str, people: Sequence[str] = (), teams: Sequence[str] = ()
) -> None:
    """Put an app on a rung, and remember that it has been on the wide ones."""
    values: dict[str, object] = {"rung": audience}
    if audience == "named":
        values |= {"named_people": sorted(people), "named_teams": sorted(teams)}
    if audience in {"everyone", "public"}:
        values["everyone_before"] = True
    if audience == "public":
        values["public_before"] = True
    connection.execute(update(APP).where(APP.c.name == app).values(**values))
