"""A conversation, an answer and the events of a stream, in words that belong to no provider.

What a wire can say and these nouns cannot is refused where it is read; what these nouns say and a wire cannot is refused
where it is written. Nothing is left out in silence but hints, which change neither the meaning nor the form of an answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from greenlane.gateway.usage import Usage

Maker = Literal["openai", "anthropic", "gemini"]
Role = Literal["system", "user", "assistant"]
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
Ending = Literal["stop", "length", "tools", "filter", "sequence"]


@dataclass(frozen=True, slots=True)
class Text:
    """What somebody says."""

    text: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a model says where it declines, on wires that keep that apart."""

    text: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """An image, document, audio or video: base64 ``data`` or a ``url``. ``detail`` is OpenAI's word for resolution."""

    kind: Literal["image", "document", "audio", "video"]
    type: str
    data: str = ""
    url: str = ""
    name: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Seal:
    """A provider's own sealed record of a thought, which only that provider can open. ``name`` is its id or kind there."""

    maker: Maker
    value: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Thought:
    """What a model thought: a summary in words, a seal, or both. A seal without words belongs to what follows it."""

    text: str = ""
    seal: Seal | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a tool that a model asks for; ``arguments`` is the text of a JSON object."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool answered to the call ``id``."""

    id: str
    name: str
    parts: tuple[Text | Attachment, ...]
    failed: bool = False


Part = Text | Refusal | Attachment | Thought | Call | Result


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side says at once."""

    role: Role
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the caller carries out; ``schema`` is JSON Schema, ``strict`` says that it must be kept to."""

    name: str
    description: str
    schema: dict[str, Any]
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """Whether tools may (auto), must (any) or must not (none) be called, which of them, and several at once or not."""

    mode: Literal["auto", "any", "none"] = "auto"
    names: tuple[str, ...] = ()
    one_at_a_time: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """The form of an answer: any JSON object, or one that keeps to a schema."""

    schema: dict[str, Any] | None = None
    name: str = "answer"
    strict: bool = True


@dataclass(frozen=True, slots=True)
class Conversation:
    """A request to a model."""

    turns: tuple[Turn, ...]
    tools: tuple[Tool, ...] = ()
    choice: Choice = Choice()
    form: Form | None = None
    most: int | None = None
    stop: tuple[str, ...] = ()
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    effort: Effort | None = None
    budget: int | None = None
    show_thoughts: bool = False
    user: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model answered, why it ended, and what it used. ``sequence`` is the stop sequence that it met."""

    id: str
    model: str
    parts: tuple[Part, ...]
    ending: Ending
    usage: Usage
    sequence: str | None = None


@dataclass(frozen=True, slots=True)
class Began:
    """A stream began. ``usage`` is what is known by then."""

    id: str
    model: str
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class Said:
    """More of the text that is being said."""

    text: str
    refusal: bool = False


@dataclass(frozen=True, slots=True)
class Thinking:
    """More of the thought that is being thought."""

    text: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """The seal of the thought before it; without a thought before it, a seal that belongs to what follows."""

    seal: Seal


@dataclass(frozen=True, slots=True)
class Calling:
    """A call begins; its arguments follow as pieces of JSON text."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Arguing:
    """More of the arguments of the call that began last."""

    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The answer is whole."""

    ending: Ending
    sequence: str | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """What the call used. The last event of a stream that went well."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class Broke:
    """The provider broke off with an error; nothing follows."""

    status: int
    code: str
    message: str


Event = Began | Said | Thinking | Sealed | Calling | Arguing | Ended | Used | Broke
