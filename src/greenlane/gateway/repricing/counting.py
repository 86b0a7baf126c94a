"""What calls cost at the prices that are set now, beside what they were charged at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from greenlane.gateway import accounts, queries, tables
from greenlane.gateway.prices.table import Override, Priced, Table
from greenlane.gateway.queries.calls import Filter, meant
from greenlane.gateway.usage import Usage
from greenlane.govern.errors import WrongInput
from greenlane.kit.clock import parse
from greenlane.kit.database import Database

AT_ONCE = 1_000
"""Calls that are read at once, and whose corrections share a receipt."""
MOST = 200_000
"""Calls that one action looks at."""

_C = tables.CALL.c
_READ = (_C.id, _C.at, _C.app, _C.environment, _C.person, _C.provider, _C.model, _C.pico, _C.ended, _C.corrected)


@dataclass(frozen=True, slots=True)
class Correction:
    """A call that costs something else at the prices of now. ``was`` is what it counts as, ``first`` what it was charged
    at, both in pico-dollars; ``account`` is whom it was made for.
    """

    call: str
    account: str
    first: int
    was: int
    priced: Priced


@dataclass(slots=True)
class Line:
    """An account's calls that cost something else: how many, what they count as, and what they would cost."""

    account: str
    calls: int = 0
    was: int = 0
    now: int = 0


@dataclass(slots=True)
class Recount:
    """What counting anew comes to. ``left`` are calls that stay as they are because nobody knows better: no price is known
    for them, or the provider never said what they used.
    """

    calls: int = 0
    changed: int = 0
    left: int = 0
    was: int = 0
    now: int = 0
    lines: dict[str, Line] = field(default_factory=dict)

    def count(self, corrections: Iterable[Correction]) -> None:
        """Take these in."""
        for one in corrections:
            self.changed += 1
            self.was += one.was
            self.now += one.priced.pico
            line = self.lines.setdefault(one.account, Line(one.account))
            line.calls += 1
            line.was += one.was
            line.now += one.priced.pico


@dataclass(frozen=True, slots=True)
class Pricing:
    """The prices that are set now, whenever a call was. A list that dates its prices is believed about the day of the call."""

    table: Table
    own: frozenset[tuple[str, str]]
    listed: Mapping[str, str]

    @classmethod
    def of(cls, connection: Connection, prices: Table) -> Pricing:
        """The list, under the prices that administrators set."""
        own = queries.prices(connection)
        table = prices.overriding(Override(one.provider, one.model, one.prices, date.min) for one in own)
        listed = {one.name: one.prices or one.name for one in queries.providers(connection)}
        return cls(table, frozenset((one.provider, one.model.lower()) for one in own), listed)

    def price(self, provider: str, model: str, usage: Usage, at: datetime, speed: Mapping[str, str]) -> Priced | None:
        """What a usage costs; None without a price."""
        name = provider if (provider, model.lower()) in self.own else self.listed.get(provider, provider)
        return self.table.price(name, model, usage, at, speed)


def chosen(since: str, until: str, provider: str, model: str) -> Filter:
    """The calls that are meant."""
    return Filter(since=since, until=until, provider=provider, model=model, state="settled")


def recounted(database: Database, prices: Table, which: Filter, found: Recount) -> Iterator[list[Correction]]:
    """The calls that cost something else, page by page, the oldest first; ``found`` is told of all that were looked at.

    Raises ``WrongInput`` once there are more than ``MOST``.
    """
    with database.read() as connection:
        pricing = Pricing.of(connection, prices)
    last: tuple[str, str] | None = None
    while True:
        with database.read() as connection:
            rows = _page(connection, which, last)
        if not rows:
            return
        last = (rows[-1].at, rows[-1].id)
        found.calls += len(rows)
        if found.calls > MOST:
            raise WrongInput(
                f"These are more than {MOST:,} calls.",
                next_step="Name fewer days, a provider or a model, and go on with the next ones after that.",
                field="until",
            )
        corrections = list(_corrections(rows, pricing, found))
        found.count(corrections)
        if corrections:
            yield corrections


def _page(connection: Connection, which: Filter, last: tuple[str, str] | None) -> Sequence[Any]:
    wanted = select(*_READ).where(meant(which)).order_by(_C.at, _C.id).limit(AT_ONCE)
    if last is not None:
        at, id = last
        wanted = wanted.where(_C.at >= at, or_(_C.at > at, _C.id > id))
    return connection.execute(wanted).all()


def _corrections(rows: Iterable[Any], pricing: Pricing, found: Recount) -> Iterator[Correction]:
    for row in rows:
        ended: Mapping[str, Any] = row.ended
        said: Mapping[str, Any] = ended["usage"]
        if not said:
            continue  # nothing was used, as where a provider failed
        priced = None
        if not (said.get("estimated") and ended["prices"] is None):  # that was charged at its bound
            speed = ended.get("speed") or {}
            priced = pricing.price(row.provider, row.model, Usage(**said), parse(ended["at"]), speed)
        if priced is None:
            found.left += 1
        elif priced.pico != row.pico:
            first = row.corrected["first"] if row.corrected else row.pico
            yield Correction(row.id, _account(row), first, row.pico, priced)


def _account(row: Any) -> str:
    if row.app:
        return accounts.of_environment(row.app, row.environment)
    return accounts.of_person(row.person) if row.person else accounts.ORGANISATION
