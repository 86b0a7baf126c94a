"""oidc-provider, a certified OpenID Connect provider of the npm registry, on a loopback port of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
from tests.identity.peers.npm import installed

CLIENT, SECRET = "greenlane", "a-secret-that-only-the-tests-know"
"""What it knows us by. A second service has the client id ``other`` and the same secret."""

PEOPLE: Mapping[str, Mapping[str, Any]] = {
    "00u-ada": {"name": "Ada Lovelace", "email": "ada@example.com", "groups": ["sales", "leads"]},
    "00u-ben": {"name": "Ben Okafor", "email": "ben@example.com", "groups": ["sales"]},
}
"""Who works at the company, by the id that never changes."""


@dataclass(frozen=True)
class Peer:
    """The provider as it runs."""

    issuer: str

    def changes_keys(self) -> None:
        """Sign with another key from now on; the one before is shown still."""
        assert httpx2.post(f"{self.issuer}/keys").is_success


@contextmanager
def running(console: str, name: str = "peer", **client: Any) -> Iterator[Peer]:
    """The provider, set up for a Greenlane whose console is at that address, until the end."""
    folder = installed("oidc-provider")
    here = f"{console}/sso/oidc/{name}"
    registered = {
        "client_id": CLIENT,
        "client_secret": SECRET,
        "redirect_uris": [f"{here}/callback"],
        "post_logout_redirect_uris": [f"{console}/signed-out"],
        "backchannel_logout_uri": f"{here}/logout",
        "backchannel_logout_session_required": True,
        **client,
    }
    other = {"client_id": "other", "client_secret": SECRET, "redirect_uris": [f"{console}/sso/oidc/other/callback"]}
    told = json.dumps({"clients": [registered, other], "people": PEOPLE})
    process = subprocess.Popen(
        ["node", "provider.mjs", told],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={"PATH": os.environ["PATH"], "NODE_ENV": "test"},
    )
    try:
        assert process.stdout is not None
        issuer = next((line.strip() for line in process.stdout if line.startswith("http://")), "")
        assert issuer, f"oidc-provider did not start: node ended with {process.wait(10)}"
        yield Peer(issuer)
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()
