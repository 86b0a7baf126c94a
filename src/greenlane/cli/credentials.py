"""Where the terminal finds the server and the token with which it speaks to it."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from greenlane.cli import config
from greenlane.govern.errors import WrongInput

DEFAULT_URL = "http://localhost:4180"
"""Where `greenlane up` listens."""


def url() -> str:
    """The server's address: ``GREENLANE_URL``, without a slash at its end. Raises ``WrongInput`` for none."""
    given = (os.environ.get("GREENLANE_URL") or DEFAULT_URL).rstrip("/")
    parts = urlsplit(given)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise WrongInput(
            f"GREENLANE_URL is {given!r}, which is no address.",
            next_step=f"Set it to an address such as {DEFAULT_URL}.",
        )
    return given


def token(address: str) -> str:
    """The token for that address: ``GREENLANE_TOKEN``, or the one that `greenlane login` kept. Empty for none."""
    given = os.environ.get("GREENLANE_TOKEN", "").strip()
    if given:
        return given
    return kept(address)


def kept(address: str) -> str:
    """The token that `greenlane login` kept for that address. Empty for none."""
    found = (config.read(config.folder() / "credentials.json") or {}).get(address, {})
    return str(found.get("token", ""))


def forget(address: str) -> None:
    """Remember no token for an address any more."""
    path = config.folder() / "credentials.json"
    config.write(path, {other: told for other, told in (config.read(path) or {}).items() if other != address})


def keep(address: str, token: str) -> None:
    """Remember a token for an address, in a file that its owner alone can read."""
    path = config.folder() / "credentials.json"
    config.write(path, {**(config.read(path) or {}), address: {"token": token}})
