"""What proves who somebody is: a link, an API token, a password, a passkey's answer, a recovery code, and what the
company's own provider vouched for.

Each proof is looked at twice, by the page that must know whom it stands for and by the verb that opens the session. The
second look is the one that counts; what it saw is checked once more where the proof is used up, in the transaction of
the session, so that of two that come at the same moment one is too late.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, update
from sqlalchemy.sql.dml import UpdateBase

from greenlane.govern.actor import Actor
from greenlane.govern.effect import Edge, Rows
from greenlane.govern.errors import SignInNeeded
from greenlane.identity import queries, recovery_codes, roles, tokens
from greenlane.identity.groups import claims
from greenlane.identity.passkeys import RelyingParty
from greenlane.identity.passwords import Passwords
from greenlane.identity.queries import Signed
from greenlane.identity.sso import arrived, linking
from greenlane.identity.sso.arrived import Arrived, Vouched
from greenlane.identity.tables import PASSKEY, PASSKEY_CHALLENGE, PASSWORD, RECOVERY_CODE, SIGN_IN_LINK
from greenlane.kit.clock import stamp


@dataclass(frozen=True, slots=True)
class Proven:
    """Who somebody is, and how they showed it. ``use`` writes that the proof was used; raises when it was too late.

    ``opened`` writes what must be known of the session (its id) that the proof opens; ``tells``, ``used`` and ``made`` go
    into the receipt.
    """

    signed: Signed
    way: str
    use: Rows
    opened: Callable[[Connection, str], None] | None = None
    tells: Mapping[str, str] = field(default_factory=dict)
    used: tuple[Edge, ...] = ()
    made: tuple[Edge, ...] = ()


@dataclass(frozen=True, slots=True)
class Proofs:
    """Looks at proofs."""

    passwords: Passwords
    relying_party: RelyingParty
    arrived: Arrived = field(default_factory=Arrived)

    def of(self, connection: Connection, secret: str, person: str, now: datetime) -> Proven | None:
        """What a secret proves; None when it proves nothing. With a ``person`` it is their password; without one it says
        by itself whose it is. Raises ``SignInNeeded`` for a passkey's answer that cannot be verified, and for somebody whom
        a provider vouched for and who is nobody here.
        """
        if person:
            return self._password(connection, person, secret)
        if secret.startswith(arrived.PREFIX):
            vouched = self.arrived.of(secret, now)
            return None if vouched is None else self._company(connection, vouched, now)
        if secret.startswith("{"):
            return self._passkey(connection, secret, now)
        if (code := recovery_codes.read(secret)) is not None:
            return _recovery_code(connection, code, now)
        signed = queries.who_signs_in(connection, secret, now)
        if signed is None:
            return None
        if tokens.kind_of(secret) is tokens.Kind.API:
            return Proven(signed, "token", _still(lambda there: queries.who_signs_in(there, secret, now) == signed))
        used = update(SIGN_IN_LINK).where(SIGN_IN_LINK.c.id == signed.actor.credential, SIGN_IN_LINK.c.used.is_(None))
        return Proven(signed, "link", _once(used.values(used=stamp(now))))

    def _password(self, connection: Connection, person: str, typed: str) -> Proven | None:
        """One's own password. Takes as long for somebody who has none, or who is not here."""
        kept = queries.password_of(connection, person)
        here = queries.state_of(connection, person) in _MAY_COME
        if not self.passwords.matches(kept.hash if kept is not None and here else None, typed) or kept is None:
            return None
        renewed = self.passwords.hashed(typed) if self.passwords.outdated(kept.hash) else kept.hash
        unchanged = update(PASSWORD).where(PASSWORD.c.id == kept.id, PASSWORD.c.hash == kept.hash)
        return Proven(_signed(person, kept.id, kept.vouched_by), "password", _once(unchanged.values(hash=renewed)))

    def _passkey(self, connection: Connection, answer: str, now: datetime) -> Proven | None:
        claim = self.relying_party.claim(answer)
        kept = queries.passkey_called(connection, claim.credential)
        if kept is None or claim.person not in {"", kept.person}:
            return None
        if not queries.is_asked(connection, claim.challenge, None, now):
            return None
        if queries.state_of(connection, kept.person) not in _MAY_COME:
            return None
        uses = self.relying_party.proves(answer, kept.public_key, kept.uses, verifies=kept.verifies)
        answered = delete(PASSKEY_CHALLENGE).where(PASSKEY_CHALLENGE.c.challenge == claim.challenge)
        counted = update(PASSKEY).where(PASSKEY.c.id == kept.id, PASSKEY.c.uses == kept.uses)
        use = _once(answered, counted.values(uses=uses, last_used=stamp(now)))
        return Proven(_signed(kept.person, kept.id, kept.vouched_by), "passkey", use)

    def _company(self, connection: Connection, vouched: Vouched, now: datetime) -> Proven:
        """Whom the company's provider vouched for. Who is suspended is left to the door, which refuses on the record."""
        found = linking.match(connection, vouched)

        def use(connection: Connection) -> None:
            linking.come_in(connection, vouched, found, now)
            if vouched.groups is not None:
                claims.sync(connection, vouched.provider, found.person, vouched.groups, now)

        return Proven(
            _signed(found.person, found.identity, None),
            "company",
            use,
            opened=lambda connection, session: linking.note(connection, vouched, found.identity, session, now),
            tells={"provider": vouched.name, "message": vouched.message},
            used=(Edge("identity-provider", vouched.provider), Edge("identity", found.identity)),
            made=(Edge("person", found.person),) if found.new else (),
        )


def _recovery_code(connection: Connection, code: str, now: datetime) -> Proven | None:
    kept = queries.recovery_code(connection, recovery_codes.sha256(code))
    if kept is None or queries.state_of(connection, kept.person) not in _MAY_COME:
        return None
    used = update(RECOVERY_CODE).where(RECOVERY_CODE.c.id == kept.id, RECOVERY_CODE.c.used.is_(None))
    signed = _signed(kept.person, kept.id, kept.vouched_by)
    return Proven(signed, "recovery code", _once(used.values(used=stamp(now))))


_MAY_COME = frozenset({"invited", "active"})


def _signed(person: str, credential: str, vouched_by: str | None) -> Signed:
    return Signed(Actor("person", person, credential=credential), roles.EVERY_SCOPE, vouched_by)


def _once(*statements: UpdateBase) -> Rows:
    """Rows of which each statement must meet exactly one, because nobody was faster."""
    return _still(lambda connection: all(connection.execute(one).rowcount == 1 for one in statements))


def _still(holds: Callable[[Connection], bool]) -> Rows:
    def rows(connection: Connection) -> None:
        if not holds(connection):
            raise SignInNeeded("This was used a moment ago, or has ended.", next_step="Sign in anew.")

    return rows
