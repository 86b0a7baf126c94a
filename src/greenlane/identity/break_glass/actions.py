"""The verb about break-glass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from greenlane.govern.action import EffectClass, verb


@verb(
    "announce-drill",
    effect=EffectClass.WRITE,
    subject="person",
    says="{actor} {announced|announce} that {person} tries the break-glass way in",
)
@dataclass(frozen=True, slots=True)
class AnnounceDrill:
    """Say that an owner tries their passkey or a recovery code within the hour: the alarm then says that it is a drill."""

    person: Annotated[str, "the owner's id, p_…"]
