"""Writing the rows of calls, many at once: a busy gateway ends ten thousand calls a second."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import Connection, Insert, Update, bindparam, func, insert, update

from greenlane.gateway.prepared import Prepared
from greenlane.gateway.tables import CALL

_NAMES = (*(one.name for one in CALL.columns if one.name not in ("corrected", "budgets")),)
_CHANGED = (
    "state",
    "pico",
    "micro_cents",
    "read",
    "written",
    "ms",
    "first_ms",
    "outcome",
    "status",
    "ended",
    "ended_in",
)
"""What the end of a call changes; and who served it, where its end says that."""

_of = itemgetter(*_NAMES)
_of_end = itemgetter(*_CHANGED)


def _putting(_dialect: str) -> Insert:
    return insert(CALL).values({name: bindparam(f"new_{name}") for name in (*_NAMES, "budgets")})


def _ending(_dialect: str) -> Update:
    served = {
        name: func.coalesce(bindparam(f"new_{name}", type_=CALL.c[name].type), CALL.c[name])
        for name in ("provider", "model")
    }
    plain: dict[str, Any] = {name: bindparam(f"new_{name}") for name in _CHANGED}
    return update(CALL).where(CALL.c.id == bindparam("of")).values({**plain, **served})


_PUT = Prepared(_putting, [f"new_{name}" for name in (*_NAMES, "budgets")])
_END = Prepared(_ending, [*(f"new_{name}" for name in (*_CHANGED, "provider", "model")), "of"])


def put(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write new rows. What is left of a call's records is JSON as text in them."""
    _PUT.run(connection, [(*_of(row), orjson.dumps(row["budgets"]).decode()) for row in rows])


def end(connection: Connection, ends: Mapping[str, Mapping[str, Any]]) -> None:
    """Write what the ends of these calls say, by the calls' ids."""
    values = [(*_of_end(row), row.get("provider"), row.get("model"), id) for id, row in ends.items()]
    _END.run(connection, values)
