"""Accounts at providers: whose they are, and the end of what they opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, delete, select

from greenlane.govern.effect import Context, Edge, Outcome
from greenlane.govern.errors import Conflict, NotFound, SignInNeeded
from greenlane.identity.effects import sessions
from greenlane.identity.sso import linking, providers
from greenlane.identity.sso.actions import EndProviderSessions, LinkIdentity, UnlinkIdentity
from greenlane.identity.sso.arrived import Arrived
from greenlane.identity.sso.tables import IDENTITY, PROVIDER_SESSION
from greenlane.identity.tables import SESSION
from greenlane.kit.database import Database

MESSAGES_KEPT = timedelta(days=2)
"""For so long a message about a logout counts once: longer than any is believed."""


@dataclass(frozen=True, slots=True)
class Belonging:
    """Links accounts to people."""

    database: Database
    arrived: Arrived

    def link(self, action: LinkIdentity, context: Context) -> Outcome:
        """The account that was just shown is the actor's own from now on."""
        vouched, person = self.arrived.of(action.secret, context.now), context.actor.id
        if vouched is None:
            raise SignInNeeded("This took too long.", next_step="Connect the account once more.")
        with self.database.read() as connection:
            kept = providers.identity(connection, vouched.provider, vouched.external)
        if kept is not None:
            yours = kept.person == person
            raise Conflict(
                "This account is connected already." if yours else "This account belongs to somebody else here.",
                next_step="There is nothing to do." if yours else "Sign in with your own account at the provider.",
            )

        def rows(connection: Connection) -> None:
            linking.spend(connection, vouched, context.now)
            if any(one.provider == vouched.name for one in providers.identities_of(connection, person)):
                raise Conflict(f"You have an account at {vouched.name} already.", next_step="Unlink that one first.")
            linking.link(connection, vouched, person, context.now)

        return Outcome(
            rows,
            happened={"person": person, "provider": vouched.name, "message": vouched.message},
            used=(Edge("identity-provider", vouched.provider),),
            made=(Edge("identity", vouched.identity),),
        )


def unlink(action: UnlinkIdentity, context: Context) -> Outcome:
    """The account opens nothing any more, and what it opened ends, apart from the session in which that is said."""

    def rows(connection: Connection) -> None:
        gone = [one.id for one in _theirs(connection, action.person, action.provider)]
        if not gone:
            raise NotFound("There is no such account.", next_step="There is nothing to do.")
        for identity in gone:
            sessions.end_opened_with(connection, identity, context)
        connection.execute(delete(PROVIDER_SESSION).where(PROVIDER_SESSION.c.identity.in_(gone)))
        connection.execute(delete(IDENTITY).where(IDENTITY.c.id.in_(gone)))

    return Outcome(rows, happened={"person": action.person, "provider": action.provider})


def end_sessions(action: EndProviderSessions, context: Context) -> Outcome:
    """What a provider opened for a person ends: one of its sessions, or all of them."""

    def rows(connection: Connection) -> None:
        linking.spend_message(connection, action.message, context.now + MESSAGES_KEPT, context.now)
        theirs = [one.id for one in _theirs(connection, action.person, action.provider)]
        opened = select(PROVIDER_SESSION.c.session).where(PROVIDER_SESSION.c.identity.in_(theirs))
        if action.sid:
            opened = opened.where(PROVIDER_SESSION.c.sid == action.sid)
        sessions.end_sessions(connection, SESSION.c.id.in_(opened), context.now)

    return Outcome(rows, happened={"person": action.person, "provider": action.provider, "message": action.message})


def _theirs(connection: Connection, person: str, provider: str) -> list[providers.Identity]:
    return [one for one in providers.identities_of(connection, person) if one.provider == provider]
