"""The server's public keys: pinned at first contact, exported for others, and compared whenever a proof rests on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from greenlane.cli import config
from greenlane.cli.errors import NoTrustRoot, TrustChanged
from greenlane.ledger.trust import Trust


def pinned_path(url: str) -> Path:
    """Where the keys of a server are kept: ``trust/<host>.json``, with the port where one is named."""
    parts = urlsplit(url)
    host = (parts.hostname or "").replace(":", "_")
    return config.folder() / "trust" / (f"{host}-{parts.port}.json" if parts.port else f"{host}.json")


def pin(url: str, root: Any) -> Path:
    """Remember a server's public keys, in place of any that were remembered before. Raises ``NoTrust``.

    What was seen of a log under other keys is forgotten with them.
    """
    Trust.parse(root)
    path = pinned_path(url)
    config.write(path, root)
    seen_path(url).unlink(missing_ok=True)
    return path


def seen_path(url: str) -> Path:
    """Where the newest checkpoint is kept that was seen of a server."""
    return pinned_path(url).with_suffix(".seen.json")


def compare(url: str, shown: Any) -> None:
    """Whether a server shows the keys that were pinned. Raises ``TrustChanged``."""
    path = pinned_path(url)
    known = config.read(path)
    if known is not None and Trust.parse(known) != Trust.parse(shown):
        raise TrustChanged(
            f"{url} shows other public keys than at first contact.",
            next_step="Ask whoever runs it whether it was set up anew. If it was, type `greenlane trust renew`;"
            " if not, believe nothing that it proves.",
        )


def root(url: str, given: Path | None) -> tuple[Trust, str]:
    """The keys to check with, and where they are from: ``--trust F``, or what was pinned for the server.

    Raises ``NoTrustRoot`` when there is neither, ``NoTrust`` for a file that holds none.
    """
    if given is not None:
        return Trust.read(given), str(given)
    path = pinned_path(url)
    if not path.exists():
        raise NoTrustRoot(
            "There are no public keys to check this with.",
            next_step="Get a file from `greenlane trust export`, by another way than what you check,"
            " and name it with --trust.",
        )
    return Trust.read(path), str(path)
