"""The verb about a prompt that needs a person."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from greenlane.govern.action import EffectClass, verb
from greenlane.govern.errors import WrongInput

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@verb(
    "send-prompt",
    effect=EffectClass.SEND,
    subject="app",
    says="{actor} {was allowed to send|send} a prompt with {data} to the model {model}",
)
@dataclass(frozen=True, slots=True)
class SendPrompt:
    """Ask to send one prompt that holds data for which a person must agree. It is known by its digest alone.

    The gateway asks by itself for whoever sent the prompt. Once somebody agreed, the very same request goes through with
    the same key for a day.
    """

    key: Annotated[str, "the key that it came with"]
    prompt: Annotated[str, "the digest of the request's bytes, sha256:…"]
    data: Annotated[tuple[str, ...], "the classes of data in it"]
    model: Annotated[str, "the model that it asks for"]
    app: Annotated[str, "the app that sent it; empty for a person's own work"] = ""
    environment: Annotated[str, "the app's environment"] = ""

    def __post_init__(self) -> None:
        if _DIGEST.fullmatch(self.prompt) is None:
            raise WrongInput(
                "That is no digest of a prompt.", next_step="Give it as the gateway's answer has it.", field="prompt"
            )
        if not self.data:
            raise WrongInput("No class of data is named.", next_step="Name what the prompt holds.", field="data")
