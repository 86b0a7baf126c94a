"""What previews look like, as far as it is known: a picture, why there is none, or that it is still to be taken."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, or_, select, update

from greenlane.deploys.tables import DEPLOY, PICTURE
from greenlane.kit.clock import stamp

MOST_TRIES = 3
"""Times that a preview is looked at before there is none for good: an app may be slow once."""

AGAIN_AFTER = timedelta(minutes=2)
"""How long after one try the next may come."""

LOOKS_BACK = timedelta(days=7)
"""Deploys that are older get no picture by themselves: a browser that is installed today does not look at years."""

WIDTH, HEIGHT = 640, 400
"""Points of a picture."""


@dataclass(frozen=True, slots=True)
class Picture:
    """How a deploy looks. ``blob`` is the digest of a PNG or None, ``why`` says in a sentence why there is none."""

    deploy: str
    blob: str | None
    why: str


def of(connection: Connection, deploys: Collection[str]) -> dict[str, Picture]:
    """The pictures of some deploys, by id. One that was not looked at yet is missing."""
    rows = connection.execute(select(PICTURE).where(PICTURE.c.deploy.in_(list(deploys))))
    return {row.deploy: Picture(row.deploy, row.blob, row.why) for row in rows}


def due(connection: Connection, now: datetime) -> tuple[str, str] | None:
    """The newest deploy that wants a picture: its app and its id. None when there is none."""
    row = connection.execute(
        select(DEPLOY.c.app, DEPLOY.c.id)
        .join_from(DEPLOY, PICTURE, PICTURE.c.deploy == DEPLOY.c.id, isouter=True)
        .where(DEPLOY.c.created_at > stamp(now - LOOKS_BACK))
        .where(
            or_(
                PICTURE.c.deploy.is_(None),
                PICTURE.c.blob.is_(None) & (PICTURE.c.tries < MOST_TRIES) & (PICTURE.c.at < stamp(now - AGAIN_AFTER)),
            )
        )
        .order_by(DEPLOY.c.created_at.desc(), DEPLOY.c.id)
        .limit(1)
    ).first()
    return None if row is None else (row.app, row.id)


def keep(connection: Connection, deploy: str, blob: str | None, why: str, now: str) -> None:
    """Remember what came of a look at a preview."""
    again = update(PICTURE).where(PICTURE.c.deploy == deploy)
    if connection.execute(again.values(blob=blob, why=why[:200], tries=PICTURE.c.tries + 1, at=now)).rowcount == 0:
        connection.execute(insert(PICTURE).values(deploy=deploy, blob=blob, why=why[:200], tries=1, at=now))
