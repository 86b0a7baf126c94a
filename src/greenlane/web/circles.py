"""Who can open an app, counted: today, and on each rung of the ladder."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from greenlane.catalog import audience
from greenlane.catalog import queries as catalog
from greenlane.govern.facts import RUNGS
from greenlane.web.publishing import Circle


def of_today(connection: Connection, app: catalog.App, team: str, owner: str, at: str) -> Circle:
    """Who can open the app at that moment: with its guests, and with whoever holds a share link."""
    circle = on_rung(connection, app, team, owner, app.rung)
    if app.rung == "public":
        return circle
    guests = 0 if app.rung == "everyone" else len(catalog.guest_ids(connection, app.name))
    return replace(circle, guests=guests, links=len(catalog.share_links(connection, at, app.name)))


def on_rung(connection: Connection, app: catalog.App, team: str, owner: str, rung: str) -> Circle:
    """Who could open the app on a rung; on the rung of the named those who are named today."""
    facts = audience.facts(connection, app, rung, app.named)
    return Circle(rung, team, facts["audience_people"], owner)


def on_each_rung(connection: Connection, app: catalog.App, team: str, owner: str) -> dict[str, Circle]:
    """Who could open the app on each rung, counted once for those that the same people stand on."""
    found = {
        rung: on_rung(connection, app, team, owner, rung) for rung in (*RUNGS[: RUNGS.index("team") + 1], "everyone")
    }
    return {**found, "public": replace(found["everyone"], rung="public")}
