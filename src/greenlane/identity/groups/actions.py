"""The verbs about what groups give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from greenlane.govern.action import EffectClass, verb
from greenlane.govern.errors import WrongInput
from greenlane.identity import names

MEMBER = "member"
"""What a rule gives that makes people members of a team and nothing more."""


@verb(
    "add-group-rule",
    effect=EffectClass.WRITE,
    subject="group",
    undo="remove-group-rule",
    says="{actor} {made|make} everybody in the group {group} {role} of {scope}",
)
@dataclass(frozen=True, slots=True)
class AddGroupRule:
    """Let everybody in a group have a role, now and later. A rule about a team makes them members of it too."""

    group: Annotated[str, "the group's name, or its id, grp_…"]
    role: Annotated[str, "a role, developer:staging for one environment, or member for the membership of a team alone"]
    scope: Annotated[str, "where it counts: organisation, team:sales or app:offsite"] = "organisation"

    def __post_init__(self) -> None:
        names.check_scope(self.scope)
        if self.role != MEMBER:
            names.check_held_role(self.role)
        elif not self.scope.startswith("team:"):
            raise WrongInput("One is a member of a team.", next_step="Say team:sales, or give a role.", field="scope")


@verb(
    "remove-group-rule",
    effect=EffectClass.WRITE,
    subject="rule",
    says="{actor} {ended|end} the rule {rule} about a group",
)
@dataclass(frozen=True, slots=True)
class RemoveGroupRule:
    """End a rule: who has a right by it alone loses it at once."""

    rule: Annotated[str, "the rule's id, rul_…"]
