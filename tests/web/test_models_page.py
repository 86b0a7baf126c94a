"""Which names lead where, who serves them and who may use what is there for everybody to read; changing it is for few."""

from __future__ import annotations

from html import unescape

import pytest
from sqlalchemy import insert
from tests.house import Doorway
from tests.web.conftest import Visitor

from greenlane.gateway import tables
from greenlane.gateway.actions import MakeGatewayKey
from greenlane.gateway.alerts.watching import Watching
from greenlane.gateway.budgets.actions import SetBudget
from greenlane.kit.clock import stamp


@pytest.fixture
def set_up(doorway: Doorway) -> Doorway:
    """Two providers, a name that leads to both, and rules."""
    now = stamp(doorway.clock.now())
    providers = [("openai", "openai", "us", False), ("claude", "anthropic", "eu", True)]

    def rows(connection):
        for name, kind, region, keeps_nothing in providers:
            row = {"name": name, "kind": kind, "region": region, "keeps_nothing": keeps_nothing, "prices": kind}
            more = {
                "base_url": f"https://{name}.example",
                "running": True,
                "networks": [],
                "action": "a",
                "created": now,
            }
            connection.execute(insert(tables.PROVIDER).values(**row, **more))
        key = {"id": "mc_1", "provider": "openai", "ending": "wxyz", "action": "a", "created": now, "sealed": b"x"}
        connection.execute(insert(tables.CREDENTIAL).values(**key))
        targets = [
            {"provider": "openai", "model": "gpt-5-mini", "weight": 3},
            {"provider": "claude", "model": "claude-haiku-4-5", "weight": 1},
        ]
        spare = [{"provider": "openai", "model": "gpt-5", "weight": 1}]
        connection.execute(
            insert(tables.ROUTE).values(alias="fast", targets=targets, otherwise=spare, when_spent="quick", action="a")
        )
        for account, kind, says in [
            ("organisation", "models", ["gpt-*", "claude-*"]),
            ("app:secret-app", "rate", {"requests": 60, "tokens": 0}),
        ]:
            connection.execute(insert(tables.ACCOUNT_RULE).values(account=account, kind=kind, says=says, action="a"))
        rule = {"data": "iban", "action_taken": "mask", "regions": ["eu"], "keeps_nothing": True, "pattern": ""}
        connection.execute(insert(tables.DATA_RULE).values(**rule, action="a"))

    doorway.control.ledger.write(rows)
    return doorway


def test_everybody_reads_where_names_lead(console: Visitor, set_up: Doorway) -> None:
    bea = set_up.hire("Bea Builder", "builder")
    page = unescape(console.as_(bea).get("/models").text)
    assert "3 of 4 calls to gpt-5-mini of openai, 1 of 4 calls to claude-haiku-4-5 of claude" in page
    assert "gpt-5 of openai" in page
    assert "<bdi>quick</bdi>" in page
    assert "Only models that match gpt-*, claude-*." in page
    assert "Is hidden before it goes out, and only to eu, and only to providers that keep nothing." in page
    assert "Any other name that comes by Anthropic’s library goes to" in page
    for hidden in ("wxyz", "https://openai.example", "secret-app", "/do/add-provider"):
        assert hidden not in page, "what administrators alone need is theirs alone"


def test_an_owner_has_the_buttons(console: Visitor, set_up: Doorway) -> None:
    page = unescape(console.as_(set_up.owner).get("/models").text)
    assert "/models/swap?provider=openai" in page
    assert "…wxyz" in page
    assert "https://openai.example" in page


def test_a_key_says_what_it_is_for(console: Visitor, set_up: Doorway) -> None:
    bea = set_up.hire("Bea Builder", "builder")
    set_up.deploys(bea)
    set_up.does(bea, MakeGatewayKey())
    set_up.does(bea, MakeGatewayKey("vendor-board"))
    set_up.does(bea, MakeGatewayKey(run="nightly review", budget="5", hours=8))
    set_up.does(bea, MakeGatewayKey("vendor-board", run="fix", budget="1", hours=1))
    page = console.as_(bea).get("/models").text
    for told in (
        "for your own work",
        "for the app <bdi>vendor-board</bdi>",
        "for the run <bdi>nightly review</bdi>",
        "for the run <bdi>fix</bdi> on <bdi>vendor-board</bdi>",
    ):
        assert f"{told}</p>" in page


def test_what_the_gateway_met_stands_there_once_with_what_to_do(console: Visitor, set_up: Doorway) -> None:
    heard = stamp(set_up.clock.now())
    budget = set_up.does(set_up.owner, SetBudget("5", soft=True)).answer["budget"]
    refused = {"notice": "credential-refused", "about": "mc_1", "provider": "openai", "status": 401, "heard": heard}
    notices = [
        *(refused for _ in range(3)),
        {"notice": "unpriced", "about": "openai/org/new-model", "heard": heard},
        {"notice": "went-cheaper", "about": budget, "asked": "careful", "name": "fast", "heard": heard},
        {"notice": "provider-rests", "about": "claude", "status": 529, "heard": heard},
        {"notice": "from-a-newer-gateway", "about": "x", "heard": heard},
    ]
    Watching(set_up.door, set_up.control.database, set_up.clock).round(notices)
    page = unescape(console.as_(set_up.owner).get("/models").text)
    assert page.count("<strong>openai refuses the key mc_1, with status 401.</strong>") == 1
    assert 'Dismiss<span class="unseen">: openai refuses the key mc_1, with status 401.</span>' in page
    assert "/do/set-price?provider=openai&model=org%2Fnew-model&back=%2Fmodels" in page
    assert "Calls for careful go on with fast: the soft budget of everybody together is spent." in page
    assert "claude is in trouble and is tried after all others for a while." in page
    assert page.count("/do/dismiss-alert") == 4
    bea = set_up.hire("Bea Builder", "builder")
    assert "To look at" not in console.as_(bea).get("/models").text


def test_without_a_provider_the_page_says_how_to_add_one(console: Visitor, doorway: Doorway) -> None:
    assert "Add the first provider" in console.as_(doorway.owner).get("/models").text
    bea = doorway.hire("Bea Builder", "builder")
    assert "No provider is set up yet" in console.as_(bea).get("/models").text
