"""An organisation to test with: the real facts and effects on a real database, without the door around them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import Connection

from greenlane.govern import tables as govern_tables
from greenlane.govern.action import REGISTRY
from greenlane.govern.actor import PLATFORM, Actor
from greenlane.govern.decision import Decision, Lane, Risk
from greenlane.govern.effect import Context, Handling, Outcome
from greenlane.govern.facts import Facts
from greenlane.identity import effects, queries
from greenlane.identity.actions import AddPerson, CreateTeam, FoundOrganisation, GrantRole, SignIn
from greenlane.identity.facts import rights_facts
from greenlane.identity.passkeys import RelyingParty
from greenlane.identity.passwords import Passwords
from greenlane.identity.proving import Proofs
from greenlane.kit import ids
from greenlane.kit.clock import FakeClock, stamp
from greenlane.kit.database import Database
from greenlane.ledger.payload import Payloads

PROOFS = Proofs(
    Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)), RelyingParty("http://localhost:4180")
)
GREEN = Decision(Lane.GREEN, (), (), Risk(0, (), ""), "")


@dataclass
class Household:
    """People act here as they would through the door: ``facts`` as it gathers them, ``does`` as it carries out."""

    database: Database
    handlings: dict[str, Handling] = field(default_factory=dict)
    clock: FakeClock = field(default_factory=FakeClock)
    payloads: Payloads = field(default_factory=lambda: Payloads(bytes(32)))
    teams: dict[str, str] = field(default_factory=dict)
    """Apps and the ids of their teams, where no catalog is at hand."""

    owned: dict[str, list[str]] = field(default_factory=dict)
    """Names of apps by the id of their owner."""

    def __post_init__(self) -> None:
        self.handlings |= effects.handlings(
            self.database, self.payloads, lambda _connection, person: self.owned.get(person, []), PROOFS
        )

    def team_of_app(self, connection: Connection, app: str) -> str | None:
        return self.teams.get(app)

    def facts(self, actor: Actor, action: Any) -> Facts:
        verb = REGISTRY.of(action).name
        with self.database.read() as connection:
            found: dict[str, Any] = dict(rights_facts(self.team_of_app, self.clock)(connection, actor, action))
            for gather in self.handlings[verb].facts if verb in self.handlings else ():
                found |= gather(connection, actor, action)
        return Facts(**found)

    def does(self, actor: Actor, action: Any) -> Outcome:
        """Carry an action out, whatever the facts say, and keep it as the door keeps actions."""
        verb = REGISTRY.of(action)
        facts = Facts()
        if verb.name in self.handlings and self.handlings[verb.name].facts:
            facts = self.facts(actor, action)
        context = Context(actor, ids.new("act"), ids.new("prc"), GREEN, facts, self.clock.now())
        outcome = self.handlings[verb.name].effect(action, context)
        sealed = self.payloads.seal(verb.private(action))
        with self.database.engine.begin() as connection:
            if outcome.rows is not None:
                outcome.rows(connection)
            sealed.rows(connection)
            connection.execute(
                govern_tables.action.insert().values(
                    id=context.action_id,
                    verb=verb.name,
                    subject=verb.subject_of(action),
                    process=context.process,
                    actor=actor.as_dict(),
                    person=actor.person,
                    shape=verb.name,
                    inputs=verb.recorded(action),
                    payload=sealed.digest,
                    digest="",
                    facts={},
                    decided={},
                    lane="green",
                    state="done",
                    answer={"happened": dict(outcome.happened)},
                    decided_at=stamp(self.clock.now()),
                )
            )
        self.clock.forward(1)
        return outcome

    def found(self) -> Actor:
        """The organisation with its first owner, in the team ``home``."""
        answer = self.does(PLATFORM, FoundOrganisation("Olga Owner", "olga@example.com")).answer
        self.first = answer
        return Actor("person", answer["person"])

    def hire(self, owner: Actor, name: str, role: str, team: str = "home", *, everywhere: bool = False) -> Actor:
        """Somebody who is active in a team with a role there, or with the role in the whole organisation."""
        answer = self.does(owner, AddPerson(name, team, role="visitor" if everywhere else role)).answer
        if everywhere:
            self.does(owner, GrantRole(answer["person"], role))
        self.sign_in(answer["link"])
        return Actor("person", answer["person"])

    def team(self, owner: Actor, name: str) -> str:
        return self.does(owner, CreateTeam(name)).answer["team"]

    def sign_in(self, link: str) -> Mapping[str, Any]:
        """Use a link or token as the sign-in page does; the answer holds the session's secret."""
        secret = link.rpartition("/")[2]
        with self.database.read() as connection:
            signed = queries.who_signs_in(connection, secret, self.clock.now())
        assert signed is not None, "the link or token signs nobody in"
        return self.does(signed.actor, SignIn(secret)).answer

    def who(self, secret: str) -> queries.Signed | None:
        with self.database.read() as connection:
            return queries.who_is(connection, secret, self.clock.now())
