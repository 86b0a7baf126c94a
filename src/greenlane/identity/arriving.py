"""Coming in: somebody shows something, and a session is opened through the door or they are turned away.

The faces ask this and nothing else, so that every way in is counted, throttled and recorded in one place. What failed
goes on the record as the platform's own act (``turn-away``): who tried is not known, only whom they claimed to be.

Company sign-in is one more of these ways: what a provider vouched for is the secret (``sso.company``).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, func, insert, select

from greenlane.govern.actor import PLATFORM, Actor
from greenlane.govern.door import Answer, Door
from greenlane.govern.effect import Rows
from greenlane.govern.errors import Refused, SignInNeeded, TooSoon
from greenlane.identity import queries, recovery_codes
from greenlane.identity.actions import AcceptInvitation, SignIn, TellOfSignIn, TurnAway
from greenlane.identity.attempts import Attempt, Attempts
from greenlane.identity.last_use import SEEN_EVERY, is_new, note_device, note_seen
from greenlane.identity.lasting import USUAL, Lasting
from greenlane.identity.passkeys import ANSWERED_WITHIN, Question
from greenlane.identity.proving import Proofs, Proven
from greenlane.identity.sso.linking import NotHere
from greenlane.identity.tables import PASSKEY_CHALLENGE, SESSION
from greenlane.kit.clock import stamp
from greenlane.kit.errors import Unavailable

OPEN_QUESTIONS = 5_000
"""Passkey questions that are remembered at the same moment; beyond that the oldest are forgotten."""


_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Caller:
    """Where somebody comes from: their network address, their browser in words, and the SHA-256 of what it keeps to be
    known again (empty where it keeps nothing).
    """

    address: str
    device: str
    browser: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """A session: its secret, whose it is, and what opened it. ``secret`` is empty where one ran already."""

    secret: str
    person: str
    way: str


class Arrivals:
    """Opens sessions. ``write`` is the ledger's way to write rows without a receipt."""

    def __init__(
        self,
        door: Door,
        proofs: Proofs,
        attempts: Attempts,
        write: Callable[[Rows], None],
        lasting: Lasting = USUAL,
    ) -> None:
        self._lasting = lasting
        self._door = door
        self._proofs = proofs
        self._attempts = attempts
        self._write = write
        self._seen: dict[str, datetime] = {}

    # ways in

    def by_secret(self, secret: str, caller: Caller) -> Opened:
        """Come in with a link or an API token: nobody guesses those, so nobody waits. Raises ``SignInNeeded``."""
        proven = self._proof(secret)
        if proven is None:
            raise SignInNeeded(
                "This link or token is used, expired or unknown.",
                next_step="Ask whoever gave it to you for a new one.",
            )
        return self._open(proven, SignIn(secret), caller)

    def by_recovery_code(self, typed: str, caller: Caller) -> Opened:
        """Come in with a recovery code, which is used up. Raises ``SignInNeeded``, ``TooSoon``."""
        attempt = self._attempts.begin(caller.address)
        proven = self._proof(typed) if recovery_codes.read(typed) is not None else None
        if proven is None:
            self._turned_away(attempt, "", "recovery code")
            raise SignInNeeded(
                "This is not a recovery code of yours that still works.",
                next_step="Look for a typing mistake, or try the next code on your list. Each works once.",
            )
        self._attempts.was_right(attempt)
        return self._open(proven, SignIn(typed), caller)

    def by_password(self, name: str, password: str, caller: Caller) -> Opened:
        """Come in under a name or mail address with a password. Raises ``SignInNeeded``, ``TooSoon``.

        A name that nobody has is counted, checked and answered like a wrong password.
        """
        with self._door.database.read() as connection:
            person = queries.claimed(connection, name) or ""
        attempt = self._attempts.begin(caller.address, person or f"unknown {name.strip().lower()}")
        proven = self._proof(password, person or "nobody")
        if proven is None:
            self._turned_away(attempt, person, "password")
            raise SignInNeeded(
                "Name and password do not belong together.",
                next_step="Look for a typing mistake, or sign in another way: a recovery code or a link helps too.",
            )
        self._attempts.was_right(attempt)
        return self._open(proven, SignIn(password, person), caller)

    def by_passkey(self, answer: str, caller: Caller) -> Opened:
        """Come in with what a passkey answered to ``ask``. Raises ``SignInNeeded``, ``TooSoon``."""
        attempt = self._attempts.begin(caller.address)
        try:
            proven = self._proof(answer)
        except SignInNeeded:
            self._turned_away(attempt, "", "passkey")
            raise
        if proven is None:
            self._turned_away(attempt, "", "passkey")
            raise SignInNeeded(
                "This passkey is not known here, or the question was open for too long.",
                next_step="Try once more, or sign in another way.",
            )
        self._attempts.was_right(attempt)
        return self._open(proven, SignIn(answer), caller)

    def by_company(self, secret: str, caller: Caller) -> Opened:
        """Come in as whom the company's provider vouched for. Raises ``SignInNeeded``, ``Refused``."""
        try:
            proven = self._proof(secret)
        except NotHere:
            self.not_believed(caller)
            raise
        if proven is None:
            raise SignInNeeded("This took too long.", next_step="Sign in with your company once more.")
        try:
            return self._open(proven, SignIn(secret), caller)
        finally:
            self._proofs.arrived.forget(secret)

    def not_believed(self, caller: Caller) -> None:
        """Count an answer of a provider that opened nothing; what goes on and on is told on the record."""
        with suppress(TooSoon):
            self._turned_away(self._attempts.begin(caller.address), "", "company")

    def by_invitation(self, secret: str, name: str, email: str, session: str, caller: Caller) -> Opened:
        """Join; somebody who is here already keeps their session. Raises ``SignInNeeded``."""
        now = self._door.clock.now()
        with self._door.database.read() as connection:
            here = queries.who_is(connection, session, now) if session else None
            found = here or queries.invitee(connection, secret, now)
        if found is None:
            raise SignInNeeded(
                "This invitation is used, expired or unknown.", next_step="Ask whoever invited you for a new one."
            )
        told = _done(self._door.govern(found.actor, AcceptInvitation(secret=secret, name=name, email=email)))
        return self._noted(
            Opened(str(told.answer.get("session", "")), str(told.answer["person"]), "invitation"), caller
        )

    def seen(self, session: str | None) -> None:
        """Note now and then that somebody works with a session, for the list of their sessions. Costs nothing between.

        A page is read also while nothing can be written: then nothing is noted.
        """
        now = self._door.clock.now()
        if session is None or now - self._seen.get(session, _LONG_AGO) < SEEN_EVERY:
            return
        if len(self._seen) >= _REMEMBERED:
            self._seen.clear()
        self._seen[session] = now
        with suppress(Unavailable):
            self._write(note_seen(SESSION.c.id == session, now, self._lasting))

    def seen_at_an_app(self, secret: str) -> None:
        """The same for a session (by the SHA-256 of its secret) with which somebody opened an app."""
        self._write(note_seen(SESSION.c.secret == secret, self._door.clock.now(), self._lasting))

    # what browsers are asked

    def ask(self) -> str:
        """A question for any passkey that belongs here, as JSON for the browser."""
        return self._asked(self._proofs.relying_party.ask(), None)

    def ask_to_enrol(self, actor: Actor) -> str:
        """A question with which a person's browser makes a new passkey, as JSON."""
        with self._door.database.read() as connection:
            one = queries.person(connection, actor.id)
            known = [passkey.credential for passkey in queries.passkeys_of(connection, actor.id)]
        return self._asked(self._proofs.relying_party.ask_to_enrol(one.id, one.email or one.name, known), one.id)

    def _asked(self, question: Question, person: str | None) -> str:
        now = self._door.clock.now()

        def remember(connection: Connection) -> None:
            table = PASSKEY_CHALLENGE.c
            connection.execute(delete(PASSKEY_CHALLENGE).where(table.expires <= stamp(now)))
            if connection.execute(select(func.count()).select_from(PASSKEY_CHALLENGE)).scalar_one() >= OPEN_QUESTIONS:
                oldest = select(table.challenge).order_by(table.expires).limit(1).scalar_subquery()
                connection.execute(delete(PASSKEY_CHALLENGE).where(table.challenge == oldest))
            expires = stamp(now + ANSWERED_WITHIN)
            connection.execute(
                insert(PASSKEY_CHALLENGE).values(challenge=question.challenge, person=person, expires=expires)
            )

        self._write(remember)
        return question.options

    # what all ways share

    def _proof(self, secret: str, person: str = "") -> Proven | None:
        with self._door.database.read() as connection:
            return self._proofs.of(connection, secret, person, self._door.clock.now())

    def _open(self, proven: Proven, action: SignIn, caller: Caller) -> Opened:
        told = _done(self._door.govern(proven.signed.actor, action))
        return self._noted(Opened(str(told.answer["session"]), str(told.answer["person"]), proven.way), caller)

    def _noted(self, opened: Opened, caller: Caller) -> Opened:
        if not opened.secret:
            return opened
        with self._door.database.read() as connection:
            new = bool(caller.browser) and is_new(connection, opened.person, caller.browser)
            session = queries.who_is(connection, opened.secret, self._door.clock.now())
        noted = note_device(opened.secret, caller.device, caller.address, caller.browser, self._door.clock.now())
        self._write(noted)
        if new and session is not None:
            self._door.govern(PLATFORM, TellOfSignIn(opened.person, str(session.actor.credential)))
        return opened

    def _turned_away(self, attempt: Attempt, person: str, way: str) -> None:
        if attempt.matters:
            self._door.govern(PLATFORM, TurnAway(person=person, way=way, row=attempt.row))


def _done(answer: Answer) -> Answer:
    if answer.state != "done":
        reasons = answer.decision.reasons
        raise Refused(
            reasons[0].says if reasons else "This is not possible.", next_step=reasons[0].instead if reasons else ""
        )
    return answer
