"""How the verbs about runs are carried out. Imported by ``main`` alone."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, insert, update

from greenlane.deploys.runs import queries
from greenlane.deploys.runs.actions import PauseSchedule, ResumeSchedule, RunNow, TellOfRuns
from greenlane.deploys.runs.keeping import SCHEDULED, new_run
from greenlane.deploys.runs.tables import RUN, SCHEDULE
from greenlane.govern.effect import Context, Edge, GatherFacts, Handling, Outcome
from greenlane.govern.errors import Conflict, NotFound
from greenlane.kit.clock import stamp
from greenlane.kit.database import Database
from greenlane.runtime.cron import Cron


@dataclass(frozen=True, slots=True)
class Works:
    """What the effects work with. ``zone`` is the time zone of schedules."""

    database: Database
    app_facts: GatherFacts
    zone: str


def handlings(works: Works) -> dict[str, Handling]:
    """The effects by verb, with who knows their facts."""
    about_the_app = (works.app_facts,)
    return {
        "pause-schedule": Handling(_Schedules(works).pause, about_the_app),
        "resume-schedule": Handling(_Schedules(works).resume, about_the_app),
        "run-now": Handling(_Running(works).run, about_the_app),
        "tell-of-runs": Handling(_Telling(works).run, about_the_app),
    }


def run_id(action_id: str) -> str:
    """The run that an action asks for: the same for the same action."""
    return f"run_{action_id.removeprefix('act_')}"


@dataclass(frozen=True, slots=True)
class _Schedules:
    works: Works

    def pause(self, action: PauseSchedule, context: Context) -> Outcome:
        """Its moments pass without a run."""
        self._known(action.app, action.function, paused=False)

        def rows(connection: Connection) -> None:
            connection.execute(
                update(SCHEDULE).where(_of(action.app, action.function)).values(paused_by=context.action_id)
            )

        return Outcome(rows, happened={"function": action.function}, answer={"app": action.app})

    def resume(self, action: ResumeSchedule, context: Context) -> Outcome:
        """It goes on with its next moment, and begins to count failures anew."""
        one = self._known(action.app, action.function, paused=True)
        coming = stamp(one.cron.after(context.now))

        def rows(connection: Connection) -> None:
            anew = {"paused_by": None, "next_at": coming, "failures": 0, "told": False}
            connection.execute(update(SCHEDULE).where(_of(action.app, action.function)).values(**anew))

        return Outcome(rows, happened={"function": action.function, "next": coming}, answer={"app": action.app})

    def _known(self, app: str, function: str, *, paused: bool) -> queries.Schedule:
        with self.works.database.read() as connection:
            one = queries.schedule(connection, app, function)
        if (one.paused_by is not None) is not paused:
            raise Conflict(
                f"The schedule of {function} is {'not paused' if paused else 'paused already'}.",
                next_step="There is nothing to do.",
            )
        return one


@dataclass(frozen=True, slots=True)
class _Running:
    works: Works

    def run(self, action: RunNow, context: Context) -> Outcome:
        """Write the run down; it begins once this is covered by a checkpoint."""
        with self.works.database.read() as connection:
            live = queries.live(connection, action.app, action.environment)
            going = queries.going(connection, action.app, action.environment, action.function)
        if live is None or action.function not in live.scheduled:
            raise NotFound(
                f"No function {action.function!r} with a schedule is live in {action.environment} of {action.app}.",
                next_step=f"`greenlane schedules list {action.app}` lists those that are.",
            )
        if going:
            raise Conflict(
                f"{action.function} is running at this moment.", next_step="Wait until that run is over, and ask again."
            )
        one = new_run(
            run_id(context.action_id),
            app=action.app,
            environment=action.environment,
            function=action.function,
            deploy=live.deploy,
            kind="asked",
            process=context.process,
            cause=context.action_id,
            person=context.actor.person,
            due=stamp(context.now),
            next_at=stamp(Cron(live.scheduled[action.function], self.works.zone).after(context.now)),
        )

        def rows(connection: Connection) -> None:
            connection.execute(insert(RUN).values(**one))

        return Outcome(
            rows=rows,
            happened={"function": action.function, "run": one["id"]},
            used=(Edge("deploy", live.deploy),),
            made=(Edge("run", str(one["id"])),),
            answer={"app": action.app, "run": one["id"]},
        )


@dataclass(frozen=True, slots=True)
class _Telling:
    works: Works

    def run(self, action: TellOfRuns, context: Context) -> Outcome:
        """Remember that the owner hears of it, by a notice."""
        with self.works.database.read() as connection:
            last = queries.run(connection, action.app, action.run)
            known = [one for one in queries.schedules(connection, action.app) if one.function == action.function]

        def rows(connection: Connection) -> None:
            connection.execute(update(SCHEDULE).where(_of(action.app, action.function)).values(told=True))

        failures = known[0].failures if known and last.kind in SCHEDULED else 1
        return Outcome(rows, happened={"function": action.function, "outcome": last.state, "failures": failures})


def _of(app: str, function: str) -> ColumnElement[bool]:
    c = SCHEDULE.c
    return and_(c.app == app, c.function == function, c.environment == queries.PRODUCTION)
