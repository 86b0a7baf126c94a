"""An app's settings: whose it is, what it may call, its domains, links to previews, and off the air."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection
from starlette.responses import Response
from starlette.routing import Route

from greenlane.catalog import queries as catalog
from greenlane.catalog.hosts import PURPOSES, SERVER
from greenlane.deploys import comparing
from greenlane.deploys import queries as deploys
from greenlane.identity import queries as identity
from greenlane.kit.clock import stamp
from greenlane.runtime.egress import queries as egress
from greenlane.web import one_app
from greenlane.web.asked import Asked
from greenlane.web.site import Site

MOST_LISTED = 100
"""Members, teams, hosts and tokens that are listed."""

CALLED_WITHIN = timedelta(days=30)
"""How far back the page tells what an app's code called."""

PURPOSE_WORDS = {
    "connect": "exchange data",
    "script": "load scripts",
    "style": "load styles",
    "img": "load images",
    "font": "load fonts",
    "media": "play sound and video",
    "frame": "show its pages inside",
    "form": "send forms there",
    "server": "be called by its own code",
}
"""What a host can be called for, in words."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A host that the newest version calls and may not yet."""

    host: str
    purposes: tuple[str, ...]


def routes(site: Site) -> list[Route]:
    """The page of settings."""
    return [site.page("/apps/{app}/settings", settings_page)]


def settings_page(at: Asked) -> Response:
    """Everything about an app that is set once and then left alone."""
    now = stamp(at.now)
    with at.read() as connection:
        app = one_app.visible(at, connection)
        team = identity.team(connection, app.team)
        hosts = catalog.hosts(connection, app.name)
        newest = deploys.newest(connection, app.name)
        return at.page(
            "app/settings.html",
            part="main",
            app=app,
            title=app.title or app.name,
            may=one_app.rights(at, app),
            owner=identity.names(connection, [app.owner]).get(app.owner, ""),
            team=team.name,
            members=_members(connection, app),
            teams=[one.name for one in identity.teams(connection)[:MOST_LISTED]],
            hosts=hosts[:MOST_LISTED],
            wanted=_wanted(connection, newest),
            purposes=[(one, PURPOSE_WORDS[one]) for one in PURPOSES],
            purpose_words=PURPOSE_WORDS,
            called=egress.used(connection, app.name, (at.now - CALLED_WITHIN).date().isoformat())[:MOST_LISTED],
            may_be_called=[one.host for one in hosts if SERVER in one.directives],
            domains=catalog.domains(connection, app.name),
            tokens=deploys.preview_tokens(connection, now, app.name)[:MOST_LISTED],
            newest=newest,
        )


def _members(connection: Connection, app: catalog.App) -> Mapping[str, str]:
    """Who could own it instead: the team's people by id, by name."""
    found = identity.names(connection, identity.members(connection, [app.team]) - {app.owner})
    return dict(sorted(found.items(), key=lambda pair: pair[1].casefold())[:MOST_LISTED])


def _wanted(connection: Connection, newest: deploys.DeployView | None) -> list[Wanted]:
    """What the newest version names in its files, or tried to call in its preview, and may not yet."""
    if newest is None:
        return []
    declared = catalog.page_hosts(connection, newest.app, "production")
    purposes: dict[str, set[str]] = {}
    for reach in (newest.reach, deploys.wanted(connection, newest.id)):
        for purpose, called in reach.items():
            for host in called:
                purposes.setdefault(host, set()).add(purpose)
    missing = sorted(host for host in purposes if not comparing.covered(host, declared))
    return [Wanted(host, tuple(sorted(purposes[host]))) for host in missing[:MOST_LISTED]]
