"""Providers and routes as rows, for tests of what is read of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert

from greenlane.gateway import tables

NOW = "2026-01-01T00:00:00.000000Z"


def provider(connection: Connection, name: str, kind: str = "", **changed: Any) -> None:
    """A provider that is on, in the us, of the kind of its name."""
    row = {
        "name": name,
        "kind": kind or name,
        "base_url": f"https://{name}.example",
        "region": "us",
        "keeps_nothing": False,
        "running": True,
        "prices": kind or name,
        "networks": [],
        "action": "act_1",
        "created": NOW,
    }
    connection.execute(insert(tables.PROVIDER).values(row | changed))


def route(connection: Connection, alias: str, targets: dict[str, int], otherwise: tuple[str, ...] = ()) -> None:
    """``route(connection, "fast", {"openai/gpt-5-mini": 3})``."""
    led = [_target(one) | {"weight": weight} for one, weight in targets.items()]
    spare = [_target(one) | {"weight": 1} for one in otherwise]
    connection.execute(insert(tables.ROUTE).values(alias=alias, targets=led, otherwise=spare, action="act_1"))


def _target(text: str) -> dict[str, Any]:
    provider, _, model = text.partition("/")
    return {"provider": provider, "model": model}
