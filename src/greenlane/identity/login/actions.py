"""The verbs about terminals that sign in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from greenlane.govern.action import EffectClass, verb

LoginId = Annotated[str, "the terminal's question, lgn_…"]


@verb(
    "allow-login",
    effect=EffectClass.WRITE,
    subject="login",
    says="{actor} {allowed|allow} a terminal to sign in",
)
@dataclass(frozen=True, slots=True)
class AllowLogin:
    """Let a terminal have an API token of yours, for what it asked and you read."""

    login: LoginId


@verb(
    "refuse-login",
    effect=EffectClass.WRITE,
    subject="login",
    says="{actor} {refused|refuse} to let a terminal sign in",
)
@dataclass(frozen=True, slots=True)
class RefuseLogin:
    """Let a terminal have nothing. It hears so at once."""

    login: LoginId
