"""Long answers and tunnels, ended when whoever they go to may not be here any more."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from greenlane.edge.endpoints import Key
from greenlane.edge.table import Host, Table
from greenlane.edge.visits import Visitor, Visits
from greenlane.kit.wire.request import Request


@dataclass(slots=True, eq=False)
class _One:
    name: str
    key: Key
    who: str
    request: Request
    task: asyncio.Task[None] | None


class Standing:
    """Everything that is being relayed. ``look`` ends what nobody may go on with: it asks as it was asked at first."""

    def __init__(self, table: Table, visits: Visits) -> None:
        self._table = table
        self._visits = visits
        self._all: set[_One] = set()
        self._used: set[Key] = set()

    @contextmanager
    def one(self, host: Host, key: Key, visitor: Visitor, request: Request) -> Iterator[None]:
        """While this lasts, it is looked at."""
        entry = _One(host.name, key, visitor.who, request, asyncio.current_task())
        self._all.add(entry)
        self._used.add(key)
        try:
            yield
        finally:
            self._all.discard(entry)

    def look(self) -> None:
        """End what is over: the visit, the lease, the audience, or the app itself."""
        for one in list(self._all):
            if one.task is not None and not self._may_go_on(one):
                one.task.cancel()

    def take_used(self) -> set[Key]:
        """What was in use since the last time, with what is at this moment."""
        used, self._used = self._used, set()
        return used | {one.key for one in self._all}

    def _may_go_on(self, one: _One) -> bool:
        host = self._table.hosts.get(one.name)
        if host is None or host.state != "live" or (host.app, host.environment) != one.key[:2]:
            return False
        visitor = self._visits.admit(host, one.request)
        return isinstance(visitor, Visitor) and visitor.who == one.who
