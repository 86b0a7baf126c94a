"""What the gateway must know to let agents call models, in the form of its table: grants that money was lent with.

Calling models is no right of a role: everybody here may, for their own work. So money is all that such a grant lends of
it, and a grant without money lends none.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, or_, select

from greenlane.govern import call
from greenlane.govern.actor import Actor
from greenlane.identity.delegation.bounds import DEEPEST
from greenlane.identity.delegation.standing import standing
from greenlane.identity.delegation.tables import AGENT, DELEGATION
from greenlane.identity.delegation.visiting import Lent, at_work
from greenlane.kit.clock import parse, stamp


def with_money(connection: Connection, now: datetime, *, only: str | None = None) -> Lent:
    """The grants with money that stand at this moment, and every agent at work: each may be one of a chain.

    With ``only``, the id of a person: the grants that this one gave, or that an agent has for which this one answers,
    and these agents. How a grant stands depends on nobody else.
    """
    live = select(DELEGATION).where(
        DELEGATION.c.money > 0, DELEGATION.c.ended.is_(None), DELEGATION.c.expires > stamp(now)
    )
    working = at_work()
    if only is not None:
        theirs = select(AGENT.c.name).where(AGENT.c.person == only)
        live = live.where(or_(DELEGATION.c.person == only, DELEGATION.c.agent.in_(theirs)))
        working = working.where(AGENT.c.person == only)
    rows = connection.execute(live).all()
    given = call.rows_of(connection, [row.action for row in rows])
    grants = {
        row.id: {
            "process": given[row.action].process,
            "person": row.person,
            "agent": row.agent,
            "depth": min(row.depth, DEEPEST),
            "signed_in": row.signed_in,
            "expires": parse(row.expires).timestamp(),
        }
        for row in rows
        if not standing(connection, Actor("agent", row.agent, on_behalf_of=row.person, credential=row.id), now).over
    }
    return Lent(grants, {row.name: row.epoch for row in connection.execute(working)})


def lasting(connection: Connection, grants: Collection[str], now: datetime) -> frozenset[str]:
    """Those of these grants that were not ended and have not expired."""
    live = (DELEGATION.c.ended.is_(None), DELEGATION.c.expires > stamp(now))
    wanted = select(DELEGATION.c.id).where(DELEGATION.c.id.in_(grants), *live)
    return frozenset(connection.execute(wanted).scalars())
