"""The verbs about access reviews."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from greenlane.govern.action import EffectClass, Private, verb
from greenlane.govern.errors import WrongInput
from greenlane.identity import names

LONGEST = 90
"""Days that a review may take at most."""

ReviewId = Annotated[str, "the review's id, rev_…"]
Rights = Annotated[tuple[str, ...], "the ids of the rights in it, rvr_…"]
Reason = Annotated[str, Private, "why, in your own words"]


def check_decision(rights: tuple[str, ...], because: str) -> None:
    """A decision names rights, each once, and has a reason. Raises ``WrongInput``."""
    if not rights or len(set(rights)) != len(rights):
        raise WrongInput(
            "No right is named, or one twice.", next_step="Choose at least one, each once.", field="rights"
        )
    if not because.strip():
        raise WrongInput("Your reason is missing.", next_step="Say in a sentence why.", field="because")
    if len(because) > 300 or not names.readable(because):
        raise WrongInput("This cannot be a reason.", next_step="Give at most 300 characters.", field="because")


@verb(
    "start-review",
    effect=EffectClass.WRITE,
    subject="app",
    undo="close-review",
    says="{actor} {started|start} a review of who has access to {scope}",
)
@dataclass(frozen=True, slots=True)
class StartReview:
    """Have people look at who has which right and why: they keep or take away each, with a reason."""

    scope: Annotated[str, "what it is about: organisation, team:sales or app:offsite"] = "organisation"
    reviewers: Annotated[tuple[str, ...], "ids of the people who decide, p_…; empty for yourself"] = ()
    days: Annotated[int, "in how many days it is due, 1 to 90"] = 14

    def __post_init__(self) -> None:
        names.check_scope(self.scope)
        names.check_days(self.days, LONGEST)
        if len(set(self.reviewers)) != len(self.reviewers):
            raise WrongInput("A reviewer is named twice.", next_step="Name each once.", field="reviewers")

    @property
    def app(self) -> str:
        """The app that it is about; empty where it is wider."""
        return names.named(self.scope, "app")

    @property
    def team(self) -> str:
        """The team that it is about; empty where it is about something else."""
        return names.named(self.scope, "team")


@verb(
    "keep-access",
    effect=EffectClass.WRITE,
    subject="review",
    says="{actor} {kept|keep} rights in the review {review}",
)
@dataclass(frozen=True, slots=True)
class KeepAccess:
    """Say that people still need these rights."""

    review: ReviewId
    rights: Rights
    because: Reason

    def __post_init__(self) -> None:
        check_decision(self.rights, self.because)


@verb(
    "remove-access",
    effect=EffectClass.WRITE,
    subject="review",
    says="{actor} {took|take} rights away in the review {review}",
)
@dataclass(frozen=True, slots=True)
class RemoveAccess:
    """Take these rights away from the people who have them, at once."""

    review: ReviewId
    rights: Rights
    because: Reason

    def __post_init__(self) -> None:
        check_decision(self.rights, self.because)


@verb(
    "close-review",
    effect=EffectClass.WRITE,
    subject="review",
    says="{actor} {closed|close} the review {review}",
)
@dataclass(frozen=True, slots=True)
class CloseReview:
    """End a review: what nobody decided stays and is called undecided."""

    review: ReviewId


@verb(
    "remind-reviewers",
    effect=EffectClass.SEND,
    subject="review",
    says="{actor} {reminded|remind} the reviewers of {review}",
)
@dataclass(frozen=True, slots=True)
class RemindReviewers:
    """Remind those who have not decided everything that a review is due."""

    review: ReviewId
