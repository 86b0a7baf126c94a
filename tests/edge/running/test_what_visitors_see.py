"""What passes from an app to its visitors, and functions beside files."""

from __future__ import annotations

import pytest
from tests.edge.conftest import World
from tests.edge.running.apps import App, ok, told


def test_the_answer_carries_the_deploys_marks_and_guards(world: World, desk: App) -> None:
    desk.says(
        ok("Content-Type: text/html", "Cache-Control: public, max-age=60, s-maxage=9", "Referrer-Policy: no-referrer")
    )
    answer = world.get("desk.localhost", Cookie=world.sign_in("desk.localhost"))
    assert answer.headers["Greenlane-Deploy"] == "d1aaaaaaa"
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "private, max-age=60"
    assert answer.headers.get_all("Referrer-Policy") == ["no-referrer"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Greenlane-Request"].startswith("req-")


@pytest.mark.parametrize(
    "cookie",
    [
        "greenlane-visit=x",
        "__Host-greenlane-visit=x; Path=/; Secure",
        "__host-GREENLANE-visit=x",
        " greenlane-visit =x",
        "=greenlane-visit=x",
        "greenlane-visit",
        "\tgreenlane-share=1",
    ],
)
def test_an_app_can_set_no_cookie_of_ours(world: World, calc: App, cookie: str) -> None:
    calc.says(ok(f"Set-Cookie: {cookie}", "Set-Cookie: own=1; Path=/; Domain=localhost; HttpOnly"))
    assert world.get("calc.localhost").headers.get_all("Set-Cookie") == ["own=1; Path=/; HttpOnly"]


def test_an_app_gives_no_orders_beyond_itself(world: World, calc: App) -> None:
    calc.says(
        ok(
            'Clear-Site-Data: "cookies"',
            'Alt-Svc: h2="evil:443"',
            "X-Accel-Redirect: /internal",
            "X-Sendfile: /etc/passwd",
            "Greenlane-Passport: sha256:forged",
            "Strict-Transport-Security: max-age=1; includeSubDomains",
            "Connection: x-hop",
            "X-Hop: 1",
            "X-Own: 1",
        )
    )
    headers = world.get("calc.localhost").headers
    for name in ("Clear-Site-Data", "Alt-Svc", "X-Accel-Redirect", "X-Sendfile", "Strict-Transport-Security", "X-Hop"):
        assert name not in headers
    assert len(headers.get_all("Greenlane-Passport")) == 1
    assert "forged" not in headers["Greenlane-Passport"]
    assert headers["X-Own"] == "1"


def test_pages_are_counted_and_other_answers_are_not(world: World, calc: App) -> None:
    calc.says(ok("Content-Type: text/html; charset=utf-8"))
    world.get("calc.localhost")
    world.get("calc.localhost")
    calc.says(ok("Content-Type: application/json"))
    world.get("calc.localhost")
    calc.says(b"HTTP/1.1 500 Oops\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n")
    world.get("calc.localhost")
    tally = world.edge._views.tally("calc", "production", "public")
    assert tally.count == 2


def test_functions_answer_at_their_paths_and_files_everywhere_else(world: World, mixed: App) -> None:
    found = told(world.get("mixed.localhost", "/users/7?x=1"))
    assert found["named"]["greenlane-function"] == "user"
    assert world.get("mixed.localhost", "/about").text.startswith("<!doctype html><title>About")
    assert world.get("mixed.localhost", "/users").status == 404
    assert told(world.ask("POST", "mixed.localhost", "/api/search/", b"q"))["named"]["greenlane-function"] == "search"
    refused = world.ask("DELETE", "mixed.localhost", "/api/search/")
    assert (refused.status, refused.headers["Allow"]) == (405, "GET, POST")
    assert world.get("mixed.localhost", "/missing").status == 404


def test_a_file_goes_first_where_a_function_says_so(world: World, mixed: App) -> None:
    assert world.get("mixed.localhost", "/about").text.startswith("<!doctype html><title>About"), (
        "also at the first look"
    )
    assert told(world.get("mixed.localhost", "/notes"))["named"]["greenlane-function"] == "rest"
    assert told(world.ask("POST", "mixed.localhost", "/about", b"x"))["named"]["greenlane-function"] == "rest"


def test_a_function_answers_at_the_first_look_where_no_file_stands(world: World, mixed: App) -> None:
    assert told(world.get("mixed.localhost", "/notes"))["named"]["greenlane-function"] == "rest"
