"""What a look at a request or an answer told, and the sentences for when it does not go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from greenlane.kit.errors import GreenlaneError


class DataRefused(GreenlaneError):
    """A prompt or an answer holds data that may not go on; nothing of it was forwarded."""

    code: ClassVar[str] = "data-refused"
    status: ClassVar[int] = 403


class DataNeedsPerson(GreenlaneError):
    """A prompt holds data that may go to a provider once a person has agreed; nothing was forwarded."""

    code: ClassVar[str] = "data-needs-a-person"
    status: ClassVar[int] = 403


class PromptTooLarge(GreenlaneError):
    """A prompt, or what is attached to it, is larger than the organisation allows; nothing was forwarded."""

    code: ClassVar[str] = "prompt-too-large"
    status: ClassVar[int] = 413


@dataclass(slots=True)
class Seen:
    """What a look at a request told.

    ``body`` is what goes on: the very bytes that came in where nothing needed a mask. ``found`` are all classes that the
    request held, ``staying`` those that are still in ``body``: routes are chosen by these. ``masked`` counts masks by
    class. ``refused`` and ``asked`` are the classes for which it does not go on, and ``problem`` is the sentence about
    them for the caller; None where it goes on. ``agreed`` are those with which it goes on because a person agreed.
    """

    body: bytes
    found: tuple[str, ...] = ()
    staying: tuple[str, ...] = ()
    masked: Mapping[str, int] = field(default_factory=dict)
    refused: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    problem: GreenlaneError | None = None
    agreed: tuple[str, ...] = ()
