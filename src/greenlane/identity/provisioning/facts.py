"""What a directory may do: what it brought, with a token that lives, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from greenlane.govern.actor import Actor
from greenlane.identity import queries as identity
from greenlane.identity import roles
from greenlane.identity.groups.tables import DIRECTORY_GROUP
from greenlane.identity.provisioning import queries
from greenlane.identity.provisioning.queries import Came
from greenlane.identity.provisioning.tables import DIRECTORY_AGENT

_ELSEWHERE = "it concerns nobody that this directory brought"


def rights(connection: Connection, actor: Actor, verb: str, action: Any, now: datetime) -> Mapping[str, Any]:
    """Whether a directory may do this. It goes on when whoever made its token leaves: the token is the company's."""
    came = None if actor.credential is None else queries.came_with(connection, actor.credential, now)
    if came is None or came.actor != actor:
        missing: str | None = "the directory's token has ended"
    elif verb not in roles.BY_A_DIRECTORY:
        missing = f"{verb} is for people, never for a directory"
    else:
        missing = None if _is_its_own(connection, came, action) else _ELSEWHERE
    last = verb in {"suspend-person", "release-person"} and missing is None
    return {
        "may": missing is None,
        "may_why": missing or "it is what a directory does",
        "last_owner": last and identity.active_owners(connection) == {action.person},
    }


def _is_its_own(connection: Connection, came: Came, action: Any) -> bool:
    if (person := getattr(action, "person", None)) is not None:
        return queries.directory_of(connection, person) == came.directory
    if (group := getattr(action, "group", None)) is not None:
        its = select(DIRECTORY_GROUP.c.source).where(DIRECTORY_GROUP.c.id == group)
        return connection.execute(its).scalar_one_or_none() == came.directory
    if (agent := getattr(action, "agent", None)) is not None:
        its = select(DIRECTORY_AGENT.c.directory).where(DIRECTORY_AGENT.c.id == agent)
        return connection.execute(its).scalar_one_or_none() == came.directory
    return bool(action.directory == came.directory)
