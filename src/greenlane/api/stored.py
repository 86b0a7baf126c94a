"""What an app stores, over HTTP: how much, and which snapshots there are of it. Never the data itself."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from greenlane.api.house import HOUSE, READER
from greenlane.api.reads import visible
from greenlane.govern.errors import WrongInput
from greenlane.store.actions import ENVIRONMENTS

_UNSAID = ("app", "gone_at", "environment")
"""What stands around a snapshot already."""


def routes() -> APIRouter:
    """The routes about data."""
    router = APIRouter(prefix="/v1", tags=["reads"])

    @router.get("/apps/{app}/data", summary="What an app stores, how much it may, and snapshots of it")
    def data(app: str, at: HOUSE, who: READER, environment: str = "") -> dict[str, Any]:
        if environment not in ("", *ENVIRONMENTS):
            raise WrongInput(
                f"{environment!r} is no environment that stores anything.",
                next_step=f"Say one of: {', '.join(ENVIRONMENTS)}.",
                field="environment",
            )
        with at.database.read() as connection:
            visible(at, connection, who, app)
            told = at.stored.of(connection, app)
        return {
            "app": app,
            "quota": told.quota,
            "keeps": told.keeps,
            "away": told.away,
            "environments": [
                {
                    "environment": one.environment,
                    "bytes": one.bytes,
                    "full": one.full,
                    "snapshots": [
                        {name: value for name, value in asdict(each).items() if name not in _UNSAID}
                        for each in one.snapshots
                    ],
                }
                for one in told.places
                if environment in ("", one.environment)
            ],
        }

    return router
