"""The door's own verbs: what people say to a request that waits, and changes to the rules themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from greenlane.govern.action import EffectClass, Private, verb
from greenlane.govern.errors import WrongInput


def _check_said(words: str) -> None:
    """A decision without a word is worth nothing to whoever reads it later. Raises ``WrongInput``."""
    if not words.strip():
        raise WrongInput("Your words are missing.", next_step="Say why, in a sentence that others can read later.")


@verb("approve", effect=EffectClass.WRITE, subject="request", says="{actor} {approved|approve} the request of {author}")
@dataclass(frozen=True, slots=True)
class Approve:
    """Let a waiting action go on; the facts are gathered again before it does."""

    request: Annotated[str, "the request's id"]
    because: Annotated[str, Private, "why, in your own words"]
    seen: Annotated[str, "the digest of what you were shown; another one means that it changed since"] = ""

    def __post_init__(self) -> None:
        _check_said(self.because)


@verb("send-back", effect=EffectClass.WRITE, subject="request", says="{actor} {sent|send} the request of {author} back")
@dataclass(frozen=True, slots=True)
class SendBack:
    """Return a request to its author with a note; their next deploy continues the same request."""

    request: Annotated[str, "the request's id"]
    note: Annotated[str, Private, "what should change"]

    def __post_init__(self) -> None:
        _check_said(self.note)


@verb("decline", effect=EffectClass.WRITE, subject="request", says="{actor} {declined|decline} the request of {author}")
@dataclass(frozen=True, slots=True)
class Decline:
    """End a request; the action is not carried out."""

    request: Annotated[str, "the request's id"]
    because: Annotated[str, Private, "why, in your own words"]

    def __post_init__(self) -> None:
        _check_said(self.because)


@verb(
    "confirm",
    effect=EffectClass.WRITE,
    subject="request",
    says="{actor} {confirmed|confirm} their own request, unreviewed",
)
@dataclass(frozen=True, slots=True)
class Confirm:
    """In an organisation of one, let your own waiting action go on; it stays marked as unreviewed."""

    request: Annotated[str, "the request's id"]
    because: Annotated[str, Private, "why, in your own words"]

    def __post_init__(self) -> None:
        _check_said(self.because)


@verb("withdraw", effect=EffectClass.WRITE, subject="request", says="{actor} {withdrew|withdraw} their own request")
@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take your own request back."""

    request: Annotated[str, "the request's id"]


@verb("escalate", effect=EffectClass.SEND, subject="request", says="the request of {author} was passed on to a deputy")
@dataclass(frozen=True, slots=True)
class Escalate:
    """Ask the next people in line, because nobody answered in time."""

    request: Annotated[str, "the request's id"]


@verb("expire-request", effect=EffectClass.WRITE, subject="request", says="the request of {author} expired unanswered")
@dataclass(frozen=True, slots=True)
class ExpireRequest:
    """End a request that nobody decided, on the record; its author hears of it."""

    request: Annotated[str, "the request's id"]


@verb("set-policy", effect=EffectClass.WRITE, says="{actor} {changed|change} the organisation's policies")
@dataclass(frozen=True, slots=True)
class SetPolicy:
    """Put the organisation's own policies in force beside the default pack; one with an error changes nothing."""

    texts: Annotated[tuple[str, ...], "the Cedar policies, one file each; none returns to the default pack"]
    note: Annotated[str, Private, "why"] = ""


@verb(
    "forget", effect=EffectClass.DESTROY, subject="digest", says="{actor} {erased|erase} the stored words of a receipt"
)
@dataclass(frozen=True, slots=True)
class Forget:
    """Erase the encrypted content beside a receipt; the ledger still verifies, the words are gone for good."""

    digest: Annotated[str, "the payload's digest, as the receipt names it"]
