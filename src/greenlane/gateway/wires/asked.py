"""What the platform must know of a request before it is let through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from greenlane.kit.errors import GreenlaneError

Wire = Literal[
    "openai-chat",
    "openai-responses",
    "openai-embeddings",
    "anthropic-messages",
    "anthropic-count",
    "gemini-generate",
    "gemini-embed",
    "gemini-count",
]

WIRES: tuple[Wire, ...] = Wire.__args__  # type: ignore[attr-defined]  # the arguments of a Literal are its values


@dataclass(frozen=True, slots=True)
class Media:
    """One image, document, piece of audio or video that a request carries or points at.

    ``type`` is the media type as said, empty where it was not. ``bytes`` is the decoded size of inlined data, None for
    what only the provider can fetch. ``width`` and ``height`` are pixels, read from the header of an inlined image; None
    where they are unknown. ``detail`` is the wire's own word for resolution, empty where none was said.
    """

    kind: Literal["image", "document", "audio", "video"]
    type: str = ""
    bytes: int | None = None
    width: int | None = None
    height: int | None = None
    url: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many tokens a model's own provider counted in a request."""

    model: str
    tokens: int


@dataclass(slots=True)
class Asked:
    """A request, read from its bytes without changing them.

    ``most`` is the caller's own limit of output tokens for one answer, None where none was said; for all answers together
    it is ``most * answers``. ``thinking`` is a budget for thoughts where the wire has one; on every wire that has one it is
    spent within ``most``. ``text_bytes`` are the UTF-8 bytes of everything that the model reads: system texts, messages,
    names, definitions and schemas of tools, arguments and results of calls. ``hidden`` names the fields that refer to
    state or tools at the provider, whose tokens nobody here can see, or that change the price of a call. ``counted`` is what
    a provider counted, where it was asked to. ``defined`` is how many of the tools are carried out by the caller and
    described to the model by the provider, in words of its own.
    """

    wire: str
    model: str
    stream: bool
    most: int | None
    answers: int
    thinking: int | None
    text_bytes: int
    messages: int
    tools: int
    media: tuple[Media, ...]
    hidden: tuple[str, ...]
    user: str | None
    counted: Counted | None = None
    defined: int = 0


class NotUnderstood(GreenlaneError):
    """A request to a model that is not what its wire says it should be; nothing was forwarded.

    ``field`` names what is wrong as the wire writes it, empty for the whole body.
    """

    code: ClassVar[str] = "not-understood"
    status: ClassVar[int] = 400
    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, *, field: str = "", next_step: str = "") -> None:
        super().__init__(message, next_step=next_step or "Send what the provider's own reference describes.")
        self.field = field
