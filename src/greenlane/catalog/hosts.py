"""Names of hosts outside the platform: what pages may call, and domains that people bring along."""

from __future__ import annotations

import re

from greenlane.govern.errors import WrongInput

SERVER = "server"
"""The purpose of a host that the app's own code may call, where it runs; every other is about its pages."""

PURPOSES = ("connect", "script", "style", "img", "font", "media", "frame", "form", SERVER)
"""What a host can be declared for."""

ENVIRONMENTS = ("", "production", "staging", "preview")
"""Where a host can be declared; empty is everywhere."""

USUAL_PORTS = frozenset({443, 80})
"""Where a host is reached that was declared without a port."""

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def clean(host: str) -> str:
    """A host name in the one form in which it is kept: small letters, IDNA where it has others (RFC 5890), no dot at
    the end. A ``*.`` in front stands for every host below. Raises ``WrongInput`` for anything else.
    """
    name, _, port = host.strip().rstrip(".").partition(":")
    star = "*." if name.startswith("*.") else ""
    bare = _ascii(name.removeprefix("*."))
    labels = bare.split(".")
    well_formed = len(bare) <= 253 and len(labels) >= 2 and all(_LABEL.fullmatch(label) for label in labels)
    if not well_formed or labels[-1].isdigit() or (port and not (port.isdigit() and 0 < int(port) < 65536)):
        raise WrongInput(f"{host!r} is not a host name.", next_step="Give it alone, such as api.example.com.")
    return f"{star}{bare}:{int(port)}" if port else star + bare


def clean_domain(domain: str) -> str:
    """A domain that somebody brings along: a host name without ``*.`` and port. Raises ``WrongInput``."""
    cleaned = clean(domain)
    if "*" in cleaned or ":" in cleaned:
        raise WrongInput(f"{domain!r} is not one domain.", next_step="Give one name, such as board.example.com.")
    return cleaned


def covers(declared: str, host: str, port: int) -> bool:
    """Whether a declared host (as ``clean`` writes it) lets code reach that host at that port."""
    name, _, own = declared.partition(":")
    if port not in ({int(own)} if own else USUAL_PORTS):
        return False
    return host.endswith(name[1:]) if name.startswith("*.") else host == name


def within(host: str, domain: str) -> bool:
    """Whether a host is a domain or lies below it."""
    return host == domain or host.endswith(f".{domain}")


def check_purposes(purposes: tuple[str, ...]) -> None:
    """Raises ``WrongInput`` for a purpose that there is not."""
    unknown = [one for one in purposes if one not in PURPOSES]
    if unknown or not purposes:
        raise WrongInput(
            f"A host cannot be declared for {unknown[0]!r}." if unknown else "A host is declared for something.",
            next_step=f"Choose from: {', '.join(PURPOSES)}.",
        )


def _ascii(name: str) -> str:
    try:
        return name.encode("idna").decode().lower()
    except UnicodeError:
        return ""
