"""What a sign-in through the company's provider adds, and how long it takes to say why somebody has a right.

    python benchmarks/identity.py [--people 10000] [--sign-ins 300] [--questions 500] [--json FILE]

The real verbs at the real door, with the ledger and SQLite on the disk, in this process and without a network: what a sign-in
takes from the first address to the session, less what the provider takes, which is in this process too and timed. The floor
is the signature alone, checked by the same libraries, as any program that believes the provider must. The question *why* is
asked about people of a company whose groups lie within one another and whose rights come by rules about them.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey
from lxml import etree
from signxml.verifier import XMLVerifier
from sqlalchemy import Connection, insert

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.house import Doorway, InOneProcess
from tests.identity.saml.provider import rsa_signer
from tests.identity.sso.arriving import CALLER
from tests.identity.sso.arriving import Desk as OidcDesk
from tests.identity.sso.test_saml import Desk as SamlDesk

from greenlane import migrations
from greenlane.identity import queries as identity
from greenlane.identity import roles
from greenlane.identity.groups.tables import DIRECTORY_GROUP, GROUP_MEMBER, GROUP_RULE
from greenlane.identity.tables import PERSON
from greenlane.insights.why import why
from greenlane.kit.clock import stamp
from greenlane.kit.database import Database

GROUPS, IN_GROUPS, RULES = 1_000, 8, 300
"""Of the company whose people are asked about; every group but the first lies within an earlier one."""
RIGHTS = ("publish", "deploy", "approve", "read-receipts", "grant-role")
GOAL_SIGN_IN, GOAL_WHY = 50.0, 100.0
"""Milliseconds."""


class Clockwork:
    """Adds up what somebody else takes meanwhile."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def of(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **more: Any) -> Any:
            began = time.perf_counter()
            try:
                return call(*arguments, **more)
            finally:
                self.seconds += time.perf_counter() - began

        return timed


def spread(ms: list[float]) -> dict[str, float]:
    """Milliseconds: the middle, and the worst of twenty and of a hundred."""
    ordered = sorted(ms)
    return {
        name: round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 2)
        for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    }


def house(folder: Path) -> Doorway:
    """An organisation with one owner, on the disk."""
    folder.mkdir()
    database = Database(f"sqlite:///{folder / 'greenlane.db'}")
    migrations.upgrade(database.engine)
    return Doorway(InOneProcess(database, folder / "house"))


def employs(home: Doorway, people: int, chance: random.Random) -> list[str]:
    """People in groups within groups, and rules about some of these."""
    now, team = stamp(home.clock.now()), _team(home)
    ids = [f"per_{number:026}" for number in range(people)]
    groups = [f"grp_{number:026}" for number in range(GROUPS)]
    member = {"kind": "person", "since": now}

    def rows(connection: Connection) -> None:
        dated = {"created": now, "source": "local"}
        connection.execute(
            insert(PERSON),
            [{"id": one, "name": f"Person {n}", "state": "active", **dated} for n, one in enumerate(ids)],
        )
        connection.execute(
            insert(DIRECTORY_GROUP),
            [
                {"id": one, "source": "dir_x", "name": f"Group {n}", "version": 1, "created": now, "changed": now}
                for n, one in enumerate(groups)
            ],
        )
        inside = [
            {"group": groups[chance.randrange(n)], "member": groups[n], "kind": "group", "since": now}
            for n in range(1, GROUPS)
        ]
        belong = [
            {"group": one, "member": person, **member} for person in ids for one in chance.sample(groups, IN_GROUPS)
        ]
        connection.execute(insert(GROUP_MEMBER), inside + belong)
        ruled = {(chance.choice(groups), chance.choice(roles.ROLES[1:]), chance.random() < 0.5) for _ in range(RULES)}
        connection.execute(
            insert(GROUP_RULE),
            [
                {
                    "id": f"rul_{n:026}",
                    "group": group,
                    "role": role,
                    "team": team if narrow else None,
                    "scope": f"team:{team}" if narrow else "organisation",
                    "action": f"act_{n}",
                    "made_by": home.owner.person,
                    "since": now,
                }
                for n, (group, role, narrow) in enumerate(sorted(ruled))
            ],
        )

    home.control.ledger.write(rows)
    return ids


def _team(home: Doorway) -> str:
    with home.control.database.read() as connection:
        return identity.team(connection, "home").id


def asked_why(home: Doorway, people: list[str], questions: int, chance: random.Random) -> dict[str, float]:
    """Milliseconds of the whole explanation."""
    took = []
    for _ in range(questions):
        person, right, subject = (
            chance.choice(people),
            chance.choice(RIGHTS),
            chance.choice(("organisation", "team:home")),
        )
        with home.control.database.read() as connection:
            began = time.perf_counter()
            why(connection, person, right, subject, home.clock.now())
            took.append((time.perf_counter() - began) * 1000)
    return spread(took)


def by_oidc(home: Doorway, times: int) -> tuple[list[float], list[float]]:
    """Milliseconds that are ours, and those of the token's signature alone."""
    desk, theirs, ours, floor = OidcDesk(home), Clockwork(), [], []
    vars(desk.issuer).update(ask=theirs.of(desk.issuer.ask), signs_in=theirs.of(desk.issuer.signs_in))
    desk.adds()
    key = RSAKey.generate_key(2048, private=True)
    for number in range(times):
        theirs.seconds, began = 0.0, time.perf_counter()
        desk.comes_in(f"u-{number // 2}")  # every other one was here before
        ours.append((time.perf_counter() - began - theirs.seconds) * 1000)
        token = jwt.encode({"alg": "RS256"}, {"sub": "u-1"}, key)
        began = time.perf_counter()
        jwt.decode(token, key)
        floor.append((time.perf_counter() - began) * 1000)
    return ours, floor


def by_saml(home: Doorway, times: int) -> tuple[list[float], list[float]]:
    """The same for SAML."""
    desk, ours, floor = SamlDesk(home), [], []
    for number in range(times):
        began = time.perf_counter()
        request, state, browser = desk.out()
        half = time.perf_counter() - began
        somebody = f"saml-{number // 2}"
        attributes = (("email", (f"{somebody}@example.com",)), ("groups", ("engineering",)))
        said = desk.says(request, assertion_id=f"_{number}", name_id=somebody, attributes=attributes)
        began = time.perf_counter()
        landed = desk.saml.answered("acme", said, state, browser)
        desk.control.coming_in.arrivals.by_company(landed.secret, CALLER)
        ours.append((half + time.perf_counter() - began) * 1000)
        began = time.perf_counter()
        XMLVerifier().verify(etree.fromstring(b64decode(said)), x509_cert=rsa_signer().certificate)
        floor.append((time.perf_counter() - began) * 1000)
    return ours, floor


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--people", type=int, default=10_000)
    options.add_argument("--sign-ins", type=int, default=300, help="by each protocol")
    options.add_argument("--questions", type=int, default=500)
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    chance = random.Random(1)
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as temporary:
        home = house(Path(temporary) / "greenlane")
        people = employs(home, chosen.people, chance)
        for name, way in (("OIDC", by_oidc), ("SAML", by_saml)):
            ours, floor = way(home, chosen.sign_ins)
            figures[f"a sign-in by {name}"] = {"ours": spread(ours), "the signature alone": spread(floor)}
            ratio = spread(ours)["p50"] / spread(floor)["p50"]
            print(
                f"a sign-in by {name}, ms: {spread(ours)}, goal {GOAL_SIGN_IN:.0f}; {ratio:.0f} times the signature alone"
            )
        figures["why"] = asked_why(home, people, chosen.questions, chance)
        print(f"why somebody has a right, ms: {figures['why']}, goal {GOAL_WHY:.0f}, at {chosen.people:,} people")
        home.control.ledger.close()
    if chosen.json:
        chosen.json.write_text(json.dumps({"identity": figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
