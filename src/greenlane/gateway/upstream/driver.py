"""What the gateway must know of a kind of provider, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked of a provider: for which model on which wire.

    ``stream`` and ``array`` (Gemini's stream as one JSON array) as the caller wants it; ``version`` is that of the caller's
    own path where it had one; ``query`` what the caller's own address said beside its key.
    """

    wire: str
    model: str
    stream: bool = False
    array: bool = False
    batch: bool = False
    version: str = ""
    query: str = ""


class Kind(Protocol):
    """One kind of provider. Pure: it opens nothing and keeps nothing."""

    @property
    def wires(self) -> frozenset[str]:
        """What it speaks itself, so that bytes pass as they are."""

    @property
    def translated(self) -> str:
        """The wire that callers of others are translated to."""

    @property
    def limit(self) -> str:
        """The member that limits an answer of chat completions, where a request has none."""

    def target(self, base: str, asking: Asking) -> str:
        """Path and query at the provider; ``base`` is the path of its address."""

    def headers(self, secret: str, *, translated: bool) -> list[tuple[bytes, bytes]]:
        """The fields that prove who we are; ``translated``: and those that the caller did not know to send."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a provider is, taken apart once: the host that is connected to, and the path that everything is under."""

    host: str
    port: int
    secure: bool
    base: str
    authority: bytes

    @classmethod
    def of(cls, url: str) -> Origin:
        """The origin of an address. ValueError for what is no http address, or carries more than a path."""
        found = urlsplit(url)
        if found.scheme not in ("http", "https") or not found.hostname:
            raise ValueError("a provider's address begins with https:// or http:// and names a host")
        if found.username is not None or found.password is not None or found.query or found.fragment:
            raise ValueError("a provider's address holds neither a secret, nor a query, nor a fragment")
        secure = found.scheme == "https"
        port = found.port or (443 if secure else 80)
        host = found.hostname.encode("idna").decode() if not found.hostname.isascii() else found.hostname
        named = f"[{host}]" if ":" in host else host
        authority = named if found.port is None else f"{named}:{port}"
        return cls(host, port, secure, found.path.rstrip("/"), authority.encode())
