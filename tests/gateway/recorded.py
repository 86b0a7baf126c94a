"""Calls as control writes them down, for tests of what is read of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from greenlane.gateway import daily
from greenlane.gateway.tables import CALL
from greenlane.kit.clock import stamp

REQUEST, ANSWER, PRICES, RULES = (f"sha256:{letter * 64}" for letter in "abcd")


BEGUN = {
    "because": "the usual provider for openai-chat",
    "request": REQUEST,
    "data": [],
    "clamped": None,
    "decided": {"lane": "amber", "because": ["masked"], "rules": RULES},
    "sandbox": True,
    "actor": [{"kind": "app", "id": "vendor-board"}],
}
ENDED = {
    "usage": {"input": 1_000, "output": 200},
    "estimated": False,
    "rates": {"input": 2_000_000, "output": 8_000_000},
    "prices": PRICES,
    "footprint": {"uwh": [40_000, 1_300_000], "ugco2e": [10_000, 500_000], "ul": [100, 4_000], "table": PRICES},
    "answer": ANSWER,
    "tries": [{"provider": "openai", "model": "gpt-5-mini", "status": 200}],
    "credential": "mc_1",
    "masked": {},
}


def written(connection: Connection, id: str, at: datetime, *, state: str = "settled", **changed: Any) -> None:
    """A call of an app that was answered: 1,000 tokens read and 200 written at 2 and 8 dollars a million.

    A call that runs has no last record, and the one record of a refused call says neither where it went nor what was in it.
    """
    begun = (BEGUN if state != "refused" else {}) | changed.pop("begun", {})
    ended = (ENDED | {"at": stamp(at)} if state == "settled" else {}) | changed.pop("ended", {})
    row = {
        "id": id,
        "state": state,
        "slot": 0,
        "worker": "worker_1",
        "at": stamp(at),
        "day": at.date().isoformat(),
        "key": "deploy",
        "app": "vendor-board",
        "environment": "production",
        "deploy": "",
        "use": "run",
        "team": "",
        "person": "",
        "wire": "openai-chat",
        "asked": "gpt-5-mini",
        "provider": "openai",
        "model": "gpt-5-mini",
        "reserved": 9_000_000_000,
        "pico": 3_600_000_000,
        "micro_cents": 360_000,
        "read": 1_000,
        "written": 200,
        "ms": 1_250,
        "first_ms": 310,
        "outcome": "answered",
        "status": 200,
        "code": "",
        "budgets": [],
        "begun": begun,
        "ended": ended,
        "begun_in": "models-0_000000000001/1",
        "ended_in": "models-0_000000000001/2",
    }
    row |= {"run": "", **changed}
    connection.execute(insert(CALL).values(row))
    daily.counted([row]).write(connection)
