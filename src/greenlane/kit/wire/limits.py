"""How much one peer may ask of a listener."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds. A peer beyond one of them gets the status named here, or is let go."""

    head: int = 32 * 1024
    """A request's line and fields together: 431."""
    target: int = 8 * 1024
    """The request target alone: 414."""
    fields: int = 100
    """Header fields in one request: 431."""
    body: int = 1024 * 1024 * 1024
    """One request's body: 413."""
    unread: int = 64 * 1024
    """A body that nobody read is swallowed up to this size to keep the connection; beyond it the connection ends."""
    buffered: int = 256 * 1024
    """Body bytes kept for a handler that reads slowly; beyond them the peer is made to wait."""
    connections: int = 10_000
    """Connections at once; further ones are closed at once."""
    head_time: float = 10.0
    """From a head's first byte to its last: 408."""
    idle_time: float = 75.0
    """Between two requests; then the connection is closed."""
    body_time: float = 30.0
    """How long a body may fall behind ``body_pace``: 408."""
    body_pace: float = 1024.0
    """Bytes a second that a sender has to keep on average."""
    write_time: float = 120.0
    """How long a reader may take to empty a full buffer; then the connection is cut."""
