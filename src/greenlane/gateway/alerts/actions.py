"""The verbs about alerts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from greenlane.govern.action import EffectClass, verb
from greenlane.govern.errors import WrongInput

KINDS = (
    "budget-spent",
    "soft-budget-spent",
    "went-cheaper",
    "budget-nearly-spent",
    "budget-too-small",
    "credential-refused",
    "provider-rests",
    "unpriced",
)
"""What an alert can be about, the most pressing first."""


@verb("tell-of-models", effect=EffectClass.SEND, says="{actor} {told|tell} those who answer for it: {says}")
@dataclass(frozen=True, slots=True)
class TellOfModels:
    """Tell those who answer for it that something about calls to models needs a look."""

    what: Annotated[str, "one of: " + ", ".join(KINDS)]
    about: Annotated[str, "the budget, the provider, provider/key, or provider/model"]
    period: Annotated[str, "since when it counts as one: the budget's period, or the day"]
    until: Annotated[str, "until when it is shown; empty while the budget holds"]
    says: Annotated[str, "what people read, without the name of a person"]
    account: Annotated[str, "whose budget, such as app:vendor-board; empty for the platform's own matters"] = ""
    amount: Annotated[int, "how much the budget is, in pico-dollars; 0 where it is about none"] = 0

    def __post_init__(self) -> None:
        if self.what not in KINDS:
            raise WrongInput(f"{self.what!r} is no alert.", next_step=f"Choose one of: {', '.join(KINDS)}.")


@verb("dismiss-alert", effect=EffectClass.WRITE, says="{actor} {dismissed|dismiss} the alert {alert}")
@dataclass(frozen=True, slots=True)
class DismissAlert:
    """Take an alert off the pages of everybody whom it reached. The next period can bring it again."""

    alert: Annotated[str, "the alert's id, alert_…"]
