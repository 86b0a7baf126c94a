"""What somebody signs in with by themselves: password, passkeys, recovery codes; and noting who was turned away.

Whoever let a session in goes along into what is made with it (``vouched_by`` in ``tables``).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert

from greenlane.govern.effect import Context, Edge, Outcome
from greenlane.govern.errors import Conflict, NotFound, SignInNeeded
from greenlane.identity import queries, recovery_codes, strength
from greenlane.identity.actions import (
    AddPasskey,
    MakeRecoveryCodes,
    RemovePasskey,
    RemovePassword,
    SetPassword,
    TurnAway,
)
from greenlane.identity.effects import sessions
from greenlane.identity.proving import Proofs
from greenlane.identity.tables import PASSKEY, PASSKEY_CHALLENGE, PASSWORD, RECOVERY_CODE
from greenlane.kit import ids
from greenlane.kit.clock import stamp
from greenlane.kit.database import Database

MOST_PASSKEYS = 20
"""Passkeys of one person: more than anybody has devices."""


@dataclass(frozen=True, slots=True)
class WaysIn:
    """Makes the ways in that need more than rows."""

    database: Database
    proofs: Proofs

    def set_password(self, action: SetPassword, context: Context) -> Outcome:
        """The hash is made here, outside of any transaction: it is slow on purpose."""
        person, password = context.actor.id, ids.new("pwd")
        with self.database.read() as connection:
            known = queries.person(connection, person)
        strength.check(action.password, (known.name, known.email or ""))
        hashed = self.proofs.passwords.hashed(action.password)

        def rows(connection: Connection) -> None:
            _drop_password(connection, person, context)
            connection.execute(
                insert(PASSWORD).values(
                    person=person,
                    id=password,
                    hash=hashed,
                    vouched_by=sessions.vouched(connection, context),
                    created=stamp(context.now),
                )
            )

        return Outcome(rows, happened={"person": person}, made=(Edge("password", password),))

    def add_passkey(self, action: AddPasskey, context: Context) -> Outcome:
        """What the browser made is verified, and its question is answered by that."""
        person, passkey = context.actor.id, ids.new("pky")
        made, challenge = self.proofs.relying_party.enrolled(action.answer)

        def rows(connection: Connection) -> None:
            if not queries.is_asked(connection, challenge, person, context.now):
                raise SignInNeeded("This passkey came too late.", next_step="Press the button once more.")
            connection.execute(delete(PASSKEY_CHALLENGE).where(PASSKEY_CHALLENGE.c.challenge == challenge))
            if queries.passkey_called(connection, made.credential) is not None:
                raise Conflict("This passkey is known already.", next_step="There is nothing to do.")
            if len(queries.passkeys_of(connection, person)) >= MOST_PASSKEYS:
                raise Conflict(f"You have {MOST_PASSKEYS} passkeys.", next_step="Remove one that you do not use.")
            connection.execute(
                insert(PASSKEY).values(
                    id=passkey,
                    credential=made.credential,
                    person=person,
                    public_key=made.public_key,
                    uses=made.uses,
                    verifies=made.verifies,
                    synced=made.synced,
                    name=action.name.strip(),
                    vouched_by=sessions.vouched(connection, context),
                    created=stamp(context.now),
                )
            )

        return Outcome(
            rows,
            happened={"person": person, "passkey": passkey, "verifies": made.verifies, "synced": made.synced},
            made=(Edge("passkey", passkey),),
            answer={"passkey": passkey},
        )


def remove_password(action: RemovePassword, context: Context) -> Outcome:
    """Gone, with what it opened."""

    def rows(connection: Connection) -> None:
        if not _drop_password(connection, action.person, context):
            raise NotFound("That person has no password.", next_step="There is nothing to do.")

    return Outcome(rows, happened={"person": action.person})


def remove_passkey(action: RemovePasskey, context: Context) -> Outcome:
    """Gone, with what it opened."""

    def rows(connection: Connection) -> None:
        if connection.execute(delete(PASSKEY).where(PASSKEY.c.id == action.passkey)).rowcount != 1:
            raise NotFound(f"There is no passkey {action.passkey}.", next_step="Your account page lists yours.")
        sessions.end_opened_with(connection, action.passkey, context)

    return Outcome(rows, happened={"passkey": action.passkey})


def make_recovery_codes(action: MakeRecoveryCodes, context: Context) -> Outcome:
    """New codes, shown once; the old ones end."""
    person, codes = context.actor.id, [recovery_codes.new() for _ in range(recovery_codes.HOW_MANY)]

    def rows(connection: Connection) -> None:
        connection.execute(delete(RECOVERY_CODE).where(RECOVERY_CODE.c.person == person))
        vouched_by = sessions.vouched(connection, context)
        connection.execute(
            insert(RECOVERY_CODE),
            [
                {
                    "id": ids.new("rcv"),
                    "secret": recovery_codes.sha256(code),
                    "person": person,
                    "vouched_by": vouched_by,
                    "created": stamp(context.now),
                }
                for code in codes
            ],
        )

    return Outcome(rows, happened={"person": person, "codes": len(codes)}, answer={"codes": codes})


def turn_away(action: TurnAway, context: Context) -> Outcome:
    """Nothing but the receipt."""
    return Outcome(happened={"person": action.person, "way": action.way, "row": action.row})


def _drop_password(connection: Connection, person: str, context: Context) -> bool:
    before = queries.password_of(connection, person)
    if before is None:
        return False
    connection.execute(delete(PASSWORD).where(PASSWORD.c.person == person))
    sessions.end_opened_with(connection, before.id, context)
    return True
