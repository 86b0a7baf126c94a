"""Agents and grants to test with: the real effects and facts, and a token endpoint without HTTP around it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from sqlalchemy import Connection
from tests.identity.household import Household

from greenlane.govern.actor import Actor
from greenlane.govern.effect import Context, Edge, Rows
from greenlane.identity.delegation import effects
from greenlane.identity.delegation.actions import Delegate, RegisterAgent
from greenlane.identity.delegation.arriving import arrived
from greenlane.identity.delegation.exchange import ACCESS_TOKEN, GRANT, Exchange, Given, Wanted
from greenlane.identity.delegation.issuing import Issuer
from greenlane.identity.delegation.proving import Shown
from greenlane.kit import ids

CONSOLE = "https://console.example.com"
BOARD = "https://vendor-board.apps.example.com"
MOST = timedelta(hours=8)


@dataclass
class Lending:
    """A household with a team, a builder of it, and an app."""

    house: Household
    owner: Actor = field(init=False)
    ben: Actor = field(init=False)
    secrets: dict[str, str] = field(default_factory=dict)
    keys: dict[str, ECKey] = field(default_factory=dict)
    budgets: dict[str, int] = field(default_factory=dict)
    """What was set apart for model calls under which grant, in pico-dollars."""

    def __post_init__(self) -> None:
        self.house.handlings |= effects.handlings(MOST, self._sets_apart)
        self.owner = self.house.found()
        sales = self.house.team(self.owner, "sales")
        self.house.team(self.owner, "research")
        self.house.teams = {"vendor-board": sales, "price-list": sales}
        self.ben = self.house.hire(self.owner, "Ben Builder", "builder", "sales")
        self.exchange = Exchange(
            self.house.database, self._write, Issuer(CONSOLE, bytes(32)), self.house.clock, lambda _c, url: url == BOARD
        )

    def _sets_apart(self, grant: str, person: str, agent: str, pico: int, context: Context) -> tuple[Edge, Rows]:
        def rows(connection: Connection) -> None:
            self.budgets[grant] = pico

        return Edge("budget", f"bu_{grant}"), rows

    def _write(self, rows: Rows) -> None:
        with self.house.database.engine.begin() as connection:
            rows(connection)

    def agent(self, name: str = "codex", **given: Any) -> str:
        """A registered agent that Ben answers for, with a secret."""
        self.secrets[name] = self.house.does(self.ben, RegisterAgent(name, **given)).answer["secret"]
        return name

    def signing_agent(self, name: str = "signer", **given: Any) -> str:
        """A registered agent with a key of its own."""
        self.keys[name] = ECKey.generate_key("P-256")
        public = json.dumps(self.keys[name].as_dict(private=False))
        self.house.does(self.ben, RegisterAgent(name, public_key=public, **given))
        return name

    def lend(self, agent: str = "codex", by: Actor | None = None, **given: Any) -> str:
        """A grant; its id."""
        return str(self.house.does(by or self.ben, Delegate(agent, **given)).answer["delegation"])

    def proof(self, agent: str, **other: Any) -> str:
        """A proof as an agent signs it."""
        now = int(self.house.clock.now().timestamp())
        said = {"iss": agent, "sub": agent, "aud": CONSOLE, "exp": now + 60, "jti": ids.token(64), **other}
        return jwt.encode({"alg": "ES256"}, said, self.keys[agent], ["ES256"])

    def shown(self, agent: str) -> Shown:
        return Shown(agent, self.secrets[agent])

    def token(self, grant: str, agent: str = "codex", resource: str = "", scopes: tuple[str, ...] = ()) -> Given:
        """A token for a grant."""
        return self.exchange.give(Wanted(grant, GRANT, self.shown(agent), resource, scopes))

    def passed_on(self, token: str, agent: str, scopes: tuple[str, ...] = ()) -> Given:
        """A token that another agent passes on."""
        return self.exchange.give(Wanted(token, ACCESS_TOKEN, self.shown(agent), "", scopes))

    def who(self, token: str) -> Actor:
        """Whom a token stands for now."""
        now = self.house.clock.now()
        with self.house.database.read() as connection:
            return arrived(connection, self.exchange.issuer.read(token, CONSOLE, now), now).actor

    def may(self, actor: Actor, action: Any) -> str:
        """Empty where an actor may, else what is missing."""
        facts = self.house.facts(actor, action)
        return "" if facts.may else facts.may_why

    def claims(self, token: str) -> Mapping[str, Any]:
        """What a token says."""
        keys = KeySet.import_key_set(self.exchange.issuer.keys())
        return jwt.decode(token, keys, algorithms=["Ed25519"]).claims
