"""The verbs about agents: who they are, and what people lend them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from greenlane.govern.action import EffectClass, Private, verb
from greenlane.govern.errors import WrongInput
from greenlane.identity import names, roles
from greenlane.identity.delegation.bounds import DEEPEST, ENVIRONMENTS
from greenlane.identity.delegation.keys import public_key
from greenlane.kit import money

AgentName = Annotated[str, "the agent's name, such as codex"]


def check_agent(name: str) -> None:
    """A registered agent has a name. Raises ``WrongInput``."""
    if not name:
        raise WrongInput("An agent needs a name.", next_step="Give one such as codex.", field="agent")
    names.check_agent(name)


def check_reach(scopes: tuple[str, ...], environments: tuple[str, ...]) -> None:
    """What can be lent: scopes and environments that there are. Raises ``WrongInput``."""
    names.check_token_scopes(scopes)
    if not environments or not set(environments) <= set(ENVIRONMENTS):
        raise WrongInput(
            "That names no environments that there are.",
            next_step=f"Say one or several of {', '.join(ENVIRONMENTS)}.",
            field="environments",
        )


@verb(
    "register-agent",
    effect=EffectClass.WRITE,
    subject="agent",
    undo="retire-agent",
    says="{actor} {registered|register} the agent {agent}",
)
@dataclass(frozen=True, slots=True)
class RegisterAgent:
    """Register an agent that you answer for. Without a public key it gets a secret, which is shown once."""

    agent: AgentName
    scopes: Annotated[tuple[str, ...], "what it may be lent at most: visit, read, deploy, publish, admin"] = (
        "read",
        "visit",
        "deploy",
    )
    verbs: Annotated[tuple[str, ...], "only these verbs of the scopes; empty for all of them"] = ()
    public_key: Annotated[str, "the public key that it signs with, as a JWK; empty for a secret"] = ""

    def __post_init__(self) -> None:
        check_agent(self.agent)
        names.check_token_scopes(self.scopes)
        if unknown := [one for one in self.verbs if one not in roles.VERBS]:
            raise WrongInput(f"There is no verb {unknown[0]}.", next_step="docs/verbs.md lists them.", field="verbs")
        if self.public_key:
            public_key(self.public_key)


@verb(
    "replace-agent-key",
    effect=EffectClass.WRITE,
    subject="agent",
    says="{actor} {replaced|replace} what the agent {agent} shows who it is with",
)
@dataclass(frozen=True, slots=True)
class ReplaceAgentKey:
    """Give an agent another key to show who it is. The one before, and every token made with it, ends at once."""

    agent: AgentName
    public_key: Annotated[str, "the public key that it signs with, as a JWK; empty for a secret"] = ""

    def __post_init__(self) -> None:
        check_agent(self.agent)
        if self.public_key:
            public_key(self.public_key)


@verb("retire-agent", effect=EffectClass.WRITE, subject="agent", says="{actor} {retired|retire} the agent {agent}")
@dataclass(frozen=True, slots=True)
class RetireAgent:
    """End an agent for good, with every grant and API token that names it."""

    agent: AgentName


@verb(
    "delegate",
    effect=EffectClass.WRITE,
    subject="agent",
    undo="end-delegation",
    says="{actor} {lent|lend} the agent {agent} {scopes} in {environments}{with_money}",
)
@dataclass(frozen=True, slots=True)
class Delegate:
    """Let an agent act for you, with a part of your rights and for a part of a day."""

    agent: AgentName
    scopes: Annotated[tuple[str, ...], "what it may do: visit, read, deploy, publish, admin"] = ("read", "deploy")
    apps: Annotated[tuple[str, ...], "the apps that it is for; empty for all of yours"] = ()
    environments: Annotated[tuple[str, ...], "where: preview, staging, production"] = ("preview",)
    minutes: Annotated[int, "for how many minutes; 0 for as long as the platform allows"] = 0
    budget: Annotated[int, "how many actions it carries out at most; 0 for no bound"] = 0
    dollars: Annotated[str, "dollars that its model calls may cost in all; it calls none when left out"] = ""
    depth: Annotated[int, "how many agents may stand in a chain, 1 to 3; 1 lends nothing on"] = 1
    purpose: Annotated[str, Private, "what it is for"] = ""

    def __post_init__(self) -> None:
        check_agent(self.agent)
        check_reach(self.scopes, self.environments)
        if not 1 <= self.depth <= DEEPEST:
            raise WrongInput(
                "That depth is not possible.", next_step=f"Give 1 to {DEEPEST}, the agents in a chain.", field="depth"
            )
        if self.minutes < 0 or self.budget < 0:
            raise WrongInput("That is less than nothing.", next_step="Give 0 or more.")
        if self.dollars and not money.parsed(self.dollars):
            raise WrongInput(
                f"{self.dollars!r} is no amount to lend.",
                next_step="Say it in dollars, such as 5 or 0.50.",
                field="dollars",
            )
        if len(self.purpose) > 300 or not names.readable(self.purpose):
            raise WrongInput(
                "This cannot be what it is for.", next_step="Give at most 300 characters.", field="purpose"
            )


@verb(
    "allow-once",
    effect=EffectClass.WRITE,
    subject="confirmation",
    says="{actor} {allowed|allow} an agent once what it asked for in {confirmation}",
)
@dataclass(frozen=True, slots=True)
class AllowOnce:
    """Let an agent do, once, what it may not do alone. It takes a fresh sign-in of your own."""

    confirmation: Annotated[str, "the question's id, cnf_…"]
    digest: Annotated[str, "the digest of the action that you read"]


@verb(
    "end-delegation",
    effect=EffectClass.WRITE,
    subject="delegation",
    says="{actor} {ended|end} the grant {delegation}",
)
@dataclass(frozen=True, slots=True)
class EndDelegation:
    """End what you lent an agent, with every token made for it."""

    delegation: Annotated[str, "the grant's id, dlg_…"]


@verb(
    "rotate-token-key",
    effect=EffectClass.WRITE,
    says="{actor} {changed|change} the key that tokens of agents are signed with",
)
@dataclass(frozen=True, slots=True)
class RotateTokenKey:
    """Sign tokens of agents and workloads with a new key. The old one is believed until what it signed is over."""

    at_once: Annotated[bool, "believe the old key no more, and end every token that it signed"] = False
