"""The queries: who I am, apps, deploys, requests, people, policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Query
from sqlalchemy import Connection

from greenlane.api.house import HOUSE, READER, SIGNED, ApiHouse, person_of
from greenlane.api.ledger import must
from greenlane.catalog import queries as catalog
from greenlane.deploys import alarms, depending
from greenlane.deploys import queries as deploys
from greenlane.deploys.advisories import matching
from greenlane.deploys.inspection.bill_of_materials import is_of_a_build, packages_of
from greenlane.govern import approvals, call
from greenlane.govern.errors import NotFound
from greenlane.govern.policy import describe
from greenlane.identity import queries as identity
from greenlane.identity.queries import Signed
from greenlane.insights import looks as sampled
from greenlane.insights import questions
from greenlane.insights import requests as asked
from greenlane.kit.clock import stamp
from greenlane.runtime.egress import queries as egress
from greenlane.runtime.release import Key
from greenlane.secrets import queries as secrets


def routes() -> APIRouter:
    """The routes that only read."""
    router = APIRouter(prefix="/v1", tags=["reads"])

    @router.get("/me", summary="Who this token speaks for, and what it may do")
    def me(at: HOUSE, who: SIGNED) -> dict[str, Any]:
        with at.database.read() as connection:
            one = identity.person(connection, person_of(who))
            return {
                "id": one.id,
                "name": one.name,
                "actor": who.actor.as_dict(),
                "roles": [_role(held) for held in _roles(connection, one.id, at)],
                "teams": list(one.teams),
                "scopes": list(who.scopes),
                "console": at.addresses.console,
            }

    @router.get("/apps", summary="Apps that you work on")
    def apps(at: HOUSE, who: READER, after: str = "", limit: int = Query(100, ge=1, le=500)) -> dict[str, Any]:
        with at.database.read() as connection:
            found = catalog.apps_for(connection, person_of(who), at.clock.now(), after=after, limit=limit)
            items = [_app(at, connection, one) for one in found]
        return {"items": items, "next": found[-1].name if len(found) == limit else None}

    @router.get("/apps/{app}", summary="One app")
    def app(app: str, at: HOUSE, who: SIGNED) -> dict[str, Any]:
        with at.database.read() as connection:
            return _whole_app(at, connection, visible(at, connection, who, app), who)

    @router.get("/apps/{app}/questions", summary="Five questions about an app, each answered in one sentence")
    def questions_about(app: str, at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            one = visible(at, connection, who, app)
            found = questions.answers(questions.gather(connection, one, at.addresses, at.vouching))
        return {"items": [asdict(answer) for answer in found], "next": None}

    @router.get("/apps/{app}/egress", summary="What an app's code called outside, and tried in vain to call")
    def egress_of(
        app: str, at: HOUSE, who: READER, days: int = Query(30, ge=1, le=3660, description="how many days back")
    ) -> dict[str, Any]:
        since = (at.clock.now() - timedelta(days=days)).date().isoformat()
        with at.database.read() as connection:
            visible(at, connection, who, app)
            return {"items": [asdict(one) for one in egress.used(connection, app, since)], "next": None}

    @router.get("/apps/{app}/deploys", summary="Deploys of an app, the newest first")
    def deploys_of(
        app: str, at: HOUSE, who: READER, after: str = "", limit: int = Query(50, ge=1, le=500)
    ) -> dict[str, Any]:
        with at.database.read() as connection:
            visible(at, connection, who, app)
            found = deploys.deploys(connection, app, limit=limit, before=after)
            items = [_deploy(at, connection, one) for one in found]
        return {"items": items, "next": found[-1].id if len(found) == limit else None}

    @router.get("/apps/{app}/deploys/{deploy}", summary="One deploy, with what was found in it")
    def deploy(app: str, deploy: str, at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            visible(at, connection, who, app)
            one = deploys.deploy(connection, app, deploy)
            return {
                **_deploy(at, connection, one),
                "facts": one.facts,
                "reach": one.reach,
                "findings": one.findings,
                "wanted": deploys.wanted(connection, one.id),
            }

    @router.get("/apps/{app}/logs", summary="What a running app said, the newest last; waits for more when asked to")
    def logs_of(
        app: str,
        at: HOUSE,
        who: READER,
        environment: str = "production",
        deploy: str = "",
        contains: str = Query("", max_length=200),
        after: int = Query(0, ge=0),
        limit: int = Query(200, ge=1, le=5000),
        within: float = Query(0.0, ge=0, le=25),
    ) -> dict[str, Any]:
        with at.database.read() as connection:
            visible(at, connection, who, app)
            meant = deploy or catalog.live_deploy(connection, app, environment) or ""
            if not meant:
                raise NotFound(f"Nothing is live in {environment} of {app}.", next_step="Publish it, or name a deploy.")
            key = Key(app, environment, deploys.deploy(connection, app, meant).id)
        found = at.runtime.lines(key, after=after, contains=contains, limit=limit, within=within)
        with at.database.read() as connection:
            visible(at, connection, who, app)  # it may have taken a while: who lost the right meanwhile hears nothing
        states = [one["says"] for one in at.runtime.standing(app) if one["deploy"] == key.deploy]
        return {**key._asdict(), "items": found, "says": states[0] if states else "", "next": None}

    @router.get("/apps/{app}/dependencies", summary="What an app is made of, and the flaws known of it")
    def dependencies(app: str, at: HOUSE, who: READER, deploy: str = "") -> dict[str, Any]:
        with at.database.read() as connection:
            visible(at, connection, who, app)
            one = deploys.meant(connection, app, deploy)
            known = depending.checked(connection, at.blobs, one.sbom, at.clock.now())
        document = at.blobs.get(one.sbom)
        items = [{"ecosystem": e, "package": p, "version": v} for e, p, v in packages_of(document)]
        return {
            "deploy": one.id,
            "from": "build" if is_of_a_build(document) else "files",
            **depending.as_json(known),
            "items": items,
            "next": None,
        }

    @router.get("/advisories", summary="The lists of known flaws that are kept")
    def advisories(at: HOUSE, who: READER) -> dict[str, Any]:
        now = at.clock.now()
        with at.database.read() as connection:
            found = matching.lists(connection)
        items = [{**asdict(one), "days": one.days(now), "old": one.is_old(now)} for one in found]
        return {"items": items, "next": None}

    @router.get("/apps/{app}/false-alarms", summary="What was called a false alarm in an app")
    def false_alarms(app: str, at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            visible(at, connection, who, app)
            found = alarms.alarms(connection, app)
            names = identity.names(connection, [one.person for one in found if one.person])
        items = [
            {
                "mark": one.mark,
                "kind": one.kind,
                "by": names.get(one.person or "", ""),
                "at": one.at,
                "reviewed": one.reviewed,
                "action": one.action,
            }
            for one in found
        ]
        return {"items": items, "next": None}

    @router.get("/apps/{app}/passport", summary="The passport of a deploy")
    def passport(app: str, at: HOUSE, who: READER, deploy: str = "", environment: str = "") -> dict[str, Any]:
        with at.database.read() as connection:
            visible(at, connection, who, app)
            wanted = deploy
            if environment:
                wanted = catalog.live_deploy(connection, app, environment) or ""
                if not wanted:
                    raise NotFound(f"Nothing is live in {environment} of {app}.", next_step="Publish it first.")
            one = deploys.meant(connection, app, wanted or catalog.live_deploy(connection, app, "production") or "")
            return at.passport(connection, app, one.id)

    @router.get("/apps/{app}/preview-tokens", summary="Preview tokens that work")
    def preview_tokens(app: str, at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            visible(at, connection, who, app)
            found = deploys.preview_tokens(connection, stamp(at.clock.now()), app)
        return {"items": [{"id": o.id, "deploy": o.deploy, "expires": o.expires_at} for o in found], "next": None}

    @router.get("/apps/{app}/guests", summary="Who was let in on top of an app's audience")
    def guests(app: str, at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            visible(at, connection, who, app)
            found = catalog.guests(connection, app)
            names = identity.names(connection, [one.person for one in found])
        items = [{"person": one.person, "name": names.get(one.person, ""), "since": one.since} for one in found]
        return {"items": items, "next": None}

    @router.get("/apps/{app}/share-links", summary="Share links of an app that work")
    def share_links(app: str, at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            visible(at, connection, who, app)
            found = catalog.share_links(connection, stamp(at.clock.now()), app)
            names = identity.names(connection, [one.made_by for one in found])
        items = [
            {
                "id": one.id,
                "meant_for": one.meant_for,
                "made_by": names.get(one.made_by, ""),
                "created": one.created,
                "expires": one.expires,
            }
            for one in found
        ]
        return {"items": items, "next": None}

    @router.get("/approvals", summary="Requests that wait for a person")
    def requests(
        at: HOUSE, who: READER, state: str = "waiting", limit: int = Query(100, ge=1, le=500)
    ) -> dict[str, Any]:
        states = (
            ("waiting", "sent-back", "approved", "declined", "withdrawn", "expired") if state == "all" else (state,)
        )
        with at.database.read() as connection:
            found = approvals.questions(connection, states=states, limit=limit)
            items = [
                _request(at, connection, who, one)
                for one in found
                if asked.concerns(_desk(at), connection, who.actor, one)
            ]
        return {"items": items, "next": None}

    @router.get("/approvals/{request}", summary="One request")
    def request(request: str, at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            one = approvals.question(connection, request)
            if not asked.concerns(_desk(at), connection, who.actor, one):
                raise NotFound(f"There is no request {request}.", next_step="`greenlane approvals` lists what waits.")
            return _request(at, connection, who, one)

    @router.get("/people", summary="Everybody here")
    def people(at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            must(at, connection, who, "read-people", "organisation")
            found = identity.people(connection)
            items = [
                {
                    **asdict(one),
                    "roles": [_role(held) for held in _roles(connection, one.id, at)],
                }
                for one in found
            ]
        return {"items": items, "next": None}

    @router.get("/teams", summary="Every team")
    def teams(at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            sizes = identity.team_sizes(connection)
            items = [{**asdict(one), "members": sizes.get(one.id, 0)} for one in identity.teams(connection)]
        return {"items": items, "next": None}

    @router.get("/tokens", summary="Your API tokens")
    def tokens(at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            return {"items": [asdict(one) for one in identity.tokens_of(connection, person_of(who))], "next": None}

    @router.get("/sessions", summary="Where you are signed in")
    def sessions(at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            running = identity.sessions_of(connection, person_of(who), at.clock.now())
        return {"items": [_running(at, one) for one in running], "next": None}

    @router.get("/people/{person}/sessions", summary="Where somebody is signed in")
    def sessions_of(person: str, at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            must(at, connection, who, "read-sessions", "organisation")
            running = identity.sessions_of(connection, identity.person(connection, person).id, at.clock.now())
        return {"items": [_running(at, one) for one in running], "next": None}

    @router.get("/looks", summary="Sampled looks that nobody answered yet")
    def looks(at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            items = [asdict(one) for one in sampled.of(connection, person_of(who), at.addresses)]
        return {"items": items, "next": None}

    @router.get("/policy", summary="The policies in force, as readable rules")
    def policy(at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            must(at, connection, who, "read-policy", "organisation")
        pack = at.pack()
        return {"digest": pack.digest, "items": describe(pack), "next": None}

    @router.get("/logs", summary="The platform's newest log lines")
    def logs(at: HOUSE, who: READER, limit: int = Query(100, ge=1, le=1000), level: str = "info") -> dict[str, Any]:
        with at.database.read() as connection:
            must(at, connection, who, "read-all-receipts", "organisation")
        return {"items": list(at.logs(limit, level)), "next": None}

    @router.get("/trust", summary="The public keys that everything is checked against")
    def trust(at: HOUSE) -> dict[str, Any]:
        return at.trust()

    return router


def visible(at: ApiHouse, connection: Connection, who: Signed, name: str) -> catalog.App:
    """An app that somebody may read about. Raises ``NotFound`` alike for a missing one and a hidden one."""
    one = catalog.app(connection, name)
    if one.owner != person_of(who) and not at.may(connection, who.actor, "read-receipts", f"app:{name}"):
        raise NotFound(f"There is no app called {name!r}.", next_step="`greenlane apps` lists those that you may see.")
    return one


def _role(held: identity.Held) -> dict[str, Any]:
    """A role and where it counts; what is for some hours says until when."""
    found = {"role": held.role, "scope": held.scope}
    return {**found, "until": held.until} if held.until else found


def _app(at: ApiHouse, connection: Connection, one: catalog.App) -> dict[str, Any]:
    live = catalog.live_deploy(connection, one.name, "production")
    owner = identity.names(connection, [one.owner]).get(one.owner, "")
    return {
        "name": one.name,
        "title": one.title,
        "owner": {"id": one.owner, "name": owner},
        "team": identity.team(connection, one.team).name,
        "audience": one.rung,
        "state": one.state,
        "url": at.addresses.url(one.name),
        "live": live,
    }


def _whole_app(at: ApiHouse, connection: Connection, one: catalog.App, who: Signed) -> dict[str, Any]:
    places = []
    for place in catalog.environments(connection, one.name):
        lock = None
        if place.locked(stamp(at.clock.now())):
            by = identity.names(connection, [place.lock_who]).get(place.lock_who, "") if place.lock_who else ""
            lock = {"who": by, "why": place.lock_why, "until": place.lock_until}
        places.append(
            {
                "name": place.name,
                "url": at.addresses.url(one.name, place.name),
                "live": place.live_deploy and {"deploy": place.live_deploy, "at": place.changed_at},
                "previous": place.previous,
                "lock": lock,
            }
        )
    widening = catalog.widening(connection, one.name)
    sees_all = at.may(connection, who.actor, "read-variables", f"app:{one.name}")
    newest = deploys.newest(connection, one.name)
    return {
        **_app(at, connection, one),
        "named_people": list(one.named.people),
        "named_teams": list(one.named.teams),
        "named_groups": list(one.named.groups),
        "opens_to": widening and {"audience": widening[0], "at": widening[1]},
        "environments": places,
        "hosts": [
            {"host": host.host, "directives": list(host.directives), "environment": host.environment}
            for host in catalog.hosts(connection, one.name)
        ],
        "domains": [asdict(domain) for domain in catalog.domains(connection, one.name)],
        "variables": [
            {
                "name": value.name,
                "environment": value.environment,
                "use": value.use,
                "version": value.version,
                "secret": not value.readable,
                "created": value.created,
            }
            for value in secrets.names(connection, one.name)
            if sees_all or value.person == person_of(who)
        ],
        "newest": newest and {"deploy": newest.id, "url": at.addresses.url(one.name, deploy=newest.id)},
        "bytes": deploys.stored_bytes(connection, one.name),
        "quota": one.quota,
        "created": one.created,
    }


def _deploy(at: ApiHouse, connection: Connection, one: deploys.DeployView) -> dict[str, Any]:
    words = (
        at.door.payloads.open(connection, payload) if (payload := call.row_of(connection, one.action).payload) else {}
    )
    return {
        "deploy": one.id,
        "app": one.app,
        "url": at.addresses.url(one.app, deploy=one.id),
        "message": (words or {}).get("message", ""),
        "author": identity.names(connection, [one.author]).get(one.author, "") if one.author else "",
        "made_by_agent": one.made_by_agent,
        "files": one.files,
        "bytes": one.bytes,
        "passport": one.passport,
        "artifact": one.artifact,
        "process": one.process,
        "at": one.created_at,
    }


def _desk(at: ApiHouse) -> asked.Desk:
    return asked.Desk(at.door, at.addresses, at.may)


def _request(at: ApiHouse, connection: Connection, who: Signed, one: approvals.Question) -> dict[str, Any]:
    told = asked.told(_desk(at), connection, who.actor, one)
    block = told.decision.as_dict()
    return {
        "id": one.id,
        "verb": one.verb,
        "subject": one.subject,
        "state": one.state,
        "sentence": told.sentence,
        "wants": told.wants,
        "author": {"id": one.author, "name": told.author},
        "made_by_agent": one.made_by_agent,
        "message": told.message,
        "inputs": told.inputs,
        "reasons": block["reasons"],
        "risk": block["risk"],
        "safeguards": block["safeguards"],
        "changes": list(told.changes),
        "differences": [asdict(each) for each in told.differences],
        "would_be_green": list(told.ways),
        "undo": told.undo,
        "checks": list(told.checks),
        "similar": asdict(told.similar),
        "url": told.url,
        "asked": list(told.asked),
        "created": one.created_at,
        "due": one.due_at,
        "expires": one.expires_at,
        "escalated": one.escalated,
        "digest": one.digest,
        "may_decide": "approve" in told.may,
        "why_not": told.why_not,
        "may_confirm": "confirm" in told.may,
        "decided": told.decided and asdict(told.decided),
        "unreviewed": one.unreviewed,
        "waited_ms": told.waited_ms,
    }


def _running(at: ApiHouse, one: identity.Session) -> dict[str, Any]:
    """A session with what opened it, and what the place is called where it was opened."""
    return {**asdict(one), "opened_with": identity.opened_with(one.through), "place": at.places.name(one.address)}


def _roles(connection: Connection, person: str, at: ApiHouse) -> Sequence[identity.Held]:
    """What somebody is here; apps that they created are no roles to list."""
    return identity.but_creations(identity.held(connection, person, at.clock.now()))
