"""Changing a few members of a JSON object in its bytes, and not a byte beside them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

_STRING = rb'"(?:[^"]*+(?<!\\)"|[^"\\]*+(?:\\.[^"\\]*+)*+")'
"""A string without an escaped quote is walked several times as fast as any other; most are."""
_TO_BRACKET = re.compile(rb'(?:[^"{}\[\]]++|' + _STRING + rb")*+([{}\[\]])", re.DOTALL)
_NAME = re.compile(rb"[\s,]*+(" + _STRING + rb")\s*+:\s*+", re.DOTALL)
_SCALAR = re.compile(rb"(?:" + _STRING + rb"|[^\s,}\]]++)", re.DOTALL)
_WORD = re.compile(_STRING + rb"|(?<![0-9.eE+-])[0-9]{8,18}(?![0-9.eE])", re.DOTALL)
LEAST_NUMBER, MOST_NUMBER = 10**7, 10**18 - 1
"""What eight to eighteen digits say, which every reader of JSON here keeps as a whole number."""
_OPEN = b"{["

Path = tuple[str, ...]
_Edit = tuple[int, int, bytes]
"""Where bytes begin and end, and what stands there instead."""


def edited(body: bytes, changes: Mapping[Path, Any]) -> bytes:
    """``body`` with each member at a path set to a value; what is not there is added at the front of its object.

    ``body`` is a JSON object that was read before. Objects on the way are added where they are missing. A value is
    anything that orjson writes.
    """
    edits: list[_Edit] = []
    _collect(body, body.index(b"{"), changes, edits)
    pieces: list[bytes] = []
    at = 0
    for start, end, written in sorted(edits):
        pieces += (body[at:start], written)
        at = end
    return b"".join((*pieces, body[at:]))


def respelled(body: bytes, texts: Mapping[int, str]) -> bytes:
    """``body`` with some of its words set to other texts, by their place in the row of all words.

    Words are all strings, names of members included, and whole numbers from ``LEAST_NUMBER`` up to ``MOST_NUMBER``.
    """
    pieces: list[bytes] = []
    at = 0
    for place, word in enumerate(_WORD.finditer(body)):
        if place in texts:
            pieces += (body[at : word.start()], orjson.dumps(texts[place]))
            at = word.end()
    return b"".join((*pieces, body[at:]))


def _collect(body: bytes, start: int, changes: Mapping[Path, Any], edits: list[_Edit]) -> None:
    """The edits that make ``changes`` within the object at ``start``."""
    members = _members(body, start)
    missing: dict[str, Any] = {}
    deeper: dict[str, dict[Path, Any]] = {}
    for (name, *rest), value in changes.items():
        place = members.get(name)
        if rest and place is not None and body[place[0]] == _OPEN[0]:
            deeper.setdefault(name, {})[tuple(rest)] = value
        elif place is not None:
            edits.append((*place, orjson.dumps(_nested(rest, value))))
        else:
            missing[name] = _nested(rest, value) | missing.get(name, {}) if rest else value
    for name, inner in deeper.items():
        _collect(body, members[name][0], inner, edits)
    if missing:
        written = orjson.dumps(missing)[1:-1]
        edits.append((start + 1, start + 1, written + b"," if members else written))


def _nested(rest: list[str], value: Any) -> Any:
    for name in reversed(rest):
        value = {name: value}
    return value


def _members(body: bytes, start: int) -> dict[str, tuple[int, int]]:
    """Where the value of each member of the object at ``start`` begins and ends."""
    found: dict[str, tuple[int, int]] = {}
    at = start + 1
    while (name := _NAME.match(body, at)) is not None:
        at = name.end()
        end = _end_of_nested(body, at) if body[at] in _OPEN else _end_of_scalar(body, at)
        found[orjson.loads(name[1])] = (at, end)
        at = end
        after = body[at : at + 64].lstrip()
        if after.startswith(b"}"):
            break
    return found


def _end_of_scalar(body: bytes, at: int) -> int:
    match = _SCALAR.match(body, at)
    assert match is not None, "the body was read as JSON before"
    return match.end()


def _end_of_nested(body: bytes, at: int) -> int:
    depth = 0
    while (match := _TO_BRACKET.match(body, at)) is not None:
        at = match.end()
        depth += 1 if match[1] in b"{[" else -1
        if depth == 0:
            return at
    raise ValueError("the body was read as JSON before")
