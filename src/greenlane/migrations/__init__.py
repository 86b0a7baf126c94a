"""The history of the tables. Each start brings the database up to date, on SQLite and PostgreSQL alike.

Steps are written by hand and never changed after a release. ``tests/laws`` proves that all of them together make
exactly the tables that the features declare.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from greenlane.kit.errors import GreenlaneError


class NewerDatabase(GreenlaneError):
    """The database was written by a newer release than this one."""

    code = "newer-database"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine, to: str = "head") -> None:
    """Run the steps that this database has not seen yet, up to a revision, in one transaction."""
    with engine.begin() as connection:
        known = {step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions()}
        seen = MigrationContext.configure(connection).get_current_revision()
        if (seen is not None and seen not in known) or to not in {*known, "head"}:
            raise NewerDatabase(
                "This database was written by a newer release of Greenlane.",
                next_step="Start that release or a later one; nothing was changed.",
                detail=f"revision {seen}, wanted {to}",
            )
        command.upgrade(_config(connection), to)
