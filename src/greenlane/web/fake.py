"""A house of a few people and apps in memory, for the tests and for looking at the pages."""

from __future__ import annotations

from dataclasses import dataclass, field

from greenlane.govern.errors import Conflict, SignInNeeded
from greenlane.identity.tokens import Kind, mint, sha256
from greenlane.web.entrance import SignedIn


@dataclass
class FakeHouse:
    """Keeps secrets as the real one does: by digest. ``happened`` lists the verbs that came through, in order."""

    console_origin: str = "https://console.example"
    hosts: set[str] = field(default_factory=lambda: {"vendor-board.apps.example"})
    people: dict[str, SignedIn] = field(default_factory=dict)
    ways_in: dict[str, tuple[Kind, str]] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    happened: list[tuple[str, ...]] = field(default_factory=list)

    def settle(self, person: SignedIn) -> str:
        """Let a person live here; returns a session of theirs."""
        self.people[person.person] = person
        return self._session(person.person)

    def hand_out(self, kind: Kind, person: str = "") -> str:
        """A new link, token or invitation."""
        made = mint(kind)
        self.ways_in[made.sha256] = kind, person
        return made.secret

    def who(self, session: str) -> SignedIn | None:
        """The person of a session."""
        person = self.sessions.get(sha256(session))
        return self.people[person] if person else None

    def sign_in(self, secret: str) -> str:
        """Links work once, tokens again and again."""
        kind, person = self.ways_in.get(sha256(secret), (None, ""))
        if kind is Kind.LINK:
            del self.ways_in[sha256(secret)]
        elif kind is not Kind.API:
            raise SignInNeeded("It was used before, or its hour is over.", next_step="Ask for a new link.")
        self.happened.append(("sign-in", person))
        return self._session(person)

    def accept_invitation(self, secret: str, name: str, email: str, session: str | None) -> str:
        """Somebody new gets a home without apps; somebody who is here keeps theirs."""
        if self.ways_in.get(sha256(secret), (None, ""))[0] is not Kind.INVITATION:
            raise SignInNeeded("It was used before, or its days are over.", next_step="Ask for a new invitation.")
        if email == "taken@example.com":
            raise Conflict("Somebody here has this mail address already.", next_step="Sign in as that person instead.")
        del self.ways_in[sha256(secret)]
        self.happened.append(("accept-invitation", name, email))
        person = self.sessions[sha256(session)] if session else f"p_{len(self.people)}"
        self.people.setdefault(person, SignedIn(person, name))
        return session or self._session(person)

    def sign_out(self, session: str) -> None:
        """The session is over."""
        self.happened.append(("sign-out", self.sessions.pop(sha256(session))))

    def may_visit_host(self, host: str) -> bool:
        """Whether an app lives there."""
        return host in self.hosts

    def _session(self, person: str) -> str:
        made = mint(Kind.SESSION)
        self.sessions[made.sha256] = person
        return made.secret
