"""What the table says of hosts that code may call, of functions, and of people whom apps are introduced to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.house import DAY, Doorway

from greenlane.catalog import queries as catalog
from greenlane.catalog.actions import DeclareHost, RemoveHost
from greenlane.deploys import queries as deploys
from greenlane.edge.compile import Compiler
from greenlane.edge.following import Following
from greenlane.govern.actor import Actor
from greenlane.identity.tokens import sha256

APP = "vendor-board"


@pytest.fixture
def ada(doorway: Doorway) -> Actor:
    one = doorway.hire("Ada Builder", "builder")
    doorway.deploys(one)
    doorway.publishes(one, "me")
    return one


def compiled(doorway: Doorway) -> dict:
    compiler = Compiler(doorway.control.addresses, doorway.clock, bytes(32), 60, 1)
    with doorway.control.database.read() as connection:
        hosts, _ = compiler.of_app(connection, catalog.app(connection, APP))
    return next(entry for entry in hosts.values() if entry["environment"] == "production")


def server_hosts(doorway: Doorway) -> dict[str, list[str]]:
    with doorway.control.database.read() as connection:
        return catalog.server_hosts(connection)


def test_a_host_for_code_is_none_for_pages(doorway: Doorway, ada: Actor) -> None:
    answer = doorway.does(ada, DeclareHost(APP, "api.example.com", ("server",)))
    assert answer.facts.new_server_hosts == answer.facts.new_hosts == ("api.example.com",)
    assert server_hosts(doorway) == {APP: ["api.example.com"]}
    assert "api.example.com" not in compiled(doorway)["csp"]
    with doorway.control.database.read() as connection:
        assert catalog.page_hosts(connection, APP, "production") == []
    doorway.does(ada, DeclareHost(APP, "api.example.com", ("img",)))
    assert "img-src 'self' data: blob: https://api.example.com" in compiled(doorway)["csp"]
    again = doorway.does(ada, DeclareHost(APP, "api.example.com", ("server", "img")))
    assert again.facts.new_hosts == ()
    doorway.does(ada, RemoveHost(APP, "api.example.com"))
    assert server_hosts(doorway) == {}


def test_a_host_for_staging_is_none_in_production(doorway: Doorway, ada: Actor) -> None:
    doorway.does(ada, DeclareHost(APP, "api.example.com", ("img",), "staging"))
    compiler = Compiler(doorway.control.addresses, doorway.clock, bytes(32), 60, 1)
    with doorway.control.database.read() as connection:
        hosts, _ = compiler.of_app(connection, catalog.app(connection, APP))
    named = {entry["environment"]: "api.example.com" in entry["csp"] for entry in hosts.values()}
    assert named == {"production": False, "staging": True, "preview": False}


def test_files_run_nothing(doorway: Doorway, ada: Actor) -> None:
    assert compiled(doorway)["run"] is None


def test_functions_are_compiled_into_the_table(doorway: Doorway, ada: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    functions = [
        {"name": "all", "path": "/api/*", "methods": ["GET"]},
        {"name": "me", "path": ["/api/me"]},
        {"name": "broken", "path": "/(.*)+"},
    ]
    real = deploys.deploys

    def running(connection, app, **more):
        return [
            replace(one, facts={**one.facts, "run": {"kind": "functions", "functions": functions}})
            for one in real(connection, app, **more)
        ]

    monkeypatch.setattr(deploys, "deploys", running)
    run = compiled(doorway)["run"]
    assert run["kind"] == "functions"
    assert [one["name"] for one in run["functions"]] == ["me", "all"], "the broken one answers nothing"


def test_people_are_known_by_name_to_whoever_introduces_them(doorway: Doorway, ada: Actor) -> None:
    compiler = Compiler(doorway.control.addresses, doorway.clock, bytes(32), 60, 1)
    with doorway.control.database.read() as connection:
        assert compiler.people(connection)["people"][ada.id]["name"] == "Ada Builder"


def test_edges_forget_a_session_that_ended_by_itself(doorway: Doorway, ada: Actor, tmp_path: Path) -> None:
    one = doorway.control
    following = Following(
        database=one.database,
        write=one.ledger.write,
        compiler=Compiler(one.addresses, doorway.clock, bytes(32), 60, 1),
        passports=one.passports,
        blobs=one.blobs,
        socket=tmp_path / "feed.sock",
        later=lambda task: task(),
        seen=one.coming_in.arrivals.seen_at_an_app,
    )
    doorway.door.subscribe(following.hear)
    session = sha256(doorway.session(ada))
    doorway.clock.forward(6 * DAY)
    following.let_go()
    assert session in following.authority.entries("sessions")
    doorway.clock.forward(2 * DAY)
    following.let_go()
    assert session not in following.authority.entries("sessions")
