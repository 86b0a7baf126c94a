"""Looking at a stream of answers while it passes, however a text is cut into events.

An event waits until the words that it ends with are whole: in prose for one word, and where an organisation's own patterns
are looked for, until ``_OWN`` letters more came, for only matches that long at most are found in a stream. Events leave in
the order in which they came and with the bytes that they came with, but for masks.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from greenlane.gateway.perimeter.blocks import Block, Blocks, ElementBlocks, EventBlocks
from greenlane.gateway.perimeter.deltas import Delta, answers, deltas
from greenlane.gateway.perimeter.detecting import Detector
from greenlane.gateway.perimeter.looking import Look
from greenlane.gateway.perimeter.masks import mask, merged
from greenlane.gateway.perimeter.matches import Match
from greenlane.gateway.perimeter.places import Place, number_of, places
from greenlane.gateway.wires.editing import respelled

_REACH = 256
"""Letters at the end of a text that a class of data may need to be told from what it only begins like."""
_OWN = 64
"""Letters of the longest match of an own pattern that is found across events."""
_MOST = 4 * _REACH
"""Letters of a text that are held back at most; from then on a match is taken to end where it stands."""
_UNFINISHED = re.compile(
    rf"\S{{0,{_REACH}}}"
    r"(?:[ \u00a0\u202f]{1,2}(?:[0-9A-Z.()/+\u2010\u2011\u2013-]{1,20}|[0-9]{2}[a-zA-Z]{2})(?!\S)){0,10}"
)
"""Backwards from the end of a text: its last word, and numbers and capitals before it that may belong to one number."""


@dataclass(slots=True, eq=False)
class _Entry:
    """An event that waits to leave: how many of its texts are still open, and what changes in it."""

    block: Block
    document: dict[str, Any] | None
    open: int = 0
    held: bool = False
    changes: dict[int, str] = field(default_factory=dict)

    def written(self) -> bytes:
        return self.block.saying(respelled(self.block.data, self.changes)) if self.changes else self.block.raw


@dataclass(slots=True)
class _Piece:
    """A piece of a text: the event and the member that hold it, and where in the text it ends."""

    entry: _Entry
    delta: Delta
    end: int


class _Text:
    """A text in pieces, as far as it has not left."""

    __slots__ = ("json", "part", "pieces", "quoted", "words")

    def __init__(self, part: str, json: bool) -> None:
        self.part = part
        self.json = json
        self.words = ""
        self.pieces: list[_Piece] = []
        self.quoted = False
        """Whether what left of a JSON document ended within a string."""


class Screen:
    """One stream. ``found`` are the classes met so far, ``masked`` counts masks by class; as soon as ``refused`` names a
    class, nothing more leaves, and the caller ends the stream.
    """

    def __init__(
        self, wire: str, actions: Mapping[str, str], detector: Detector, key: bytes, *, array: bool = False
    ) -> None:
        self._wire = wire
        self._actions = actions
        self._detector = detector
        self._key = key
        self._least = _OWN if detector.has_patterns else 0
        self._blocks: Blocks = ElementBlocks() if array else EventBlocks()
        self._queue: deque[_Entry] = deque()
        self._texts: dict[int, _Text] = {}
        self._found: dict[str, None] = {}
        self.masked: Counter[str] = Counter()

    @property
    def found(self) -> tuple[str, ...]:
        """Classes that were met."""
        return tuple(sorted(self._found))

    @property
    def refused(self) -> tuple[str, ...]:
        """Classes for which the stream may not go on."""
        return tuple(one for one in self.found if self._actions[one] == "refuse")

    def feed(self, data: bytes) -> bytes:
        """What may leave now. Raises ``wires.frames.TooLong``."""
        for block in self._blocks.feed(data):
            self._take(block)
        return self._leaving()

    def close(self) -> bytes:
        """What was still held back."""
        for block in self._blocks.close():
            self._take(block)
        self._settle_all()
        return self._leaving()

    def _take(self, block: Block) -> None:
        document = _object(block.data)
        entry = _Entry(block, document)
        self._queue.append(entry)
        if document is None:
            if block.data:
                self._settle_all()
            return
        pieces = list(deltas(self._wire, document))
        self._look_beside(entry, document, pieces)
        if not pieces:
            if document.get("type") != "ping":
                self._settle_all(answers(document))
            return
        for delta in pieces:
            text = self._texts.get(delta.answer)
            if text is None or text.part != delta.part:
                if text is not None:
                    self._settle(text, final=True)
                text = self._texts[delta.answer] = _Text(delta.part, delta.json)
            text.words += delta.owner[delta.name]
            text.pieces.append(_Piece(entry, delta, len(text.words)))
            entry.open += 1
        for answer in {delta.answer for delta in pieces}:
            self._settle(self._texts[answer])

    def _look_beside(self, entry: _Entry, document: dict[str, Any], pieces: list[Delta]) -> None:
        """Look at the texts of an event that are whole."""
        rows = places(document)
        words = [one.text for one in rows if one.kind not in ("none", "inline")]
        for delta in pieces:
            words.remove(delta.owner[delta.name])
        if not words or not self._detector.may_hold("\n".join(words)):
            return
        for delta in pieces:
            rows[number_of(document, delta.owner, delta.name)] = Place("none", "")
        look = Look(self._actions, self._detector, self._key, what="answer")
        entry.changes |= look.changes(rows)
        seen = look.seen(b"", ())
        self.masked.update(seen.masked)
        self._note(seen.found, entry, bool(seen.refused))

    def _settle_all(self, of: list[int] | None = None) -> None:
        for answer in list(self._texts) if of is None else of:
            if (text := self._texts.pop(answer, None)) is not None:
                self._settle(text, final=True)

    def _settle(self, text: _Text, *, final: bool = False) -> None:
        """Let go of the pieces of a text about which no more can be learnt."""
        words = text.words
        matches = self._matches(text) if self._detector.may_hold(words) else []
        sure = len(words) if final else len(words) - max(self._least, _unfinished(words))
        ends = [
            piece.end for piece in text.pieces if piece.end <= sure and not (text.json and _in_escape(words, piece.end))
        ]
        cut = next((end for end in reversed(ends) if not any(one.start < end < one.end for one in matches)), -1)
        if len(words) - cut > _MOST:
            cut = max([piece.end for piece in text.pieces if piece.end <= len(words) - _REACH], default=cut)
            matches = [one._replace(end=min(one.end, cut)) if one.start < cut else one for one in matches]
        if cut >= 0:
            self._let_go(text, cut, [one for one in matches if one.end <= cut])

    def _matches(self, text: _Text) -> list[Match]:
        found = self._detector.find(text.words)
        if text.json:
            found = [_behind_escape(text.words, one) for one in found]
        return merged(found)

    def _let_go(self, text: _Text, cut: int, matches: list[Match]) -> None:
        masks = {one: self._mask(text, one) for one in matches}
        going = [piece for piece in text.pieces if piece.end <= cut]
        start = 0
        for piece in going:
            within = [one for one in matches if one.start < piece.end and one.end > start]
            if within:
                self._change(piece, _spliced(text.words, start, piece.end, [(one, masks[one]) for one in within]))
                self._note([one.kind for one in within], piece.entry, any(self._refuses(one) for one in within))
            piece.entry.open -= 1
            start = piece.end
        self.masked.update(one.kind for one in matches if self._actions[one.kind] == "mask")
        if text.json:
            text.quoted = _quoted(text.words[:cut], text.quoted)
        text.words = text.words[cut:]
        text.pieces = [_Piece(one.entry, one.delta, one.end - cut) for one in text.pieces[len(going) :]]

    def _mask(self, text: _Text, match: Match) -> str:
        written = mask(match.kind, text.words[match.start : match.end], self._key)
        outside = text.json and not _quoted(text.words[: match.start], text.quoted)
        return f'"{written}"' if outside else written

    def _change(self, piece: _Piece, after: str) -> None:
        document = piece.entry.document
        assert document is not None, "a piece is a part of an event that was read"
        piece.entry.changes[number_of(document, piece.delta.owner, piece.delta.name)] = after

    def _refuses(self, match: Match) -> bool:
        return self._actions[match.kind] == "refuse"

    def _note(self, kinds: list[str] | tuple[str, ...], entry: _Entry, refused: bool) -> None:
        self._found |= dict.fromkeys(kinds)
        entry.held = entry.held or refused

    def _leaving(self) -> bytes:
        leaving: list[bytes] = []
        while self._queue and not self._queue[0].open and not self._queue[0].held:
            leaving.append(self._queue.popleft().written())
        return b"".join(leaving)


def _object(data: bytes) -> dict[str, Any] | None:
    if not data.startswith(b"{"):
        return None
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _unfinished(words: str) -> int:
    """Letters at the end of a text that may belong to something that goes on."""
    match = _UNFINISHED.match(words[: -2 * _REACH - 1 : -1])
    return match.end() if match else 0


def _spliced(words: str, start: int, end: int, masks: list[tuple[Match, str]]) -> str:
    """A piece of a text with masks; a mask stands in the piece in which its match begins."""
    pieces: list[str] = []
    at = start
    for one, written in masks:
        pieces.append(words[at : max(at, one.start)])
        if one.start >= start:
            pieces.append(written)
        at = min(end, one.end)
    return "".join((*pieces, words[at:end]))


def _behind_escape(words: str, match: Match) -> Match:
    r"""A match in JSON without the letter of an escape that it seemed to begin with, as in ``\nalice@example.com``."""
    slashes = match.start - len(words[: match.start].rstrip("\\"))
    if slashes % 2 == 0:
        return match
    return match._replace(start=match.start + (5 if words[match.start] == "u" else 1))


def _in_escape(words: str, end: int) -> bool:
    return _ESCAPE.search(words, max(0, end - 64), end) is not None


def _quoted(words: str, before: bool) -> bool:
    r"""Whether JSON is within a string behind some words: an odd number of quotes, those behind ``\`` not counted."""
    return before ^ bool(sum(one[0] == '"' for one in _QUOTE.finditer(words)) % 2)


_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\(?:u[0-9a-fA-F]{0,3})?\Z")
_QUOTE = re.compile(r'\\.|"', re.DOTALL)
