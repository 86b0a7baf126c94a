"""A closer look at one request or answer: what it holds, and its bytes with masks where masks belong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import orjson

from greenlane.gateway.perimeter.attached import attached
from greenlane.gateway.perimeter.classes import ATTACHMENT, words
from greenlane.gateway.perimeter.detecting import Detector
from greenlane.gateway.perimeter.masks import masked, merged
from greenlane.gateway.perimeter.matches import Match
from greenlane.gateway.perimeter.places import Place, freely
from greenlane.gateway.perimeter.seen import DataNeedsPerson, DataRefused, Seen
from greenlane.gateway.wires.editing import respelled
from greenlane.kit.errors import GreenlaneError

_DEEPEST = 4
"""Documents within texts within documents that are still read as such; what lies deeper is a text like any other."""


class Look:
    """One request or answer being looked at closely.

    ``actions`` says what is done with each class that ``detector`` finds; ``key`` makes the masks.
    """

    def __init__(self, actions: Mapping[str, str], detector: Detector, key: bytes, *, what: str = "prompt") -> None:
        self._actions = actions
        self._detector = detector
        self._key = key
        self._what = what
        self._found: dict[str, None] = {}
        self._masked: Counter[str] = Counter()
        self._stuck: dict[str, None] = {}

    def changed(self, body: bytes, rows: list[Place], depth: int = 0) -> bytes:
        """The bytes of a document with what needs a mask behind one."""
        changes = self.changes(rows, depth)
        return respelled(body, changes) if changes else body

    def changes(self, rows: list[Place], depth: int = 0) -> dict[int, str]:
        """What stands instead of words of a document, by their place in the row of all words."""
        found: dict[int, str] = {}
        for number, one in enumerate(rows):
            if one.kind != "none" and (after := self._place(one, depth)) != one.text:
                found[number] = after
        return found

    def seen(self, body: bytes, rows: Iterable[Place]) -> Seen:
        """What was found, and what follows from it. ``rows`` are searched for media."""
        if any(one.kind == "link" or (one.kind == "inline" and _opaque(one)) for one in rows):
            self._found[ATTACHMENT] = None
            if self._actions[ATTACHMENT] == "mask":
                self._stuck[ATTACHMENT] = None
        refused = tuple(one for one in self._found if self._actions[one] == "refuse" or one in self._stuck)
        asked = tuple(one for one in self._found if self._actions[one] == "ask")
        return Seen(
            body=body,
            found=tuple(sorted(self._found)),
            staying=tuple(sorted(one for one in self._found if not self._masked[one])),
            masked=dict(self._masked),
            refused=refused,
            asked=asked,
            problem=self._problem(refused, asked),
        )

    def _place(self, place: Place, depth: int) -> str:
        if place.kind == "inline":
            media = attached(place.text, place.about)
            after = None if media.text is None else self._text(media.text, depth)
            return place.text if after is None or after == media.text else media.written(after)
        if place.kind == "json" and depth < _DEEPEST:
            return self._text(place.text, depth)
        matches = self._matches(place.text)
        if matches and place.kind in ("fixed", "link"):
            self._stuck |= dict.fromkeys(one.kind for one in matches)
            return place.text
        return self._masking(place.text, matches)

    def _text(self, text: str, depth: int) -> str:
        """A text that may be a document: masks stand within its strings, so that it stays one."""
        if depth < _DEEPEST and text.lstrip()[:1] in ("{", "["):
            try:
                inner = orjson.loads(text)
            except orjson.JSONDecodeError:
                pass
            else:
                return self.changed(text.encode(), freely(inner), depth + 1).decode()
        return self._masking(text, self._matches(text))

    def _matches(self, text: str) -> list[Match]:
        """What needs a mask in a text; everything else that it holds is noted."""
        if not self._detector.may_hold(text):
            return []
        found = self._detector.find(text)
        self._found |= dict.fromkeys(one.kind for one in found)
        return merged(one for one in found if self._actions[one.kind] == "mask")

    def _masking(self, text: str, matches: list[Match]) -> str:
        self._masked.update(one.kind for one in matches)
        return masked(text, matches, self._key) if matches else text

    def _problem(self, refused: tuple[str, ...], asked: tuple[str, ...]) -> GreenlaneError | None:
        if any(one not in self._stuck for one in refused):
            held = _listed([one for one in refused if one not in self._stuck])
            if self._what == "answer":
                return refused_answer(refused)
            return DataRefused(
                f"The prompt holds {held}, which may not go to a model.",
                next_step="Take it out, or ask an administrator for another rule.",
            )
        if refused:
            return DataRefused(
                f"The {self._what} holds {_listed(refused)} in a place where it cannot be masked.",
                next_step="Put it into a message's text, or take it out.",
            )
        if asked:
            return DataNeedsPerson(
                f"The {self._what} holds {_listed(asked)}: a person must agree before it goes to a model.",
                next_step="Ask for it, and send the very same request again once it is allowed.",
            )
        return None


def refused_answer(classes: Iterable[str]) -> DataRefused:
    """What the caller hears where an answer holds what may not leave."""
    return DataRefused(
        f"The answer holds {_listed(classes)}, which may not leave this gateway.",
        next_step="Ask for something else, or ask an administrator for another rule.",
    )


def _opaque(place: Place) -> bool:
    return attached(place.text, place.about).text is None


def _listed(classes: Iterable[str]) -> str:
    return " and ".join(words(one) for one in classes)
