"""Directories and their tokens."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, delete, func, insert, select, update

from greenlane.govern.effect import Context, Edge, Outcome
from greenlane.govern.errors import Conflict, NotFound, Refused
from greenlane.identity import tokens
from greenlane.identity.effects import teams
from greenlane.identity.groups.tables import DIRECTORY_GROUP, GROUP_MEMBER
from greenlane.identity.provisioning import queries
from greenlane.identity.provisioning.actions import (
    ConnectDirectory,
    CreateDirectoryToken,
    DisconnectDirectory,
    RevokeDirectoryToken,
)
from greenlane.identity.provisioning.effects import agents
from greenlane.identity.provisioning.tables import (
    DIRECTORY,
    DIRECTORY_JOIN,
    DIRECTORY_TOKEN,
    DIRECTORY_USER,
)
from greenlane.identity.tokens import Minted
from greenlane.kit import ids
from greenlane.kit.clock import stamp

TOKENS_AT_ONCE = 2
"""Live tokens of a directory: the one in use, and the one that will be."""


def connect(action: ConnectDirectory, context: Context) -> Outcome:
    """A directory, and its first token."""
    directory, token, secret = ids.new("dir"), ids.new("dtk"), tokens.mint(tokens.Kind.DIRECTORY)

    def rows(connection: Connection) -> None:
        if any(one.name == action.name for one in queries.directories(connection)):
            raise Conflict(
                f"There is a directory called {action.name} already.",
                next_step="Choose another name, or make a second token for it: greenlane directory token.",
            )
        connection.execute(
            insert(DIRECTORY).values(
                id=directory,
                name=action.name,
                made_by=context.actor.person,
                action=context.action_id,
                since=stamp(context.now),
            )
        )
        _insert(connection, token, directory, secret, action.days, context)

    return Outcome(
        rows,
        happened={"directory": directory, "token": token},
        made=(Edge("directory", directory), Edge("token", token)),
        answer={"directory": directory, **_shown(token, secret, action.days, context)},
    )


def disconnect(action: DisconnectDirectory, context: Context) -> Outcome:
    """The tokens end, people are let go of as they are, and the groups are empty."""

    def rows(connection: Connection) -> None:
        directory, now = queries.directory(connection, action.directory).id, stamp(context.now)
        connection.execute(update(DIRECTORY).where(DIRECTORY.c.id == directory).values(ended=now))
        live = (DIRECTORY_TOKEN.c.directory == directory) & DIRECTORY_TOKEN.c.revoked.is_(None)
        connection.execute(update(DIRECTORY_TOKEN).where(live).values(revoked=now))
        kept = (DIRECTORY_USER.c.directory == directory) & DIRECTORY_USER.c.released.is_(None)
        connection.execute(update(DIRECTORY_USER).where(kept).values(released=now))
        connection.execute(delete(DIRECTORY_JOIN).where(DIRECTORY_JOIN.c.directory == directory))
        its = select(DIRECTORY_GROUP.c.id).where(DIRECTORY_GROUP.c.source == directory)
        connection.execute(delete(GROUP_MEMBER).where(GROUP_MEMBER.c.group.in_(its)))
        agents.let_go(connection, directory, context)
        teams.keep_an_owner(connection)

    return Outcome(rows, happened={"directory": action.directory})


def create_token(action: CreateDirectoryToken, context: Context) -> Outcome:
    """One more token, where there is one at most."""
    token, secret = ids.new("dtk"), tokens.mint(tokens.Kind.DIRECTORY)

    def rows(connection: Connection) -> None:
        directory = queries.directory(connection, action.directory).id
        live = connection.execute(
            select(func.count())
            .select_from(DIRECTORY_TOKEN)
            .where(
                DIRECTORY_TOKEN.c.directory == directory,
                DIRECTORY_TOKEN.c.revoked.is_(None),
                DIRECTORY_TOKEN.c.expires > stamp(context.now),
            )
        ).scalar_one()
        if live >= TOKENS_AT_ONCE:
            raise Refused(
                "This directory has two tokens already.",
                next_step="End the one that is not used any more: greenlane directory revoke.",
            )
        _insert(connection, token, directory, secret, action.days, context)

    return Outcome(
        rows,
        happened={"token": token},
        made=(Edge("token", token),),
        answer=_shown(token, secret, action.days, context),
    )


def revoke_token(action: RevokeDirectoryToken, context: Context) -> Outcome:
    """The token ends."""

    def rows(connection: Connection) -> None:
        live = (DIRECTORY_TOKEN.c.id == action.token) & DIRECTORY_TOKEN.c.revoked.is_(None)
        gone = connection.execute(update(DIRECTORY_TOKEN).where(live).values(revoked=stamp(context.now)))
        if gone.rowcount != 1:
            raise NotFound(
                f"There is no token {action.token} of a directory to revoke.",
                next_step="`greenlane directory` lists them.",
            )

    return Outcome(rows, happened={"token": action.token})


def _insert(connection: Connection, token: str, directory: str, secret: Minted, days: int, context: Context) -> None:
    connection.execute(
        insert(DIRECTORY_TOKEN).values(
            id=token,
            directory=directory,
            secret=secret.sha256,
            shown=secret.shown,
            made_by=context.actor.person,
            created=stamp(context.now),
            expires=stamp(context.now + timedelta(days=days)),
        )
    )


def _shown(token: str, secret: Minted, days: int, context: Context) -> dict[str, str]:
    return {"id": token, "token": secret.secret, "expires": stamp(context.now + timedelta(days=days))}
