"""All steps together make exactly the tables, columns, keys and indexes that the features declare, on both databases."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

import greenlane.gateway.tables
import greenlane.main  # noqa: F401 - every feature declares its tables
from greenlane import migrations
from greenlane.kit.database import METADATA, Database


def test_the_steps_make_the_declared_tables(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []


def test_the_steps_make_the_declared_indexes(database: Database) -> None:
    """Columns and conditions too, which the comparison above does not look at."""
    looking = inspect(database.engine)
    for table in METADATA.sorted_tables:
        made = {
            one["name"]: (one["column_names"], bool(one["unique"]), bool(one.get("dialect_options")))
            for one in looking.get_indexes(table.name)
            if not one.get("duplicates_constraint")
        }
        where = f"{database.dialect}_where"
        declared = {
            one.name: ([column.name for column in one.columns], bool(one.unique), where in dict(one.dialect_kwargs))
            for one in table.indexes
        }
        assert {name: index[:2] for name, index in made.items()} == {
            name: index[:2] for name, index in declared.items()
        }
        if database.dialect == "sqlite":
            assert {name for name, index in made.items() if index[2]} == {
                n for n, index in declared.items() if index[2]
            }


def test_a_second_start_changes_nothing(database: Database) -> None:
    before = inspect(database.engine).get_table_names()
    migrations.upgrade(database.engine)
    assert inspect(database.engine).get_table_names() == before


def test_no_key_counts_by_itself(database: Database) -> None:
    """A backup brings rows back as they are; a sequence would not know how far it had counted."""
    if database.dialect == "postgresql":
        with database.read() as connection:
            assert connection.scalar(text("SELECT count(*) FROM information_schema.sequences")) == 0
    assert not [table.name for table in METADATA.sorted_tables if table.autoincrement_column is not None]
