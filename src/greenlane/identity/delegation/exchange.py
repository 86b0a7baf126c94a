"""Token exchange (RFC 8693): what somebody may lend becomes a token for one address and a few minutes.

The subject says for whom: a grant by its id, an API token of the person who gave one, or a token of ours that another
agent was given and passes on. The actor is whoever asks, by its own proof. Nothing that comes out may more than what
went in: a token that is passed on has the same grant, one more agent, and at most the same scopes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from greenlane.govern.actor import Actor
from greenlane.govern.effect import Rows
from greenlane.govern.errors import SignInNeeded
from greenlane.identity import queries as people
from greenlane.identity import roles
from greenlane.identity.delegation import queries
from greenlane.identity.delegation.arriving import given_with
from greenlane.identity.delegation.bounds import bound, scopes_left
from greenlane.identity.delegation.issuing import Claims, Issuer, is_one, models_at, until
from greenlane.identity.delegation.proving import Known, Shown, known
from greenlane.identity.delegation.standing import standing
from greenlane.identity.federation import queries as workloads
from greenlane.identity.federation.arriving import issuer_of, matched
from greenlane.identity.federation.issuers import Issuers
from greenlane.kit.clock import Clock, parse
from greenlane.kit.database import Database
from greenlane.kit.errors import GreenlaneError

LASTS = timedelta(minutes=5)
"""How long a token works. What it stands on may end before; then it does too."""

WORKLOAD_LASTS = timedelta(minutes=10)
"""The same for a workload, whose own token is taken once."""

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a type, no secret
JWT = "urn:ietf:params:oauth:token-type:jwt"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105 - a type, no secret
GRANT = "urn:greenlane:params:oauth:token-type:grant"
"""The type of a subject that is a grant's id: no secret, as the actor proves who it is."""


class NotExchanged(GreenlaneError):
    """A token exchange was refused. ``oauth`` is the error of RFC 6749, section 5.2."""

    code = "not-exchanged"
    status = 400

    def __init__(self, oauth: str, message: str, next_step: str = "") -> None:
        super().__init__(message, next_step=next_step)
        self.oauth = oauth


@dataclass(frozen=True, slots=True)
class Wanted:
    """One request for a token, as it was sent."""

    subject: str
    subject_type: str
    shown: Shown
    resource: str = ""
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Given:
    """A token, with what it is good for."""

    token: str
    scopes: tuple[str, ...]
    seconds: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """Gives tokens. ``write`` writes rows without a receipt; ``resources`` says whether an address is one of ours."""

    database: Database
    write: Callable[[Rows], None]
    issuer: Issuer
    clock: Clock
    resources: Callable[[Connection, str], bool]
    issuers: Issuers | None = None

    @property
    def models(self) -> str:
        """The address of the model gateway, as tokens name it."""
        return models_at(self.issuer.url)

    @property
    def endpoint(self) -> str:
        """Where tokens are asked for."""
        return f"{self.issuer.url}/oauth/token"

    def give(self, wanted: Wanted) -> Given:
        """A token for an agent. Raises ``NotExchanged``, and ``SignInNeeded`` for a proof that was used already."""
        now = self.clock.now()
        if wanted.subject_type in {ID_TOKEN, JWT}:
            return self._to_workload(wanted, now)
        with self.database.read() as connection:
            actor = known(connection, wanted.shown, (self.issuer.url, self.endpoint), now)
            if actor is None:
                raise NotExchanged("invalid_client", "Which agent this is was not proven.", "Show its secret or proof.")
            lent = self._lent(connection, wanted, actor, now)
            given, claims = self.bounded(connection, wanted, lent, now)
        if actor.use is not None:
            self.write(actor.use)
        return replace(given, token=self.issuer.issue(claims, now))

    def _to_workload(self, wanted: Wanted, now: datetime) -> Given:
        """A token for a workload elsewhere, which its own platform vouches for."""
        with self.database.read() as connection:
            rules = workloads.of_issuer(connection, issuer_of(wanted.subject))
        name = wanted.shown.name
        met = [one for one in matched(rules, self.issuers, wanted.subject, now) if name in {"", one.rule.name}]
        if len(met) != 1:
            why = (
                "No trust rule has exactly this issuer, audience and claims." if not met else "Several rules have this."
            )
            raise NotExchanged(
                "invalid_grant", why, "Name the rule as client_id." if met else "greenlane trust workloads"
            )
        [one] = met
        lent = Claims(one.rule.person, ((one.rule.name, 0),), one.rule.id, one.rule.scopes, "", now + WORKLOAD_LASTS)
        with self.database.read() as connection:
            given, claims = self.bounded(connection, wanted, lent, now)
        self.write(one.use)
        return replace(given, token=self.issuer.issue(claims, now))

    def bounded(self, connection: Connection, wanted: Wanted, lent: Claims, now: datetime) -> tuple[Given, Claims]:
        """What is left of what was lent when everybody in the chain is asked, and what was wished for."""
        resource = wanted.resource.rstrip("/") or self.issuer.url
        if resource == self.models:
            _must_have_money(connection, lent.grant)
        elif resource != self.issuer.url and not self.resources(connection, resource):
            raise NotExchanged("invalid_target", "This address is none of this Greenlane.")
        names = [name for name, _ in lent.agents]
        actor = Actor(
            "agent", names[-1], lent.person, lent.grant, tuple(names[:-1]), given_with(connection, lent.grant)
        )
        found = standing(connection, actor, now)
        epochs = tuple(epoch for _, epoch in lent.agents)
        if over := found.over or ("an agent of the chain has another key now" if found.epochs != epochs else ""):
            raise NotExchanged("invalid_grant", f"Nothing was lent: {over}.", "Ask the person for a new grant.")
        scopes = scopes_left((*found.bounds, bound("the token", lent.scopes)))
        if wanted.scopes:
            scopes = _narrowed(wanted.scopes, scopes)
        if not scopes:
            raise NotExchanged("invalid_scope", "Nothing is left of what was lent.")
        claims = replace(lent, scopes=scopes, audience=resource)
        return Given("", scopes, max(1, int((claims.expires - now).total_seconds()))), claims

    def _lent(self, connection: Connection, wanted: Wanted, actor: Known, now: datetime) -> Claims:
        """What the subject lends this agent, before anything bounds it."""
        if wanted.subject_type == GRANT:
            return self._of_grant(connection, wanted.subject, actor, now)
        if wanted.subject_type != ACCESS_TOKEN:
            raise NotExchanged("invalid_request", "The subject is of a type that is not taken here.")
        if is_one(wanted.subject):
            return self._passed_on(wanted, actor, now)
        return self._of_person(connection, wanted.subject, actor, now)

    def _of_grant(self, connection: Connection, id: str, actor: Known, now: datetime) -> Claims:
        found = [one for one in queries.delegations_to(connection, actor.name, now) if one.id == id]
        if not found:
            raise NotExchanged("invalid_grant", "There is no such grant for this agent.", "Ask the person for one.")
        [grant] = found
        ends = until(now, LASTS, parse(grant.expires))
        return Claims(grant.person, ((actor.name, actor.epoch),), grant.id, roles.EVERY_SCOPE, "", ends)

    def _of_person(self, connection: Connection, secret: str, actor: Known, now: datetime) -> Claims:
        """The newest grant that the person of an API token gave this agent, with the token's scopes at most."""
        signed = people.who_is(connection, secret, now)
        if signed is None or signed.actor.kind != "person":
            raise NotExchanged("invalid_grant", "This token is unknown, expired, revoked, or no person's.")
        mine = [one for one in queries.delegations_of(connection, signed.actor.id, now) if one.agent == actor.name]
        if not mine:
            raise NotExchanged("invalid_grant", f"This person lends {actor.name} nothing.", "greenlane agents lend")
        return replace(self._of_grant(connection, mine[0].id, actor, now), scopes=signed.scopes)

    def _passed_on(self, wanted: Wanted, actor: Known, now: datetime) -> Claims:
        """What another agent passes on: the same grant, one agent more."""
        try:
            claims = self.issuer.read(wanted.subject, self.issuer.url, now)
        except SignInNeeded as error:
            raise NotExchanged("invalid_grant", error.message, error.next_step) from error
        if actor.name in {name for name, _ in claims.agents}:
            raise NotExchanged("invalid_grant", f"The agent {actor.name} is in this chain already.")
        agents = (*claims.agents, (actor.name, actor.epoch))
        return replace(claims, agents=agents, expires=until(now, LASTS, claims.expires))


def _must_have_money(connection: Connection, grant: str) -> None:
    """Raises ``NotExchanged`` where nothing was lent with which a model could be called."""
    if not grant.startswith("dlg_") or not queries.delegation(connection, grant).money:
        raise NotExchanged(
            "invalid_target",
            "No money for model calls was lent.",
            "Ask your person: greenlane agents lend --dollars 5",
        )


def _narrowed(wanted: tuple[str, ...], left: tuple[str, ...]) -> tuple[str, ...]:
    beyond = [one for one in wanted if one not in left]
    if beyond:
        raise NotExchanged("invalid_scope", f"The scope {beyond[0]} was not lent.", f"Left are: {' '.join(left)}.")
    return tuple(one for one in roles.SCOPES if one in wanted)
