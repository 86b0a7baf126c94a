"""Remembering what a preview tried to call, as browsers reported it."""

from __future__ import annotations

from sqlalchemy import Connection, func, insert, select

from greenlane.deploys.tables import DEPLOY, WANTED_HOST
from greenlane.govern.effect import Rows

MOST_WANTED = 200
"""Hosts remembered for one deploy: more come from a page that invents them."""


def want(deploy: str, directive: str, host: str, now: str) -> Rows:
    """Rows that remember a report once. A deploy that does not exist, or has enough of them, is passed over."""

    def rows(connection: Connection) -> None:
        known = select(WANTED_HOST.c.host).where(
            WANTED_HOST.c.deploy == deploy, WANTED_HOST.c.directive == directive, WANTED_HOST.c.host == host
        )
        count = select(func.count()).select_from(WANTED_HOST).where(WANTED_HOST.c.deploy == deploy)
        there = connection.execute(select(DEPLOY.c.id).where(DEPLOY.c.id == deploy)).one_or_none()
        if there is None or connection.execute(known).one_or_none() is not None:
            return
        if connection.execute(count).scalar_one() < MOST_WANTED:
            connection.execute(
                insert(WANTED_HOST).values(deploy=deploy, directive=directive[:20], host=host[:255], first_seen=now)
            )

    return rows
