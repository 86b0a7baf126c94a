"""What risk must know about a variable: whether it is a new one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from greenlane.govern.actor import Actor
from greenlane.secrets import queries
from greenlane.secrets.actions import PutVariable


def variable_facts(connection: Connection, actor: Actor, action: PutVariable) -> Mapping[str, Any]:
    """A name that the environment did not have before is a new secret; a new value of an old name is not."""
    before = {one.name for one in queries.names(connection, action.app, action.environment)}
    return {"new_secrets": () if action.name in before else (action.name,)}
