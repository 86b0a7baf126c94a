"""A large organisation to measure with: 10,000 apps, 500 people, 1,000,000 receipts that the real ledger recorded.

A few stories are lived through at the real door first (a deploy, a publish, a question to people with its answer, a
refusal, a rollback, an agent's deploy). They are then told again and again with other ids, apps, people and days, and
recorded in groups with the rows that the door would have written beside them.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Table, insert, select

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.house import CALLS_OUT, PAGE, Doorway, InOneProcess

from greenlane import migrations
from greenlane.catalog.actions import SetAudience
from greenlane.catalog.tables import APP, ENVIRONMENT
from greenlane.deploys.actions import Deploy, Rollback
from greenlane.deploys.tables import DEPLOY, PLACEMENT
from greenlane.govern.actions import Approve, SendBack
from greenlane.govern.actor import Actor
from greenlane.govern.tables import action, request
from greenlane.identity.actions import CreateToken
from greenlane.identity.tables import MEMBERSHIP, PERSON, ROLE_GRANT, TEAM
from greenlane.kit.clock import stamp
from greenlane.kit.database import Database
from greenlane.ledger import queries as ledger
from greenlane.ledger.receipt import Receipt

APPS, RECEIPTS, PEOPLE, TEAMS, DAYS = 10_000, 1_000_000, 500, 40, 400
GROUP = 200
"""Stories that are recorded together, about a thousand receipts."""

_ID = re.compile(r"\b(?:act|prc|rcp|req|upl)_[0-9a-hjkmnp-tv-z]{26}\b")
_LEAK = {**PAGE, "app.js": b"const key = 'ghp_" + b"aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3hJ6" + b"'"}
_CLASSES = {
    **PAGE,
    "people.html": b"<table>"
    + b"".join(b"<tr><td>Person %d<td>person%d@corp.io<td>+49 30 9018%04d" % (n, n, n) for n in range(30)),
}


@dataclass(frozen=True)
class Story:
    """What one story left: receipts and rows as JSON text, and what in it is another's in each telling."""

    weight: int
    text: str
    ids: tuple[str, ...]
    deploys: tuple[str, ...]
    receipts: int


@dataclass
class Organisation:
    """A house with everything in it, and the ids that a benchmark asks for."""

    house: Doorway
    people: list[str] = field(default_factory=list)


def opened(folder: Path, apps: int = APPS, receipts: int = RECEIPTS) -> Organisation:
    """The organisation in that folder; made first where it is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    database = Database(f"sqlite:///{folder / 'greenlane.db'}")
    migrations.upgrade(database.engine)
    control = InOneProcess(database, folder / "house")
    control.clock.forward(DAYS * 86_400.0)
    with database.read() as connection:
        there = ledger.size(connection)
        owner = connection.scalar(select(PERSON.c.id).where(PERSON.c.name == "Olga Owner"))
    if there < receipts:
        if there:
            raise SystemExit(f"{folder} holds an organisation that was not finished: remove it.")
        control.clock.forward(-DAYS * 86_400.0)
        house = Doorway(control)
        _fill(house, apps, receipts)
        control.clock.forward(DAYS * 86_400.0)
        control.tallies.catch_up()
    else:
        house = Doorway.__new__(Doorway)
        house.control, house.door, house.clock = control, control.door, control.clock
        house.owner = Actor("person", str(owner))
    with database.read() as connection:
        people = list(connection.scalars(select(PERSON.c.id).where(PERSON.c.name.like("Person %"))))
    return Organisation(house, people)


def _fill(house: Doorway, apps: int, receipts: int) -> None:
    ben, rita = house.hire("Ben Builder", "builder"), house.hire("Rita Reviewer", "reviewer")
    stories = list(_stories(house, ben, rita))
    chance = random.Random(1)  # the same organisation each time
    start = house.clock.now()
    with house.control.database.read() as connection:
        home = connection.scalars(select(TEAM.c.id)).one()
        team_row = dict(connection.execute(select(TEAM)).mappings().one())
        person_row = dict(connection.execute(select(PERSON).where(PERSON.c.id == ben.id)).mappings().one())
        app_row = dict(connection.execute(select(APP)).mappings().first() or {})
        first = ledger.size(connection)
    people = [f"p_{number:026d}" for number in range(PEOPLE)]
    teams = [home, *(f"t_{number:026d}" for number in range(TEAMS - 1))]
    names = [f"{word}-{number:05d}" for number, word in zip(range(apps), _words(), strict=False)]
    owners = {name: people[chance.randrange(PEOPLE)] for name in names}

    def residents(connection: Connection) -> None:
        _insert(connection, TEAM, [{**team_row, "id": one, "name": f"Team {n:02d}"} for n, one in enumerate(teams[1:])])
        _insert(
            connection,
            PERSON,
            [{**person_row, "id": one, "name": f"Person {n:03d}", "email": None} for n, one in enumerate(people)],
        )
        since = stamp(start)
        member = [{"person": one, "team": teams[n % TEAMS], "since": since} for n, one in enumerate(people)]
        _insert(connection, MEMBERSHIP, member)
        held = {"role": "builder", "action": "act_0", "since": since}
        _insert(
            connection,
            ROLE_GRANT,
            [{**held, "person": one["person"], "scope": f"team:{one['team']}"} for one in member],
        )
        rungs = ["me", "named", *["team"] * 6, "everyone", "public"]
        _insert(
            connection,
            APP,
            [
                {
                    **app_row,
                    "id": f"app_{n:026d}",
                    "name": name,
                    "title": name.replace("-", " ").capitalize(),
                    "owner": owners[name],
                    "team": teams[n % TEAMS],
                    "rung": rungs[n % len(rungs)],
                    "state": "asleep" if n % 50 == 7 else "live",
                }
                for n, name in enumerate(names)
            ],
        )

    house.control.ledger.write(residents)
    live: dict[str, tuple[str, str]] = {}
    told, number = first, 0
    weights = [one.weight for one in stories]
    while told < receipts:
        group, rows = [], {table.name: [] for table in (action, request, DEPLOY, PLACEMENT)}
        for _ in range(GROUP):
            if told >= receipts:
                break
            number += 1
            # each app's first story is a publish for its team, so that each is live
            story = stories[0] if number <= apps else chance.choices(stories, weights)[0]
            name = names[number % apps] if number <= apps else names[chance.randrange(apps)]
            at = start + timedelta(days=DAYS) * (told / receipts)
            waited = timedelta(seconds=round(chance.lognormvariate(8, 1.5)))
            found = _retold(story, number, name, {ben.id: owners[name]}, at, waited)
            group += [Receipt.decode(orjson.dumps(one)) for one in found["receipts"]]
            for table in rows:
                rows[table] += found[table]
            for one in found[PLACEMENT.name]:
                live[name] = (one["deploy"], one["at"])
            told += story.receipts
        house.control.ledger.append_all(group, _kept(rows))
    place = {"previous": None, "changed_by": None, "locked_by": None, "lock_who": None, "lock_why": None}
    house.control.ledger.write(
        lambda connection: _insert(
            connection,
            ENVIRONMENT,
            [
                {
                    **place,
                    "app": name,
                    "name": "production",
                    "live_deploy": deploy,
                    "changed_at": at,
                    "lock_until": None,
                }
                for name, (deploy, at) in live.items()
            ],
        )
    )


def _kept(rows: dict[str, list[dict[str, Any]]]) -> Any:
    tables = {table.name: table for table in (action, request, DEPLOY, PLACEMENT)}
    return lambda connection: [_insert(connection, tables[name], found) for name, found in rows.items()]


def _insert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _words() -> Iterator[str]:
    words = (
        "vendor-board",
        "leave-planner",
        "price-list",
        "shift-plan",
        "metrics",
        "onboarding",
        "offsite",
        "invoices",
    )
    while True:
        yield from words


def _stories(house: Doorway, ben: Actor, rita: Actor) -> Iterator[Story]:
    """Lived once at the real door. The first one makes an app live for its team."""
    house.deploys(ben, "story-app")
    token = house.does(ben, CreateToken("agent", agent="claude", scopes=("read", "deploy", "publish")))
    agent = Actor("agent", "claude", on_behalf_of=ben.id, credential=str(token.answer["id"]))

    def lived(weight: int, *acts: Any) -> Story:
        with house.control.database.read() as connection:
            before = ledger.size(connection)
        for act in acts:
            act()
        return _captured(house, weight, before)

    def asked(how: Any) -> None:
        waiting = house.publishes(ben, "public", "story-app")
        assert waiting.request is not None, waiting.state
        house.clock.forward(1800)
        house.does(rita, how(waiting.request, "because it is fine"))

    yield lived(40, lambda: house.deploys(ben, "story-app"), lambda: house.publishes(ben, "team", "story-app"))
    yield lived(10, lambda: house.deploys(ben, "story-app", CALLS_OUT), lambda: house.publishes(ben, "", "story-app"))
    yield lived(3, lambda: house.deploys(ben, "story-app", _CLASSES), lambda: asked(SendBack))
    yield lived(6, lambda: house.deploys(ben, "story-app"), lambda: asked(Approve))
    yield lived(6, lambda: house.deploys(ben, "story-app", _LEAK))
    yield lived(3, lambda: house.does(ben, Rollback("story-app")))
    yield lived(8, lambda: house.does(ben, SetAudience("story-app", "team")))
    yield lived(12, lambda: house.does(agent, Deploy("story-app", house.sends(agent, PAGE))))


def _captured(house: Doorway, weight: int, before: int) -> Story:
    with house.control.database.read() as connection:
        receipts = [one.receipt for one in ledger.entries(connection, after=before - 1, limit=1000)]
        actions = {str(one.action["id"]) for one in receipts}
        rows: dict[str, Any] = {"receipts": [one.document() for one in receipts]}
        rows[action.name] = _rows(connection, action, action.c.id.in_(actions))
        rows[request.name] = _rows(connection, request, request.c.action.in_(actions))
        rows[DEPLOY.name] = _rows(connection, DEPLOY, DEPLOY.c.action.in_(actions))
        rows[PLACEMENT.name] = _rows(connection, PLACEMENT, PLACEMENT.c.action.in_(actions))
    if any(one.action["verb"] == "rollback" for one in receipts):
        rows[PLACEMENT.name] = []  # it goes back to a deploy of another story
    text = json.dumps(rows)
    deploys = tuple(one["id"] for one in rows[DEPLOY.name])
    return Story(weight, text, tuple(sorted(set(_ID.findall(text)))), deploys, len(receipts))


def _rows(connection: Connection, table: Table, where: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(select(table).where(where)).mappings()]


def _retold(
    story: Story, number: int, app: str, others: dict[str, str], at: datetime, waited: timedelta
) -> dict[str, Any]:
    """The story once more: other ids, another app and author, another moment."""
    text = story.text
    for place, one in enumerate(story.ids):
        text = text.replace(one, f"{one[:4]}{number:020d}{place:06d}")
    for place, one in enumerate(story.deploys):
        text = text.replace(one, f"d{number:08d}{place}")
    for one, other in {"story-app": app, **others}.items():
        text = text.replace(one, other)
    found: dict[str, Any] = orjson.loads(text)
    moment = stamp(at)
    for one in found["receipts"]:
        at += timedelta(seconds=7)
        if "waited_ms" in one["happened"]:
            at += waited
            one["happened"]["waited_ms"] = round(waited.total_seconds() * 1000)
        one["at"] = stamp(at)
    for table, columns in {
        action.name: ("decided_at", "settled_at"),
        request.name: ("created_at", "due_at"),
        DEPLOY.name: ("created_at",),
        PLACEMENT.name: ("at",),
    }.items():
        for row in found[table]:
            row.update({column: moment for column in columns if row[column] is not None})
    return found
