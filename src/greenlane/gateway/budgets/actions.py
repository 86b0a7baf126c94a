"""The verbs about what model calls may cost: budgets, limits by the minute, prices, and what holds for all calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from greenlane.gateway import names, whose
from greenlane.gateway.actions import AppName, EnvironmentName, PersonId, ProviderName, TeamName
from greenlane.gateway.budgets.account import MOST
from greenlane.gateway.budgets.period import Period
from greenlane.gateway.prices import money
from greenlane.govern.action import EffectClass, verb
from greenlane.govern.errors import WrongInput

Dollars = Annotated[str, "dollars, such as 20 or 0.50"]
APeriod = Annotated[str, "after what time it begins anew: day, week, month or total"]

MOST_A_MINUTE = 1_000_000_000
"""Requests or tokens of the largest limit."""


def _check_dollars(text: str, what: str) -> int:
    pico = money.parsed(text)
    if pico is None or pico > MOST:
        raise WrongInput(
            f"{text!r} is no amount of dollars up to 9,000,000.",
            next_step="Say it in dollars, such as 20 or 0.50.",
            field=what,
        )
    return pico


@verb(
    "set-budget",
    effect=EffectClass.SPEND,
    subject="app",
    undo="set-budget",
    says="{actor} {set|set} what {whose} may spend on model calls: {dollars} dollars, by {period}",
)
@dataclass(frozen=True, slots=True)
class SetBudget:
    """Set what an app, an environment, a team, a person or everybody together may spend on model calls."""

    dollars: Dollars
    period: APeriod = "month"
    zone: Annotated[str, "the time zone in which days begin, such as Europe/Berlin"] = "UTC"
    soft: Annotated[bool, "say when it is spent and stop nobody"] = False
    then: Annotated[
        str, "with --soft: the cheaper name that calls go on with once it is spent, whatever they named"
    ] = ""
    app: AppName = ""
    environment: EnvironmentName = ""
    team: TeamName = ""
    person: PersonId = ""

    def __post_init__(self) -> None:
        whose.check(self)
        _check_dollars(self.dollars, "dollars")
        _check_period(self.period)
        if self.then and not self.soft:
            raise WrongInput(
                "A budget that stops calls has nothing that they could go on with.",
                next_step="Say that it is soft, or leave out what calls go on with.",
                field="then",
            )
        if self.then:
            names.check_alias(self.then)
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise WrongInput(
                f"{self.zone!r} is no time zone that this machine knows.",
                next_step="Write one such as Europe/Berlin.",
                field="zone",
            ) from None


def _check_period(period: str) -> None:
    if period not in tuple(Period):
        raise WrongInput(f"{period!r} is no period.", next_step=f"Choose one of: {', '.join(Period)}.", field="period")


@verb(
    "end-budget",
    effect=EffectClass.SPEND,
    subject="app",
    undo="set-budget",
    says="{actor} {ended|end} the budget of {whose} by {period}",
)
@dataclass(frozen=True, slots=True)
class EndBudget:
    """Let a budget hold no longer. Staging and previews get their small one of everybody's back."""

    period: APeriod = "month"
    app: AppName = ""
    environment: EnvironmentName = ""
    team: TeamName = ""
    person: PersonId = ""

    def __post_init__(self) -> None:
        whose.check(self)
        _check_period(self.period)


@verb(
    "set-rate-limit",
    effect=EffectClass.WRITE,
    subject="app",
    undo="set-rate-limit",
    says="{actor} {limited|limit} model calls of {whose} by the minute: {requests} requests, {tokens} tokens",
)
@dataclass(frozen=True, slots=True)
class SetRateLimit:
    """Limit how many calls and tokens a minute an app, an environment, a team, a person or everybody may use."""

    requests: Annotated[int, "requests a minute; 0 for any number"] = 0
    tokens: Annotated[int, "tokens a minute; 0 for any number"] = 0
    app: AppName = ""
    environment: EnvironmentName = ""
    team: TeamName = ""
    person: PersonId = ""

    def __post_init__(self) -> None:
        whose.check(self)
        for name in ("requests", "tokens"):
            if not 0 <= getattr(self, name) <= MOST_A_MINUTE:
                raise WrongInput(
                    f"A limit is between 1 and {MOST_A_MINUTE:,} a minute, or 0 for none.",
                    next_step="Say a number in between.",
                    field=name,
                )


@verb(
    "set-hidden-bound",
    effect=EffectClass.SPEND,
    subject="app",
    undo="set-hidden-bound",
    says="{actor} {said|say} what one call of {whose} may cost that the gateway cannot see through: {dollars} dollars",
)
@dataclass(frozen=True, slots=True)
class SetHiddenBound:
    """Let calls through under a hard budget that use state or tools at the provider, reserving so much for each."""

    dollars: Annotated[str, "dollars to reserve for each such call; 0 refuses them"]
    app: AppName = ""
    environment: EnvironmentName = ""
    team: TeamName = ""
    person: PersonId = ""

    def __post_init__(self) -> None:
        whose.check(self)
        _check_dollars(self.dollars, "dollars")


@verb(
    "set-price",
    effect=EffectClass.WRITE,
    undo="set-price",
    says="{actor} {set|set} the price of {model} at {provider}",
)
@dataclass(frozen=True, slots=True)
class SetPrice:
    """Set what a model costs, in dollars for a million tokens. It holds from now on, whatever the list says."""

    provider: ProviderName
    model: Annotated[str, "the model's name at the provider"]
    input: Annotated[str, "dollars for a million tokens that it reads"]
    output: Annotated[str, "dollars for a million tokens that it writes"]
    cache_read: Annotated[str, "dollars for a million tokens read from a cache; as read when left out"] = ""
    cache_write: Annotated[str, "dollars for a million tokens put into a cache; as read when left out"] = ""
    reasoning: Annotated[str, "dollars for a million tokens of thought; as written when left out"] = ""

    def __post_init__(self) -> None:
        names.check_model(self.model)
        for name in ("input", "output", "cache_read", "cache_write", "reasoning"):
            text = getattr(self, name)
            if (text or name in ("input", "output")) and money.parsed(text) is None:
                raise WrongInput(
                    f"{text!r} is no price.",
                    next_step="Say it in dollars for a million tokens, such as 2.50.",
                    field=name,
                )


@verb(
    "remove-price",
    effect=EffectClass.WRITE,
    undo="set-price",
    says="{actor} {removed|remove} the price of {model} at {provider}, so that the list's holds",
)
@dataclass(frozen=True, slots=True)
class RemovePrice:
    """Let the price list say again what a model costs."""

    provider: ProviderName
    model: Annotated[str, "the model's name at the provider"]


@verb(
    "set-model-settings",
    effect=EffectClass.WRITE,
    undo="set-model-settings",
    says="{actor} {changed|change} what holds for all model calls",
)
@dataclass(frozen=True, slots=True)
class SetModelSettings:
    """Change what holds for all model calls. What is left out stays as it is."""

    unpriced: Annotated[str, "a model without a price: amber (goes through, reserved dearly) or closed"] = ""
    capture: Annotated[str, "whether prompts and answers are kept, sealed: on or off"] = ""
    capture_days: Annotated[str, "how many days they are kept, 1 to 366"] = ""
    previews: Annotated[str, "dollars a day that all previews of an app share; none for no such budget"] = ""
    staging: Annotated[str, "dollars a day of each app's staging; none for no such budget"] = ""
    people: Annotated[str, "dollars a day of each person's own work; none for no such budget"] = ""
    prompt_bytes: Annotated[str, "bytes of text that a prompt may have; none for any number"] = ""
    attachment_bytes: Annotated[str, "bytes that an attachment of a prompt may have; none for any number"] = ""

    def __post_init__(self) -> None:
        for name, words in CHOICES.items():
            said = getattr(self, name)
            if said and said not in words:
                raise WrongInput(
                    f"{name} cannot be {said!r}.", next_step=f"Choose one of: {', '.join(words)}.", field=name
                )
        for name in ("previews", "staging", "people"):
            if (said := getattr(self, name)) and said != NO_BUDGET:
                _check_dollars(said, name)
        days = self.capture_days
        if days and not (days.isascii() and days.isdigit() and 1 <= int(days) <= LONGEST_KEPT):
            raise WrongInput(
                f"{days!r} is no number of days.", next_step="Give a whole number from 1 to 366.", field="capture_days"
            )
        for name in SIZES:
            if (
                (said := getattr(self, name))
                and said != NO_BUDGET
                and not (said.isascii() and said.isdigit() and 0 < int(said) <= LARGEST)
            ):
                raise WrongInput(
                    f"{said!r} is no number of bytes.",
                    next_step="Give a whole number, such as 200000, or none.",
                    field=name,
                )


NO_BUDGET = "none"
"""What is said where a small budget that everybody gets is not wanted."""

SIZES = ("prompt_bytes", "attachment_bytes")
"""Settings that are numbers of bytes."""

LONGEST_KEPT = 366
"""Days that words are kept at most."""

LARGEST = 2**40
"""Bytes; more than any request has."""

CHOICES = {"unpriced": ("amber", "closed"), "capture": ("off", "on")}
"""Settings that are one of a few words; the first is what holds where nobody chose."""
