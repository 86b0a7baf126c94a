"""Who can open an app, and what would happen on each rung of the ladder, before anybody presses a button."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection
from starlette.responses import Response
from starlette.routing import Route

from greenlane.catalog import queries as catalog
from greenlane.catalog.actions import SetAudience
from greenlane.govern.decision import Decision, Lane
from greenlane.govern.errors import Conflict, NotFound, WrongInput
from greenlane.govern.facts import RUNGS
from greenlane.identity import queries as identity
from greenlane.identity.groups import queries as groups
from greenlane.insights import telling
from greenlane.kit.clock import stamp
from greenlane.web import circles, one_app, wording
from greenlane.web.asked import Asked
from greenlane.web.publishing import Circle
from greenlane.web.site import Site

MOST_FOUND = 20
"""People that a search shows."""

MOST_TEAMS = 100
"""Teams that can be ticked."""

MOST_GROUPS = 100
"""Groups that can be ticked; the terminal takes any."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung: who would be in, what would be decided and why, and the button."""

    circle: Circle
    now: bool
    decision: Decision | None
    reasons: Sequence[str]
    says: str
    label: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody, or a team, who can be ticked."""

    value: str
    name: str
    ticked: bool
    beside: str = ""


def routes(site: Site) -> list[Route]:
    """The page of the ladder."""
    return [site.page("/apps/{app}/audience", audience_page)]


def audience_page(at: Asked) -> Response:
    """Every rung with what it would mean, and the people and teams that are named."""
    wanted = at.query("who")
    with at.read() as connection:
        app = one_app.visible(at, connection)
        may = one_app.rights(at, app)("set-audience")
        team = identity.team(connection, app.team)
        owner = identity.names(connection, [app.owner]).get(app.owner, "")
        counted = list(circles.on_each_rung(connection, app, team.name, owner).values())
        today = circles.of_today(connection, app, team.name, owner, stamp(at.now))
        people = _people(connection, app, wanted)
        teams = [Choice(one.name, one.name, one.id in app.named.teams) for one in identity.teams(connection)]
        company = _groups(connection, app)
        live = catalog.live_deploy(connection, app.name, "production")
        opens_to = catalog.widening(connection, app.name)
        guests = _guests(connection, app.name)
        links = catalog.share_links(connection, stamp(at.now), app.name)
    rungs = [_rung(at, app, circle, may) for circle in counted]
    return at.page(
        "app/audience.html",
        part="main",
        app=app,
        title=app.title or app.name,
        circle=today,
        rungs=rungs,
        people=people,
        teams=teams[:MOST_TEAMS],
        groups=company,
        wanted=wanted,
        live=live,
        opens_to=opens_to,
        may=may,
        guests=guests,
        links=links,
        rights=one_app.rights(at, app),
    )


def _guests(connection: Connection, app: str) -> list[Choice]:
    """Who was let in one by one, with since when."""
    found = catalog.guests(connection, app)
    names = identity.names(connection, [one.person for one in found])
    return [Choice(one.person, names.get(one.person, "somebody who was erased"), True, one.since) for one in found]


def _groups(connection: Connection, app: catalog.App) -> list[Choice]:
    """The company's groups: those that are named first, so that none of them falls off the end of a long list."""
    found = groups.groups(connection)
    alike = {name for name, many in Counter(one.name for one in found).items() if many > 1}
    choices = [
        Choice(
            one.id if one.name in alike else one.name,
            one.name,
            one.id in app.named.groups,
            " · ".join(part for part in (one.where if one.name in alike else "", _many(one.members)) if part),
        )
        for one in found
    ]
    return sorted(choices, key=lambda choice: not choice.ticked)[:MOST_GROUPS]


def _many(members: int) -> str:
    return wording.plural(members, "member", "members")


def _rung(at: Asked, app: catalog.App, circle: Circle, may: bool) -> Rung:
    """A rung, and what the door would decide about it. Those on the rung of the named are chosen first."""
    if circle.rung == app.rung or circle.rung == "named" or not may:
        return Rung(circle, circle.rung == app.rung, None, (), "", "")
    try:
        facts, decision = at.explain(SetAudience(app.name, circle.rung))
    except (Conflict, NotFound, WrongInput) as error:
        return Rung(circle, False, None, (error.message,), "", "")
    reasons = telling.reasons(facts, decision) if decision.lane is not Lane.GREEN else ()
    return Rung(
        circle,
        False,
        decision,
        [f"{one.says} {wording.without_commands(one.instead)}".strip() for one in reasons],
        _says(decision, narrower=RUNGS.index(circle.rung) < RUNGS.index(app.rung)),
        _label(decision, circle, narrower=RUNGS.index(circle.rung) < RUNGS.index(app.rung)),
    )


def _says(decision: Decision, *, narrower: bool) -> str:
    if decision.lane is Lane.CLOSED:
        return "It stays as it is."
    if decision.lane is Lane.RED:
        return "It stays as it is until somebody has decided."
    if "narrower-first" in decision.safeguards:
        return "Its team can open it now, the others an hour later. You can undo it."
    return (
        "The others cannot open it any more, at once. You can undo it."
        if narrower
        else "It counts at once. You can undo it."
    )


def _label(decision: Decision, circle: Circle, *, narrower: bool) -> str:
    if decision.lane is Lane.RED:
        return f"Ask to open it to {circle.short}"
    return f"Keep it to {circle.short}" if narrower else f"Open it to {circle.short}"


def _people(connection: Connection, app: catalog.App, wanted: str) -> list[Choice]:
    """Those who are named already, and those whom a search finds."""
    named = identity.names(connection, app.named.people)
    found = [Choice(one, name, True) for one, name in sorted(named.items(), key=lambda pair: pair[1].casefold())]
    if wanted:
        found += [
            Choice(one.id, one.name, False, one.email or "")
            for one in identity.people_like(connection, wanted, limit=MOST_FOUND)
            if one.id not in named and one.id != app.owner
        ]
    return found
