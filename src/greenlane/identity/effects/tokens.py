"""API tokens."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, insert, update

from greenlane.govern.effect import Context, Edge, Outcome
from greenlane.govern.errors import Conflict, NotFound, Refused
from greenlane.identity import tokens
from greenlane.identity.actions import CreateToken, RevokeToken
from greenlane.identity.delegation import queries as lending
from greenlane.identity.effects import sessions
from greenlane.identity.provisioning.queries import agent_switched_off
from greenlane.identity.tables import SESSION, TOKEN
from greenlane.kit import ids
from greenlane.kit.clock import stamp


def create_token(action: CreateToken, context: Context) -> Outcome:
    """A token of the actor's own, shown once."""
    token, secret = ids.new("tok"), tokens.mint(tokens.Kind.API)
    expires = stamp(context.now + timedelta(days=action.days))

    def rows(connection: Connection) -> None:
        named = lending.find_agent(connection, action.agent) if action.agent else None
        if named is not None and named.retired is not None:
            raise Conflict(f"The agent {action.agent} was retired.", next_step="Give the token to another one.")
        if action.agent and agent_switched_off(connection, action.agent):
            raise Refused(
                f"The company's directory has switched the agent {action.agent} off.",
                next_step="It gets new tokens once it is switched on there.",
            )
        connection.execute(
            insert(TOKEN).values(
                id=token,
                secret=secret.sha256,
                shown=secret.shown,
                name=action.name,
                person=context.actor.id,
                agent=action.agent,
                vouched_by=sessions.vouched(connection, context),
                scopes=list(action.scopes),
                created=stamp(context.now),
                expires=expires,
            )
        )

    return Outcome(
        rows,
        happened={"token": token, "expires": expires},
        made=(Edge("token", token),),
        answer={"id": token, "token": secret.secret, "expires": expires},
    )


def revoke_token(action: RevokeToken, context: Context) -> Outcome:
    """The token ends, and what was opened with it."""

    def rows(connection: Connection) -> None:
        now = stamp(context.now)
        gone = connection.execute(
            update(TOKEN).where(TOKEN.c.id == action.token, TOKEN.c.revoked.is_(None)).values(revoked=now)
        )
        if gone.rowcount != 1:
            raise NotFound(f"There is no token {action.token} to revoke.", next_step="`greenlane token` lists yours.")
        connection.execute(
            update(SESSION).where(SESSION.c.through == action.token, SESSION.c.ended.is_(None)).values(ended=now)
        )

    return Outcome(rows, happened={"token": action.token})
