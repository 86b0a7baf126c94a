"""Five sign-in providers that are not ours, each as a company runs it: how it is set up here, and what it cannot do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tests.identity.peers import canaille, glewlwyd, lemonldap, oidc_provider, simplesamlphp
from tests.identity.peers.browser import Scripted

from greenlane.identity.saml.parties import ServiceProvider

NAMES = ("oidc-provider", "canaille", "glewlwyd", "simplesamlphp", "lemonldap")
HERE, OTHER = "peer", "other"
"""What we call the provider; and a second service at the same provider, which has nothing to do with the first."""

LOOPBACK = ("127.0.0.0/8",)


class Signs(Protocol):
    """A provider that signs what it says."""

    def changes_keys(self) -> None: ...


def nothing(_client: object, _url: str, _typed: Mapping[str, str]) -> str:
    """What a provider's scripts do that has none which matter."""
    return ""


@dataclass(frozen=True)
class Company:
    """A company whose provider runs, and one of its people, Ada."""

    name: str
    kind: str
    peer: Signs
    typed: Mapping[str, str]
    email: str
    metadata: str = ""
    """SAML: where it describes itself."""
    issuer: str = ""
    secret: str = ""
    scripted: Scripted = nothing
    introduces: Callable[[str, ServiceProvider], None] = lambda _name, _service: None
    """SAML: tell the provider of us, once we have a key for it."""
    agrees: Mapping[str, str] = field(default_factory=lambda: {"confirm": "1"})
    """What somebody presses who is asked there whether they want to sign out."""
    cannot: Mapping[str, str] = field(default_factory=dict)
    """What it cannot do, by what is tried, and why."""

    def added(self, name: str = HERE) -> dict[str, Any]:
        """What an administrator types here."""
        both = {"name": name, "kind": self.kind, "creates": name == HERE, "networks": LOOPBACK}
        if self.kind == "saml":
            return {**both, "metadata": self.metadata, "id_claim": "uid"}
        client = "greenlane" if name == HERE else OTHER
        return {**both, "issuer": self.issuer, "client_id": client, "client_secret": self.secret}


@contextmanager
def running(name: str, console: str, folder: Path) -> Iterator[Company]:
    """One of ``NAMES``, set up for a console at that address."""
    with RUNS[name](console, folder) as company:
        yield company


@contextmanager
def _oidc_provider(console: str, _folder: Path) -> Iterator[Company]:
    with oidc_provider.running(console) as peer:
        secret = oidc_provider.SECRET
        typed, yes = {"who": "00u-ada"}, {"logout": "yes"}
        yield Company(
            "oidc-provider", "oidc", peer, typed, "ada@example.com", issuer=peer.issuer, secret=secret, agrees=yes
        )


@contextmanager
def _canaille(console: str, _folder: Path) -> Iterator[Company]:
    clients = {"greenlane": canaille.client(console, HERE), OTHER: canaille.client(console, OTHER)}
    with canaille.running(clients) as peer:
        typed = {"login": "ada", "password": canaille.PASSWORD}
        secret = canaille.SECRET
        yes = {"answer": "logout"}
        lasting = {"expired": "its tokens last an hour, and nobody can change that: longer than a sign-in may take"}
        yield Company(
            "canaille",
            "oidc",
            peer,
            typed,
            "ada@example.com",
            issuer=peer.issuer,
            secret=secret,
            agrees=yes,
            cannot=lasting,
        )


@contextmanager
def _glewlwyd(console: str, folder: Path) -> Iterator[Company]:
    with glewlwyd.running(folder) as peer:
        peer.knows("greenlane", console, HERE)
        peer.knows(OTHER, console, OTHER)
        yield Company(
            "glewlwyd",
            "oidc",
            peer,
            {"username": "ada", "password": glewlwyd.PASSWORD},
            "ada@example.com",
            issuer=peer.issuer,
            secret=glewlwyd.SECRET,
            scripted=glewlwyd.scripted,
            cannot={
                "step-up": "its tokens say that everybody signed in in 1970 (auth_time is 0)",
                "way back": "it signs people out and leads nobody back",
            },
        )


@contextmanager
def _simplesamlphp(_console: str, folder: Path) -> Iterator[Company]:
    with simplesamlphp.running(folder) as peer:
        yield Company(
            "simplesamlphp",
            "saml",
            peer,
            {"username": "ada", "password": "ada's password"},
            "ada@example.com",
            metadata=f"{peer.address}saml2/idp/metadata.php",
            introduces=lambda _name, service: peer.knows(service),
        )


@contextmanager
def _lemonldap(_console: str, folder: Path) -> Iterator[Company]:
    with lemonldap.running(folder) as peer:
        yield Company(
            "lemonldap",
            "saml",
            peer,
            {"user": "dwho", "password": "dwho"},
            "dwho@badwolf.org",
            metadata=f"{peer.address}saml/metadata/idp",
            introduces=peer.knows,
            cannot={"overlap": "it shows one certificate at a time"},
        )


RUNS = {
    "oidc-provider": _oidc_provider,
    "canaille": _canaille,
    "glewlwyd": _glewlwyd,
    "simplesamlphp": _simplesamlphp,
    "lemonldap": _lemonldap,
}
