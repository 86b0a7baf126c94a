"""What an app with code is said to be: where it runs and what it may call, not that it runs nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.house import Doorway

from greenlane.catalog import queries as catalog
from greenlane.catalog.actions import DeclareHost
from greenlane.insights import questions

APP = "vendor-board"


def known(doorway: Doorway, kind: str) -> questions.Known:
    with doorway.control.database.read() as connection:
        app = catalog.app(connection, APP)
        found = questions.gather(connection, app, doorway.control.addresses, doorway.control.vouching)
    assert found.content is not None
    run = {"kind": kind} if kind else {}
    return replace(found, content=replace(found.content, facts={**found.content.facts, "run": run}))


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("", "runs no code of it."),
        ("functions", "its functions in a sandbox of Greenlane"),
        ("asgi", "In a sandbox of Greenlane"),
    ],
)
def test_where_it_runs_is_told_by_what_runs(doorway: Doorway, kind: str, says: str) -> None:
    ada = doorway.hire("Ada Builder", "builder")
    doorway.deploys(ada)
    doorway.publishes(ada, "me")
    answers = {one.key: one for one in questions.answers(known(doorway, kind))}
    assert says in answers["where"].says
    assert ("runs no code" in answers["where"].says) == (not kind)


def test_what_its_code_may_call_in_production_is_said(doorway: Doorway) -> None:
    ada = doorway.hire("Ada Builder", "builder")
    doorway.deploys(ada)
    doorway.publishes(ada, "me")
    doorway.does(ada, DeclareHost(APP, "test.example.com", ("server",), "staging"))
    (quiet,) = [one for one in questions.answers(known(doorway, "asgi")) if one.key == "data"]
    assert "it calls no address outside Greenlane; what its code stores is not looked into." in quiet.says
    doorway.does(ada, DeclareHost(APP, "api.example.com", ("server",)))
    (calls,) = [one for one in questions.answers(known(doorway, "asgi")) if one.key == "data"]
    assert "what it exchanges with api.example.com is unknown" in calls.says
    assert not calls.known
    (pages,) = [one for one in questions.answers(known(doorway, "")) if one.key == "data"]
    assert "api.example.com" not in pages.says, "what is there for code counts where there is code"
