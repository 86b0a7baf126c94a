"""The verbs about temporary roles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from greenlane.govern.action import EffectClass, Private, verb
from greenlane.govern.errors import WrongInput
from greenlane.identity import names


@verb(
    "ask-elevation",
    effect=EffectClass.WRITE,
    subject="app",
    undo="end-elevation",
    decided_by="grant-role",
    says="{actor} {became|become} {role} of {scope} for {hours} h",
)
@dataclass(frozen=True, slots=True)
class AskElevation:
    """Ask for a role that you need for some hours; somebody who may give it decides, and it ends by itself."""

    role: Annotated[str, "the role that you need; developer:staging for one environment"]
    because: Annotated[str, Private, "what you need it for, in your own words"]
    scope: Annotated[str, "where it counts: organisation, team:sales or app:offsite"] = "organisation"
    hours: Annotated[int, "for how many hours, from the moment at which it is allowed"] = 1

    def __post_init__(self) -> None:
        names.check_held_role(self.role)
        names.check_scope(self.scope)
        if self.hours < 1:
            raise WrongInput("That is no time at all.", next_step="Give 1 hour or more.", field="hours")
        if not self.because.strip():
            raise WrongInput("Your reason is missing.", next_step="Say in a sentence why.", field="because")
        if len(self.because) > 300 or not names.readable(self.because):
            raise WrongInput("This cannot be a reason.", next_step="Give at most 300 characters.", field="because")

    @property
    def app(self) -> str:
        """The app that it is about; empty where it counts wider."""
        return names.named(self.scope, "app")

    @property
    def team(self) -> str:
        """The team that it is about; empty where it counts elsewhere."""
        return names.named(self.scope, "team")


@verb(
    "end-elevation",
    effect=EffectClass.WRITE,
    subject="elevation",
    says="{actor} {ended|end} the elevation {elevation}",
)
@dataclass(frozen=True, slots=True)
class EndElevation:
    """End a temporary role before its time. Greenlane does the same when its time is over."""

    elevation: Annotated[str, "the elevation's id, elv_…"]
