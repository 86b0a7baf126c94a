"""The verbs about what is kept apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from greenlane.govern.action import EffectClass, verb
from greenlane.govern.errors import WrongInput
from greenlane.identity import names, roles
from greenlane.identity.duties.kinds import ROLES, VERBS

LONGEST = 3_650
"""Days that a verb can count back at most; beyond that, say for ever."""


@verb(
    "keep-apart",
    effect=EffectClass.WRITE,
    undo="stop-keeping-apart",
    says="{actor} {kept|keep} the {kind} {one} and {other} apart",
)
@dataclass(frozen=True, slots=True)
class KeepApart:
    """Let nobody hold two roles in the same place, or do two things to the same app."""

    kind: Annotated[str, "roles, which nobody holds both of, or verbs, which nobody does both of"]
    one: Annotated[str, "the first role or verb"]
    other: Annotated[str, "the second role or verb"]
    days: Annotated[int, "of verbs: for how many days what somebody did counts; 0 for ever"] = 0

    def __post_init__(self) -> None:
        if self.kind not in {ROLES, VERBS}:
            raise WrongInput(f"{self.kind!r} are not kept apart.", next_step=f"Say {ROLES} or {VERBS}.", field="kind")
        for field, name in (("one", self.one), ("other", self.other)):
            if self.kind == ROLES:
                names.check_role(name)
            elif name not in roles.VERBS or not roles.VERBS[name].roles:
                raise WrongInput(
                    f"{name!r} is nothing that takes a role.", next_step="docs/roles.md lists what does.", field=field
                )
        if self.one == self.other:
            raise WrongInput("These are the same.", next_step="Name two different ones.", field="other")
        if not 0 <= self.days <= LONGEST or (self.days and self.kind == ROLES):
            raise WrongInput(
                f"{self.days} days is not possible here.", next_step=f"For verbs, give 0 to {LONGEST}.", field="days"
            )


@verb(
    "stop-keeping-apart",
    effect=EffectClass.WRITE,
    subject="pair",
    says="{actor} {ended|end} what keeps the pair {pair} apart",
)
@dataclass(frozen=True, slots=True)
class StopKeepingApart:
    """Let the same person have or do both again."""

    pair: Annotated[str, "the pair's id, apt_…"]
