"""Who may read what: the same table of roles, asked without an action."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from greenlane.govern.actor import Actor
from greenlane.govern.errors import NotFound
from greenlane.identity import queries, roles
from greenlane.identity.delegation.bounds import Wish
from greenlane.identity.delegation.standing import standing


def may(
    connection: Connection,
    actor: Actor,
    right: str,
    subject: str,
    team_of_app: queries.TeamOfApp,
    now: datetime | None = None,
) -> bool:
    """Whether an actor has a reading right (``read-receipts``, ``export-ledger``, ...) on a subject, with what they
    came with. What does not exist may not be read, which tells nobody that it does not exist. Without ``now`` a grant's
    time is not looked at: it was when the actor came in.
    """
    if actor.person is None or queries.state_of(connection, actor.person) != "active":
        return False
    came_with = None if actor.credential is None else queries.credential(connection, actor.credential)
    if came_with is not None and not (came_with.live and roles.within_scopes(right, came_with.scopes)):
        return False
    if actor.kind == "agent":
        kind, _, name = subject.partition(":")
        if standing(connection, actor, now).lacks(Wish(right, name if kind == "app" else "")):
            return False
    try:
        around = queries.scopes_around(connection, subject, team_of_app)
    except NotFound:
        return False
    held = queries.held(connection, actor.person, now)
    counting = held if roles.VERBS[right].anywhere else queries.counting(held, around)
    return any(one.may(right) for one in counting)
