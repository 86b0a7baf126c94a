"""What the gateway is told by the composition root."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from greenlane.gateway.app_spans.laying import SPANS
from greenlane.gateway.upstream.pool import Patience
from greenlane.gateway.upstream.reaching import Lookup, lookup
from greenlane.kit.wire.limits import Limits

CONTENT = "content"
"""The folder, in the gateway's own, in which the words of calls lie until control takes them in."""


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """Where to listen, where control is, where records go. Sizes in bytes, times in seconds."""

    feed_socket: Path
    """Where control tells the table, leases budgets and hears what was spent."""
    journal: Path
    """The folder of the journals; each worker has one of its own in it."""
    folder: Path
    """The gateway's own folder: the compiled lists of prices and footprints are kept there."""

    @property
    def content(self) -> Path:
        """The folder where the words of calls are laid down for control, where they are kept at all."""
        return self.folder / CONTENT

    @property
    def spans(self) -> Path:
        """The folder where spans of apps are laid down for control."""
        return self.folder / SPANS

    public: Path | socket.socket | None = None
    """A unix socket, or one that listens already, for everybody with a key of their own; the edge relays to it."""
    models: Path | socket.socket | None = None
    """The same for calls out of sandboxes: the way out alone opens it, and says which sandbox it is."""
    sockets: Sequence[socket.socket] = ()
    """Further sockets that listen, for everybody with a key of their own."""
    slot: int = 0
    """Which of the worker processes this is, from 0."""
    workers: int = 1
    """How many worker processes there are."""
    durable: bool = True
    """Whether an answer waits until the intent of its call survives a power cut, not only a killed process."""
    limits: Limits = field(default_factory=lambda: Limits(body=64 * 1024 * 1024, head=64 * 1024, fields=200))
    patience: Patience = field(default_factory=Patience)
    trust: ssl.SSLContext | None = None
    """What providers' certificates are judged by; the machine's own authorities where nothing is said."""
    look_up: Lookup = lookup
    table_within: float = 10.0
    """How long control is waited for at the start before callers are told that it is away."""
    drain: float = 300.0
    """How long a provider is heard out after its caller has left."""
    drains: int = 1_000
    """Calls that are heard out at once; of further ones the bound is charged."""
    grace: float = 10.0
    """How long running answers may take when the process is told to stop."""
    seal_every: float = 1.0
    """How often what was recorded becomes a batch for the ledger."""
    ready: Callable[[], None] | None = None
    """Called once connections are accepted."""
