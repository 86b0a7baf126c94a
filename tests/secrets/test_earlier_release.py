"""A database that an earlier release wrote: what apps had is there, opens, and comes under data keys at the next start."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import text
from tests.earlier import somebody

from greenlane import migrations
from greenlane.kit.database import Database
from greenlane.notices import adopting as notices_adopting
from greenlane.notices import queries as notices
from greenlane.secrets import adopting, queries
from greenlane.secrets.local_keys import LocalKeys
from greenlane.secrets.sealing import Sealing

KEY = bytes(range(32))


def sealed(value: str, place: str) -> bytes:
    return bytes(12) + AESGCM(KEY).encrypt(bytes(12), value.encode(), place.encode())


def test_what_an_earlier_release_kept_opens_and_comes_under_data_keys(database_url: str, tmp_path: Path) -> None:
    database = Database(database_url)
    migrations.upgrade(database.engine, "0014")
    with database.engine.begin() as connection:
        somebody(connection, "person", id="p_1")
        somebody(connection, "team", id="t_1")
        somebody(connection, "app", name="board", owner="p_1", team="t_1")
        for version, value, removed in ((1, "old", None), (2, "new", None), (3, None, "2026-02-01")):
            connection.execute(
                text(
                    "INSERT INTO variable (app, environment, name, version, sealed, action, created, removed)"
                    " VALUES ('board', 'production', 'API_KEY', :version, :sealed, 'act_1', '2026-01-01', :removed)"
                ),
                {
                    "version": version,
                    "sealed": value and sealed(value, f"board/production/API_KEY/{version}"),
                    "removed": removed,
                },
            )
        connection.execute(
            text(
                "INSERT INTO webhook (id, host, about, sealed_url, sealed_secret, action, created)"
                " VALUES ('whk_1', 'hooks.example.com', '[]', :url, :secret, 'act_2', '2026-01-01')"
            ),
            {
                "url": sealed("https://hooks.example.com/x", "webhook/whk_1/url"),
                "secret": sealed("whsec_1", "webhook/whk_1/secret"),
            },
        )
    migrations.upgrade(database.engine)
    (tmp_path / "variables.key").write_bytes(KEY)
    keys = LocalKeys(tmp_path / "variables.key")

    def write(rows):
        with database.engine.begin() as connection:
            rows(connection)

    def everything(sealing: Sealing) -> tuple[dict[str, str], tuple[str, str] | None]:
        with database.read() as connection:
            return queries.known_values(connection, sealing), notices.opened(connection, sealing, "whk_1")

    as_it_lies = Sealing(keys, database, write, lambda: "2026", before=keys.first())
    expected = (
        {"API_KEY of board in production, version 1": "old", "API_KEY of board in production, version 2": "new"},
        ("https://hooks.example.com/x", "whsec_1"),
    )
    assert everything(as_it_lies) == expected
    for adopted, many in ((adopting.adopted, 2), (notices_adopting.adopted, 1)):
        count, rows = adopted(database, as_it_lies)
        assert count == many
        write(rows)
        assert adopted(database, as_it_lies)[0] == 0
    assert everything(Sealing(keys, database, write, lambda: "2026")) == expected
    with database.read() as connection:
        found = queries.versions(connection, ["app:board"])
    assert [(one.version, one.use, one.readable, one.environment) for one in found] == [
        (1, "run", False, "production"),
        (2, "run", False, "production"),
    ]
    database.close()
