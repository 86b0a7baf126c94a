"""Every way in is a registered verb, a query, or on a short list with its reason; who gets in is tried elsewhere.

The golden files are reviewed as diffs: `GREENLANE_WRITE_GOLDEN=1 pytest tests/laws/test_doors.py` writes `routes.txt`.
"""

from __future__ import annotations

import os

from tests.laws.doors import HERE, OPEN, UNTESTED, Route, listed, pages, routes

from greenlane.api import app
from greenlane.cli.terminal import panels
from greenlane.govern.action import REGISTRY
from greenlane.main import local_commands

GOLDEN = HERE / "routes.txt"
LOCAL = frozenset(listed("local.txt"))
WATCHED = frozenset({"/healthz", "/readyz", "/metrics"})


def kind(route: Route) -> str:
    if route.verb is not None:
        return f"{'explains' if '/explain/' in route.path else 'does'} {route.verb}"
    if route.method == "GET":
        return (
            "query"
            if route.path.startswith(("/v1/", "/scim/", "/oauth/", "/.well-known/"))
            else "local"
            if route.path in WATCHED
            else "page"
        )
    return "does any verb" if route.path == "/do/{verb}" else "local"


def test_the_routes_are_made_once_in_a_process() -> None:
    """Their models take longer than anything else at a start; what they need of a house they ask each request for."""
    one, other = app.create(None), app.create(None)
    shared = {id(route) for route in one.routes} & {id(route) for route in other.routes}
    assert len(shared) > 2 * len(list(REGISTRY)), "to do a verb, to explain it, and all the others"


def test_the_routes_are_those_that_were_reviewed() -> None:
    here = "".join(f"{one.name:<48}{kind(one)}\n" for one in (*routes(), *pages()))
    if os.environ.get("GREENLANE_WRITE_GOLDEN"):
        GOLDEN.write_text(here)
    assert here == GOLDEN.read_text(), "routes changed: review them, and write them to tests/laws/routes.txt"


def test_every_verb_has_its_route_and_its_explanation() -> None:
    named = {one.name for one in routes()}
    for verb in REGISTRY:
        assert {f"POST /v1/actions/{verb.name}", f"POST /v1/explain/{verb.name}"} <= named


def test_no_query_changes_anything_by_its_method() -> None:
    assert {one.method for one in (*routes(), *pages()) if kind(one) in {"query", "page"}} == {"GET"}


def test_what_is_neither_verb_nor_query_is_listed_with_its_reason() -> None:
    """Routes, pages and commands: the list is complete, and nothing on it is left over."""
    found = {one.name for one in (*routes(), *pages()) if kind(one) == "local"}
    found |= {
        f"greenlane {one.path}"
        for panel in panels(local_commands())
        for one in panel.commands
        if one.stands_on == "local"
    }
    assert found == LOCAL


def test_every_list_names_what_there_is() -> None:
    named = {one.name for one in routes()}
    assert named >= OPEN
    assert named >= UNTESTED


def test_no_route_is_without_a_test_of_who_gets_in() -> None:
    assert not UNTESTED
