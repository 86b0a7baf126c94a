"""Who read which value: deploys, whether for building or for running, first, last and how often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from greenlane.govern.effect import Rows
from greenlane.secrets.queries import Key, Version
from greenlane.secrets.tables import VALUE_READ


@dataclass(frozen=True, slots=True)
class Read:
    """A deploy that got a version of a value: for building or running, first, last (stamps) and how often."""

    app: str
    deploy: str
    reader: str
    version: int
    first: str
    last: str
    times: int


def read(app: str, deploy: str, reader: str, versions: Sequence[Version], now: str) -> Rows:
    """The rows that note a reading. ``deploy`` is a deploy's id, or an upload's for a build that has no deploy yet;
    ``reader`` is ``build`` or ``run``. For the ledger's bookkeeping: ``ledger.write(using.read(...))``.
    """

    def rows(connection: Connection) -> None:
        for one in versions:
            here = (
                VALUE_READ.c.deploy == deploy,
                VALUE_READ.c.reader == reader,
                VALUE_READ.c.scope == one.scope,
                VALUE_READ.c.environment == one.environment,
                VALUE_READ.c.use == one.use,
                VALUE_READ.c.name == one.name,
                VALUE_READ.c.version == one.version,
            )
            again = update(VALUE_READ).where(*here).values(last=now, times=VALUE_READ.c.times + 1)
            if connection.execute(again).rowcount == 0:
                connection.execute(
                    insert(VALUE_READ).values(
                        deploy=deploy,
                        reader=reader,
                        scope=one.scope,
                        environment=one.environment,
                        use=one.use,
                        name=one.name,
                        version=one.version,
                        app=app,
                        first=now,
                        last=now,
                        times=1,
                    )
                )

    return rows


def reads(connection: Connection, key: Key, limit: int = 100) -> list[Read]:
    """Who read a value, whichever version, the latest first."""
    scope, environment, use, name = key
    rows = connection.execute(
        select(VALUE_READ)
        .where(
            VALUE_READ.c.scope == scope,
            VALUE_READ.c.environment == environment,
            VALUE_READ.c.use == use,
            VALUE_READ.c.name == name,
        )
        .order_by(VALUE_READ.c.last.desc(), VALUE_READ.c.deploy, VALUE_READ.c.version)
        .limit(limit)
    )
    return [Read(row.app, row.deploy, row.reader, row.version, row.first, row.last, row.times) for row in rows]


def last_read(connection: Connection, scope: str) -> dict[Key, Read]:
    """For each value of a scope the latest reading of it; values that nobody read are not in it."""
    rows = connection.execute(
        select(VALUE_READ).where(VALUE_READ.c.scope == scope).order_by(VALUE_READ.c.last, VALUE_READ.c.deploy)
    )
    return {
        (row.scope, row.environment, row.use, row.name): Read(
            row.app, row.deploy, row.reader, row.version, row.first, row.last, row.times
        )
        for row in rows
    }
