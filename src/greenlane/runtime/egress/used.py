"""Rows of what apps called, made from the records of a journal's batch and committed with the batch's receipt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, and_, insert, update

from greenlane.runtime.egress.tables import EGRESS_USE

_KEY = ("app", "day", "environment", "use", "host", "port", "outcome", "why")
_COUNTED = ("times", "sent", "received")


def keep(connection: Connection, records: Sequence[bytes]) -> None:
    """Rows: what these records say, on top of what is known of the same day."""
    for key, said in _together(records).items():
        named = dict(zip(_KEY, key, strict=True))
        known = and_(*(EGRESS_USE.c[name] == value for name, value in named.items()))
        counts = {name: EGRESS_USE.c[name] + said[name] for name in _COUNTED}
        latest = {"deploy": said["deploy"], "last": said["last"]}
        if not connection.execute(update(EGRESS_USE).where(known).values(**counts, **latest)).rowcount:
            connection.execute(insert(EGRESS_USE).values(**named, **said))


def _together(records: Sequence[bytes]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The records of one host on one day as one."""
    together: dict[tuple[Any, ...], dict[str, Any]] = {}
    for record in records:
        one = orjson.loads(record)
        if one.get("kind") != "egress":
            continue
        one["day"] = one["minute"][:10]
        said = together.setdefault(tuple(one[name] for name in _KEY), dict.fromkeys(_COUNTED, 0))
        for name in _COUNTED:
            said[name] += one[name]
        said["deploy"], said["last"] = one["deploy"], one["minute"]
    return together
