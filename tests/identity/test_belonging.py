"""Teams by rules about groups within groups: what is read of some people is what is read of everybody."""

from __future__ import annotations

import random

from sqlalchemy import Connection, insert, select
from tests.house import Doorway

from greenlane.identity import queries
from greenlane.identity.actions import CreateTeam, JoinTeam
from greenlane.identity.groups.reach import BELONGING
from greenlane.identity.groups.tables import DIRECTORY_GROUP, GROUP_MEMBER, GROUP_RULE
from greenlane.identity.queries.people import people_where
from greenlane.identity.tables import PERSON, TEAM


def test_the_teams_of_some_are_those_that_everybodys_are(doorway: Doorway) -> None:
    chance = random.Random(7)
    for name in ("sales", "people", "legal"):
        doorway.does(doorway.owner, CreateTeam(name))
    hired = [doorway.hire(f"Person {n}", "builder").person for n in range(12)]
    for person in hired[:4]:
        doorway.does(doorway.owner, JoinTeam(team="legal", person=person))
    groups = [f"grp_{n}" for n in range(8)]

    def rows(connection: Connection) -> None:
        dated = {"created": "2026-01-01", "changed": "2026-01-01", "source": "dir_x", "version": 1}
        connection.execute(insert(DIRECTORY_GROUP), [{"id": one, "name": one, **dated} for one in groups])
        inside = {(chance.choice(groups), chance.choice(groups), "group") for _ in range(12)}  # some go in circles
        inside |= {(chance.choice(groups), person, "person") for person in hired for _ in range(2)}
        connection.execute(
            insert(GROUP_MEMBER),
            [{"group": group, "member": one, "kind": kind, "since": "2026"} for group, one, kind in sorted(inside)],
        )
        teams = {row.name: row.id for row in connection.execute(select(TEAM.c.id, TEAM.c.name))}
        connection.execute(
            insert(GROUP_RULE),
            [
                {
                    "id": f"rul_{n}",
                    "group": groups[n],
                    "role": "",
                    "scope": f"team:{teams[name]}",
                    "team": teams[name],
                    "action": "act_1",
                    "made_by": hired[0],
                    "since": f"2025-0{1 + n}",
                }
                for n, name in enumerate(("sales", "people", "legal", "sales"))
            ],
        )

    doorway.control.ledger.write(rows)
    with doorway.control.database.read() as connection:
        everybodys = (
            select(BELONGING.c.person, TEAM.c.name)
            .join(TEAM, TEAM.c.id == BELONGING.c.team)
            .order_by(BELONGING.c.since, TEAM.c.id)
        )
        belonging: dict[str, list[str]] = {}
        for row in connection.execute(everybodys):
            belonging.setdefault(row.person, []).append(row.name)
        found = {one.id: list(one.teams) for one in people_where(connection, PERSON.c.id.in_(hired))}
        alone = {one: list(queries.person(connection, one).teams) for one in hired}
        sizes = queries.team_sizes(connection)
        ids = {one.name: one.id for one in queries.teams(connection)}
    assert found == alone == {one: belonging[one] for one in hired}
    assert len({tuple(teams) for teams in found.values()}) > 3, "they differ"
    assert {name: sizes[one] for name, one in ids.items()} == {
        name: sum(name in teams for teams in belonging.values()) for name in ids
    }
