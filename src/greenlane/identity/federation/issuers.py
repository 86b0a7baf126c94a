"""The public keys of issuers elsewhere: found by discovery (OpenID Connect Discovery 1.0), kept for minutes.

They are fetched over the guarded way out, so that no rule makes us ask our own network. A key that is not known yet is
looked for again, once a minute at most: an issuer may change its keys, and nobody may make us ask it all the time.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from greenlane.govern.errors import WrongInput
from greenlane.identity.delegation.keys import checked
from greenlane.kit.clock import Clock
from greenlane.kit.errors import GreenlaneError

Fetch = Callable[[str, Path], None]
"""Brings what an address has into a file. Raises ``WrongInput`` when nothing comes."""

KEPT_FOR = 600.0
"""Seconds that keys are used without asking again."""

AGAIN_AFTER = 60.0
"""Seconds after which keys are asked for again because one is missing."""

LARGEST = 256 * 1024
"""Bytes of a document."""


@dataclass
class Issuers:
    """Finds keys. Thread-safe enough: two at once ask twice."""

    fetch: Fetch
    clock: Clock
    _kept: dict[str, tuple[float, dict[str, Any]]] = field(default_factory=dict)

    def keys(self, issuer: str, wanted: str) -> dict[str, Any]:
        """The keys of an issuer, as a JWK set. ``wanted`` is the id of the key that is needed. Raises ``WrongInput``."""
        now = self.clock.monotonic()
        at, found = self._kept.get(issuer, (float("-inf"), {"keys": []}))
        known = any(one.get("kid") == wanted for one in found["keys"])
        if now - at < (KEPT_FOR if known else AGAIN_AFTER):
            return found
        about = self._document(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        address = str(about.get("jwks_uri", ""))
        if about.get("issuer") != issuer or not address.startswith("https://"):
            raise WrongInput("The issuer does not say where its keys are.", next_step="Give its keys as a file.")
        listed = self._document(address).get("keys")
        fresh = {"keys": [one for one in listed if _usable(one)] if isinstance(listed, list) else []}
        self._kept[issuer] = (now, fresh)
        return fresh

    def _document(self, url: str) -> dict[str, Any]:
        with tempfile.TemporaryDirectory(prefix="greenlane-issuer-") as folder:
            file = Path(folder) / "document"
            self.fetch(url, file)
            if file.stat().st_size > LARGEST:
                raise WrongInput("What the issuer sent is too large.", next_step="Give its keys as a file.")
            try:
                found = json.loads(file.read_bytes())
            except ValueError as error:
                raise WrongInput("What the issuer sent is no JSON.", next_step="Give its keys as a file.") from error
        return found if isinstance(found, dict) else {}


def _usable(key: Any) -> bool:
    """Whether a key is one of those that are taken here; an issuer may have others too."""
    try:
        checked(key)
    except GreenlaneError:
        return False
    return True
