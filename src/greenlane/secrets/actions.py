"""The verbs about values that are kept for apps.

An action that exists is well formed: what cannot be meant is refused when it is made.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Annotated

from greenlane.govern.action import EffectClass, Secret, verb
from greenlane.govern.errors import TooLarge, WrongInput

EnvironmentName = Annotated[str, "preview, staging or production"]
VariableName = Annotated[str, "the variable's name, such as API_KEY"]

LONGEST = 64 * 1024
"""Bytes of the longest value: a certificate chain fits, a file does not."""

_ENVIRONMENTS = ("preview", "staging", "production")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


def _check_place(environment: str, name: str) -> None:
    if environment not in _ENVIRONMENTS:
        raise WrongInput(f"{environment!r} is no environment.", next_step=f"Choose one of: {', '.join(_ENVIRONMENTS)}.")
    if _NAME.fullmatch(name) is None:
        raise WrongInput(
            f"{name!r} cannot be a variable's name.", next_step="Use letters, digits and underscores, such as API_KEY."
        )


def _check_value(value: str) -> None:
    if not value or "\0" in value:
        raise WrongInput("A value has at least one character and no zero byte.", next_step="Give the value itself.")
    if len(value.encode()) > LONGEST:
        raise TooLarge("The value is longer than 64 KiB.", next_step="Put a file into the app's content instead.")


@verb(
    "put-variable",
    effect=EffectClass.WRITE,
    subject="app",
    undo="remove-variable",
    says="{actor} {put|put} the value of {name} into {environment} of {app}",
)
@dataclass(frozen=True, slots=True)
class PutVariable:
    """Give an app a value. Nobody can read it again; a new value replaces it from then on."""

    app: Annotated[str, "the app's name"]
    name: VariableName
    value: Annotated[str, Secret, "the value"] = field(repr=False)
    environment: EnvironmentName = "preview"

    def __post_init__(self) -> None:
        _check_place(self.environment, self.name)
        _check_value(self.value)


@verb(
    "remove-variable",
    effect=EffectClass.DESTROY,
    subject="app",
    says="{actor} {removed|remove} {name} from {environment} of {app}",
)
@dataclass(frozen=True, slots=True)
class RemoveVariable:
    """Destroy a value in all its versions."""

    app: Annotated[str, "the app's name"]
    name: VariableName
    environment: EnvironmentName = "preview"

    def __post_init__(self) -> None:
        _check_place(self.environment, self.name)
