"""Whom an account at a provider is here, and what is written when somebody comes in with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from greenlane.govern.errors import Conflict, Refused, SignInNeeded
from greenlane.identity.newcomers import insert_person
from greenlane.identity.oidc.refusals import OidcRefused
from greenlane.identity.provisioning.tables import DIRECTORY, DIRECTORY_USER
from greenlane.identity.sso import pending, providers
from greenlane.identity.sso.arrived import Vouched
from greenlane.identity.sso.tables import IDENTITY, PROVIDER_SESSION, SPENT_MESSAGE
from greenlane.identity.tables import SESSION
from greenlane.kit.clock import stamp


class NotHere(SignInNeeded):
    """A provider vouched for somebody who is nobody here."""

    code = "not-here"
    status = 403


@dataclass(frozen=True, slots=True)
class Match:
    """A person, and how they are known: by an identity that is kept, by their directory's id, or not yet at all."""

    person: str
    identity: str
    known: bool
    new: bool


def match(connection: Connection, vouched: Vouched) -> Match:
    """Whom a provider vouches for. Raises ``NotHere``; never looks at mail addresses."""
    kept = providers.identity(connection, vouched.provider, vouched.external)
    if kept is not None:
        return Match(kept.person, kept.id, known=True, new=False)
    provider = providers.provider(connection, vouched.provider)
    if provider.directory:
        brought = _brought(connection, provider.directory, vouched.external)
        if len(brought) == 1:
            return Match(brought[0], vouched.identity, known=False, new=False)
    if not provider.creates:
        raise NotHere(
            f"{provider.title} knows you, but nobody here belongs to that account yet.",
            next_step="Sign in another way and connect it on your account page, or ask to be added.",
        )
    return Match(vouched.newcomer, vouched.identity, known=False, new=True)


def _brought(connection: Connection, directory: str, external: str) -> list[str]:
    """Whom a directory (its name) knows by an id of its own."""
    people = (
        select(DIRECTORY_USER.c.person)
        .join(DIRECTORY, DIRECTORY.c.id == DIRECTORY_USER.c.directory)
        .where(DIRECTORY.c.name == directory, DIRECTORY.c.ended.is_(None), DIRECTORY_USER.c.external_id == external)
        .limit(2)
    )
    return list(connection.execute(people).scalars())


def come_in(connection: Connection, vouched: Vouched, found: Match, now: datetime) -> None:
    """Rows of a sign-in: it is over, its message is spent, and account and person belong together from now on.

    Raises ``SignInNeeded``, ``OidcRefused``, ``Refused`` where something changed since it was looked at.
    """
    spend(connection, vouched, now)
    if not providers.provider(connection, vouched.provider).on:
        raise Refused("This provider was switched off.", next_step="Sign in another way.")
    if match(connection, vouched) != found:
        raise SignInNeeded("Something about this account changed a moment ago.", next_step="Sign in anew.")
    if found.known:
        used = update(IDENTITY).where(IDENTITY.c.id == found.identity)
        connection.execute(used.values(last_used=stamp(now)))
        return
    if found.new:
        try:
            insert_person(connection, found.person, vouched.display_name, vouched.email, "active", now)
        except Conflict as error:
            raise NotHere(
                "Somebody here has this mail address already, and an address alone proves nothing.",
                next_step="If that is you, sign in as before and connect the account on your account page.",
            ) from error
    link(connection, vouched, found.person, now)


def link(connection: Connection, vouched: Vouched, person: str, now: datetime) -> None:
    """From now on this account is this person."""
    connection.execute(
        insert(IDENTITY).values(
            id=vouched.identity,
            provider=vouched.provider,
            external=vouched.external,
            person=person,
            created=stamp(now),
            last_used=stamp(now),
        )
    )


def spend(connection: Connection, vouched: Vouched, now: datetime) -> None:
    """A sign-in ends with its answer, and the answer counts once. Raises ``SignInNeeded``, ``OidcRefused``."""
    if vouched.state and not pending.ended(connection, vouched.state):
        raise SignInNeeded("This sign-in was ended a moment ago.", next_step="Begin again from the sign-in page.")
    spend_message(connection, vouched.message, vouched.until, now)


def spend_message(connection: Connection, digest: str, until: datetime, now: datetime) -> None:
    """A message counts once. Raises ``OidcRefused``."""
    connection.execute(delete(SPENT_MESSAGE).where(SPENT_MESSAGE.c.until <= stamp(now)))
    known = select(SPENT_MESSAGE.c.digest).where(SPENT_MESSAGE.c.digest == digest)
    if connection.execute(known).one_or_none() is not None:
        raise OidcRefused("spent")
    connection.execute(insert(SPENT_MESSAGE).values(digest=digest, until=stamp(until)))


def note(connection: Connection, vouched: Vouched, identity: str, session: str, now: datetime) -> None:
    """Which of the provider's sessions a session of ours came from, and that it ends when the provider wants it to.

    Of the same account's sessions that are over, no ID token is kept.
    """
    over = select(SESSION.c.id).where(SESSION.c.ended.is_not(None) | (SESSION.c.expires <= stamp(now)))
    theirs = (PROVIDER_SESSION.c.identity == identity) & PROVIDER_SESSION.c.session.in_(over)
    connection.execute(update(PROVIDER_SESSION).where(theirs).values(hint=None))
    if vouched.ends is not None:
        last = stamp(vouched.ends)
        for column in (SESSION.c.expires, SESSION.c.ends):
            longer = update(SESSION).where(SESSION.c.id == session, column > last)
            connection.execute(longer.values({column: last}))
    connection.execute(
        insert(PROVIDER_SESSION).values(
            session=session,
            identity=identity,
            sid=vouched.sid,
            name_id=vouched.name_id,
            format=vouched.format,
            qualifiers=None if vouched.qualifiers is None else list(vouched.qualifiers),
            hint=vouched.hint,
        )
    )
