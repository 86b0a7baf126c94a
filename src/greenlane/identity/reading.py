"""Who may read what: the same table of roles, asked without an action."""

from __future__ import annotations

from sqlalchemy import Connection

from greenlane.govern.actor import Actor
from greenlane.govern.errors import NotFound
from greenlane.identity import queries, roles


def may(connection: Connection, actor: Actor, right: str, subject: str, team_of_app: queries.TeamOfApp) -> bool:
    """Whether an actor has a reading right (``read-receipts``, ``export-ledger``, ...) on a subject, with what they
    came with. What does not exist may not be read, which tells nobody that it does not exist.
    """
    if actor.person is None or queries.state_of(connection, actor.person) != "active":
        return False
    came_with = None if actor.credential is None else queries.credential(connection, actor.credential)
    if came_with is not None and not (came_with.live and roles.within_scopes(right, came_with.scopes)):
        return False
    try:
        around = queries.scopes_around(connection, subject, team_of_app)
    except NotFound:
        return False
    anywhere = roles.VERBS[right].anywhere
    counting = (one for one in queries.held(connection, actor.person) if anywhere or one.scope in around)
    return any(roles.may(one.role, right) for one in counting)
