"""The verbs about being told: what somebody hears of by mail, and the webhooks of the organisation.

An action that exists is well formed: what cannot be meant is refused when it is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from greenlane.govern.action import EffectClass, Private, verb
from greenlane.govern.errors import WrongInput
from greenlane.notices import outside
from greenlane.notices.kinds import KINDS

WAITING = {
    "asked": "decisions",
    "look": "looks",
    "review": "access reviews",
    "interrupted": "interruptions",
    "sign-in": "new browsers",
    "models": "models",
    "company": "the company's sign-in",
}
"""The kinds of notices that ask their reader to do something, each in a word or two."""

CHOICES = {
    "all": "everything that you should hear of",
    "waiting": f"only what waits for you ({', '.join(WAITING.values())})",
    "nothing": "nothing",
}
"""What somebody can hear of by mail, in words."""

WebhookId = Annotated[str, "the webhook's id, whk_…"]


@verb(
    "choose-mail",
    effect=EffectClass.WRITE,
    undo="choose-mail",
    says="{actor} {chose|choose} what to hear of by mail: {what}",
)
@dataclass(frozen=True, slots=True)
class ChooseMail:
    """Choose what you hear of by mail. In the console you always find everything."""

    what: Annotated[str, "all, waiting (only what waits for you, the company's sign-in among it) or nothing"]

    def __post_init__(self) -> None:
        if self.what not in CHOICES:
            raise WrongInput(f"{self.what!r} is no choice.", next_step=f"Choose one of: {', '.join(CHOICES)}.")


@verb(
    "add-webhook",
    effect=EffectClass.SEND,
    undo="remove-webhook",
    says="{actor} {added|add} a webhook that is told of: {about}",
)
@dataclass(frozen=True, slots=True)
class AddWebhook:
    """Let an address outside hear of what happens here, such as a channel of a chat. Its secret is shown once."""

    url: Annotated[str, Private, "the address, such as https://hooks.example.com/services/…"]
    about: Annotated[tuple[str, ...], "what it is told of: " + ", ".join(KINDS)] = ("asked",)

    def __post_init__(self) -> None:
        outside.address(self.url)
        unknown = [one for one in self.about if one not in KINDS]
        if unknown or not self.about:
            raise WrongInput(
                f"A webhook cannot be told of {unknown[0]!r}." if unknown else "The webhook would be told of nothing.",
                next_step=f"Choose some of: {', '.join(KINDS)}.",
            )


@verb(
    "remove-webhook",
    effect=EffectClass.WRITE,
    subject="webhook",
    says="{actor} {removed|remove} the webhook {webhook}",
)
@dataclass(frozen=True, slots=True)
class RemoveWebhook:
    """Stop telling a webhook anything. Its address and secret are destroyed."""

    webhook: WebhookId


@verb(
    "test-webhook",
    effect=EffectClass.SEND,
    subject="webhook",
    says="{actor} {sent|send} a test to the webhook {webhook}",
)
@dataclass(frozen=True, slots=True)
class TestWebhook:
    """Send a test to a webhook, signed like everything else. The settings show how it went."""

    webhook: WebhookId
