"""The verbs about roles that an organisation makes for itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from greenlane.govern.action import EffectClass, verb
from greenlane.govern.errors import WrongInput
from greenlane.identity import names
from greenlane.identity.custom_roles import rights

RightNames = Annotated[
    tuple[str, ...], "what it allows: verbs such as publish, or publish:production for one environment"
]


@verb(
    "create-role",
    effect=EffectClass.WRITE,
    subject="name",
    undo="delete-role",
    says="{actor} {made|make} the role {name}",
)
@dataclass(frozen=True, slots=True)
class CreateRole:
    """Make a role of your own from rights that you have. Nobody holds it yet."""

    name: Annotated[str, "the role's name: small letters, digits and hyphens"]
    rights: RightNames
    says: Annotated[str, "for whom it is, in a sentence"] = ""

    def __post_init__(self) -> None:
        names.check_new_role(self.name)
        names.check_sentence(self.says)
        if not rights.read(self.rights):
            raise WrongInput("A role allows something.", next_step="Name at least one right.", field="rights")


@verb(
    "change-role",
    effect=EffectClass.WRITE,
    subject="role",
    undo="change-role",
    says="{actor} {changed|change} what the role {role} allows",
)
@dataclass(frozen=True, slots=True)
class ChangeRole:
    """Change what a role of your own allows, or its sentence. Whoever holds it has that from the next moment on."""

    role: Annotated[str, "the role's name"]
    rights: Annotated[tuple[str, ...], "all that it allows from now on; left out, what it allows stays"] = ()
    says: Annotated[str, "for whom it is, in a sentence; left out, it stays"] = ""

    def __post_init__(self) -> None:
        names.check_role(self.role)
        names.check_sentence(self.says)
        rights.read(self.rights)
        if not (self.rights or self.says):
            raise WrongInput("Nothing would change.", next_step="Give the rights, the sentence, or both.")


@verb(
    "delete-role",
    effect=EffectClass.WRITE,
    subject="role",
    says="{actor} {deleted|delete} the role {role}",
)
@dataclass(frozen=True, slots=True)
class DeleteRole:
    """Delete a role of your own: whoever holds it loses it, for some hours too, and rules and invitations that give it end."""

    role: Annotated[str, "the role's name"]

    def __post_init__(self) -> None:
        names.check_role(self.role)
