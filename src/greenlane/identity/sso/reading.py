"""What a provider's claims say about a person, in our own words."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from greenlane.identity import names
from greenlane.identity.oidc.refusals import OidcRefused
from greenlane.identity.sso.providers import IdentityProvider
from greenlane.kit.errors import GreenlaneError

MOST_GROUPS = 1_000
"""Groups of one person that are read."""

LONGEST_ID = 500
"""Letters of an id at a provider."""


def external_id(provider: IdentityProvider, claims: Mapping[str, Any]) -> str:
    """The id that never changes. Raises ``OidcRefused`` where it is missing."""
    found = claims.get(provider.id_claim)
    text = str(found) if isinstance(found, (str, int)) and not isinstance(found, bool) else ""
    if not text or len(text) > LONGEST_ID or text != text.strip():
        raise OidcRefused("subject-missing", provider.id_claim)
    return text


def check_required(provider: IdentityProvider, claims: Mapping[str, Any]) -> None:
    """Raises ``OidcRefused`` where a claim has not the value that it must have."""
    for name, wanted in provider.required:
        found = claims.get(name)
        said = [str(one).lower() for one in found] if isinstance(found, (list, tuple)) else [str(found).lower()]
        if name not in claims or wanted.lower() not in said:
            raise OidcRefused("claim-missing", name)


def display_name(claims: Mapping[str, Any], otherwise: str) -> str:
    """A name as others may read it; never empty."""
    both = " ".join(str(claims.get(one, "")) for one in ("given_name", "family_name"))
    for said in (claims.get("name"), both, claims.get("preferred_username"), claims.get("email"), otherwise):
        text = "".join(one for one in str(said or "") if names.readable(one)).strip()[:100]
        if text:
            return text
    return "Somebody new"


def email(claims: Mapping[str, Any]) -> str:
    """A mail address for messages, or nothing. It links nobody to anybody."""
    said = str(claims.get("email") or "")
    try:
        names.check_email(said)
    except GreenlaneError:
        return ""
    return said


def groups(provider: IdentityProvider, claims: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The groups that the provider names; None where it is not asked for them or says nothing."""
    if not provider.groups or provider.groups not in claims:
        return None
    found = claims[provider.groups]
    said: Sequence[Any] = [found] if isinstance(found, str) else found if isinstance(found, (list, tuple)) else []
    return tuple(dict.fromkeys(one for one in said[:MOST_GROUPS] if isinstance(one, str) and one))


def message(provider: str, text: str) -> str:
    """The digest by which a provider's message is known: of its id, and of whose it is."""
    return "sha256:" + hashlib.sha256(f"{provider}\n{text}".encode()).hexdigest()
