"""The verbs about values that are kept for apps.

An action that exists is well formed: what cannot be meant is refused when it is made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from greenlane.govern.action import EffectClass, Secret, verb
from greenlane.govern.errors import TooLarge, WrongInput
from greenlane.secrets import names
from greenlane.secrets.scopes import BOTH, ENVIRONMENTS, USES, Placed

AppName = Annotated[str, "the app's name, for a value of its own"]
TeamName = Annotated[str, "the team's name, for a value that all its apps get"]
ForEverybody = Annotated[bool, "every app of the organisation gets it"]
EnvironmentName = Annotated[str, "preview, staging, production or dev"]
VariableName = Annotated[str, "the variable's name, such as API_KEY"]
UseName = Annotated[str, "what it is for: build, run or both"]

LONGEST = 64 * 1024
"""Bytes of the longest value: a certificate chain fits, a file does not."""

SHORTEST_BY_VALUE = 8
"""Characters of the shortest value that can be named by itself: a shorter one could be guessed."""

LONGEST_OVERLAP = 30 * 24
"""Hours for which both values of a rotation may work: a month."""


def _check_place(action: Placed) -> None:
    if [bool(action.app), bool(action.team), action.organisation].count(True) != 1:
        raise WrongInput(
            "Whose value is it?", next_step="Name an app, or a team, or say that it is the organisation's; one of them."
        )


def _check_where(environment: str, use: str) -> None:
    if environment not in ENVIRONMENTS:
        raise WrongInput(
            f"{environment!r} is no environment.",
            next_step=f"Choose one of: {', '.join(ENVIRONMENTS)}.",
            field="environment",
        )
    if use not in (*USES, BOTH):
        raise WrongInput(
            f"{use!r} is nothing that a value is for.",
            next_step=f"Choose one of: {', '.join((*USES, BOTH))}.",
            field="use",
        )


def _check_value(value: str) -> None:
    if not value or "\0" in value:
        raise WrongInput(
            "A value has at least one character and no zero byte.", next_step="Give the value itself.", field="value"
        )
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise WrongInput(
            "The value holds half a character.", next_step="Give it as text in UTF-8.", field="value"
        ) from None
    if size > LONGEST:
        raise TooLarge("The value is longer than 64 KiB.", next_step="Put a file into the app's content instead.")


@verb(
    "put-variable",
    effect=EffectClass.WRITE,
    subject="app",
    undo="remove-variable",
    says="{actor} {put|put} the value of {name} into {environment} of {place}",
)
@dataclass(frozen=True, slots=True)
class PutVariable:
    """Give an app, a team or everybody here a value. Nobody can read a secret again; a new value replaces it at once."""

    name: VariableName
    value: Annotated[str, Secret, "the value"] = field(repr=False)
    app: AppName = ""
    team: TeamName = ""
    organisation: ForEverybody = False
    environment: EnvironmentName = "preview"
    use: UseName = "run"
    readable: Annotated[bool, "people may read it again: it is no secret"] = False

    def __post_init__(self) -> None:
        _check_place(self)
        _check_where(self.environment, self.use)
        names.check(self.name)
        _check_value(self.value)


@verb(
    "rotate-variable",
    effect=EffectClass.WRITE,
    subject="app",
    undo="remove-variable",
    says="{actor} {rotated|rotate} {name} in {environment} of {place}",
)
@dataclass(frozen=True, slots=True)
class RotateVariable:
    """Give a new value while the old one works for a while beside it."""

    name: VariableName
    value: Annotated[str, Secret, "the new value"] = field(repr=False)
    app: AppName = ""
    team: TeamName = ""
    organisation: ForEverybody = False
    environment: EnvironmentName = "preview"
    use: UseName = "run"
    hours: Annotated[int, "for how many hours the old value works too, 1 to 720"] = 24
    version: Annotated[int, "the version that it replaces; the one in force when left out"] = 0

    def __post_init__(self) -> None:
        _check_place(self)
        _check_where(self.environment, self.use)
        names.check(self.name)
        _check_value(self.value)
        if not 1 <= self.hours <= LONGEST_OVERLAP:
            raise WrongInput(
                f"{self.hours} hours is no time for both values to work.",
                next_step=f"Say 1 to {LONGEST_OVERLAP} hours; a new value without `rotate` replaces the old one at once.",
                field="hours",
            )


@verb(
    "remove-variable",
    effect=EffectClass.DESTROY,
    subject="app",
    says="{actor} {removed|remove} {which} from {environment} of {place}",
)
@dataclass(frozen=True, slots=True)
class RemoveVariable:
    """Destroy a value in all its versions, or one version of it."""

    name: VariableName
    app: AppName = ""
    team: TeamName = ""
    organisation: ForEverybody = False
    environment: EnvironmentName = "preview"
    use: UseName = "run"
    version: Annotated[int, "the version to destroy; all of them when left out"] = 0

    def __post_init__(self) -> None:
        _check_place(self)
        _check_where(self.environment, self.use)


@verb(
    "revoke-variable",
    effect=EffectClass.DESTROY,
    subject="app",
    says="{actor} {revoked|revoke} {what} everywhere in {place}",
)
@dataclass(frozen=True, slots=True)
class RevokeVariable:
    """Destroy a value wherever it stands: by its name or by the value itself, in every environment and version."""

    name: Annotated[str, "the name, such as API_KEY; or give the value"] = ""
    value: Annotated[str, Secret, "the value itself, wherever and under whatever name it stands"] = field(
        default="", repr=False
    )
    app: AppName = ""
    team: TeamName = ""
    organisation: ForEverybody = False

    def __post_init__(self) -> None:
        _check_place(self)
        if bool(self.name) == bool(self.value):
            raise WrongInput("What is revoked?", next_step="Give its name, or the value itself; one of the two.")
        if self.value and len(self.value) < SHORTEST_BY_VALUE:
            raise WrongInput(
                f"A value of less than {SHORTEST_BY_VALUE} characters is revoked by its name.",
                next_step="Give the name: a value this short could be found by guessing.",
                field="value",
            )


@verb(
    "take-values",
    effect=EffectClass.READ,
    subject="app",
    says="{actor} {took|take} the readable dev values of {app} to their own machine",
)
@dataclass(frozen=True, slots=True)
class TakeValues:
    """Read what an app gets on a person's own machine: readable values as they are, of secrets the names alone."""

    app: AppName

    @property
    def environment(self) -> str:
        """Values of no other environment are ever taken."""
        return "dev"


@verb("rotate-key", effect=EffectClass.WRITE, says="{actor} {changed|change} the key under which all values are kept")
@dataclass(frozen=True, slots=True)
class RotateKey:
    """Make a new key for everything that is kept sealed. What was sealed before opens as before, and nothing stops."""
