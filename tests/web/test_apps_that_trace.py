"""Spans of apps on pages: the work that a call belongs to, and models that were called around the platform."""

from __future__ import annotations

from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import insert
from tests.gateway.recorded import written
from tests.house import Doorway
from tests.web.conftest import Visitor

from greenlane.gateway import tables
from greenlane.gateway.app_spans import keeping
from greenlane.gateway.app_spans.tables import CALL_TRACE
from greenlane.kit.clock import stamp

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def traced(doorway: Doorway) -> Doorway:
    """A call in a trace of its app, and one that went to somebody else."""
    now = doorway.control.clock.now()
    began = round((now - timedelta(minutes=1)).timestamp() * 1_000_000) * 1_000
    step = {"trace": TRACE, "parent": "", "kind": 3, "began": began, "ended": began + 42_000_000, "failed": False}
    elsewhere = {"gen_ai.request.model": "llama3", "server.address": "models.example.com"}
    spans = [
        {**step, "span": "a" * 16, "name": "POST /orders", "attributes": {}, "resource": {}},
        {**step, "span": "b" * 16, "parent": "a" * 16, "name": "chat llama3", "attributes": elsewhere, "resource": {}},
    ]
    who = {
        "key": "deploy",
        "app": "vendor-board",
        "environment": "production",
        "deploy": "d1",
        "team": "",
        "person": None,
    }
    provider = {"name": "openai", "kind": "openai", "region": "us", "keeps_nothing": False, "prices": "openai"}
    more = {"base_url": "https://one.example", "running": True, "networks": [], "action": "a", "created": stamp(now)}

    def rows(connection):
        connection.execute(insert(tables.PROVIDER).values(**provider, **more))
        written(connection, "call_traced", now - timedelta(seconds=59), deploy="d1")
        at = {"at": stamp(now), "trace": TRACE}
        connection.execute(insert(CALL_TRACE).values(call="call_traced", parent="a" * 16, **at))
        keeping.rows_of([{"who": who, "spans": spans}], now, frozenset())(connection)

    doorway.control.ledger.write(rows)
    return doorway


def test_a_call_shows_the_work_that_it_belongs_to(console: Visitor, traced: Doorway) -> None:
    page = unescape(console.as_(traced.owner).get("/calls/call_traced").text)
    assert "The work that it belongs to" in page
    assert "POST /orders" in page
    assert "<strong>This call</strong>" in page
    assert "42\u202fms" in page


def test_models_that_were_called_around_are_told_to_those_who_may_know(console: Visitor, traced: Doorway) -> None:
    page = unescape(console.as_(traced.owner).get("/models").text)
    assert "Called around the platform" in page
    assert "models.example.com" in page
    bea = traced.hire("Bea Builder", "builder")
    assert "models.example.com" not in console.as_(bea).get("/models").text
