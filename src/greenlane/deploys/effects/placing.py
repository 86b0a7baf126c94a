"""Environments are moved: forward by publishing, back by rolling back."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, insert

from greenlane.catalog import audience, environments, narrower_first, share_links, unused
from greenlane.catalog import queries as catalog
from greenlane.deploys import queries
from greenlane.deploys.actions import (
    Publish,
    Rollback,
)
from greenlane.deploys.effects.works import Works
from greenlane.deploys.tables import PLACEMENT
from greenlane.govern.effect import Context, Edge, Outcome
from greenlane.govern.errors import NotFound, WrongInput
from greenlane.kit.clock import stamp

ENVIRONMENTS = ("staging", "production")


@dataclass(frozen=True, slots=True)
class Publishing:
    """Moves an environment to a deploy."""

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
            stores = one.runs or (live is not None and queries.deploy(connection, action.app, live).runs)
        rung = opens or app.rung
        now = stamp(context.now)
        kept = self.works.keep(action.app, action.environment, context) if stores else Outcome()

        def rows(connection: Connection) -> None:
            if kept.rows is not None:
                kept.rows(connection)
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
                    named=action.named,
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
                **kept.happened,
            },
            used=(Edge("artifact", one.id, one.artifact),),
            made=(Edge("placement", f"{action.environment}:{action.app}", one.passport), *kept.made),
            answer={
                "app": action.app,
                "deploy": one.id,
                "environment": action.environment,
                "url": self.works.addresses.url(action.app, action.environment),
                "previous": live,
                "audience": rung,
                "narrower_until": opens_at,
                "passport": one.passport,
                **kept.happened,
            },
        )


@dataclass(frozen=True, slots=True)
class RollingBack:
    """Moves an environment back, and locks it there."""

    works: Works

    def run(self, action: Rollback, context: Context) -> Outcome:
        """Return to what was there before and lock it, so that no later publish undoes the rollback unseen.

        What the app stores stays as it is: what people did since is theirs, and restoring is a decision of its own.
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
            stores = one.runs or (live is not None and queries.deploy(connection, action.app, live).runs)
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
                audience.place(connection, action.app, allowed.rung, allowed.named or app.named)
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
                **({"data_left": True} if stores else {}),
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
                **({"data_left": True} if stores else {}),
            },
        )


def _lasting(environment: str) -> None:
    if environment not in ENVIRONMENTS:
        raise WrongInput(f"There is no environment called {environment!r}.", next_step="Say staging or production.")
