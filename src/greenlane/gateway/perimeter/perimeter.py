"""The rules of an organisation, ready to be looked with."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import orjson

from greenlane.gateway.perimeter.attached import attached
from greenlane.gateway.perimeter.classes import ATTACHMENT, Rules
from greenlane.gateway.perimeter.detecting import Detector
from greenlane.gateway.perimeter.looking import Look
from greenlane.gateway.perimeter.places import Place, places
from greenlane.gateway.perimeter.screen import Screen
from greenlane.gateway.perimeter.seen import DataNeedsPerson, DataRefused, PromptTooLarge, Seen

__all__ = ["DataNeedsPerson", "DataRefused", "Perimeter", "PromptTooLarge", "Screen", "Seen"]


class Perimeter:
    """Looks at requests before they leave, and at answers before they are handed on. Made anew when rules change, shared
    by all calls.

    ``rules``, ``patterns`` and ``marks`` are those sections of the table; ``key`` is the installation's, from which masks
    are made and under which marks were made. ``largest`` bounds the bytes of all words of a prompt together,
    ``largest_attachment`` those of each piece of media that it carries; None leaves them to the provider.
    """

    def __init__(
        self,
        rules: Mapping[str, Mapping[str, Any]],
        patterns: Mapping[str, Mapping[str, Any]],
        marks: Iterable[str],
        key: bytes,
        *,
        largest: int | None = None,
        largest_attachment: int | None = None,
    ) -> None:
        read = Rules.read(rules)
        self._actions = {name: one.action for name, one in read.by_class.items()}
        self._answers = {name: one.answers for name, one in read.by_class.items() if one.answers != "allow"}
        self._detector = Detector(read, self._actions, patterns, marks, key)
        self._answering = Detector(read, self._answers, patterns, marks, key)
        self._attachments = ATTACHMENT in rules
        self._key = key
        self._largest = largest
        self._largest_attachment = largest_attachment
        self._looks_at_answers = bool(self._answering)
        self._idle = not (self._detector or self._attachments or largest or largest_attachment)

    def look(self, body: bytes, allowed: Collection[str] = ()) -> Seen:
        """Look at a request that was read before (``wires.reading.asked``), of any wire. Never raises for what it holds.

        ``allowed`` are classes that a person let through for this very request.
        """
        if self._idle:
            return Seen(body)
        rows = places(orjson.loads(body))
        if (problem := self._too_large(rows)) is not None:
            return Seen(body, problem=problem)
        together = "\n".join([one.text for one in rows if one.kind not in ("none", "inline")])
        inlined = any(one.kind in ("inline", "link") for one in rows)
        if not inlined and not (self._detector and self._detector.may_hold(together)):
            return Seen(body)
        actions = (
            self._actions | dict.fromkeys(self._actions.keys() & set(allowed), "allow") if allowed else self._actions
        )
        look = Look(actions, self._detector, self._key)
        return look.seen(look.changed(body, rows) if self._detector else body, rows if self._attachments else ())

    @property
    def answers(self) -> bool:
        """Whether any rule is about answers: where none is, they pass as they come."""
        return self._looks_at_answers

    def look_at_answer(self, body: bytes) -> Seen:
        """Look at a whole answer of any wire, as at a request; what is no JSON object passes."""
        if not self._looks_at_answers:
            return Seen(body)
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            return Seen(body)
        if not isinstance(document, dict):
            return Seen(body)
        look = Look(self._answers, self._answering, self._key, what="answer")
        return look.seen(look.changed(body, places(document)), ())

    def screen(self, wire: str, *, array: bool = False) -> Screen:
        """What looks at one stream of answers. ``array``: Gemini's stream as one JSON array."""
        return Screen(wire, self._answers, self._answering, self._key, array=array)

    def _too_large(self, rows: list[Place]) -> PromptTooLarge | None:
        if self._largest is not None:
            size = sum(len(one.text.encode("utf-8", "surrogatepass")) for one in rows if one.kind != "inline")
            if size > self._largest:
                return PromptTooLarge(
                    f"The prompt has {size:,} bytes of text; {self._largest:,} are allowed here.",
                    next_step="Send less of it, or ask an administrator for more.",
                )
        if self._largest_attachment is not None:
            for one in rows:
                if one.kind == "inline" and (size := attached(one.text, one.about).size) > self._largest_attachment:
                    return PromptTooLarge(
                        f"An attachment has {size:,} bytes; {self._largest_attachment:,} are allowed here.",
                        next_step="Send a smaller one, or ask an administrator for more.",
                    )
        return None
