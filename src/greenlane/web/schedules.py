"""What of an app runs by itself: each schedule in words, when it comes next, how runs went, and holding or hurrying it."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from greenlane.deploys.runs import queries as runs
from greenlane.govern.errors import NotFound
from greenlane.kit.errors import Unavailable
from greenlane.runtime.asking import NotAnswered
from greenlane.runtime.release import Key
from greenlane.web import one_app
from greenlane.web.asked import Asked
from greenlane.web.site import Site

NEWEST = 50
"""Runs that are listed."""
MOST_LINES = 500
"""Lines of a run's log that stand on its page."""

STATES = {**runs.ENDED, "waiting": "waits for its turn", "going": "is running"}
"""How a run stands, in words."""

KINDS = {
    "schedule": "By its schedule",
    "asked": "Because somebody asked",
    "background": "In the background of a request",
}
"""What had a function run, in words."""


def routes(site: Site) -> list[Route]:
    """An app's schedules, and one run."""
    return [
        site.page("/apps/{app}/schedules", schedules_page),
        site.page("/apps/{app}/schedules/{run}", run_page),
    ]


def schedules_page(at: Asked) -> Response:
    """Every schedule, and the newest runs."""
    with at.read() as connection:
        app = one_app.visible(at, connection)
        schedules = runs.schedules(connection, app.name)
        newest = runs.runs(connection, app.name, limit=NEWEST)
        staged = runs.live(connection, app.name, "staging")
    return at.page(
        "schedules/schedules.html",
        part="main",
        app=app,
        title=app.title or app.name,
        schedules=schedules,
        staged=sorted(staged.scheduled) if staged is not None else [],
        last=runs.last_by_function(newest),
        runs=newest,
        states=STATES,
        may=one_app.rights(at, app),
    )


def run_page(at: Asked) -> Response:
    """One run: what had it run, what became of it, what it said."""
    with at.read() as connection:
        app = one_app.visible(at, connection)
        one = runs.run(connection, app.name, at.named("run"))
    try:
        lines = at.house.lines(Key(one.app, one.environment, one.deploy), contains=one.id, limit=MOST_LINES)
    except (Unavailable, NotAnswered, NotFound):
        lines = None
    return at.page(
        "schedules/run.html",
        part="main",
        app=app,
        title=app.title or app.name,
        run=one,
        stands=STATES[one.state],
        kind=KINDS[one.kind],
        lines=None if lines is None else [str(line["text"]).removeprefix(f"{one.id} ") for line in lines],
    )
