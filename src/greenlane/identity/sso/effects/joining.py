"""Somebody who was here before their directory joins it by themselves: a fresh sign-in shows who they are there."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from greenlane.govern.effect import Context, Edge, Outcome
from greenlane.govern.errors import Conflict, Refused, SignInNeeded
from greenlane.identity.provisioning import queries as provisioning
from greenlane.identity.provisioning.effects import joining
from greenlane.identity.sso import linking, providers
from greenlane.identity.sso.actions import JoinBySignIn
from greenlane.identity.sso.arrived import Arrived, Vouched
from greenlane.kit.database import Database


@dataclass(frozen=True, slots=True)
class Joining:
    """Joins people by what their provider vouched for: its own immutable id, and never a mail address."""

    database: Database
    arrived: Arrived

    def join(self, action: JoinBySignIn, context: Context) -> Outcome:
        """The account that was just shown is the actor's own, and the directory takes the actor over by its id."""
        vouched, person = self.arrived.of(action.secret, context.now), context.actor.id
        if vouched is None:
            raise SignInNeeded("This took too long.", next_step="Sign in to join once more.")
        with self.database.read() as connection:
            _check_theirs(connection, vouched, person)

        def rows(connection: Connection) -> None:
            linking.spend(connection, vouched, context.now)
            known = _check_theirs(connection, vouched, person)
            provider = providers.provider(connection, vouched.provider)
            joining.check_joinable(connection, person)
            directory = provisioning.directory(connection, provider.directory)
            joining.keep(connection, context, directory, vouched.external, person, provider.name)
            if not known:
                linking.link(connection, vouched, person, context.now)

        return Outcome(
            rows,
            happened={"person": person, "provider": vouched.name, "message": vouched.message},
            used=(Edge("identity-provider", vouched.provider),),
        )


def _check_theirs(connection: Connection, vouched: Vouched, person: str) -> bool:
    """Whether the account is connected with the person already. Raises ``Conflict`` where it is somebody else's."""
    provider = providers.provider(connection, vouched.provider)
    if not provider.on or not provider.directory:
        raise Refused(
            f"{provider.title} has no directory that could take you over.",
            next_step="Ask an administrator: a provider is told which directory has the same ids.",
        )
    kept = providers.identity(connection, vouched.provider, vouched.external)
    if kept is not None and kept.person != person:
        raise Conflict(
            "This account belongs to somebody else here.",
            next_step="Sign in with your own account at the provider.",
        )
    directory = provisioning.directory(connection, provider.directory)
    if provisioning.brought_as(connection, directory.id, vouched.external) - {person}:
        raise Conflict(
            f"{directory.name} brought this account already, as somebody else here.",
            next_step="If that is you as well, ask an administrator which of the two shall stay.",
        )
    mine = [one for one in providers.identities_of(connection, person) if one.provider == vouched.name]
    if kept is None and mine:
        raise Conflict(
            f"You are connected with another account at {provider.title}.",
            next_step="Disconnect that one first, or sign in with it.",
        )
    return kept is not None
