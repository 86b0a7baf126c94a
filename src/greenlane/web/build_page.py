"""A build's page: what was recognised, how it goes, its log while it is written, and what can be done with the result."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from greenlane.deploys import queries as deploys
from greenlane.runtime.building.plan import Plan
from greenlane.web.asked import Asked
from greenlane.web.one_app import visible
from greenlane.web.site import Site

SHOWN = 256 * 1024
"""Letters of a log that stand on the page: its end."""

STATES = {
    "asked": "waits its turn",
    "building": "is under way",
    "done": "is done",
    "failed": "did not end well",
    "stopped": "was stopped",
    "interrupted": "was interrupted",
}
"""How a build stands, in words."""


def routes(site: Site) -> list[Route]:
    """The page of one build, and those of an app's builds."""
    return [site.page("/apps/{app}/builds/{build}", build_page), site.page("/apps/{app}/builds", builds_page)]


def build_page(at: Asked) -> Response:
    """One build; a running page asks for its middle again while it goes on."""
    with at.read() as connection:
        app = visible(at, connection)
        one = deploys.build(connection, app.name, at.named("build"))
        sent = deploys.upload(connection, one.made).state if one.made else ""
    text, _end = at.house.build_log(one, 0)
    return at.page(
        "builds/build.html",
        part="build",
        app=app,
        title=app.title or app.name,
        build=one,
        plan=Plan.from_dict(one.plan),
        stands=STATES[one.state],
        outcome=one.outcome or {},
        log=text[-SHOWN:],
        shortened=len(text) > SHOWN,
        can_deploy=one.made is not None and sent == "complete" and one.person == at.me.person,
        still=f"/apps/{app.name}/builds/{one.id}",
    )


def builds_page(at: Asked) -> Response:
    """The newest builds of an app."""
    with at.read() as connection:
        app = visible(at, connection)
        every = deploys.builds(connection, app.name)
    return at.page("builds/builds.html", app=app, title=app.title or app.name, builds=every, states=STATES)
