"""Bytes made smaller for the wire, in the encoding that the browser takes."""

from __future__ import annotations

import gzip
from dataclasses import dataclass

import brotli

_WORTH_IT = 1024
"""Bytes below which packing saves less than its header costs."""


@dataclass(frozen=True, slots=True)
class Packed:
    """One body in its encodings."""

    plain: bytes
    by_encoding: dict[str, bytes]

    @classmethod
    def of(cls, body: bytes, *, thorough: bool) -> Packed:
        """Pack a body. ``thorough`` is for what is packed once and sent often."""
        if len(body) < _WORTH_IT:
            return cls(body, {})
        return cls(
            body,
            {
                "br": brotli.compress(body, quality=11 if thorough else 4),
                "gzip": gzip.compress(body, 9 if thorough else 5, mtime=0),
            },
        )

    def accepted(self, accept: str) -> tuple[bytes, dict[str, str]]:
        """The body for a request that says ``Accept-Encoding``, with the headers that tell about it."""
        taken = chosen(accept)
        if taken and taken in self.by_encoding:
            return self.by_encoding[taken], {"content-encoding": taken, "vary": "Accept-Encoding"}
        return self.plain, {"vary": "Accept-Encoding"}


def chosen(accept: str) -> str:
    """The best encoding of ours that a browser takes; empty for none."""
    offered = {}
    for one in accept.lower().split(","):
        name, _, weight = one.partition(";")
        offered[name.strip()] = weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return next((name for name in ("br", "gzip") if offered.get(name)), "")


def pack(body: bytes, accept: str) -> tuple[bytes, dict[str, str]]:
    """A page that is sent once, packed lightly."""
    taken = chosen(accept) if len(body) >= _WORTH_IT else ""
    if taken == "br":
        return brotli.compress(body, quality=4), {"content-encoding": "br"}
    if taken == "gzip":
        return gzip.compress(body, 5, mtime=0), {"content-encoding": "gzip"}
    return body, {}
