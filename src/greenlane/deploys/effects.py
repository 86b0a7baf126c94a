"""How deploys are made and environments moved. Imported by ``main`` alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, insert, update

from greenlane.catalog import audience, environments, narrower_first, share_links, unused
from greenlane.catalog import queries as catalog
from greenlane.catalog.addresses import Addresses
from greenlane.deploys import comparing, queries
from greenlane.deploys.actions import (
    AnswerLook,
    CreatePreviewToken,
    Deploy,
    Look,
    Publish,
    RevokePreviewToken,
    Rollback,
)
from greenlane.deploys.bundle import Bundle
from greenlane.deploys.facts import deploy_facts, look_facts, publish_facts, rollback_facts
from greenlane.deploys.tables import DEPLOY, LOOK, PLACEMENT, PREVIEW_TOKEN, UPLOAD
from greenlane.govern import call
from greenlane.govern.approvals import Reviewers
from greenlane.govern.effect import Context, Edge, GatherFacts, Handling, Outcome
from greenlane.govern.errors import NotFound, WrongInput
from greenlane.identity import tokens
from greenlane.kit import ids
from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import stamp
from greenlane.kit.database import Database
from greenlane.ledger.passport import artifact_statement

ENVIRONMENTS = ("staging", "production")


@dataclass(frozen=True, slots=True)
class Works:
    """What the effects work with. ``origin`` is the ledger's name, which provenance gives as the builder."""

    database: Database
    blobs: Blobs
    addresses: Addresses
    origin: str
    app_facts: GatherFacts
    reviewers: Reviewers


def handlings(works: Works) -> dict[str, Handling]:
    """The effects by verb, with who knows their facts."""
    about_the_app = works.app_facts
    return {
        "deploy": Handling(_Deploying(works).run, (about_the_app, deploy_facts(works.blobs))),
        "publish": Handling(_Publishing(works).run, (about_the_app, publish_facts(works.blobs)), exact=_this_deploy),
        "rollback": Handling(_RollingBack(works).run, (about_the_app, rollback_facts)),
        "create-preview-token": Handling(_PreviewTokens(works).create, (about_the_app,), exact=_this_deploy),
        "revoke-preview-token": Handling(_PreviewTokens(works).revoke, (about_the_app,)),
        "look": Handling(_Looking(works).ask, (about_the_app,)),
        "answer-look": Handling(_Looking(works).answer, (about_the_app, look_facts)),
    }


def _this_deploy(connection: Connection, action: Publish | CreatePreviewToken) -> Publish | CreatePreviewToken:
    """The newest deploy by its id: whoever approves the action looked at that one, and not at what came later."""
    return replace(action, deploy=queries.meant(connection, action.app, action.deploy).id)


@dataclass(frozen=True, slots=True)
class _Deploying:
    works: Works

    def run(self, action: Deploy, context: Context) -> Outcome:
        """Fix the artifact and its provenance. The deploy's id comes from the action's, so a repeat makes the same."""
        with self.works.database.read() as connection:
            upload = queries.upload(connection, action.upload)
            reach_allowed = {host.host for host in catalog.hosts(connection, action.app)}
        sent = upload.inspection
        if sent is None or upload.person != context.actor.person:
            raise WrongInput("The upload is not complete, or not yours.", next_step="Deploy again.")
        one = deploy_id(context.action_id)
        bundle = Bundle.from_manifest(self.works.blobs.get(sent["manifest"]))
        statement = artifact_statement(
            origin=self.works.origin,
            app=action.app,
            deploy=one,
            manifest=sent["manifest"],
            files={path: entry.sha256 for path, entry in bundle.files.items()},
            started=upload.created_at,
            finished=stamp(context.now),
            by_agent=context.actor.kind == "agent",
        )
        passport = self.works.blobs.put(statement)
        self.works.blobs.sync()  # before a receipt says that these bytes are there
        now = stamp(context.now)

        def rows(connection: Connection) -> None:
            connection.execute(
                insert(DEPLOY).values(
                    id=one,
                    app=action.app,
                    artifact=sent["manifest"],
                    passport=passport,
                    sbom=sent["sbom"],
                    process=context.process,
                    action=context.action_id,
                    author=context.actor.person,
                    made_by_agent=context.actor.kind == "agent",
                    facts=sent["facts"],
                    reach=sent["reach"],
                    findings=sent["findings"],
                    files=sent["files"],
                    bytes=sent["bytes"],
                    created_at=now,
                )
            )
            connection.execute(update(UPLOAD).where(UPLOAD.c.id == action.upload).values(state="used"))

        hosts = [host for host in sent["facts"]["outside_hosts"] if not comparing.covered(host, reach_allowed)]
        return Outcome(
            rows=rows,
            happened={"deploy": one, "files": sent["files"], "bytes": sent["bytes"], "passport": passport},
            used=(Edge("upload", upload.id), Edge("sbom", one, sent["sbom"])),
            made=(Edge("artifact", one, sent["manifest"]), Edge("deploy", one, passport)),
            answer={
                "app": action.app,
                "deploy": one,
                "url": self.works.addresses.url(action.app, deploy=one),
                "passport": passport,
                "set_aside": sent["set_aside"],
                "variables": sent["variables"],
                "hosts": hosts,
                "notes": sent["notes"],
            },
        )


def deploy_id(action_id: str) -> str:
    """The deploy that an action makes: ten letters and digits, the first a letter, the same for the same action."""
    number = int.from_bytes(hashlib.sha256(action_id.encode()).digest()[:8])
    letters = []
    for _ in range(10):
        number, remainder = divmod(number, 32)
        letters.append(ids.ALPHABET[remainder])
    return "d" + "".join(letters[1:])


@dataclass(frozen=True, slots=True)
class _Publishing:
    works: Works

    def run(self, action: Publish, context: Context) -> Outcome:
        """Move the environment. The audience may stay narrower for an hour where the decision says so."""
        _lasting(action.environment)
        with self.works.database.read() as connection:
            one = queries.meant(connection, action.app, action.deploy)
            live = catalog.live_deploy(connection, action.app, action.environment)
            app = catalog.app(connection, action.app)
            opens = action.audience if action.environment == "production" else ""
            opens_at = narrower_first.opens_at(connection, action.app, opens, context) if opens else None
        rung = opens or app.rung
        now = stamp(context.now)

        def rows(connection: Connection) -> None:
            if action.unlock:
                environments.unlock(connection, action.app, action.environment)
            environments.stay_unlocked(connection, action.app, action.environment, now)
            environments.move(
                connection,
                action.app,
                action.environment,
                to=one.id,
                expected=live,
                action=context.action_id,
                now=now,
            )
            connection.execute(
                insert(PLACEMENT).values(
                    action=context.action_id, app=action.app, environment=action.environment, deploy=one.id, at=now
                )
            )
            if opens:
                narrower_first.open_to(
                    connection,
                    action.app,
                    opens,
                    at=opens_at,
                    action=context.action_id,
                    people=action.people,
                    teams=action.teams,
                )
            if action.environment == "production":
                unused.begin(connection, action.app, context, wide=audience.beyond_the_team(rung))

        return Outcome(
            rows=rows,
            happened={
                "deploy": one.id,
                "environment": action.environment,
                "previous": live,
                "audience": rung,
                **(audience.named_before(app) if opens else {}),
                **({"narrower_until": opens_at} if opens_at else {}),
            },
            used=(Edge("artifact", one.id, one.artifact),),
            made=(Edge("placement", f"{action.environment}:{action.app}", one.passport),),
            answer={
                "app": action.app,
                "deploy": one.id,
                "environment": action.environment,
                "url": self.works.addresses.url(action.app, action.environment),
                "previous": live,
                "audience": rung,
                "narrower_until": opens_at,
                "passport": one.passport,
            },
        )


@dataclass(frozen=True, slots=True)
class _RollingBack:
    works: Works

    def run(self, action: Rollback, context: Context) -> Outcome:
        """Return to what was there before and lock it, so that no later publish undoes the rollback unseen.

        Where fewer people were meant when that version was decided about, fewer can open the app from now on.
        """
        _lasting(action.environment)
        with self.works.database.read() as connection:
            live = catalog.live_deploy(connection, action.app, action.environment)
            before = action.deploy or queries.placed_before(connection, action.app, action.environment, live)
            if before is None or before == live:
                raise NotFound(
                    f"There is nothing earlier in {action.environment} of {action.app} to roll back to.",
                    next_step=f"`greenlane lock {action.app}` keeps it as it is; a publish moves it forward.",
                )
            if not queries.was_placed(connection, action.app, action.environment, before):
                raise WrongInput(
                    f"{before} was never live in {action.environment} of {action.app}.",
                    next_step=f"Publish it instead: `greenlane publish {action.app} --deploy {before}`.",
                )
            one = queries.deploy(connection, action.app, before)
            app = catalog.app(connection, action.app)
            allowed = queries.decided_for(connection, action.app, one.id)
            shared = bool(catalog.share_links(connection, stamp(context.now), action.app))
        production = action.environment == "production"
        narrows = production and audience.widens(allowed.rung, app.rung)
        unshares = production and shared and (narrows or bool(one.facts.get("personal_data")))
        now = stamp(context.now)

        def rows(connection: Connection) -> None:
            environments.move(
                connection,
                action.app,
                action.environment,
                to=one.id,
                expected=live,
                action=context.action_id,
                now=now,
            )
            if production:
                narrower_first.stop(connection, action.app)
            if unshares:
                share_links.end(connection, action.app)
            if narrows and audience.widens(allowed.rung, catalog.app(connection, action.app).rung):
                people, teams = allowed.people or app.named_people, allowed.teams or app.named_teams
                audience.place(connection, action.app, allowed.rung, people, teams)
                unused.begin(connection, action.app, context, wide=audience.beyond_the_team(allowed.rung))
            environments.lock(
                connection,
                action.app,
                action.environment,
                by=context.action_id,
                who=context.actor.person,
                why=action.why or "rolled back",
                until=None,
            )
            connection.execute(
                insert(PLACEMENT).values(
                    action=context.action_id, app=action.app, environment=action.environment, deploy=one.id, at=now
                )
            )

        return Outcome(
            rows=rows,
            happened={
                "deploy": one.id,
                "environment": action.environment,
                "previous": live,
                "locked": True,
                **({"audience": allowed.rung, "narrowed_from": app.rung} if narrows else {}),
                **({"share_links_ended": True} if unshares else {}),
            },
            used=(Edge("artifact", one.id, one.artifact),),
            made=(Edge("placement", f"{action.environment}:{action.app}", one.passport),),
            answer={
                "app": action.app,
                "deploy": one.id,
                "environment": action.environment,
                "url": self.works.addresses.url(action.app, action.environment),
                "previous": live,
                "locked": True,
                **({"audience": allowed.rung, "narrowed_from": app.rung} if narrows else {}),
            },
        )


def _lasting(environment: str) -> None:
    if environment not in ENVIRONMENTS:
        raise WrongInput(f"There is no environment called {environment!r}.", next_step="Say staging or production.")


@dataclass(frozen=True, slots=True)
class _PreviewTokens:
    works: Works

    def create(self, action: CreatePreviewToken, context: Context) -> Outcome:
        """A token for one deploy; only its digest is kept."""
        if not 1 <= action.hours <= 720:
            raise WrongInput("A preview token works for 1 to 720 hours.", next_step="Give --hours between 1 and 720.")
        with self.works.database.read() as connection:
            one = queries.meant(connection, action.app, action.deploy)
        token, minted = ids.new("pvt"), tokens.mint(tokens.Kind.PREVIEW)
        expires = stamp(context.now + timedelta(hours=action.hours))
        values: Mapping[str, Any] = {
            "id": token,
            "secret": minted.sha256,
            "app": action.app,
            "deploy": one.id,
            "made_by": context.actor.id,
            "created_at": stamp(context.now),
            "expires_at": expires,
        }
        url = self.works.addresses.url(action.app, deploy=one.id)
        return Outcome(
            rows=lambda connection: _execute(connection, insert(PREVIEW_TOKEN).values(**values)),
            happened={"token": token, "deploy": one.id, "expires": expires},
            made=(Edge("preview-token", token),),
            answer={
                "id": token,
                "token": minted.secret,
                "deploy": one.id,
                "url": f"{url}?greenlane-preview={minted.secret}",
                "expires": expires,
            },
        )

    def revoke(self, action: RevokePreviewToken, context: Context) -> Outcome:
        """End it; the edge hears of it at once."""

        def rows(connection: Connection) -> None:
            result = connection.execute(
                update(PREVIEW_TOKEN)
                .where(PREVIEW_TOKEN.c.id == action.token, PREVIEW_TOKEN.c.app == action.app)
                .values(revoked_at=stamp(context.now))
            )
            if result.rowcount != 1:
                raise NotFound(f"{action.app} has no preview token {action.token}.", next_step="Check the token's id.")

        return Outcome(rows=rows, happened={"token": action.token}, answer={"id": action.token})


@dataclass(frozen=True, slots=True)
class _Looking:
    works: Works

    def ask(self, action: Look, context: Context) -> Outcome:
        """Ask the reviewers of the app to look at something that went through already."""
        with self.works.database.read() as connection:
            author = call.row_of(connection, action.about).person
            asked: Sequence[str] = self.works.reviewers(connection, f"app:{action.app}", author, 0)
        values = {"about": action.about, "app": action.app, "asked": list(asked), "asked_at": stamp(context.now)}
        return Outcome(
            rows=lambda connection: _execute(connection, insert(LOOK).values(**values)),
            happened={"about": action.about, "asked": list(asked)},
        )

    def answer(self, action: AnswerLook, context: Context) -> Outcome:
        """Keep the verdict: it is an outcome from which the policy learns."""
        if action.verdict not in {"fine", "not-fine"}:
            raise WrongInput("A look ends with fine or not-fine.", next_step="Say one of the two.")
        values = {"verdict": action.verdict, "answered_by": context.actor.id, "answered_at": stamp(context.now)}

        def rows(connection: Connection) -> None:
            where = (LOOK.c.about == action.about, LOOK.c.app == action.app, LOOK.c.verdict.is_(None))
            if connection.execute(update(LOOK).where(*where).values(**values)).rowcount != 1:
                raise NotFound(
                    "Nobody asked for this look, or it was answered.", next_step="`greenlane looks` lists them."
                )

        return Outcome(rows=rows, happened={"about": action.about, "verdict": action.verdict})


def _execute(connection: Connection, statement: Any) -> None:
    connection.execute(statement)
