"""A swap is rehearsed on recorded calls: what would move, at which price, what would be refused, and which routes change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert
from tests.gateway import setting_up
from tests.gateway.recorded import written

from greenlane.gateway import tables
from greenlane.gateway.prices.compiling import compile_list
from greenlane.gateway.prices.listed import Listed
from greenlane.gateway.prices.money import PICO
from greenlane.gateway.prices.table import Table
from greenlane.gateway.swapping.plan import Swap
from greenlane.gateway.upstream.kinds import KINDS, spoken
from greenlane.insights import swaps
from greenlane.insights.dry_run import AS_IT_IS, NOT_CARRIED, TRANSLATED
from greenlane.kit.database import Database

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
SWAP = Swap("openai", "anthropic", {"gpt-5-mini": "claude-haiku-4-5"})


@pytest.fixture(scope="module")
def prices() -> Table:
    return Table(Listed.of(**compile_list()))


@pytest.fixture
def recorded(database: Database) -> Database:
    """Ten calls of a name, five of the model by its own name, one with a phone number, and one of another model."""
    with database.engine.begin() as connection:
        setting_up.provider(connection, "openai", keeps_nothing=True)
        setting_up.provider(connection, "anthropic")
        setting_up.route(connection, "fast", {"openai/gpt-5-mini": 1})
        for number in range(10):
            written(connection, f"call_{number}", AT - timedelta(minutes=number), asked="fast")
        for number in range(10, 15):
            written(connection, f"call_{number}", AT - timedelta(minutes=number))
        written(connection, "call_phone", AT, asked="fast", begun={"data": ["phone"]})
        written(connection, "call_o3", AT, asked="o3", model="o3")
        written(connection, "call_vain", AT, state="refused", pico=0)
        rule = {"data": "phone", "action_taken": "allow", "regions": None, "keeps_nothing": True, "pattern": ""}
        connection.execute(insert(tables.DATA_RULE).values(**rule, action="act_1"))
    return database


def test_what_a_swap_changes_and_would_have_cost(recorded: Database, prices: Table) -> None:
    with recorded.read() as connection:
        found = swaps.rehearse(connection, SWAP, prices, AT, 7)
    assert [(one.name, one.before is None) for one in found.changes] == [("fast", False), ("gpt-5-mini", True)]
    assert found.lines == (
        "fast anthropic/claude-haiku-4-5 else openai/gpt-5-mini",
        "gpt-5-mini anthropic/claude-haiku-4-5 else openai/gpt-5-mini",
    )
    (moved,) = found.run.moved
    assert (moved.calls, moved.translated, moved.before) == (15, 15, 15 * 3_600_000_000)
    assert moved.after == 15 * (1_000 * PICO // 10**6 + 200 * 5 * PICO // 10**6), "1 and 5 dollars a million tokens"
    assert (found.run.calls, found.run.stayed, found.unmoved) == (17, 2, (("o3", 1),))
    assert found.run.refused == [], "whoever keeps nothing is tried where the new one may not have it"


def test_without_the_old_provider_behind_it_a_rule_refuses(recorded: Database, prices: Table) -> None:
    with recorded.read() as connection:
        found = swaps.rehearse(connection, replace(SWAP, keep=False), prices, AT, 7)
    (refused,) = found.run.refused
    assert (refused.calls, refused.reason) == (
        1,
        "The prompt holds a telephone number, and anthropic keeps what it is sent.",
    )


def test_a_price_of_ones_own_counts(recorded: Database, prices: Table) -> None:
    with recorded.engine.begin() as connection:
        own = {"input": 0, "output": 1_000_000}
        row = {"provider": "anthropic", "model": "claude-haiku-4-5", "prices": own, "since": "2026-01-01"}
        connection.execute(insert(tables.PRICE).values(**row, action="act_1"))
    with recorded.read() as connection:
        assert swaps.rehearse(connection, SWAP, prices, AT, 7).run.after == 15 * 200 * 1_000_000


def test_a_model_is_offered_under_its_own_name_where_the_list_knows_it_there(database: Database, prices: Table) -> None:
    with database.engine.begin() as connection:
        setting_up.provider(connection, "azure")
        setting_up.provider(connection, "anthropic")
    with database.read() as connection:
        assert swaps.counterpart(connection, "azure", "gpt-5-mini", prices) == "gpt-5-mini"
        assert swaps.counterpart(connection, "anthropic", "gpt-5-mini", prices) == ""


def test_how_a_provider_is_given_each_wire() -> None:
    kinds = {"openai": "openai", "local": "compatible", "claude": "anthropic"}
    wires = {name: spoken(KINDS[kind], responses=False) for name, kind in kinds.items()}
    carry = swaps.carrying({**wires, "newer": spoken(KINDS["compatible"], responses=True)})
    assert carry("openai", "openai-responses") == AS_IT_IS
    assert carry("local", "openai-responses") == TRANSLATED
    assert carry("newer", "openai-responses") == AS_IT_IS
    assert carry("claude", "openai-chat") == TRANSLATED
    assert carry("claude", "openai-embeddings") == NOT_CARRIED
    assert carry("nobody", "openai-chat") == NOT_CARRIED
