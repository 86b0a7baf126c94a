"""Takes out of a chat's stream the one event that the platform asked for and the caller did not: the usage.

Callers that never asked for it look at the first choice of every event; the usage comes without any.
"""

from __future__ import annotations

import orjson

_MARK = b'"usage"'
_LONGEST = 64 * 1024 * 1024


class Sieve:
    """Fed with a stream's bytes however they are cut; gives those that pass. An event is held until it is whole."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """The bytes that may go on."""
        if not self._held and _MARK not in data and data.endswith((b"\n\n", b"\r\n\r\n")):
            return data
        held = self._held + data if self._held else data
        end = max(held.rfind(b"\n\n") + 2, held.rfind(b"\r\n\r\n") + 4)
        if end < 4:
            if len(held) > _LONGEST:
                self._held = b""
                return held
            self._held = held
            return b""
        whole, self._held = held[:end], held[end:]
        return _sifted(whole) if _MARK in whole else whole

    def close(self) -> bytes:
        """What was held to the end: half an event."""
        left, self._held = self._held, b""
        return b"" if left and _is_usage(left) else left


def _sifted(whole: bytes) -> bytes:
    ending = b"\r\n\r\n" if b"\r\n\r\n" in whole else b"\n\n"
    return b"".join(event + ending for event in whole.split(ending)[:-1] if not (_MARK in event and _is_usage(event)))


def _is_usage(event: bytes) -> bool:
    """Whether an event has the usage and no choice."""
    start = event.find(b"data:")
    try:
        document = orjson.loads(event[start + 5 :])
    except orjson.JSONDecodeError:
        return False
    return isinstance(document, dict) and document.get("choices") == [] and isinstance(document.get("usage"), dict)
