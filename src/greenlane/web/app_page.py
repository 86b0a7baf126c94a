"""An app's page: five questions with their answers, what is live and why, its versions, who can open it, its story."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import orjson
from sqlalchemy import Connection
from starlette.responses import Response
from starlette.routing import Route

from greenlane.catalog import audience
from greenlane.catalog import queries as catalog
from greenlane.deploys import depending
from greenlane.deploys import queries as deploys
from greenlane.deploys.actions import Publish, Rollback
from greenlane.deploys.advisories import Checked
from greenlane.gateway.queries import Filter
from greenlane.govern import approvals, call
from greenlane.govern.decide import decide
from greenlane.govern.decision import Decision, Lane
from greenlane.govern.errors import Conflict, NotFound, WrongInput
from greenlane.govern.facts import RUNGS, Facts
from greenlane.identity import queries as identity
from greenlane.identity.held import CREATION
from greenlane.insights import costs, figures, questions, search, sentences, spending, tallying, telling, versions
from greenlane.insights.questions import Placing
from greenlane.insights.versions import Version
from greenlane.kit.clock import stamp
from greenlane.ledger import queries as ledger
from greenlane.ledger.receipt import Entry
from greenlane.runtime.egress import queries as egress
from greenlane.secrets import queries as secrets
from greenlane.web import frame, publishing, wording
from greenlane.web.asked import Asked
from greenlane.web.depicted import depicted
from greenlane.web.publishing import Circle
from greenlane.web.site import Site

NEWEST = 5
"""Versions on the app's own page."""

AT_ONCE = 50
"""Versions, or receipts, on a page of their own."""

LATELY = 8
"""Receipts of the story on the app's own page."""

LOOKED_BACK = 30
"""Placements among which earlier versions are looked for."""

WAYS_BACK = 5
"""Earlier versions that are offered."""

WAITED_LATELY = 30
"""Days from which it is said how long people usually wait for a decision."""

ABOUT_WHO_AND_WHERE = (
    "actor_kind",
    "roles",
    "members_active",
    "suspended",
    "may",
    "may_why",
    "app_exists",
    "environment",
    "locked",
    "contained",
    "audience_now",
    "everyone_before",
    "public_before",
)
"""Facts that do not depend on which version is put where."""

Rights = Callable[..., bool]
"""Whether a role of the asker allows a verb on this app: ``may("publish", "production")``."""


@dataclass(frozen=True, slots=True)
class Live:
    """What is live in an environment. ``placing`` says by whom and why, ``lock`` who keeps it as it is."""

    name: str
    url: str
    deploy: str
    since: str
    version: Version | None
    placing: Placing | None
    lock: telling.LockInTheWay | None
    by_rollback: bool


@dataclass(frozen=True, slots=True)
class WayBack:
    """An earlier version that an environment can return to. ``label`` says what that undoes."""

    deploy: str
    label: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request about the app that is not decided yet, or was sent back. ``note`` are the words it came back with."""

    id: str
    state: str
    sentence: str
    asked: tuple[str, ...]
    since: str
    note: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A receipt in a timeline: its sentence, when, its lane, and where it opens."""

    sentence: str
    at: str
    lane: str
    href: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A publish as its button tells it, before anybody presses it."""

    facts: Facts
    decision: Decision
    reasons: Sequence[Mapping[str, str]]
    label: str
    consequence: str
    safeguards: Sequence[str]
    inputs: Mapping[str, object]


def routes(site: Site) -> list[Route]:
    """The app's page, its versions, its story, and its passport to take along."""
    return [
        site.page("/apps/{app}", app_page),
        site.page("/apps/{app}/deploys", every_version),
        site.page("/apps/{app}/story", story),
        site.page("/apps/{app}/passport", passport),
    ]


# -- the page ----------------------------------------------------------------------------------------------------------


def app_page(at: Asked) -> Response:
    """Everything about one app, the most asked first."""
    with at.read() as connection:
        app = visible(at, connection)
        may = rights(at, app)
        team = identity.team(connection, app.team)
        owner = identity.names(connection, [app.owner]).get(app.owner, "")
        circle = circle_now(connection, app, team.name, owner, stamp(at.now))
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
        back_lane=_lane_back(at, app, ways_back, offered) if ways_back and may("rollback", "production") else "",
        **told,
    )


def visible(at: Asked, connection: Connection) -> catalog.App:
    """The app that the address names. Raises ``NotFound`` alike for a missing one and for one that is not the asker's."""
    name = at.named("app")
    one = catalog.find_app(connection, name)
    if one is None or (one.owner != at.me.person and not at.may(connection, "read-receipts", f"app:{name}")):
        raise NotFound(
            "There is no app of this name that you can see.",
            next_step="Check the name, or ask the app's owner to give you a role there.",
        )
    return one


def timeline(at: Asked, connection: Connection, found: Sequence[Entry]) -> list[Moment]:
    """Receipts as moments of a story."""
    told = search.tell(connection, found, at.sight(connection))
    return [Moment(one.sentence, one.at, one.lane or "", f"/ledger/{one.seq}") for one in told]


def rights(at: Asked, app: catalog.App) -> Rights:
    """What the asker's roles allow on an app: enough to offer a button; the door decides."""
    around = (identity.ORGANISATION, f"team:{app.team}", f"app:{app.name}")
    counting = identity.counting(at.held, around)
    return lambda verb, environment="": any(one.may(verb, environment) for one in counting)


def circle_now(connection: Connection, app: catalog.App, team: str, owner: str, now: str) -> Circle:
    """Who can open the app today, at that stamp: with its guests, and with whoever holds a share link."""
    circle = circle_of(connection, app, team, owner, app.rung)
    if app.rung == "public":
        return circle
    guests = 0 if app.rung == "everyone" else len(catalog.guest_ids(connection, app.name))
    return replace(circle, guests=guests, links=len(catalog.share_links(connection, now, app.name)))


def circle_of(connection: Connection, app: catalog.App, team: str, owner: str, rung: str) -> Circle:
    """Who could open the app on a rung; on the rung of the named those who are named today."""
    facts = audience.facts(connection, app, rung, app.named)
    return Circle(rung, team, facts["audience_people"], owner)


def circles(connection: Connection, app: catalog.App, team: str, owner: str) -> dict[str, Circle]:
    """Who could open the app on each rung, counted once for those that the same people stand on."""
    found = {
        rung: circle_of(connection, app, team, owner, rung) for rung in (*RUNGS[: RUNGS.index("team") + 1], "everyone")
    }
    return {**found, "public": replace(found["everyone"], rung="public")}


def offer(
    at: Asked, app: catalog.App, deploy: str, circle: Circle, production: Live | None, *, to: str = "production"
) -> Offer | None:
    """A publish of a version for a circle, decided but not done; None where the door cannot even consider it."""
    inputs: dict[str, object] = {"app": app.name, "deploy": deploy, "environment": to}
    locked = production is not None and production.lock is not None and to == "production"
    if circle.rung != app.rung and to == "production":
        inputs["audience"] = circle.rung
    if locked:
        inputs["unlock"] = "yes"
    try:
        facts, decision = at.explain(
            Publish(
                app.name,
                environment=to,
                deploy=deploy,
                audience=str(inputs.get("audience", "")),
                unlock=locked,
            )
        )
    except (Conflict, NotFound, WrongInput):
        return None
    reviewers, usually = _who_and_how_long(at, app.name) if decision.lane is Lane.RED else ("", "")
    return Offer(
        facts=facts,
        decision=decision,
        reasons=[
            {"says": one.says, "instead": wording.without_commands(one.instead)}
            for one in telling.reasons(facts, decision)
        ],
        label=publishing.label(decision, circle, to, undoes=_undoes(production) if locked else ""),
        consequence=publishing.consequence(decision, facts, circle, reviewers, usually),
        safeguards=publishing.safeguards(decision),
        inputs=inputs,
    )


def _undoes(production: Live | None) -> str:
    """What lifting the lock takes back."""
    assert production is not None
    if production.by_rollback and production.placing is not None:
        return f"undoes the rollback of {questions.day(production.since)} by {production.placing.who}"
    who = production.lock.who if production.lock else ""
    return f"lifts the lock of {who}" if who else "lifts the lock"


def _who_and_how_long(at: Asked, app: str) -> tuple[str, str]:
    """Who would decide, and how long people were waited for lately, in words."""
    with at.read() as connection:
        asked = at.house.door.house.reviewers(connection, f"app:{app}", at.me.person, 0)
        names = list(identity.names(connection, asked).values())
        lately = figures.days_of(at.now, WAITED_LATELY)[0]
        waited = figures.durations(connection, tallying.WAITED, lately).within(0.5)
    return publishing.who_decides(names), publishing.usually(waited)


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


def lock_of(connection: Connection, place: catalog.Environment, now: str) -> telling.LockInTheWay | None:
    """The lock that holds an environment, with names."""
    if not place.locked(now):
        return None
    who = identity.names(connection, [place.lock_who] if place.lock_who else [])
    return telling.LockInTheWay(who.get(place.lock_who or "", ""), place.lock_why or "", place.lock_until or "")


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


def _lane_back(at: Asked, app: catalog.App, ways: Sequence[WayBack], offered: Offer | None) -> str:
    """The lane in which going back would be. What is known from a publish beside it is not gathered again: about the
    asker and the app the two know the same, and going back changes nothing else.
    """
    if offered is None:
        return str(at.explain(Rollback(app.name, deploy=ways[0].deploy))[1].lane)
    known = {name: getattr(offered.facts, name) for name in ABOUT_WHO_AND_WHERE}
    return str(decide("rollback", Facts(**known, audience_wanted=offered.facts.audience_now), at.house.pack()).lane)


def _opens_to(connection: Connection, app: catalog.App, team: str) -> tuple[Circle, str] | None:
    """The wider circle that it opens to by itself, and when."""
    due = catalog.widening(connection, app.name)
    return None if due is None else (circle_of(connection, app, team, "", due[0]), due[1])


def waiting(at: Asked, connection: Connection, app: str) -> list[Waiting]:
    """Requests about the app that wait for somebody, or that were sent back to the asker."""
    found = approvals.about(connection, f"app:{app}", states=("waiting", "sent-back"))
    people = identity.names(connection, {p for one in found for p in (*one.asked, one.author, one.decided_by) if p})
    names = sentences.Names(people)
    rows = call.rows_of(connection, [one.action for one in found])
    told = []
    for one in found:
        stored = rows[one.action]
        words = at.house.door.payloads.open(connection, one.because) if one.because else None
        told.append(
            Waiting(
                id=one.id,
                state=one.state,
                sentence=sentences.answer(
                    one.verb,
                    stored.inputs,
                    names.person(one.author) if one.author else "Greenlane",
                    Decision.from_dict(stored.decided).lane,
                    names,
                    {},
                ).removesuffix(": needs a person."),
                asked=tuple(people[person] for person in one.asked if person in people),
                since=one.created_at,
                note=str((words or {}).get("note") or ""),
            )
        )
    return told


# -- its versions, its story, its passport -----------------------------------------------------------------------------


def every_version(at: Asked) -> Response:
    """All versions of an app, the newest first, a page at a time."""
    before = at.query("before")
    with at.read() as connection:
        app = visible(at, connection)
        found = deploys.deploys(connection, app.name, limit=AT_ONCE + 1, before=before)
        places = catalog.environments(connection, app.name)
        shown = versions.versions(connection, at.house.door.payloads, found[:AT_ONCE], places)
    more = f"{at.path}?{urlencode({'before': shown[-1].id})}" if len(found) > AT_ONCE else ""
    return at.page(
        "app/versions.html", part="main", app=app, title=app.title or app.name, versions=shown, more=more, before=before
    )


def story(at: Asked) -> Response:
    """Everything that happened to an app, as sentences, the newest first, a page at a time."""
    typed = at.query("before")
    before = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 16 else None
    with at.read() as connection:
        app = visible(at, connection)
        found = ledger.entries(
            connection,
            subject=f"app:{app.name}",
            limit=AT_ONCE + 1,
            before=before,
            outcomes=True,
            newest_first=True,
        )
        told = timeline(at, connection, found[:AT_ONCE])
    more = f"{at.path}?{urlencode({'before': found[AT_ONCE - 1].seq})}" if len(found) > AT_ONCE else ""
    return at.page(
        "app/story.html", part="main", app=app, title=app.title or app.name, story=told, more=more, before=typed
    )


def passport(at: Asked) -> Response:
    """The passport of a version as a file; of what is live, or else of the newest, where none is named."""
    with at.read() as connection:
        app = visible(at, connection)
        wanted = at.query("deploy") or catalog.live_deploy(connection, app.name, "production") or ""
        one = deploys.meant(connection, app.name, wanted)
        document = at.house.passport(connection, app.name, one.id)
    return download(f"{app.name}-{one.id}.passport.json", orjson.dumps(document, option=orjson.OPT_INDENT_2))


def download(name: str, body: bytes) -> Response:
    """A JSON file that browsers save. ``name`` is made of an app's name and a deploy's id, which are plain letters."""
    headers = frame.PLAIN_HEADERS | {"content-disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type="application/json", headers=headers)
