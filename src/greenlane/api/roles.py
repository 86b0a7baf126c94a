"""The queries about roles: which there are, and what a change of one would do."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query

from greenlane.api.house import HOUSE, READER
from greenlane.api.ledger import must
from greenlane.identity import roles as table
from greenlane.identity.custom_roles import queries, rights, trial
from greenlane.insights import standing

Rights = Annotated[
    tuple[str, ...], Query(alias="rights", description="all that it would allow; none: what deleting it would do")
]


def routes() -> APIRouter:
    """The routes that only read."""
    router = APIRouter(prefix="/v1", tags=["roles"])

    @router.get("/roles", summary="Roles with what each allows, those of the organisation's own behind them")
    def listed(at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            own = queries.custom_roles(connection)
        items = [_role(one, "", table.ALLOWED[one]) for one in table.ROLES]
        return {"items": [*items, *(_role(one.name, one.says, one.rights, own=True) for one in own)], "next": None}

    @router.get("/roles/try", summary="Who would gain and lose what if a role allowed this; changes nothing")
    def tried(at: HOUSE, who: READER, role: str, given: Rights = ()) -> dict[str, Any]:
        with at.database.read() as connection:
            must(at, connection, who, "read-people", "organisation")
            found = trial.if_changed(connection, role, rights.read(given))
            words = standing.scope_words(connection, [one.scope for one in found.touched])
        touched = [{**asdict(one), "scope": words[one.scope]} for one in found.touched]
        return {**asdict(found), "touched": touched}

    return router


def _role(name: str, says: str, allowed: frozenset[table.Right], *, own: bool = False) -> dict[str, Any]:
    return {"role": name, "says": says, "own": own, "rights": rights.write(allowed)}
