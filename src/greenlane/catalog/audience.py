"""Who may open an app: the ladder that audiences climb, who stands on a rung, and the rows that say so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, update

from greenlane.catalog.queries import App
from greenlane.catalog.tables import APP
from greenlane.govern.errors import WrongInput
from greenlane.govern.facts import RUNGS
from greenlane.identity import queries as identity

_OPEN = ("everyone", "public")


def check(audience: str) -> None:
    """Raises ``WrongInput`` for a rung that the ladder does not have."""
    if audience not in RUNGS:
        raise WrongInput(f"There is no audience called {audience!r}.", next_step=f"Choose one of: {', '.join(RUNGS)}.")


def beyond_the_team(rung: str) -> bool:
    """Whether people outside the team can open what stands on that rung."""
    return rung in _OPEN


def widens(now: str, wanted: str) -> bool:
    """Whether the second rung is wider than the first."""
    return RUNGS.index(wanted) > RUNGS.index(now)


def facts(
    connection: Connection, app: App, wanted: str, people: Sequence[str] = (), teams: Sequence[str] = ()
) -> dict[str, Any]:
    """What risk must know when an app would be put on a rung.

    A wider rung widens the audience, and so does the same or a narrower one that lets somebody in who could not come in
    before: another name among the named, or a named person from outside the team. Raises ``WrongInput`` for an unknown
    rung and ``NotFound`` for people and teams.
    """
    check(wanted)
    after = _inside(connection, app, wanted, people, _ids(connection, teams))
    newly = after - _inside(connection, app, app.rung, app.named_people, app.named_teams)
    return {
        "audience_now": app.rung,
        "audience_wanted": wanted,
        "audience_widens": widens(app.rung, wanted) or (app.rung not in _OPEN and bool(newly)),
        "audience_people": identity.members_active(connection) if wanted in _OPEN else len(after),
    }


def named_before(app: App) -> dict[str, dict[str, list[str]]]:
    """For a receipt that changes the audience: the ids of those who were named until then, so that they can be again."""
    if app.rung != "named":
        return {}
    return {"named_before": {"people": list(app.named_people), "teams": list(app.named_teams)}}


def place(
    connection: Connection, app: str, audience: str, people: Sequence[str] = (), teams: Sequence[str] = ()
) -> None:
    """Put an app on a rung, and remember that it has been on the wide ones. ``teams`` are names or ids."""
    values: dict[str, object] = {"rung": audience}
    if audience == "named":
        values |= {"named_people": sorted(set(people)), "named_teams": _ids(connection, teams)}
    if audience in _OPEN:
        values["everyone_before"] = True
    if audience == "public":
        values["public_before"] = True
    connection.execute(update(APP).where(APP.c.name == app).values(**values))


def _inside(connection: Connection, app: App, rung: str, people: Sequence[str], teams: Sequence[str]) -> frozenset[str]:
    """Ids of those on the narrow rungs; the wide ones are told by their name."""
    if rung == "named":
        named = {identity.person(connection, one).id for one in people}
        return frozenset({app.owner, *named}) | identity.members(connection, teams)
    if rung == "team":
        return frozenset({app.owner}) | identity.members(connection, (app.team,))
    return frozenset({app.owner})


def _ids(connection: Connection, teams: Sequence[str]) -> list[str]:
    return sorted({identity.team(connection, one).id for one in teams})
