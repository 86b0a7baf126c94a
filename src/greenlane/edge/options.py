"""What the edge is told by the composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from greenlane.edge.views import Sink
from greenlane.kit.wire.limits import Limits


@dataclass(frozen=True, slots=True)
class EdgeOptions:
    """Where to listen, where to read, and whom to believe. Sizes in bytes, times in seconds."""

    blobs: str | Path
    """The store of artifacts: a folder, or an address such as ``s3://bucket/prefix``."""
    folder: Path
    """The edge's own folder; the last table is kept there."""
    feed_socket: Path
    """Where control tells what may be served."""
    control_socket: Path
    """Where control serves the console and the API."""
    sink: Callable[[], Sink]
    """Opens where page views are written; called once, in this process."""
    hosts: tuple[str, ...] = ("127.0.0.1", "::1")
    port: int = 4180
    certificate: Path | None = None
    key: Path | None = None
    certificates: Path | None = None
    """A folder with ``<host>.crt`` and ``<host>.key`` for apps with a domain of their own."""
    trusted_proxies: tuple[str, ...] = ()
    """Networks (CIDR) whose forwarded headers are believed."""
    limits: Limits = field(default_factory=Limits)
    room: int = 256 * 1024 * 1024
    """Memory for files, as they are and compressed."""
    grace: float = 10.0
    """How long running answers may take when the process is told to stop."""
    flush_every: float = 60.0
    """How often page views are written."""
    ready: Callable[[int], None] | None = None
    """Called with the port once connections are accepted."""
