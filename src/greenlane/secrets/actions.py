"""The verbs about values that are kept for apps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from greenlane.govern.action import EffectClass, Secret, verb

EnvironmentName = Annotated[str, "preview, staging or production"]
VariableName = Annotated[str, "the variable's name, such as API_KEY"]


@verb(
    "put-variable",
    effect=EffectClass.WRITE,
    subject="app",
    undo="remove-variable",
    says="{actor} put the value of {name} into {environment} of {app}",
)
@dataclass(frozen=True, slots=True)
class PutVariable:
    """Give an app a value. Nobody can read it again; a new value replaces it from then on."""

    app: Annotated[str, "the app's name"]
    name: VariableName
    value: Annotated[str, Secret, "the value"] = field(repr=False)
    environment: EnvironmentName = "preview"


@verb(
    "remove-variable",
    effect=EffectClass.DESTROY,
    subject="app",
    says="{actor} removed {name} from {environment} of {app}",
)
@dataclass(frozen=True, slots=True)
class RemoveVariable:
    """Destroy a value in all its versions."""

    app: Annotated[str, "the app's name"]
    name: VariableName
    environment: EnvironmentName = "preview"
