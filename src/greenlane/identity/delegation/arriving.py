"""Who a token of ours stands for at this moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from greenlane.govern.actor import Actor
from greenlane.govern.errors import SignInNeeded
from greenlane.identity.delegation.bounds import Bound, apps_left, scopes_left
from greenlane.identity.delegation.issuing import Claims
from greenlane.identity.delegation.standing import Standing, standing
from greenlane.identity.delegation.tables import DELEGATION
from greenlane.identity.federation.tables import TRUSTED_WORKLOAD


@dataclass(frozen=True, slots=True)
class Arrived:
    """An agent that was let in, with what it may be used for. ``apps`` is None where all of its person's are meant."""

    actor: Actor
    scopes: tuple[str, ...]
    apps: frozenset[str] | None
    bounds: tuple[Bound, ...]


def arrived(connection: Connection, claims: Claims, now: datetime) -> Arrived:
    """Who comes with a token that says this. Raises ``SignInNeeded`` where what it stands on is over."""
    actor = acting(connection, claims)
    found = standing(connection, actor, now)
    must_stand(found, claims)
    return Arrived(actor, scopes_left(found.bounds), apps_left(found.bounds), found.bounds)


def acting(connection: Connection, claims: Claims) -> Actor:
    """The actor of a token, as receipts name it."""
    names = [name for name, _ in claims.agents]
    return Actor(
        "agent",
        names[-1],
        on_behalf_of=claims.person,
        credential=claims.grant,
        through=tuple(names[:-1]),
        signed_in=given_with(connection, claims.grant),
        scopes=claims.scopes,
    )


def given_with(connection: Connection, grant: str) -> str | None:
    """The session or token with which a person gave a grant or made a trust rule."""
    table = TRUSTED_WORKLOAD if grant.startswith("wkl_") else DELEGATION
    found: str | None = connection.execute(select(table.c.signed_in).where(table.c.id == grant)).scalar_one_or_none()
    return found


def must_stand(found: Standing, claims: Claims) -> None:
    """Raises ``SignInNeeded`` where a chain is over, or a key was replaced since the token was made."""
    over = found.over or ("the agent has another key now" if found.epochs != _epochs(claims) else "")
    if over:
        raise SignInNeeded(
            f"This token opens nothing any more: {over}.",
            next_step="Ask your person for a new grant, or exchange anew.",
        )


def _epochs(claims: Claims) -> tuple[int, ...]:
    return tuple(epoch for _, epoch in claims.agents)
