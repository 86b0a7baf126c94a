"""One way back: the verb that takes an action back, and what it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Undo:
    """The verb that takes an action back, its inputs, and what a button for it says."""

    verb: str
    inputs: Mapping[str, Any]
    says: str


Undoing = Callable[[Facts, Facts, Facts], Undo | None]
"""Finds the way back from an action's inputs, what happened, and the facts that it was decided on."""
