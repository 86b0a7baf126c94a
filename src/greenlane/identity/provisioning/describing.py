"""What of a directory's description matters here: what somebody is called, and their mail address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from greenlane.govern.errors import WrongInput
from greenlane.identity import names

LONGEST = 100
"""Letters of a person's name."""


def name_of(described: Mapping[str, Any]) -> str:
    """What others see: the display name, the formatted one, first and last, or else the user name."""
    name = described.get("name") or {}
    parts = " ".join(str(name[part]) for part in ("givenName", "familyName") if name.get(part))
    for said in (described.get("displayName"), name.get("formatted"), parts, described.get("userName")):
        clean = "".join(letter for letter in str(said or "") if names.readable(letter)).strip()
        if clean:
            return clean[:LONGEST].strip()
    raise WrongInput("This person has no name.", next_step="Send a userName or a displayName.")


def email_of(described: Mapping[str, Any]) -> str:
    """The primary mail address, else that for work, else the first, else a user name that looks like one; or nothing."""
    listed = [one for one in described.get("emails") or () if isinstance(one, Mapping) and one.get("value")]
    listed.sort(key=lambda one: (not one.get("primary"), str(one.get("type", "")).lower() != "work"))
    for said in (*(str(one["value"]) for one in listed), str(described.get("userName") or "")):
        try:
            names.check_email(said)
        except WrongInput:
            continue
        if said:
            return said.lower()
    return ""
