"""Where packages come from: the registries that a build may reach, as the installation or the machine is set up.

No registry stands in this program. What the settings leave open is asked of the machine's own clients: npm for the npm
registry, pip for the index of Python packages. Both are asked once, when the builder starts.
"""

from __future__ import annotations

import os
import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from greenlane.kit.errors import GreenlaneError

_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
_ASKED_WITHIN = 20.0
_PORTS = {"https": 443, "http": 80}
_LINK = re.compile(r"""href\s*=\s*["']?(https?://[^"'\s>#]+)""", re.IGNORECASE)
_ALWAYS_THERE = "pip"
"""A project that every index of Python packages has: its page tells on which host the files lie."""

Place = tuple[str, int]
"""A host and a port."""


class NoRegistry(GreenlaneError):
    """A registry is not known, or does not answer."""

    code = "no-registry"


@dataclass(frozen=True, slots=True)
class Registries:
    """``npm`` and ``python`` are addresses without a slash at the end, empty where there is none; ``places`` is every
    host and port that installing may need; ``authorities`` is the file of certificates that they are trusted by.
    """

    npm: str
    python: str
    places: frozenset[Place]
    authorities: Path | None = None

    @property
    def context(self) -> ssl.SSLContext:
        """How the platform itself trusts them."""
        return ssl.create_default_context(cafile=None if self.authorities is None else str(self.authorities))


def find(npm: str = "", python: str = "", authorities: Path | None = None, more: tuple[str, ...] = ()) -> Registries:
    """The registries in force. What is empty is asked of this machine's clients. ``more`` are further `host:port` that
    packages may lie on.
    """
    trusted = authorities or _bundle(os.environ)
    npm, python = (npm or npm_of_machine()).rstrip("/"), (python or python_of_machine()).rstrip("/")
    places = {place_of(one) for one in (npm, python) if one}
    if python:
        places |= _file_hosts(python, trusted)
    for one in more:
        host, _, port = one.partition(":")
        places.add((host.lower(), int(port or 443)))
    return Registries(npm, python, frozenset(places), trusted)


def place_of(address: str) -> Place:
    """Host and port of an address. Raises ``NoRegistry`` for what is none."""
    parts = urlsplit(address)
    try:
        port = parts.port or _PORTS[parts.scheme]
    except (KeyError, ValueError):
        port = 0
    if not parts.hostname or not port:
        raise NoRegistry(
            "A registry's address cannot be used.",
            next_step="Set npm_registry and python_index to addresses that begin with https://.",
            detail=address,
        )
    return parts.hostname.lower(), port


def npm_of_machine(run: Callable[..., str] | None = None) -> str:
    """What npm on this machine is set up with; empty where there is no npm."""
    if shutil.which("npm") is None:
        return ""
    said = (run or _said)(["npm", "config", "get", "registry"])
    return next((line for line in said.splitlines() if line.startswith("http")), "")


def python_of_machine(run: Callable[..., str] | None = None) -> str:
    """What pip beside this interpreter is set up with, which its help tells; empty where there is no pip."""
    said = (run or _said)([sys.executable, "-m", "pip", "install", "--help"])
    found = re.search(r"--index-url <url>.*?\(default\s+(https?://[^\s)]+)\)", said, re.DOTALL)
    return found[1] if found else ""


def _said(command: list[str]) -> str:
    try:
        answer = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_ASKED_WITHIN)
    except (OSError, subprocess.TimeoutExpired):
        return ""  # a client that cannot be asked is one that is not set up
    return answer.stdout


def _bundle(environment: Mapping[str, str]) -> Path | None:
    named = (environment.get("SSL_CERT_FILE", ""), *_BUNDLES)
    return next((Path(one) for one in named if one and Path(one).is_file()), None)


def _file_hosts(index: str, authorities: Path | None) -> set[Place]:
    """Where an index keeps its files, which may be another host: asked of one project's page, none when it is away."""
    context = ssl.create_default_context(cafile=None if authorities is None else str(authorities))
    try:
        page = httpx2.get(f"{index}/{_ALWAYS_THERE}/", verify=context, timeout=_ASKED_WITHIN, follow_redirects=True)
    except httpx2.HTTPError:
        return set()
    return {place_of(link) for link in _LINK.findall(page.text)}
