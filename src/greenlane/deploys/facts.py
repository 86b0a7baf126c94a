"""What risk must know about a deploy and a publish."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from greenlane.catalog import audience
from greenlane.catalog import queries as catalog
from greenlane.deploys import alarms, comparing, depending, queries
from greenlane.deploys.actions import AnswerLook, Deploy, MarkFalseAlarm, MoveCredential, Publish, Rollback
from greenlane.deploys.bundle import Bundle
from greenlane.govern import call
from greenlane.govern.actor import Actor
from greenlane.govern.effect import GatherFacts
from greenlane.govern.errors import NotFound, WrongInput
from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import Clock
from greenlane.secrets.facts import new_secret_facts


def deploy_facts(blobs: Blobs, clock: Clock) -> GatherFacts:
    """Facts of an upload that would become a deploy, against what the app last showed."""

    def gather(connection: Connection, actor: Actor, action: Deploy) -> dict[str, Any]:
        upload = queries.upload(connection, action.upload)
        if upload.inspection is None:
            raise WrongInput(
                "The upload is not complete.", next_step="Complete it first; `greenlane deploy` does that by itself."
            )
        live = catalog.live_deploy(connection, action.app, "production")
        before = queries.deploy(connection, action.app, live) if live else queries.newest(connection, action.app)
        app = catalog.find_app(connection, action.app)
        after = Bundle.from_manifest(blobs.get(upload.inspection["manifest"]))
        changes = comparing.between(_bundle(blobs, before), after)
        declared = catalog.page_hosts(connection, action.app, "preview")
        sent = upload.inspection
        now = alarms.facts(sent["facts"], sent["findings"], alarms.alarms(connection, action.app))
        return {
            **comparing.facts_between(before.facts if before else None, now, declared, changes),
            **_flaws(connection, blobs, clock, before, sent["sbom"]),
            "environment": "preview",
            "quota_exceeded": app is not None
            and queries.stored_bytes(connection, action.app) + upload.inspection["bytes"] > app.quota,
        }

    return gather


def publish_facts(blobs: Blobs, clock: Clock) -> GatherFacts:
    """Facts of moving an environment to a deploy: what that changes for the people who open it."""

    def gather(connection: Connection, actor: Actor, action: Publish) -> dict[str, Any]:
        app = catalog.app(connection, action.app)
        one = queries.meant(connection, action.app, action.deploy)
        live = catalog.live_deploy(connection, action.app, action.environment)
        before = queries.deploy(connection, action.app, live) if live else None
        after = Bundle.from_manifest(blobs.get(one.artifact))
        changes = comparing.between(_bundle(blobs, before), after)
        declared = catalog.page_hosts(connection, action.app, action.environment)
        production = action.environment == "production"
        due = catalog.widening(connection, action.app)
        wanted = action.audience or (due[0] if due else app.rung)  # who is to see it within the hour counts already
        facts = comparing.facts_between(before.facts if before else None, one.facts, declared, changes)
        return {
            **facts,
            **_flaws(connection, blobs, clock, before, one.sbom),
            **(
                audience.facts(connection, app, wanted, action.named)
                if production
                else {"audience_now": "team", "audience_wanted": "team"}  # staging is for the team, always
            ),
            "environment": action.environment,
            "first_publish": live is None,
            "unlocks": action.unlock,
            "made_by_agent": one.made_by_agent or actor.kind == "agent",
        }

    return gather


def rollback_facts(connection: Connection, actor: Actor, action: Rollback) -> dict[str, Any]:
    """A rollback returns to what was allowed before: it matters where, and for how many that was allowed."""
    if action.environment != "production":
        return {"environment": action.environment}
    app = catalog.app(connection, action.app)
    live = catalog.live_deploy(connection, action.app, action.environment)
    before = action.deploy or queries.placed_before(connection, action.app, action.environment, live)
    allowed = queries.decided_for(connection, action.app, before).rung if before else app.rung
    return {
        "environment": action.environment,
        "audience_now": app.rung,
        "audience_wanted": allowed if audience.widens(allowed, app.rung) else app.rung,
    }


def look_facts(connection: Connection, actor: Actor, action: AnswerLook) -> dict[str, Any]:
    """Whose change is looked at: nobody judges their own. Raises ``NotFound`` where nobody asked for the look."""
    if queries.look(connection, action.app, action.about) is None:
        raise NotFound("Nobody asked for this look.", next_step="`greenlane looks` lists those that wait for you.")
    author = call.row_of(connection, action.about).person
    return {"own_request": author is not None and author == actor.person}


def move_facts(rights: GatherFacts) -> GatherFacts:
    """Whether the variable is new, and whether the actor may put one into each of the environments."""

    def gather(connection: Connection, actor: Actor, action: MoveCredential) -> dict[str, Any]:
        new: set[str] = set()
        for one in action.puts("unknown yet"):
            allowed = rights(connection, actor, one)
            if not allowed["may"]:
                return {"may": False, "may_why": allowed["may_why"]}
            new |= set(new_secret_facts(connection, actor, one)["new_secrets"])
        return {"new_secrets": tuple(sorted(new))}

    return gather


def alarm_facts(connection: Connection, actor: Actor, action: MarkFalseAlarm) -> dict[str, Any]:
    """What is called a false alarm, and whether it is the very value of a variable."""
    kind = queries.found_at(connection, action.app, action.found_in, action.mark, actor.person).finding["kind"]
    due = catalog.widening(connection, action.app)
    wider = {"audience_wanted": due[0]} if due else {}  # who is to see it within the hour counts already
    return {"called_off": (kind,), "kept_value": kind.startswith(alarms.KNOWN), **wider}


def live_content(blobs: Blobs, clock: Clock) -> GatherFacts:
    """Facts of what an app shows today, for verbs that let more people see it. Nothing of it is new."""

    def gather(connection: Connection, actor: Actor, action: Any) -> dict[str, Any]:
        live = catalog.live_deploy(connection, action.app, "production")
        if live is None:
            return {}
        one = queries.deploy(connection, action.app, live)
        flaws = _flaws(connection, blobs, clock, one, one.sbom)
        known = {name: value for name, value in one.facts.items() if name != "run"}  # that is for who runs it
        return {**known, **flaws, "made_by_agent": one.made_by_agent or actor.kind == "agent"}

    return gather


def _bundle(blobs: Blobs, one: queries.DeployView | None) -> Bundle | None:
    return None if one is None else Bundle.from_manifest(blobs.get(one.artifact))


def _flaws(
    connection: Connection, blobs: Blobs, clock: Clock, before: queries.DeployView | None, sbom: str
) -> dict[str, Any]:
    """What is known of its packages now, and of those in what is live."""
    at = clock.now()
    after = depending.checked(connection, blobs, sbom, at)
    same = before is None or before.sbom == sbom
    old = None if before is None else after if same else depending.checked(connection, blobs, before.sbom, at)
    return depending.facts(after, old)
