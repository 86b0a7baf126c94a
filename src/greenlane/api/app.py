"""The ASGI app of control: the API, the sign-in pages and the health endpoints."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import cache

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from starlette.routing import BaseRoute

from greenlane import __version__
from greenlane.api import (
    actions,
    agents,
    break_glass,
    builds,
    coming_in,
    directories,
    duties,
    elevations,
    gateway,
    ledger,
    notices,
    oauth,
    problem,
    reads,
    repricing,
    reviews,
    roles,
    runs,
    scim,
    sign_in_providers,
    stored,
    swaps,
    uploads,
    variables,
)
from greenlane.api.bodies import Bounded
from greenlane.api.house import ApiHouse

REQUESTS = Counter("greenlane_http_requests_total", "Requests by route and status", ["route", "method", "status"])
DURATION = Histogram("greenlane_http_request_seconds", "Duration of requests by route", ["route"])

PARTS = (
    uploads,
    actions,
    builds,
    ledger,
    reads,
    runs,
    variables,
    stored,
    gateway,
    swaps,
    repricing,
    roles,
    notices,
    coming_in,
    agents,
    oauth,
    sign_in_providers,
    directories,
    elevations,
    duties,
    reviews,
    break_glass,
    scim,
)
"""What the API is made of, each a module with ``routes()``."""


@cache
def _routes() -> tuple[BaseRoute, ...]:
    """The routes of every part. They find the house with each request, so every app of a process shares them: making the
    models of some hundred verbs takes longer than all else at a start.
    """
    return tuple(route for part in PARTS for route in part.routes().routes)


def create(house: ApiHouse | None, pages: Sequence[BaseRoute] = (), error_page: problem.Page | None = None) -> FastAPI:
    """Put the app together. ``pages`` are routes of another face that answer on the same host.

    Without a house it can only tell its own reference, which is what the generated documentation needs.
    """
    app = FastAPI(
        title="Greenlane",
        version=__version__,
        summary="A governed path for AI-built software",
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.house = house
    problem.install(app, error_page)
    app.router.routes.extend(_routes())
    _health(app)
    app.add_middleware(Bounded)
    app.router.routes.extend(pages)
    return app


def _health(app: FastAPI) -> None:
    @app.middleware("http")
    async def measured(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        with DURATION.labels("all").time():
            response = await call_next(request)
        route = getattr(request.scope.get("route"), "path", "none")
        REQUESTS.labels(route, request.method, response.status_code).inc()
        return response

    @app.get("/healthz", response_class=PlainTextResponse, tags=["health"], summary="The process answers")
    def healthy() -> str:
        return "ok\n"

    @app.get("/readyz", tags=["health"], summary="Every part that is needed answers")
    def ready(request: Request) -> Response:
        parts = request.app.state.house.ready()
        return JSONResponse(parts, status_code=200 if all(parts.values()) else 503)

    @app.get("/metrics", tags=["health"], summary="Prometheus metrics, for this machine alone")
    def metrics(request: Request) -> Response:
        client = request.headers.get("x-forwarded-for", "127.0.0.1").split(",")[0].strip()
        if client not in {"127.0.0.1", "::1"}:
            return problem.problem(403, "refused", "Metrics are read on the machine itself.", "Ask 127.0.0.1 for them.")
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
