"""Invitations: made, and accepted once."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, update

from greenlane.govern.effect import Context, Edge, Outcome
from greenlane.govern.errors import Conflict, WrongInput
from greenlane.identity import queries, roles, tokens
from greenlane.identity.actions import AcceptInvitation, Invite, WithdrawInvitation
from greenlane.identity.effects import sessions, teams
from greenlane.identity.lasting import Lasting
from greenlane.identity.newcomers import insert_person
from greenlane.identity.tables import INVITATION
from greenlane.kit import ids
from greenlane.kit.clock import stamp


def invite(action: Invite, context: Context) -> Outcome:
    """A link for one person, shown once."""
    invitation, secret = ids.new("inv"), tokens.mint(tokens.Kind.INVITATION)
    expires = stamp(context.now + timedelta(days=action.days))

    def rows(connection: Connection) -> None:
        connection.execute(
            insert(INVITATION).values(
                id=invitation,
                secret=secret.sha256,
                team=queries.team(connection, action.team).id,
                role=action.role,
                made_by=context.actor.person or context.actor.id,
                created=stamp(context.now),
                expires=expires,
            )
        )

    return Outcome(
        rows,
        happened={"invitation": invitation, "expires": expires},
        made=(Edge("invitation", invitation),),
        answer={"invitation": invitation, "link": f"/invitation/{secret.secret}", "expires": expires},
    )


def withdraw_invitation(action: WithdrawInvitation, context: Context) -> Outcome:
    """The link ends now instead of later."""

    def rows(connection: Connection) -> None:
        now = stamp(context.now)
        ended = connection.execute(
            update(INVITATION)
            .where(INVITATION.c.id == action.invitation, INVITATION.c.used.is_(None), INVITATION.c.expires > now)
            .values(expires=now)
        )
        if ended.rowcount != 1:
            raise Conflict("This invitation was used, or is over.", next_step="There is nothing to withdraw.")

    return Outcome(rows, happened={"invitation": action.invitation})


def accept_invitation(
    action: AcceptInvitation, context: Context, invited: queries.Invitation, lasting: Lasting
) -> Outcome:
    """Somebody new joins and is signed in; somebody who is here already joins one more team."""
    person, new = context.actor.id, context.actor.credential == invited.id
    session = tokens.mint(tokens.Kind.SESSION)

    def rows(connection: Connection) -> None:
        if new:
            if not action.name:
                raise WrongInput("An invitation is accepted under a name.", next_step="Say your name.")
            insert_person(connection, person, action.name, action.email, "active", context.now)
        team = queries.team(connection, invited.team).id
        _use_up_invitation(connection, invited.id, person, context.now)
        teams.join(connection, person, team, context.now)
        teams.grant(connection, person, invited.role, f"team:{team}", context)
        if new:
            sessions.insert_session(
                connection, session, person, invited.id, roles.EVERY_SCOPE, None, context.now, lasting
            )

    answer = {"person": person, "team": invited.team, "role": invited.role}
    return Outcome(
        rows,
        happened={"person": person, "invitation": invited.id, "team": invited.team, "role": invited.role},
        used=(Edge("invitation", invited.id),),
        made=(Edge("person", person),) if new else (),
        answer={**answer, "session": session.secret, "expires": lasting.expires(context.now)} if new else answer,
    )


def _use_up_invitation(connection: Connection, invitation: str, person: str, now: datetime) -> None:
    used = connection.execute(
        update(INVITATION)
        .where(INVITATION.c.id == invitation, INVITATION.c.used.is_(None), INVITATION.c.expires > stamp(now))
        .values(used=stamp(now), used_by=person)
    )
    if used.rowcount != 1:
        raise sessions.over("invitation")
