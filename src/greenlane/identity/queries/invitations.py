"""Invitations that can still be used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, select

from greenlane.govern.actor import Actor
from greenlane.govern.errors import NotFound
from greenlane.identity import tokens
from greenlane.identity.queries.credentials import Signed
from greenlane.identity.tables import INVITATION, TEAM
from greenlane.kit import ids
from greenlane.kit.clock import stamp


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation that can still be used: to which team (its name), in which role, until when."""

    id: str
    team: str
    role: str
    made_by: str
    expires: str


def invitation(connection: Connection, secret: str, now: datetime) -> Invitation | None:
    """The invitation behind a secret, while it can be used."""
    if tokens.kind_of(secret) is not tokens.Kind.INVITATION:
        return None
    found = _invitations(connection, now, INVITATION.c.secret == tokens.sha256(secret))
    return found[0] if found else None


def invitations(connection: Connection, now: datetime) -> list[Invitation]:
    """The invitations that can still be used."""
    return _invitations(connection, now)


def team_invited(connection: Connection, invitation: str) -> tuple[str, str]:
    """The id of the team that an invitation leads to, used or not, and of whoever made it. Raises ``NotFound``."""
    row = connection.execute(
        select(INVITATION.c.team, INVITATION.c.made_by).where(INVITATION.c.id == invitation)
    ).one_or_none()
    if row is None:
        raise NotFound(f"There is no invitation {invitation}.", next_step="The console's people page lists them.")
    return row.team, row.made_by


def _invitations(connection: Connection, now: datetime, *where: ColumnElement[bool]) -> list[Invitation]:
    rows = connection.execute(
        select(INVITATION, TEAM.c.name.label("team_name"))
        .join(TEAM, TEAM.c.id == INVITATION.c.team)
        .where(*where, INVITATION.c.used.is_(None), INVITATION.c.expires > stamp(now))
        .order_by(INVITATION.c.created)
    )
    return [Invitation(row.id, row.team_name, row.role, row.made_by, row.expires) for row in rows]


def invitee(connection: Connection, secret: str, now: datetime) -> Signed | None:
    """A person to be, for somebody who is not signed in: the actor of ``AcceptInvitation``, with a new id."""
    found = invitation(connection, secret, now)
    return None if found is None else Signed(Actor("person", ids.new("p"), credential=found.id), ())
