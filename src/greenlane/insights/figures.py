"""The figures that those who answer for the organisation look at, read from the tallies: a range of days at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, case, func, select

from greenlane.catalog import queries as catalog
from greenlane.identity import queries as identity
from greenlane.insights import tallying
from greenlane.insights.tables import ASKED, SPOT, TALLY
from greenlane.insights.tallying import BOUNDS, LONGER
from greenlane.kit.clock import stamp

RANGES = (7, 30, 90)
"""How many days a page can look back, today included."""

LANES = ("green", "amber", "red", "closed")

WAYS_OF_KNOWING = ("list", "metered", "invoiced")
"""How an amount of money is known: a list price, metered, invoiced. Never mixed into one number."""

_COUNTED = (
    tallying.MAKER,
    tallying.VERB,
    tallying.LANE_ELSEWHERE,
    tallying.UNREVIEWED,
    tallying.LIVE,
    tallying.WAITED,
    tallying.OUTCOME,
    tallying.ASKED_BY,
    *(f"{tallying.SPENT}-{way}" for way in WAYS_OF_KNOWING),
)

MOST_SHOWN = 10
"""Teams, people and apps that are named one by one; the rest is summed up."""


@dataclass(frozen=True, slots=True)
class Durations:
    """How long something took, counted in steps. ``steps``: upper bound in seconds (0 beyond all) and how often."""

    steps: tuple[tuple[int, int], ...]

    @property
    def number(self) -> int:
        """How many durations there are."""
        return sum(number for _, number in self.steps)

    def within(self, share: float) -> int | None:
        """The bound within which that share of them lies: 0 for beyond all bounds, None without any."""
        wanted, seen = share * self.number, 0
        for bound, number in self.steps:
            seen += number
            if number and seen >= wanted:
                return bound
        return None


@dataclass(frozen=True, slots=True)
class Spot:
    """An app in which things come together that are worth a look. ``marks`` says which."""

    app: str
    rung: str
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """The figures of ``days`` days up to today; apps and spots as they are now.

    ``lanes`` counts decisions about apps by day (all days, oldest first) and lane; ``elsewhere`` those about people,
    rules and sign-ins. ``spent`` is in micros by the way the amount is known.
    """

    days: tuple[str, ...]
    apps: int
    asleep: int
    rungs: Mapping[str, int]
    teams: tuple[tuple[str, int], ...]
    owners: tuple[tuple[str, int], ...]
    deploys: int
    deploys_by_agents: int
    lanes: Mapping[str, tuple[int, ...]]
    elsewhere: int
    published: int
    rolled_back: int
    unreviewed: int
    live: Durations
    waited: Durations
    outcomes: Mapping[str, int]
    waiting: int
    waiting_since: str | None
    asked_by: Mapping[str, int]
    spent: Mapping[str, int]
    spots: tuple[Spot, ...]
    counted_to: int

    def lane(self, lane: str) -> int:
        """How many decisions about apps went that lane."""
        return sum(self.lanes[lane])

    @property
    def decided(self) -> int:
        """Decisions about apps."""
        return sum(self.lane(one) for one in LANES)


def numbers(connection: Connection, kind: str, since: str, until: str = "~") -> dict[str, int]:
    """How often each name of a kind was counted from a day (or stamp) on, the most frequent first."""
    return numbers_of(connection, (kind,), since, until)[kind]


def numbers_of(connection: Connection, kinds: Sequence[str], since: str, until: str = "~") -> dict[str, dict[str, int]]:
    """``numbers`` of several kinds at once, by kind."""
    c = TALLY.c
    total = func.sum(c.number).label("total")
    wanted = select(c.kind, c.name, total).where(c.kind.in_(kinds), c.day >= since[:10], c.day <= until)
    rows = connection.execute(wanted.group_by(c.kind, c.name)).all()
    found: dict[str, dict[str, int]] = {kind: {} for kind in kinds}
    for row in sorted(rows, key=lambda row: (-row.total, row.name)):
        found[row.kind][row.name] = int(row.total)
    return found


def days_of(now: datetime, days: int) -> tuple[str, ...]:
    """The last so many days up to today, in UTC, oldest first."""
    today: date = now.date()
    return tuple((today - timedelta(days=back)).isoformat() for back in reversed(range(days)))


def durations(connection: Connection, kind: str, since: str) -> Durations:
    """How long something took from a day on."""
    return _durations(numbers(connection, kind, since))


def _durations(found: Mapping[str, int]) -> Durations:
    return Durations(tuple((bound, found.get(str(bound), 0)) for bound in (*BOUNDS, LONGER)))


def overview(connection: Connection, now: datetime, days: int, counted_to: int) -> Overview:
    """Everything that the page for those who answer for it tells."""
    shown = days_of(now, days)
    since = shown[0]
    apps = catalog.census(connection)
    owners = catalog.largest_owners(connection, MOST_SHOWN)
    names = identity.names(connection, owners)
    counted = numbers_of(connection, _COUNTED, since)
    makers, verbs = counted[tallying.MAKER], counted[tallying.VERB]
    waiting, waiting_since = _waiting(connection)
    teams = {team.id: team.name for team in identity.teams(connection)}
    return Overview(
        days=shown,
        apps=sum(apps.states.values()) - apps.states.get("archived", 0),
        asleep=apps.states.get("asleep", 0),
        rungs=apps.rungs,
        teams=tuple((teams.get(team, "a team"), number) for team, number in apps.teams.items()),
        owners=tuple((names.get(one, "somebody who was erased"), number) for one, number in owners.items()),
        deploys=sum(makers.values()),
        deploys_by_agents=makers.get("agent", 0),
        lanes=_by_day(connection, shown),
        elsewhere=sum(counted[tallying.LANE_ELSEWHERE].values()),
        published=verbs.get("publish", 0),
        rolled_back=verbs.get("rollback", 0),
        unreviewed=sum(counted[tallying.UNREVIEWED].values()),
        live=_durations(counted[tallying.LIVE]),
        waited=_durations(counted[tallying.WAITED]),
        outcomes=counted[tallying.OUTCOME],
        waiting=waiting,
        waiting_since=waiting_since,
        asked_by=counted[tallying.ASKED_BY],
        spent={way: sum(counted[f"{tallying.SPENT}-{way}"].values()) for way in WAYS_OF_KNOWING},
        spots=spots(connection, now),
        counted_to=counted_to,
    )


def _by_day(connection: Connection, days: Sequence[str]) -> dict[str, tuple[int, ...]]:
    c = TALLY.c
    rows = connection.execute(select(c.day, c.name, c.number).where(c.kind == tallying.LANE, c.day >= days[0]))
    found = {(row.day, row.name): int(row.number) for row in rows}
    return {lane: tuple(found.get((day, lane), 0) for day in days) for lane in LANES}


def _waiting(connection: Connection) -> tuple[int, str | None]:
    """How many questions wait now, and since when the oldest does."""
    row = connection.execute(
        select(func.count().label("number"), func.min(ASKED.c.at).label("since")).where(ASKED.c.outcome.is_(None))
    ).one()
    return int(row.number), row.since


def spots(connection: Connection, now: datetime, limit: int = MOST_SHOWN) -> tuple[Spot, ...]:
    """Apps in which at least two marks come together, the most marks first, then the widest audience."""
    c = SPOT.c
    lately = stamp(now - timedelta(days=max(RANGES)))
    wide = c.rung.in_(("everyone", "public"))
    leaked = c.credential_at >= lately
    marks = sum(
        (case((one, 1), else_=0) for one in (wide, c.personal, c.unreviewed, leaked)), start=case((wide, 0), else_=0)
    )
    found = (
        select(SPOT)
        .where(marks >= 2)
        .order_by(marks.desc(), case((c.rung == "public", 0), else_=1), c.app)
        .limit(limit)
    )
    return tuple(
        Spot(
            row.app,
            row.rung,
            tuple(
                mark
                for mark, there in (
                    ("public" if row.rung == "public" else "everyone", row.rung in {"everyone", "public"}),
                    ("personal", row.personal),
                    ("unreviewed", row.unreviewed),
                    ("credential", (row.credential_at or "") >= lately),
                )
                if there
            ),
        )
        for row in connection.execute(found)
    )
