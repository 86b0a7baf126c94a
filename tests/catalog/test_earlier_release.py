"""A database that an earlier release wrote: what apps declared counts as it did."""

from __future__ import annotations

from tests.earlier import somebody

from greenlane import migrations
from greenlane.catalog import queries
from greenlane.kit.database import Database


def test_hosts_that_were_declared_count_everywhere(database_url: str) -> None:
    database = Database(database_url)
    migrations.upgrade(database.engine, "0021")
    with database.engine.begin() as connection:
        somebody(connection, "person", id="p_1")
        somebody(connection, "team", id="t_1")
        somebody(connection, "app", name="board", owner="p_1", team="t_1")
        somebody(connection, "app_host", app="board", host="api.example.com", directives='["connect", "server"]')
    migrations.upgrade(database.engine)
    with database.read() as connection:
        assert queries.hosts(connection, "board") == [queries.DeclaredHost("api.example.com", ("connect", "server"))]
        assert queries.page_hosts(connection, "board", "staging") == ["api.example.com"]
    database.close()
