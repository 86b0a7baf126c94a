"""Rows that move, lock and unlock an environment: the one place where that happens.

A move names what it expects to find. Two publishes at once never mix: the second finds something else and is told.
"""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from greenlane.catalog.tables import APP, ENVIRONMENT
from greenlane.govern.errors import Conflict


def ensure(connection: Connection, app: str, environment: str) -> None:
    """Make sure that the environment has its row."""
    where = (ENVIRONMENT.c.app == app, ENVIRONMENT.c.name == environment)
    if connection.execute(select(ENVIRONMENT.c.app).where(*where)).one_or_none() is None:
        connection.execute(insert(ENVIRONMENT).values(app=app, name=environment))


def move(
    connection: Connection, app: str, environment: str, *, to: str, expected: str | None, action: str, now: str
) -> None:
    """Point an environment at a deploy. Raises ``Conflict`` when it does not point at ``expected`` any more."""
    ensure(connection, app, environment)
    result = connection.execute(
        update(ENVIRONMENT)
        .where(
            ENVIRONMENT.c.app == app,
            ENVIRONMENT.c.name == environment,
            ENVIRONMENT.c.live_deploy.is_(None) if expected is None else ENVIRONMENT.c.live_deploy == expected,
        )
        .values(live_deploy=to, previous=expected, changed_at=now, changed_by=action)
    )
    if result.rowcount != 1:
        raise Conflict(
            f"Somebody published {app} to {environment} at the same moment.",
            next_step=f"Look at what is live with `greenlane apps show {app}` and publish again if it is still wanted.",
        )


def still_shows(connection: Connection, app: str, environment: str, deploy: str) -> None:
    """Raises ``Conflict`` when another deploy is live than the one that was decided about (empty: none)."""
    shown = select(ENVIRONMENT.c.live_deploy).where(ENVIRONMENT.c.app == app, ENVIRONMENT.c.name == environment)
    if (connection.execute(shown).scalar_one_or_none() or "") != deploy:
        raise Conflict(
            f"{app} shows something else now than when this was asked for.",
            next_step="Nothing was opened. Look at what is live and ask again.",
        )


def stay_unlocked(connection: Connection, app: str, environment: str, now: str) -> None:
    """Raises ``Conflict`` when somebody locked the environment between a decision and its rows."""
    held = select(ENVIRONMENT.c.locked_by, ENVIRONMENT.c.lock_until).where(
        ENVIRONMENT.c.app == app, ENVIRONMENT.c.name == environment
    )
    row = connection.execute(held).one_or_none()
    if row is not None and row.locked_by is not None and (row.lock_until is None or row.lock_until > now):
        raise Conflict(
            f"Somebody locked {environment} of {app} at the same moment.",
            next_step=f"See who and why with `greenlane apps show {app}`.",
        )


def lock(
    connection: Connection, app: str, environment: str, *, by: str, who: str | None, why: str, until: str | None
) -> None:
    """Keep an environment as it is. ``by`` is the locking action, ``who`` the person, ``until`` a stamp or None."""
    ensure(connection, app, environment)
    connection.execute(
        update(ENVIRONMENT)
        .where(ENVIRONMENT.c.app == app, ENVIRONMENT.c.name == environment)
        .values(locked_by=by, lock_who=who, lock_why=why, lock_until=until)
    )


def unlock(connection: Connection, app: str, environment: str) -> None:
    """Let an environment change again."""
    connection.execute(
        update(ENVIRONMENT)
        .where(ENVIRONMENT.c.app == app, ENVIRONMENT.c.name == environment)
        .values(locked_by=None, lock_who=None, lock_why=None, lock_until=None)
    )


def put_to_sleep(connection: Connection, app: str) -> None:
    """Take an unused app off the air; its address explains how to wake it."""
    connection.execute(update(APP).where(APP.c.name == app, APP.c.state == "live").values(state="asleep"))
