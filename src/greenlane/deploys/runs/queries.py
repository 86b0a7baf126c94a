"""What can be known of schedules and runs. Reads only, frozen answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from greenlane.catalog import queries as catalog
from greenlane.deploys import queries as deploys
from greenlane.deploys.runs.tables import RUN, SCHEDULE
from greenlane.govern.errors import NotFound
from greenlane.ledger.queries import place_of
from greenlane.runtime.cron import Cron

PRODUCTION = "production"
"""The environment in which functions run by themselves."""

UNDER_WAY = ("waiting", "going")
"""The states of a run that is not over."""

ENDED = {
    "done": "ran",
    "failed": "failed",
    "late": "was ended, because it took longer than it may",
    "unstarted": "could not be started",
    "interrupted": "was interrupted, and it cannot be told what became of it",
    "skipped": "was skipped, because the run before was still going",
}
"""How a run can be over, in words that go on after its name."""

FAILURES = ("failed", "late", "unstarted", "interrupted")
"""What counts as a failure of a schedule."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """One schedule. ``next_at`` is a stamp, None while its function is not live; ``failures`` are those in a row."""

    app: str
    environment: str
    function: str
    expression: str
    zone: str
    next_at: str | None
    paused_by: str | None
    failures: int
    told: bool

    @property
    def cron(self) -> Cron:
        """When it comes."""
        return Cron(self.expression, self.zone)


@dataclass(frozen=True, slots=True)
class Run:
    """One run. ``ms`` is what its last attempt took, ``status`` what it answered; ``seq`` the place of its receipt."""

    id: str
    app: str
    environment: str
    function: str
    deploy: str
    kind: str
    state: str
    process: str
    cause: str | None
    person: str | None
    request: str | None
    due_at: str
    next_at: str | None
    try_at: str
    attempt: int
    missed: int
    began_at: str | None
    ended_at: str | None
    status: int
    ms: int
    why: str
    seq: int | None = None

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.state not in UNDER_WAY


@dataclass(frozen=True, slots=True)
class Live:
    """What of an app's functions is live in an environment: the deploy, the action that put it there, its functions."""

    deploy: str
    placed_by: str | None
    functions: Mapping[str, Mapping[str, Any]]

    @property
    def scheduled(self) -> dict[str, str]:
        """The schedules by function."""
        return {name: str(one["schedule"]) for name, one in self.functions.items() if one.get("schedule")}


def live(connection: Connection, app: str, environment: str = PRODUCTION) -> Live | None:
    """The functions that are live; None where nothing is, or the app is off the air."""
    known = catalog.find_app(connection, app)
    place = catalog.environment(connection, app, environment)
    if known is None or known.state != "live" or place is None or place.live_deploy is None:
        return None
    return Live(place.live_deploy, place.changed_by, functions_of(connection, app, place.live_deploy))


def functions_of(connection: Connection, app: str, deploy: str) -> dict[str, Mapping[str, Any]]:
    """The functions of a deploy, by name. Raises ``NotFound``."""
    run = deploys.deploy(connection, app, deploy).facts.get("run") or {}
    return {str(one["name"]): one for one in run.get("functions") or ()} if run.get("kind") == "functions" else {}


def schedules(connection: Connection, app: str) -> list[Schedule]:
    """The schedules of an app that are live, by function."""
    query = select(SCHEDULE).where(SCHEDULE.c.app == app, SCHEDULE.c.next_at.is_not(None))
    return [Schedule(**row._mapping) for row in connection.execute(query.order_by(SCHEDULE.c.function))]


def schedule(connection: Connection, app: str, function: str) -> Schedule:
    """One schedule that is live. Raises ``NotFound``."""
    found = next((one for one in schedules(connection, app) if one.function == function), None)
    if found is None:
        raise NotFound(
            f"No function {function!r} of {app} runs by a schedule in production.",
            next_step=f"`greenlane schedules list {app}` lists those that do.",
        )
    return found


def due(connection: Connection, now: str) -> list[Schedule]:
    """The schedules whose moment has come, the longest due first."""
    c = SCHEDULE.c
    query = select(SCHEDULE).where(c.next_at <= now, c.paused_by.is_(None)).order_by(c.next_at)
    return [Schedule(**row._mapping) for row in connection.execute(query)]


def next_moment(connection: Connection) -> str | None:
    """When something is to begin, as a stamp; None where nothing is."""
    coming = select(func.min(SCHEDULE.c.next_at)).where(SCHEDULE.c.paused_by.is_(None))
    again = select(func.min(RUN.c.try_at)).where(RUN.c.state == "waiting")
    found = [one for query in (coming, again) if (one := connection.execute(query).scalar_one()) is not None]
    return min(found, default=None)


def run(connection: Connection, app: str, run_id: str) -> Run:
    """A run of an app. Raises ``NotFound``."""
    query = select(RUN, place_of(RUN.c.id).label("seq")).where(RUN.c.id == run_id, RUN.c.app == app)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(
            f"{app} has no run {run_id}.", next_step=f"`greenlane schedules runs {app}` lists its newest ones."
        )
    return Run(**row._mapping)


def runs(connection: Connection, app: str, function: str = "", limit: int = 20) -> list[Run]:
    """Runs of an app, or of one function, the newest first."""
    query = select(RUN, place_of(RUN.c.id).label("seq")).where(RUN.c.app == app)
    if function:
        query = query.where(RUN.c.function == function)
    rows = connection.execute(query.order_by(RUN.c.due_at.desc(), RUN.c.id.desc()).limit(limit))
    return [Run(**row._mapping) for row in rows]


def in_state(connection: Connection, state: str, before: str = "~") -> list[Run]:
    """Runs in a state whose moment is that stamp or earlier, the oldest first."""
    query = select(RUN).where(RUN.c.state == state, RUN.c.try_at <= before).order_by(RUN.c.try_at, RUN.c.id)
    return [Run(**row._mapping) for row in connection.execute(query)]


def going(connection: Connection, app: str, environment: str, function: str) -> bool:
    """Whether a run of a scheduled function is not over."""
    c = RUN.c
    found = select(func.count()).where(
        c.app == app, c.environment == environment, c.function == function, c.state.in_(UNDER_WAY)
    )
    return bool(connection.execute(found.where(c.kind != "background")).scalar_one())


def waiting(connection: Connection, app: str) -> int:
    """How many runs of an app are not over."""
    found = select(func.count()).where(RUN.c.app == app, RUN.c.state.in_(UNDER_WAY))
    return int(connection.execute(found).scalar_one())


def last_by_function(found: Sequence[Run]) -> dict[str, Run]:
    """The newest run of each function, of runs that are listed the newest first."""
    last: dict[str, Run] = {}
    for one in found:
        last.setdefault(one.function, one)
    return last
