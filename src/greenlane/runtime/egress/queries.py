"""What is known of what apps called outside."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from greenlane.runtime.egress.tables import EGRESS_USE


@dataclass(frozen=True, slots=True)
class Used:
    """A host that an app's code, or a build of it, called or tried to call. ``sent`` and ``received`` are bytes, ``last``
    is a minute in UTC, ``why`` the code of a refusal.
    """

    host: str
    port: int
    environment: str
    use: str
    outcome: str
    why: str
    times: int
    sent: int
    received: int
    last: str

    @property
    def place(self) -> str:
        """The host, with its port where that is not the usual one."""
        return self.host if self.port in (443, 0) else f"{self.host}:{self.port}"


def used(connection: Connection, app: str, since: str = "") -> list[Used]:
    """What an app called since that day (such as ``2026-10-01``; everything when it is empty), the latest first."""
    use = EGRESS_USE.c
    key = (use.host, use.port, use.environment, use.use, use.outcome, use.why)
    counted = (
        func.sum(use.times).label("times"),
        func.sum(use.sent).label("sent"),
        func.sum(use.received).label("received"),
        func.max(use.last).label("last"),
    )
    rows = connection.execute(
        select(*key, *counted)
        .where(use.app == app, use.day >= since)
        .group_by(*key)
        .order_by(func.max(use.last).desc(), use.host, use.port, use.environment, use.use, use.outcome, use.why)
    )
    return [
        Used(
            row.host,
            row.port,
            row.environment,
            row.use,
            row.outcome,
            row.why,
            int(row.times),
            int(row.sent),
            int(row.received),
            row.last,
        )
        for row in rows
    ]
