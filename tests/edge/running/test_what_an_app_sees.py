"""What reaches an app whose code runs, and what never does."""

from __future__ import annotations

import json
import os
import time

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from tests.edge.conftest import World
from tests.edge.running.apps import App, ok, told


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_reaches_the_app_with_its_body(world: World, calc: App, method: str) -> None:
    found = told(
        world.ask(method, "calc.localhost", "/sum?a=1", b"x" * 5000 if method in ("POST", "PUT", "PATCH") else None)
    )
    assert found["line"] == f"{method} /sum?a=1 HTTP/1.1"
    assert found["size"] == (5000 if method in ("POST", "PUT", "PATCH") else 0)


def test_a_chunked_body_reaches_the_app_in_chunks(world: World, calc: App) -> None:
    connection = world.connect()
    pieces = [os.urandom(3000) for _ in range(20)]
    connection.request("POST", "/", iter(pieces), {"Host": "calc.localhost"}, encode_chunked=True)
    assert json.loads(connection.getresponse().read())["size"] == 60_000
    connection.close()


def test_head_has_no_body_and_the_connection_goes_on(world: World, calc: App) -> None:
    calc.says(ok(body=b"hello"))
    answer = world.ask("HEAD", "calc.localhost")
    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (200, b"", "5")
    assert world.get("calc.localhost").body == b"hello"


def test_the_app_hears_from_us_who_asks_and_from_nobody_else(world: World, desk: App) -> None:
    cookie = world.sign_in("desk.localhost")
    named = told(
        world.get(
            "desk.localhost",
            "/x",
            Cookie=f"{cookie}; theme=dark; greenlane-begun=1",
            Greenlane_Identity="forged",
            X_Forwarded_For="10.0.0.1",
            Forwarded="for=10.0.0.1",
            X_Request_Id="theirs",
            Greenlane_App="other",
        )
    )["named"]
    assert named["cookie"] == "theme=dark"
    assert named["x-forwarded-for"] == "127.0.0.1"
    assert named["forwarded"] == 'for=127.0.0.1;host="desk.localhost";proto=http'
    assert named["host"] == "desk.localhost"
    assert (named["greenlane-app"], named["greenlane-deploy"], named["greenlane-environment"]) == (
        "desk",
        "d1aaaaaaa",
        "production",
    )
    assert named["x-request-id"].startswith("req-")
    keys = KeySet.import_key_set(json.loads(world.get("desk.localhost", "/.well-known/greenlane/jwks.json").body))
    claims = jwt.decode(named["greenlane-identity"], keys).claims
    assert (claims["sub"], claims["aud"], claims["iss"]) == ("p_ada", "desk", "http://localhost:4180")
    assert (claims["name"], claims["email"], claims["teams"]) == ("Ada", "ada@example.com", ["t_sales"])
    assert claims["environment"] == "production"
    assert 0 < claims["exp"] - time.time() <= 300


def test_a_field_that_many_programs_read_as_ours_is_not_passed_on(world: World, calc: App) -> None:
    head = b"GET / HTTP/1.1\r\nHost: calc.localhost\r\nConnection: close\r\n"
    world.raw(head + b"\r\n")
    answer = world.raw(head + b"Greenlane_Identity: forged\r\nX_Forwarded_For: 10.0.0.1\r\nX_Own: 1\r\n\r\n")
    fields = json.loads(answer.partition(b"\r\n\r\n")[2])["fields"]
    names = {name.lower() for name, _ in fields}
    assert "x_own" in names
    assert not {"greenlane_identity", "greenlane-identity", "x_forwarded_for"} & names


def test_the_public_is_introduced_as_nobody(world: World, calc: App) -> None:
    assert "greenlane-identity" not in told(world.get("calc.localhost"))["named"]


def test_tokens_of_ours_stay_here_and_the_apps_own_reach_it(world: World, calc: App, desk: App) -> None:
    world.token("t1")
    assert "authorization" not in told(world.get("desk.localhost", Authorization="Bearer t1"))["named"]
    ours = "glt_" + "a" * 49
    assert "authorization" not in told(world.get("calc.localhost", Authorization=f"Bearer {ours}"))["named"]
    assert (
        told(world.get("calc.localhost", Authorization="Bearer of-the-app"))["named"]["authorization"]
        == "Bearer of-the-app"
    )
    cookie = world.sign_in("desk.localhost")
    basic = told(world.get("desk.localhost", Authorization="Basic eDp5", Cookie=cookie))["named"]
    assert basic["authorization"] == "Basic eDp5"


def test_a_secret_in_the_address_is_taken_out_whatever_the_method(world: World, calc: App) -> None:
    line = told(world.ask("POST", "calc.localhost", "/f?a=1&greenlane-share=s&b=%20&Greenlane%2Dpreview=p", b"x"))[
        "line"
    ]
    assert line == "POST /f?a=1&b=%20 HTTP/1.1"


def test_a_trace_goes_on_and_begins_where_there_is_none(world: World, calc: App) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    named = told(world.get("calc.localhost", traceparent=trace, tracestate="a=1"))["named"]
    assert named["traceparent"].startswith("00-0af7651916cd43dd8448eb211c80319c-")
    assert named["traceparent"].endswith("-01")
    assert "b7ad6b7169203331" not in named["traceparent"]
    assert named["tracestate"] == "a=1"
    for broken in ("", "nonsense", "00-" + "0" * 32 + "-b7ad6b7169203331-01"):
        named = told(world.get("calc.localhost", traceparent=broken, tracestate="a=1"))["named"]
        assert len(named["traceparent"]) == 55
        assert "tracestate" not in named


def test_paths_of_ours_never_reach_the_app(world: World, calc: App) -> None:
    for path in ("/.greenlane/x", "/.greenlane/csp-report", "/.well-known/greenlane/jwks.json"):
        world.get("calc.localhost", path)
    assert calc.requests == 0


def test_who_is_not_in_the_audience_never_reaches_the_app(world: World, desk: App) -> None:
    assert world.get("desk.localhost").status == 401
    assert world.get("desk.localhost", Cookie=world.sign_in("desk.localhost", "bob")).status == 403
    assert desk.requests == 0


def test_a_neighbours_page_cannot_ask_in_a_visitors_name(world: World, desk: App) -> None:
    cookie = world.sign_in("desk.localhost")
    own = "http://desk.localhost"
    for fields in (
        {"Origin": "http://evil.localhost"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "cross-site", "Origin": own},
        {"Origin": "null"},
    ):
        assert (
            world.ask("POST", "desk.localhost", "/", b"x", Cookie=cookie, **fields).problem["code"] == "foreign-request"
        )
    assert desk.requests == 0
    assert (
        world.ask("POST", "desk.localhost", "/", b"x", Cookie=cookie, Origin=own, Sec_Fetch_Site="same-origin").status
        == 200
    )
    assert world.ask("POST", "desk.localhost", "/", b"x", Cookie=cookie).status == 200
