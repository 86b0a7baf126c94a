"""An app's page: five questions with their answers, what is live and why, its versions, who can open it, its story."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection
from starlette.responses import Response
from starlette.routing import Route

from greenlane.catalog import queries as catalog
from greenlane.deploys import depending
from greenlane.deploys import queries as deploys
from greenlane.deploys.advisories import Checked
from greenlane.gateway.queries import Filter
from greenlane.identity import queries as identity
from greenlane.identity.held import CREATION
from greenlane.insights import costs, figures, questions, spending, versions
from greenlane.insights.questions import Placing
from greenlane.insights.versions import Version
from greenlane.kit.clock import stamp
from greenlane.ledger import queries as ledger
from greenlane.runtime.egress import queries as egress
from greenlane.secrets import queries as secrets
from greenlane.web import circles
from greenlane.web.asked import Asked
from greenlane.web.depicted import depicted
from greenlane.web.offering import lane_back, offer
from greenlane.web.one_app import Live, lock_of, rights, timeline, visible, waiting
from greenlane.web.publishing import Circle
from greenlane.web.site import Site

NEWEST = 5
"""Versions on the app's own page."""

LATELY = 8
"""Receipts of the story on the app's own page."""

LOOKED_BACK = 30
"""Placements among which earlier versions are looked for."""

WAYS_BACK = 5
"""Earlier versions that are offered."""


@dataclass(frozen=True, slots=True)
class WayBack:
    """An earlier version that an environment can return to. ``label`` says what that undoes."""

    deploy: str
    label: str


def routes(site: Site) -> list[Route]:
    """The app's page."""
    return [
        site.page("/apps/{app}", app_page),
    ]


def app_page(at: Asked) -> Response:
    """Everything about one app, the most asked first."""
    with at.read() as connection:
        app = visible(at, connection)
        may = rights(at, app)
        team = identity.team(connection, app.team)
        owner = identity.names(connection, [app.owner]).get(app.owner, "")
        circle = circles.of_today(connection, app, team.name, owner, stamp(at.now))
        known = questions.gather(connection, app, at.house.addresses, at.house.vouching)
        places = catalog.environments(connection, app.name)
        found = deploys.deploys(connection, app.name, limit=NEWEST + 1)
        shown = versions.versions(connection, at.house.door.payloads, found[:NEWEST], places)
        lives = [_live(at, connection, app, place, shown, known) for place in places if place.live_deploy]
        production = next((one for one in lives if one.name == "production"), None)
        ways_back = _ways_back(connection, app, production)
        told: dict[str, Any] = {
            "app": app,
            "title": app.title or app.name,
            "owner": owner,
            "creator": any(
                one.by == CREATION and one.scope == f"app:{app.name}"
                for one in identity.held(connection, app.owner, at.now)
            ),
            "team": team.name,
            "url": at.house.addresses.url(app.name),
            "questions": questions.answers(known),
            "lives": lives,
            "production": production,
            "depends": None if production is None else _depends(at, connection, app.name, production),
            "circle": circle,
            "opens_to": _opens_to(connection, app, team.name),
            "versions": shown,
            "more_versions": len(found) > NEWEST,
            "waiting": waiting(at, connection, app.name),
            "story": timeline(
                at,
                connection,
                ledger.entries(connection, subject=f"app:{app.name}", limit=LATELY, outcomes=True, newest_first=True),
            ),
            "verdict": known.verdict,
            "content": known.content,
            "hosts": catalog.hosts(connection, app.name),
            "called": _called(connection, app.name, at.now),
            "variables": [
                one
                for one in secrets.names(connection, app.name)
                if one.person == at.me.person or at.may(connection, "read-variables", f"app:{app.name}")
            ],
            "stored": deploys.stored_bytes(connection, app.name),
            "spent": costs.spent(connection, app.name, at.now),
            "models": spending.together(connection, Filter(app=app.name), figures.days_of(at.now, 30)),
            "ways_back": ways_back,
            "stores": any(one.runs for one in found),
            "may": may,
        }
        newest = shown[0] if shown else None
        ready = newest is not None and (production is None or production.deploy != newest.id)
        live = None if production is None else production.deploy
        told["depicted"] = depicted(
            at, connection, app.name, [("Live now", live), ("This version", newest.id if newest and ready else None)]
        )
    offered = None
    if newest is not None and ready and app.state == "live" and may("publish", "production"):
        offered = offer(at, app, newest.id, circle, production)
    return at.page(
        "app/app.html",
        part="main",
        newest=newest if ready else None,
        offer=offered,
        back_lane=lane_back(at, app, ways_back[0].deploy, offered)
        if ways_back and may("rollback", "production")
        else "",
        **told,
    )


def _live(
    at: Asked,
    connection: Connection,
    app: catalog.App,
    place: catalog.Environment,
    near: Sequence[Version],
    known: questions.Known,
) -> Live:
    assert place.live_deploy is not None
    version = next((one for one in near if one.id == place.live_deploy), None)
    if version is None:
        one = deploys.deploy(connection, app.name, place.live_deploy)
        (version,) = versions.versions(connection, at.house.door.payloads, [one], [place])
    return Live(
        name=place.name,
        url=at.house.addresses.url(app.name, place.name),
        deploy=place.live_deploy,
        since=place.changed_at or "",
        version=version,
        placing=known.placing if place.name == "production" else _placing(connection, place),
        lock=lock_of(connection, place, stamp(at.now)),
        by_rollback=place.locked_by is not None and place.locked_by == place.changed_by,
    )


def _placing(connection: Connection, place: catalog.Environment) -> Placing | None:
    return questions.placing(connection, place.changed_by) if place.changed_by else None


def _called(connection: Connection, app: str, now: datetime) -> list[str]:
    """The hosts that its code really reached in 30 days."""
    since = (now - timedelta(days=30)).date().isoformat()
    found = egress.used(connection, app, since)
    return sorted({one.host for one in found if one.outcome == "allowed" and one.use == "run"})


def _depends(at: Asked, connection: Connection, app: str, live: Live) -> Checked:
    """What is known today of the packages in what is live."""
    return depending.checked(connection, at.house.blobs, deploys.deploy(connection, app, live.deploy).sbom, at.now)


def _ways_back(connection: Connection, app: catalog.App, production: Live | None) -> list[WayBack]:
    """Versions made before the live one that were in production, each with how many changes that would undo."""
    if production is None or production.version is None:
        return []
    history: dict[str, deploys.Placed] = {}
    for one in deploys.placements(connection, app.name, "production", limit=LOOKED_BACK):
        history.setdefault(one.deploy, one)
    made = production.version.at
    earlier = [one for one in history.values() if one.deploy != production.deploy and one.created_at <= made]
    earlier = sorted(earlier, key=lambda one: one.created_at, reverse=True)[:WAYS_BACK]
    names = identity.names(connection, {one.author for one in earlier if one.author})
    days = Counter(questions.day(one) for one in (made, *(one.created_at for one in earlier)))
    return [
        WayBack(
            one.deploy,
            f"Go back to the version of {_when(one.created_at, days)} by "
            f"{names.get(one.author or '', 'somebody who was erased')}; undoes {_changes(number)}",
        )
        for number, one in enumerate(earlier, 1)
    ]


def _when(at: str, days: Mapping[str, int]) -> str:
    """The day, and the time as well where several versions are of that day."""
    day = questions.day(at)
    return f"{day}, {at[11:16]} UTC" if days[day] > 1 else day


def _changes(number: int) -> str:
    return "1 change" if number == 1 else f"{number} changes"


def _opens_to(connection: Connection, app: catalog.App, team: str) -> tuple[Circle, str] | None:
    """The wider circle that it opens to by itself, and when."""
    due = catalog.widening(connection, app.name)
    return None if due is None else (circles.on_rung(connection, app, team, "", due[0]), due[1])
