"""What the edge is told by the composition root."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from greenlane.edge.views import Sink
from greenlane.edge.visits import Visits
from greenlane.kit.wire.limits import Limits


@dataclass(frozen=True, slots=True)
class AppLimits:
    """What one running app may ask of the edge, and how long it is waited for. Sizes in bytes, times in seconds."""

    answer: float = 60.0
    """From the end of a request to the first of its answer: 504."""
    silence: float = 300.0
    """Between two pieces of an answer; then it is cut."""
    whole: float = 3600.0
    """A whole answer, tunnels apart."""
    head: int = 64 * 1024
    """The head of an answer: 502."""
    body: int = 100 * 1024 * 1024
    """The body of a request: 413."""
    at_once: int = 100
    """Requests that go on at once."""
    queued: int = 400
    """Requests that wait for their turn: 503."""
    patience: float = 10.0
    """How long they wait: 503."""
    tunnels: int = 1000
    """Websockets and the like at once: 503."""
    page_after: float = 1.0
    """How long somebody looks at nothing while an app wakes, before there is a page that says so."""
    torn: float = 4.0
    """How long somebody looks at nothing while an app comes back that was torn from its visitors."""
    mended: float = 20.0
    """How long after an answer of its own, or after the edge itself began, an app that is away counts as torn from them."""
    hold: float = 25.0
    """How long that page stays before it is sent again."""
    wait: float = 30.0
    """How long a program waits for an app that wakes: 503."""
    wake: float = 120.0
    """How long an app may take to wake before that is given up."""


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
    gateway_socket: Path
    """Where calls to models are taken in."""
    runtime_socket: Path
    """Where the process that runs apps says where they are."""
    runs_socket: Path
    """Where control takes in requests for background functions."""
    identity_keys: Path
    """The folder of the keys under which apps are told who their visitors are; made when it is not there."""
    known_keys: Path
    """The folder in which apps find what these keys can be checked with."""
    sink: Callable[[], Sink]
    """Opens where page views are written; called once, in this process."""
    hosts: tuple[str, ...] = ("127.0.0.1", "::1")
    port: int = 4180
    sockets: Sequence[socket.socket] = ()
    """Sockets that listen already, held open by whoever starts this process again; none: it opens its own."""
    beside: Path | None = None
    """A unix socket where it answers as well, for whoever takes pictures of previews; its folder is nobody else's."""
    certificate: Path | None = None
    key: Path | None = None
    certificates: Path | None = None
    """A folder with ``<host>.crt`` and ``<host>.key`` for apps with a domain of their own."""
    trusted_proxies: tuple[str, ...] = ()
    """Networks (CIDR) whose forwarded headers are believed."""
    limits: Limits = field(default_factory=Limits)
    apps: AppLimits = field(default_factory=AppLimits)
    room: int = 256 * 1024 * 1024
    """Memory for files, as they are and compressed."""
    grace: float = 10.0
    """How long running answers may take when the process is told to stop."""
    flush_every: float = 60.0
    """How often page views are written."""
    visits: type[Visits] = Visits
    """Who may open what; `greenlane dev`, where nobody signs in, has another answer."""
    ready: Callable[[int], None] | None = None
    """Called with the port once connections are accepted."""
