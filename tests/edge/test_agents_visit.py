"""An agent opens an app with a token that was exchanged for a grant, until the grant or the agent is gone."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.edge.conftest import World

from greenlane.identity.delegation.issuing import Claims, Issuer

TEAM = "board.localhost"
CONSOLE = "http://localhost:4180"
ISSUER = Issuer(CONSOLE, bytes(32))
GRANT: dict[str, Any] = {
    "person": "p_ada",
    "agent": "codex",
    "apps": ["board"],
    "environments": ["production"],
    "depth": 2,
}


def claims(**other: Any) -> Claims:
    ends = datetime.now(UTC) + timedelta(minutes=5)
    made = Claims("p_ada", (("codex", 1),), "dlg_1", ("visit",), f"http://{TEAM}:4180", ends)
    return replace(made, **other)


def opens(world: World, said: Claims, issuer: Issuer = ISSUER) -> int:
    token = issuer.issue(said, datetime.now(UTC))
    return world.get(TEAM, Authorization=f"Bearer {token}").status


@pytest.fixture
def lent(world: World) -> World:
    grant = {**GRANT, "expires": time.time() + 3600}
    world.change(
        lending={"issuer": CONSOLE, "keys": ISSUER.keys()}, grants={"dlg_1": grant}, agents={"codex": 1, "linter": 1}
    )
    return world


def test_an_agent_opens_what_its_person_may_open(lent: World) -> None:
    assert opens(lent, claims()) == 200
    assert opens(lent, claims(agents=(("codex", 1), ("linter", 1)))) == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"audience": "http://localhost:4180"},
        {"audience": "http://desk.localhost:4180"},
        {"scopes": ("read", "deploy")},
        {"grant": "dlg_2"},
        {"person": "p_bob"},
        {"agents": (("codex", 2),)},
        {"agents": (("linter", 1),)},
        {"agents": (("codex", 1), ("stranger", 1))},
        {"agents": (("codex", 1), ("linter", 1), ("codex", 1))},
        {"expires": datetime(2020, 1, 1, tzinfo=UTC)},
    ],
    ids=str,
)
def test_a_token_for_anything_else_opens_nothing(lent: World, wrong: dict[str, Any]) -> None:
    assert opens(lent, claims(**wrong)) == 401


def test_a_token_that_somebody_else_signed_opens_nothing(lent: World) -> None:
    assert opens(lent, claims(), Issuer(CONSOLE, b"x" * 32)) == 401


@pytest.mark.parametrize("gone", ["grants", "agents"])
def test_an_agent_is_turned_away_as_soon_as_the_grant_or_the_agent_is_gone(lent: World, gone: str) -> None:
    said = claims()
    assert opens(lent, said) == 200
    lent.change(drop={gone: ["dlg_1" if gone == "grants" else "codex"]})
    assert opens(lent, said) == 401


def test_an_agent_is_turned_away_with_its_person(lent: World) -> None:
    assert opens(lent, claims()) == 200
    lent.change(people={"p_ada": {"teams": ["t_sales"], "active": False}})
    assert opens(lent, claims()) == 403


def test_a_grant_for_another_app_or_environment_opens_nothing_here(lent: World) -> None:
    for other in ({"apps": ["desk"]}, {"environments": ["preview"]}):
        lent.change(grants={"dlg_1": {**GRANT, **other, "expires": time.time() + 3600}})
        assert opens(lent, claims()) == 401
