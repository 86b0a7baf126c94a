"""Carrying requests, answers and streams from one wire to another.

A request goes from the caller's wire to the provider's, answers and streams come back the other way. What cannot be
carried is refused before anything is sent, with every reason at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from greenlane.gateway.wires.anthropic_messages import answers as anthropic_answers
from greenlane.gateway.wires.anthropic_messages import requests as anthropic_requests
from greenlane.gateway.wires.anthropic_messages import streams as anthropic_streams
from greenlane.gateway.wires.asked import NotUnderstood
from greenlane.gateway.wires.document import document
from greenlane.gateway.wires.frames import Events, Frames, TooLong
from greenlane.gateway.wires.gemini_generate import answers as gemini_answers
from greenlane.gateway.wires.gemini_generate import requests as gemini_requests
from greenlane.gateway.wires.gemini_generate import streams as gemini_streams
from greenlane.gateway.wires.neutral import Answer, Arguing, Broke, Calling, Conversation, Ended, Event, Used
from greenlane.gateway.wires.openai_chat import answers as chat_answers
from greenlane.gateway.wires.openai_chat import requests as chat_requests
from greenlane.gateway.wires.openai_chat import streams as chat_streams
from greenlane.gateway.wires.openai_responses import answers as responses_answers
from greenlane.gateway.wires.openai_responses import requests as responses_requests
from greenlane.gateway.wires.openai_responses import streams as responses_streams
from greenlane.gateway.wires.refused import Reasons, Untranslatable
from greenlane.gateway.wires.refusing import refusal

__all__ = ["TRANSLATED", "Translator", "Untranslatable", "translate_answer", "translate_error", "translate_request"]

Json = dict[str, Any]


class Reader(Protocol):
    """Reads a stream, piece by piece."""

    def read(self, piece: Json) -> list[Event]:
        """What the next piece says."""


class Writer(Protocol):
    """Writes a stream, event by event."""

    def write(self, event: Event) -> bytes:
        """The bytes of the next event."""

    def close(self) -> bytes:
        """The last bytes."""


@dataclass(frozen=True, slots=True)
class Wire:
    """How one wire is read and written."""

    read_request: Callable[[Json, Reasons], Conversation]
    write_request: Callable[[Conversation, str, bool, Reasons], Json]
    read_answer: Callable[[Json], Answer]
    write_answer: Callable[[Answer, int], Json]
    reader: Callable[[], Reader]
    writer: Callable[[int, bool], Writer]


READ_AND_WRITTEN = {
    "openai-chat": Wire(
        chat_requests.read,
        chat_requests.write,
        chat_answers.read,
        chat_answers.write,
        chat_streams.Reader,
        chat_streams.Writer,
    ),
    "openai-responses": Wire(
        responses_requests.read,
        responses_requests.write,
        responses_answers.read,
        responses_answers.write,
        responses_streams.Reader,
        responses_streams.Writer,
    ),
    "anthropic-messages": Wire(
        anthropic_requests.read,
        anthropic_requests.write,
        anthropic_answers.read,
        anthropic_answers.write,
        anthropic_streams.Reader,
        anthropic_streams.Writer,
    ),
    "gemini-generate": Wire(
        gemini_requests.read,
        gemini_requests.write,
        gemini_answers.read,
        gemini_answers.write,
        gemini_streams.Reader,
        gemini_streams.Writer,
    ),
}
"""How each wire that is a conversation is read and written."""
TRANSLATED = tuple(READ_AND_WRITTEN)
"""The wires between which everything is translated. Embeddings and counting stay with providers that speak their wire."""


def translate_request(caller: str, upstream: str, body: bytes, model: str, *, stream: bool = False) -> bytes:
    """A caller's request as the provider reads it, for ``model`` there.

    ``stream`` is what the request asked for (``Asked.stream``): a wire may say it in the body or in the path. Raises
    ``NotUnderstood`` for what is no request of the caller's wire, and ``Untranslatable`` with every reason.
    """
    reasons = Reasons()
    given = document(body)
    try:
        conversation = READ_AND_WRITTEN[caller].read_request(given, reasons)
        written = orjson.dumps(READ_AND_WRITTEN[upstream].write_request(conversation, model, stream, reasons))
    except (AttributeError, TypeError) as error:  # a list where an object should be, somewhere deep down
        raise NotUnderstood("The request does not have the shape that its reference describes.") from error
    reasons.check()
    return written


def translate_answer(caller: str, upstream: str, body: bytes, *, created: int = 0) -> bytes:
    """A provider's whole answer as the caller reads it. ``created`` is the time in seconds that OpenAI's answers carry.

    Raises ValueError for what is no answer of the provider's wire.
    """
    try:
        answer = READ_AND_WRITTEN[upstream].read_answer(orjson.loads(body))
    except (AttributeError, TypeError, NotUnderstood) as error:
        raise ValueError("this is no answer of its wire") from error
    return orjson.dumps(READ_AND_WRITTEN[caller].write_answer(answer, created))


def translate_error(caller: str, status: int, body: bytes) -> bytes:
    """A provider's answer with an error status as the caller's library reads errors: the provider's own sentence and code.

    All wires put an object under ``error``; Gemini puts it into an array where it would have streamed one.
    """
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = None
    found = found[0] if isinstance(found, list) and found else found
    error = found.get("error") if isinstance(found, dict) else None
    told = error if isinstance(error, dict) else {}
    code = next(
        (told[name] for name in ("status", "code", "type") if isinstance(told.get(name), str)), "provider-error"
    )
    message = told.get("message")
    if not isinstance(message, str):
        message = f"The provider answered with status {status} and no words."
    return refusal(caller, status, code, message)


class Translator:
    """Carries a stream: fed with the provider's bytes however they are cut, gives the caller's.

    ``include_usage`` is the chat caller's own wish; ``array`` says that a Gemini caller reads one JSON array; a stream of
    Gemini's must have been asked for with ``alt=sse``. ``failed`` is the error that ended it, if one did.
    """

    def __init__(
        self, caller: str, upstream: str, *, created: int = 0, include_usage: bool = False, array: bool = False
    ) -> None:
        self._frames: Frames = Events()
        self._reader = READ_AND_WRITTEN[upstream].reader()
        self._writer = (
            gemini_streams.Writer(created, include_usage, array)
            if caller == "gemini-generate"
            else READ_AND_WRITTEN[caller].writer(created, include_usage)
        )
        self._called = False
        self._ended = False
        self._used: Used | None = None
        self.failed: Broke | None = None

    def feed(self, data: bytes) -> bytes:
        """The caller's bytes for the provider's. Never raises: what is no stream of its wire breaks off in words."""
        if self.failed is not None:
            return b""
        try:
            frames = self._frames.feed(data)
        except TooLong:
            return self._broke("The provider sent an event of more than 64 MiB.")
        return b"".join([self._carry(frame) for frame in frames])

    def close(self) -> bytes:
        """The last bytes, once the provider's stream is over, however it ended."""
        last = b"".join([self._carry(frame) for frame in self._frames.close()])
        if self.failed is not None:
            return last
        if not self._ended:
            return last + self._broke("The provider's answer broke off before its end.")
        usage = b"" if self._used is None else self._writer.write(self._used)
        return last + usage + self._writer.close()

    def _carry(self, frame: bytes) -> bytes:
        if frame == b"[DONE]" or self.failed is not None:
            return b""
        try:
            events = self._reader.read(orjson.loads(frame))
        except (AttributeError, TypeError, ValueError, NotUnderstood):
            return self._broke("The provider sent an event that is none of its wire.")
        return b"".join([self._write(event) for event in events])

    def _write(self, event: Event) -> bytes:
        """One event. A call without arguments gets an empty object, since callers parse what they are given.

        An end is told once, and the usage at the very end: Gemini may repeat both.
        """
        if self.failed is not None:
            return b""
        before = self._writer.write(Arguing("{}")) if self._called and not isinstance(event, Arguing) else b""
        self._called = isinstance(event, Calling)
        if isinstance(event, Broke):
            self.failed = event
        if isinstance(event, Used):
            self._used = event
            return before
        if isinstance(event, Ended):
            if self._ended:
                return before
            self._ended = True
        return before + self._writer.write(event)

    def _broke(self, words: str) -> bytes:
        return self._write(Broke(502, "stream-broken", words))
