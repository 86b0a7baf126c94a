"""What an administrator copies from here into the provider."""

from __future__ import annotations

from collections.abc import Sequence


def to_copy(console: str, name: str, kind: str) -> Sequence[tuple[str, str]]:
    """Each value with what it is called, for a provider of a name that is added or to be added."""
    here = f"{console}/sso/{kind}/{name}"
    if kind == "saml":
        return (
            ("Entity id (audience)", f"{here}/metadata"),
            ("Reply address (ACS, by POST)", f"{here}/acs"),
            ("Logout address (SLO)", f"{here}/slo"),
            ("Metadata, with all of these", f"{here}/metadata"),
        )
    return (
        ("Redirect address (callback)", f"{here}/callback"),
        ("Sign-out redirect address (post-logout)", f"{console}/signed-out"),
        ("Back-channel logout address", f"{here}/logout"),
        ("Sign-in address, for a tile of its own", f"{here}/begin"),
    )
