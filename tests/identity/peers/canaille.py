"""Canaille, an OpenID Connect provider that also pushes its people by SCIM, in an environment of its own."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

HERE = Path(__file__).parent / "canaille"
HOME = Path(__file__).parents[3] / ".cache" / "identity-canaille"
UV = Path(sys.executable).parent / "uv"
SECRET = "a-secret-that-only-the-tests-know"
PASSWORD = "known to the company alone"
PEOPLE: Mapping[str, Mapping[str, Any]] = {
    "ada": {"given_name": "Ada", "family_name": "Lovelace", "emails": ["ada@example.com"]},
    "ben": {"given_name": "Ben", "family_name": "Okafor", "emails": ["ben@example.com"]},
}
"""Who works there. Its directory takes no names of domains that only tests have."""


@dataclass(frozen=True)
class Canaille:
    """It runs."""

    issuer: str

    def does(self, what: str, **said: Any) -> None:
        """What its administrator does: ``save_person``, ``save_group``, ``delete_person``, ``delete_group``."""
        answer = httpx2.post(f"{self.issuer}/hand", json={"does": what, **said}, timeout=60)
        assert answer.is_success, answer.text

    def changes_keys(self) -> None:
        """Sign with another key from now on; the one before is shown still."""
        self.does("change_keys")


def client(console: str, name: str, scim_token: str = "", **more: Any) -> dict[str, Any]:
    """What it knows of us. With a token it pushes people and groups to our directory's address."""
    return {
        "uri": f"{console}/scim/v2",
        "redirect_uris": [f"{console}/sso/oidc/{name}/callback"],
        "post_logout_redirect_uris": [f"{console}/signed-out"],
        "scim_token": scim_token,
        **more,
    }


@contextmanager
def running(
    clients: Mapping[str, Mapping[str, Any]], people: Mapping[str, Mapping[str, Any]] = PEOPLE
) -> Iterator[Canaille]:
    """One that knows these services and people, on a loopback port of its own, ended by its id."""
    told = json.dumps({"clients": clients, "people": people, "secret": SECRET, "password": PASSWORD})
    with tempfile.TemporaryDirectory(prefix="canaille-") as folder, (Path(folder) / "log").open("w") as log:
        typed = [installed(), HERE / "serve.py", told, folder]
        process = subprocess.Popen(typed, stdout=subprocess.PIPE, stderr=log, text=True, cwd=folder)
        try:
            assert process.stdout is not None
            issuer = next((line.strip() for line in process.stdout if line.startswith("http://")), "")
            assert issuer, f"Canaille did not start: {(Path(folder) / 'log').read_text()}"
            yield Canaille(issuer)
        finally:
            process.terminate()
            process.wait(10)
            if process.stdout is not None:
                process.stdout.close()


def installed() -> Path:
    """The Python of its environment, which holds exactly what the lock names."""
    HOME.mkdir(parents=True, exist_ok=True)
    lock, stamp, python = HERE / "requirements.lock", HOME / "installed", HOME / "bin" / "python"
    with HOME.with_suffix(".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_bytes() != lock.read_bytes():
            subprocess.run([UV, "venv", "--quiet", "--clear", "--python", sys.executable, HOME], check=True)
            subprocess.run(
                [UV, "pip", "sync", "--quiet", "--python", python, "--require-hashes", lock],
                check=True,
                capture_output=True,
            )
            stamp.write_bytes(lock.read_bytes())
    return python
