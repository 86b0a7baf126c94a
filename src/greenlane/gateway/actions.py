"""The verbs about model calls: providers and their keys, people's keys, routes, and what may go where.

An action that exists is well formed: what cannot be meant is refused when it is made. Verbs about money are in ``budgets``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from greenlane.gateway import names, whose
from greenlane.gateway.budgets.account import MOST
from greenlane.gateway.kinds import KINDS, WIRES
from greenlane.gateway.perimeter import data_rules
from greenlane.gateway.prices import money
from greenlane.govern.action import EffectClass, Private, Secret, verb
from greenlane.govern.errors import WrongInput

ProviderName = Annotated[str, "the provider's name here, such as openai"]
AppName = Annotated[str, "for an app"]
EnvironmentName = Annotated[str, "for one environment of the app: preview, staging, production or dev"]
TeamName = Annotated[str, "for a team and all its apps"]
PersonId = Annotated[str, "for a person, p_…"]
RegionName = Annotated[str, "where it computes, such as eu or us"]
Timeout = Annotated[int, "seconds of silence after which the next one is asked, up to 600; 0 for as long as it takes"]
Responses = Annotated[bool, "it serves OpenAI's responses itself, so that they need no translation"]
Networks = Annotated[tuple[str, ...], "networks of your own that the address may lie in, such as 10.1.0.0/16"]

LONGEST_KEY = 8 * 1024
"""Characters of the longest key of a provider: a signed token fits."""

LONGEST_LIFE = 366
"""Days that a person's key works at most, where it ends at all."""

LONGEST_RUN = 31 * 24
"""Hours that a run of an agent takes at most."""

DATA_ACTIONS = ("allow", "mask", "ask", "refuse")
"""What can be done with data of a class in a prompt."""

ANSWER_ACTIONS = ("allow", "mask", "refuse")
"""What can be done with it in an answer: nobody can be asked while it is on its way."""


def _check_key(key: str) -> None:
    if key and (not key.isascii() or not key.isprintable() or " " in key or len(key) > LONGEST_KEY):
        raise WrongInput(
            "That is no key of a provider: it holds spaces, line breaks or letters that no key has.",
            next_step="Give the key alone, as the provider shows it.",
            field="key",
        )


@verb(
    "add-provider",
    effect=EffectClass.SEND,
    undo="remove-provider",
    says="{actor} {let|let} model calls go to the provider {name} at {base_url}",
)
@dataclass(frozen=True, slots=True)
class AddProvider:
    """Let model calls go to a provider. Its key is sealed, and nobody can read it again."""

    name: ProviderName
    kind: Annotated[str, "what it speaks: " + ", ".join(KINDS)]
    base_url: Annotated[str, "its address, where it is not the kind's own"] = ""
    region: RegionName = ""
    keeps_nothing: Annotated[bool, "it keeps nothing of what it is sent, by contract"] = False
    networks: Networks = ()
    prices: Annotated[str, "whose prices of the list hold, where not the kind's own"] = ""
    responses: Responses = False
    timeout: Timeout = 0
    key: Annotated[str, Secret, "the key that the provider gave; left out where it wants none"] = field(
        default="", repr=False
    )

    def __post_init__(self) -> None:
        names.check_provider(self.name)
        if self.kind not in KINDS:
            raise WrongInput(
                f"{self.kind!r} is no kind of provider.", next_step=f"Choose one of: {', '.join(KINDS)}.", field="kind"
            )
        if not self.base_url and not KINDS[self.kind].base_url:
            raise WrongInput(
                f"A provider of the kind {self.kind} has an address of its own.",
                next_step="Give its address, such as https://models.example.com/v1.",
                field="base_url",
            )
        if self.base_url:
            names.check_address(self.base_url)
        names.check_networks(self.networks)
        names.check_responses(self.kind, self.responses)
        names.check_timeout(self.timeout)
        _check_key(self.key)


@verb(
    "change-provider",
    effect=EffectClass.SEND,
    undo="change-provider",
    says="{actor} {changed|change} the provider {provider}",
)
@dataclass(frozen=True, slots=True)
class ChangeProvider:
    """Change what a provider is, or switch it off and on. What is left out stays as it is."""

    provider: ProviderName
    base_url: Annotated[str | None, "its address"] = None
    region: Annotated[str | None, "where it computes, such as eu or us"] = None
    keeps_nothing: Annotated[bool | None, "whether it keeps nothing of what it is sent, by contract"] = None
    networks: Annotated[
        tuple[str, ...] | None, "networks of your own that the address may lie in, such as 10.1.0.0/16"
    ] = None
    prices: Annotated[str | None, "whose prices of the list hold; empty for none"] = None
    on: Annotated[bool | None, "whether calls go there"] = None
    responses: Annotated[bool | None, "whether it serves OpenAI's responses itself"] = None
    timeout: Annotated[
        int | None, "seconds of silence after which the next one is asked; 0 for as long as it takes"
    ] = None

    def __post_init__(self) -> None:
        if self.base_url is not None:
            names.check_address(self.base_url)
        names.check_networks(self.networks or ())
        names.check_timeout(self.timeout or 0)


@verb(
    "remove-provider",
    effect=EffectClass.DESTROY,
    says="{actor} {removed|remove} the provider {provider} with its keys",
)
@dataclass(frozen=True, slots=True)
class RemoveProvider:
    """Let no call go to a provider any more, and destroy its keys."""

    provider: ProviderName


@verb(
    "add-provider-key",
    effect=EffectClass.WRITE,
    undo="end-provider-key",
    says="{actor} {put|put} in a new key of the provider {provider}",
)
@dataclass(frozen=True, slots=True)
class AddProviderKey:
    """Put in a further key of a provider. The newest is used; the others stand in where the provider refuses it."""

    provider: ProviderName
    key: Annotated[str, Secret, "the key that the provider gave"] = field(repr=False)

    def __post_init__(self) -> None:
        if not self.key:
            raise WrongInput("A key has at least one character.", next_step="Give the key itself.", field="key")
        _check_key(self.key)


@verb(
    "move-model-key",
    effect=EffectClass.WRITE,
    subject="app",
    says="{actor} {took|take} the key {name} over from {environment} of {app} for the provider {provider}",
)
@dataclass(frozen=True, slots=True)
class MoveModelKey:
    """Take over a key for models that an app has among its own values: the provider gets it, and the value is destroyed.
    From then on the app calls models with a key of the platform, within its budgets.
    """

    app: Annotated[str, "the app's name"]
    name: Annotated[str, "the value's name, such as OPENAI_API_KEY"]
    provider: ProviderName
    environment: Annotated[str, "preview, staging, production or dev"] = "production"
    use: Annotated[str, "what the value is for: build, run or both"] = "run"


@verb(
    "end-provider-key",
    effect=EffectClass.DESTROY,
    says="{actor} {destroyed|destroy} the key {credential} of the provider {provider}",
)
@dataclass(frozen=True, slots=True)
class EndProviderKey:
    """Destroy one key of a provider. Calls go on with the others."""

    provider: ProviderName
    credential: Annotated[str, "the key's id, mc_…"]


@verb(
    "set-route",
    effect=EffectClass.WRITE,
    undo="set-route",
    says="{actor} {led|lead} calls of {alias} to {targets}",
)
@dataclass(frozen=True, slots=True)
class SetRoute:
    """Say which models serve a name: by weight, and which others where those fail. Apps need no change."""

    alias: Annotated[str, "the name that is asked for, such as fast, or a model's own"]
    targets: Annotated[tuple[str, ...], "provider/model, or provider/model=3 for three parts of the calls"]
    otherwise: Annotated[tuple[str, ...], "provider/model that are tried where those fail, in order"] = ()
    when_spent: Annotated[str, "the cheaper name that calls go on with once a soft budget is spent"] = ""
    timeout: Annotated[int, "seconds of silence after which the next one is asked; 0 for what its provider says"] = 0

    def __post_init__(self) -> None:
        names.check_alias(self.alias)
        names.check_timeout(self.timeout)
        if not self.targets:
            raise WrongInput("A route leads somewhere.", next_step="Name at least one provider/model.", field="targets")
        for one in self.targets:
            names.target(one)
        for one in self.otherwise:
            names.target(one)
        if self.when_spent:
            self._check_when_spent()

    def _check_when_spent(self) -> None:
        """Who names a model itself gets it, unless a budget says otherwise; and a name is not cheaper than itself."""
        names.check_alias(self.when_spent)
        alias = self.alias.lower()
        if alias in {names.target(one).model.lower() for one in (*self.targets, *self.otherwise)}:
            raise WrongInput(
                f"{self.alias} is a model's own name, and who asks for it gets it.",
                next_step="Say it on the budget: greenlane gateway budget set … --soft --then NAME.",
                field="when_spent",
            )
        if self.when_spent.lower() == alias:
            raise WrongInput(
                f"{self.alias} cannot stand in for itself.", next_step="Name a cheaper one.", field="when_spent"
            )


@verb("remove-route", effect=EffectClass.WRITE, undo="set-route", says="{actor} {removed|remove} the route of {alias}")
@dataclass(frozen=True, slots=True)
class RemoveRoute:
    """Let a name lead nowhere of its own: a model goes to the usual provider again, an alias is unknown."""

    alias: Annotated[str, "the name that is asked for"]


@verb(
    "set-usual-provider",
    effect=EffectClass.WRITE,
    undo="set-usual-provider",
    says="{actor} {made|make} {provider} the usual provider for callers that speak {wire}",
)
@dataclass(frozen=True, slots=True)
class SetUsualProvider:
    """Say who serves models without a route of their own, for callers that speak one of the wires."""

    wire: Annotated[str, "the wire: " + ", ".join(WIRES)]
    provider: ProviderName

    def __post_init__(self) -> None:
        if self.wire not in WIRES:
            raise WrongInput(
                f"{self.wire!r} is no wire.", next_step=f"Choose one of: {', '.join(WIRES)}.", field="wire"
            )


@verb(
    "allow-models",
    effect=EffectClass.WRITE,
    subject="app",
    undo="allow-models",
    says="{actor} {let|let} {whose} use these models alone: {models}",
)
@dataclass(frozen=True, slots=True)
class AllowModels:
    """Say which models an app, an environment, a team or a person may use. Without any list all of them."""

    models: Annotated[tuple[str, ...], "names with * for any letters, such as claude-*; * alone lifts the limit"]
    app: AppName = ""
    environment: EnvironmentName = ""
    team: TeamName = ""
    person: PersonId = ""

    def __post_init__(self) -> None:
        whose.check(self)
        for one in self.models:
            names.check_pattern_of_models(one)


@verb(
    "make-gateway-key",
    effect=EffectClass.WRITE,
    subject="app",
    undo="revoke-gateway-key",
    says="{actor} {made|make} a key for model calls {for_what}",
)
@dataclass(frozen=True, slots=True)
class MakeGatewayKey:
    """Make a key of your own for model calls; it is shown once.

    It is for your own work, for work on an app, or for one run of an agent, which has a budget of its own inside yours.
    """

    app: Annotated[str, "the app that the calls are for; your own work when left out"] = ""
    days: Annotated[int, "how many days it works, 1 to 366; 0 for as long as you are here"] = 90
    run: Annotated[str, "what to call the run of an agent that it is for"] = ""
    budget: Annotated[str, "dollars that this run may spend in all"] = ""
    hours: Annotated[int, "how many hours this run may take, 1 to 744"] = 0

    def __post_init__(self) -> None:
        if self.run:
            self._check_run()
        elif self.budget or self.hours:
            raise WrongInput(
                "A budget and hours of its own has a run of an agent alone.",
                next_step="Say what the run is called, or leave them out.",
                field="run",
            )
        if not 0 <= self.days <= LONGEST_LIFE:
            raise WrongInput(
                f"A key works for 1 to {LONGEST_LIFE} days, or 0 for no end.", next_step="Say how many.", field="days"
            )

    def _check_run(self) -> None:
        names.check_run(self.run)
        pico = money.parsed(self.budget)
        if pico is None or not 0 < pico <= MOST:
            raise WrongInput("A run has a budget.", next_step="Say it in dollars, such as 5 or 0.50.", field="budget")
        if not 1 <= self.hours <= LONGEST_RUN:
            raise WrongInput(f"A run takes 1 to {LONGEST_RUN} hours.", next_step="Say how many.", field="hours")


@verb(
    "revoke-gateway-key",
    effect=EffectClass.WRITE,
    subject="person",
    says="{actor} {ended|end} the key {key} of {person} for model calls",
)
@dataclass(frozen=True, slots=True)
class RevokeGatewayKey:
    """End a person's key for model calls at once."""

    key: Annotated[str, "the key's id, gk_…"]
    person: Annotated[str, "whose it is, p_…; found by the key when left out"] = ""


@verb(
    "set-data-rule",
    effect=EffectClass.WRITE,
    undo="set-data-rule",
    says="{actor} {set|set} what happens with {data} in prompts: {action}",
)
@dataclass(frozen=True, slots=True)
class SetDataRule:
    """Say what happens with a class of data in prompts and answers: allow, mask, ask, refuse; and where it may go."""

    data: Annotated[str, "the class of data, such as email, iban or secret; or a name of your own with a pattern"]
    action: Annotated[str, "allow, mask, ask or refuse"] = "allow"
    regions: Annotated[tuple[str, ...], "the regions that it may go to; all when left out"] = ()
    keeps_nothing: Annotated[bool, "only to providers that keep nothing"] = False
    answers: Annotated[str, "what happens with it in answers: allow, mask or refuse"] = "allow"
    countries: Annotated[
        tuple[str, ...], "countries (two letters) whose bare telephone and personal numbers count too"
    ] = ()
    pattern: Annotated[str, Private, "a pattern of your own that finds it, as RE2 reads it"] = ""

    def __post_init__(self) -> None:
        names.check_data(self.data)
        if self.action not in DATA_ACTIONS:
            raise WrongInput(
                f"{self.action!r} is nothing that can be done with data.",
                next_step=f"Choose one of: {', '.join(DATA_ACTIONS)}.",
                field="action",
            )
        if self.answers not in ANSWER_ACTIONS:
            raise WrongInput(
                f"{self.answers!r} is nothing that can be done with data in answers.",
                next_step=f"Choose one of: {', '.join(ANSWER_ACTIONS)}.",
                field="answers",
            )
        data_rules.check(self.data, self.action, self.answers, self.countries, self.pattern)


@verb(
    "remove-data-rule",
    effect=EffectClass.WRITE,
    undo="set-data-rule",
    says="{actor} {removed|remove} the rule about {data} in prompts",
)
@dataclass(frozen=True, slots=True)
class RemoveDataRule:
    """Let a class of data be as everything else is."""

    data: Annotated[str, "the class of data"]
