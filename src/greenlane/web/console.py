"""The pages' view of the rest of the program: reads are queries, writes are verbs through the door."""

from __future__ import annotations

from dataclasses import dataclass

from greenlane.catalog import queries as catalog
from greenlane.catalog.addresses import Addresses
from greenlane.govern.door import Door
from greenlane.govern.errors import Refused, SignInNeeded
from greenlane.identity import queries as identity
from greenlane.identity.actions import AcceptInvitation, SignIn, SignOut
from greenlane.web.entrance import SignedIn


@dataclass(frozen=True, slots=True)
class Console:
    """What the sign-in pages need, over the real door."""

    door: Door
    addresses: Addresses

    @property
    def console_origin(self) -> str:
        """Scheme, host and port of the console."""
        return self.addresses.console

    def who(self, session: str) -> SignedIn | None:
        """The person whose session this is."""
        with self.door.database.read() as connection:
            found = identity.who_is(connection, session, self.door.clock.now())
            if found is None or found.actor.kind != "person":
                return None
            return SignedIn(found.actor.id, identity.person(connection, found.actor.id).name)

    def sign_in(self, secret: str) -> str:
        """Open a session. Raises ``SignInNeeded`` for a secret that is used, expired or unknown."""
        with self.door.database.read() as connection:
            found = identity.who_signs_in(connection, secret, self.door.clock.now())
        if found is None:
            raise SignInNeeded(
                "This link or token is used, expired or unknown.",
                next_step="Ask whoever gave it to you for a new one.",
            )
        return self._session(self.door.govern(found.actor, SignIn(secret=secret)))

    def accept_invitation(self, secret: str, name: str, email: str, session: str | None) -> str:
        """Join. Raises ``SignInNeeded`` for an invitation that is used, expired or unknown."""
        now = self.door.clock.now()
        with self.door.database.read() as connection:
            here = identity.who_is(connection, session, now) if session else None
            found = here or identity.invitee(connection, secret, now)
        if found is None:
            raise SignInNeeded(
                "This invitation is used, expired or unknown.", next_step="Ask whoever invited you for a new one."
            )
        opened = self._session(self.door.govern(found.actor, AcceptInvitation(secret=secret, name=name, email=email)))
        return opened or session or ""

    def _session(self, answer: object) -> str:
        state, told = answer.state, answer.answer  # type: ignore[attr-defined]  # a door's Answer
        if state != "done":
            reasons = answer.decision.reasons  # type: ignore[attr-defined]  # likewise
            raise Refused(
                reasons[0].says if reasons else "This is not possible.", next_step=reasons[0].instead if reasons else ""
            )
        return str(told.get("session", ""))

    def sign_out(self, session: str) -> None:
        """End a session."""
        with self.door.database.read() as connection:
            found = identity.who_is(connection, session, self.door.clock.now())
        if found is not None:
            self.door.govern(found.actor, SignOut())

    def may_visit_host(self, host: str) -> bool:
        """Whether a host belongs to an app here."""
        with self.door.database.read() as connection:
            return catalog.knows_host(connection, self.addresses, host)
