"""What a request asks for beyond its path: a coding, a part, or only what is new (RFC 9110, sections 8, 12 to 14)."""

from __future__ import annotations

import re
from collections.abc import Mapping

_RANGE = re.compile(rb"bytes=[ \t]*([0-9]{0,15})-([0-9]{0,15})[ \t]*")
_CODINGS = (b"br", b"gzip")


def coding(accepted: bytes | None) -> bytes:
    """The best coding that Accept-Encoding allows: ``br``, ``gzip``, or none (empty)."""
    if accepted is None or (b"br" not in accepted and b"gzip" not in accepted and b"*" not in accepted):
        return b""
    weights: dict[bytes, float] = {}
    for item in accepted.lower().split(b","):
        name, _, parameter = item.strip().partition(b";")
        weights[name.strip()] = _weight(parameter)
    others = weights.get(b"*", 0.0)
    best = max(_CODINGS, key=lambda name: weights.get(name, others))
    return best if weights.get(best, others) > 0 else b""


def _weight(parameter: bytes) -> float:
    name, _, value = parameter.strip().partition(b"=")
    if name.strip() != b"q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def unchanged(fields: Mapping[bytes, bytes], etag: bytes) -> bool:
    """Whether If-None-Match says that the asker has this already (weak comparison)."""
    known = fields.get(b"if-none-match")
    if known is None:
        return False
    return known.strip() == b"*" or etag in (tag.strip().removeprefix(b"W/") for tag in known.split(b","))


class Unsatisfiable(ValueError):
    """The part asked for lies outside: 416."""


def part(fields: Mapping[bytes, bytes], etag: bytes, size: int) -> tuple[int, int] | None:
    """The one part that is asked for, as start and end (exclusive); None for the whole.

    Several parts at once, other units and a stale If-Range are answered with the whole. Raises ``Unsatisfiable``.
    """
    asked = fields.get(b"range")
    if asked is None:
        return None
    condition = fields.get(b"if-range")
    if condition is not None and condition.strip() != etag:
        return None
    match = _RANGE.fullmatch(asked.strip())
    if match is None:
        return None
    first, last = match.groups()
    if not first:
        if not last:
            return None
        length = min(int(last), size)
        if length == 0:
            raise Unsatisfiable
        return size - length, size
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise Unsatisfiable
    return start, min(int(last) + 1, size) if last else size
