"""The verbs about what was said in calls to models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from greenlane.govern.action import EffectClass, Private, verb
from greenlane.govern.errors import WrongInput

CallId = Annotated[str, "the call's id, call_…"]


@verb("look-at-words", effect=EffectClass.READ, says="{actor} {looked|look} at what was said in the call {call}")
@dataclass(frozen=True, slots=True)
class LookAtWords:
    """Look at the prompt and the answer of one call, where they were kept. That somebody looked stays on record."""

    call: CallId
    because: Annotated[str, Private, "what you need to know it for, in your own words"]

    def __post_init__(self) -> None:
        if not self.because.strip():
            raise WrongInput("Your words are missing.", next_step="Say in a sentence what you need it for.")


@verb("erase-words", effect=EffectClass.DESTROY, says="{actor} {erased|erase} what was said in calls to models")
@dataclass(frozen=True, slots=True)
class EraseWords:
    """Erase the prompt and the answer of one call, or of all calls of a person. What they cost stays on record."""

    call: Annotated[str, "the call's id, call_…"] = ""
    person: Annotated[str, "the person's id, p_…: all that they said"] = ""

    def __post_init__(self) -> None:
        if bool(self.call) == bool(self.person):
            raise WrongInput("Whose words are meant?", next_step="Name one call, or one person.", field="call")
