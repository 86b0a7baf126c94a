"""What of a directory's description matters here: names, a person's mail address, and who answers for an agent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from greenlane.govern.errors import WrongInput
from greenlane.identity import names
from greenlane.identity.provisioning import queries

_NOT_IN_NAMES = re.compile(r"[^a-z0-9.-]+")

LONGEST_AGENT = 40
"""Letters of an agent's name."""

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


def agent_name_of(name: str, id: str) -> str:
    """What an agent is registered as: its name in small letters, with hyphens for what no agent's name can have; its id
    (``agt_…``) where nothing of the name is left.
    """
    plain = _NOT_IN_NAMES.sub("-", name.lower()).strip("-.")[:LONGEST_AGENT].strip("-.")
    return plain or id.replace("_", "-")


def owner_of(connection: Connection, directory: str, described: Mapping[str, Any]) -> str | None:
    """The id of the first person that an agent's description names as its owner and that this directory brought: by the id
    that it was told here, by its own immutable id, or by the user name. None where there is none.
    """
    for one in described.get("owners") or ():
        value = str(one.get("value") or "") if isinstance(one, Mapping) else ""
        if not value or str(one.get("type") or "User").lower() != "user":
            continue
        if queries.directory_of(connection, value) == directory:
            return value
        for said in ({"external_id": value}, {"user_name": value}):
            if (person := queries.known_as(connection, directory, **said)) is not None:
                return person
    return None


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
