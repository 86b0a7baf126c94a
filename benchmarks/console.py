"""The console's pages at 10,000 apps and 1,000,000 receipts on SQLite: the server's time for each, and the first view's size.

    python benchmarks/console.py [--apps 10000] [--receipts 1000000] [--rounds 20] [--folder DIR] [--json FILE]

The whole console is asked in this process, without a network: routing, the session, the worker thread, the database, the
template, packing. Each page is asked for about so many apps, people or receipts, one after the other, and then about the
same ones again: the first time most of what it reads lies on the disk, as for somebody who comes back after days, the
second time in memory, as for somebody at work. The floor beside it is a page of the same frame that reads nothing but who
asks. ``--folder`` keeps the organisation, which takes some
fifteen minutes and 6 GB to make.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import organisation  # beside this file; it finds the tests' house
from sqlalchemy import select
from starlette.applications import Starlette
from tests.house import Doorway

from greenlane.catalog.tables import APP
from greenlane.deploys.tables import DEPLOY
from greenlane.govern.tables import request
from greenlane.identity.tables import PERSON
from greenlane.web.asked import SESSION_COOKIE
from greenlane.web.routes import routes

FLOOR = "/styleguide"
"""A page of the same frame that reads nothing but who asks."""

ENCODINGS = ("", "gzip", "br", "zstd")

COLUMNS = {
    "first_p50_ms": "first p50",
    "first_p95_ms": "first p95",
    "p50_ms": "p50 ms",
    "p95_ms": "p95 ms",
    "cpu_p95_ms": "CPU p95",
}
"""What is printed of a page."""


@dataclass(frozen=True)
class Answered:
    """One answer: how long it took and how much of a processor, in seconds; its status, its headers, its body as sent."""

    took: float
    cpu: float
    status: int
    headers: dict[str, str]
    body: bytes


class Browser:
    """Asks the console as the edge does, without a network."""

    def __init__(self, house: Doorway) -> None:
        control = house.control
        self._app = Starlette(routes=routes(control.web()))
        self._cookie = f"{SESSION_COOKIE}={house.session(house.owner)}"
        self._loop = asyncio.new_event_loop()

    def get(self, address: str, encoding: str = "") -> Answered:
        """One page."""
        return self._loop.run_until_complete(self._get(address, encoding))

    async def _get(self, address: str, encoding: str) -> Answered:
        path, _, query = address.partition("?")
        sent: list[Any] = []
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "https",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [
                (b"host", b"localhost"),
                (b"cookie", self._cookie.encode()),
                (b"accept-encoding", encoding.encode()),
            ],
            "server": ("localhost", 443),
            "client": ("127.0.0.1", 1),
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        began, used = time.perf_counter(), time.process_time()
        await self._app(scope, receive, send)
        took, cpu = time.perf_counter() - began, time.process_time() - used
        headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        body = b"".join(one.get("body", b"") for one in sent[1:])
        return Answered(took, cpu, int(sent[0]["status"]), headers, body)


def addresses(house: Doorway, receipts: int) -> dict[str, Callable[[], str]]:
    """Every page that reads, each about something else each time; the same ones in every run."""
    chance = random.Random(1)
    with house.control.database.read() as connection:
        apps = [
            (row.name, row.id)
            for row in connection.execute(
                select(APP.c.name, DEPLOY.c.id).join(DEPLOY, DEPLOY.c.app == APP.c.name).limit(2000)
            )
        ]
        people = list(connection.scalars(select(PERSON.c.id).limit(200)))
        requests = list(connection.scalars(select(request.c.id).limit(200)))

    def app() -> str:
        return chance.choice(apps)[0]

    def person() -> str:
        return chance.choice(people)

    def deploy() -> str:
        name, one = chance.choice(apps)
        return f"/apps/{name}/deploys/{one}"

    def days() -> str:
        return f"from=2026-0{chance.randrange(1, 9)}-01&to=2026-0{chance.randrange(1, 9)}-28"

    return {
        "/": lambda: "/",
        "/ found by name": lambda: f"/?q={app()[:6]}",
        "/new": lambda: "/new",
        "/inbox": lambda: "/inbox",
        "/inbox/{request}": lambda: f"/inbox/{chance.choice(requests)}",
        "/apps/{app}": lambda: f"/apps/{app()}",
        "/apps/{app}/deploys/{deploy}": deploy,
        "/ledger": lambda: "/ledger",
        "/ledger of a person": lambda: f"/ledger?person={person()}",
        "/ledger of an app": lambda: f"/ledger?app={app()}",
        "/ledger of an agent": lambda: "/ledger?agent=claude",
        "/ledger of a verb and a lane": lambda: f"/ledger?verb={chance.choice(['publish', 'rollback'])}&lane=closed",
        "/ledger of some days": lambda: f"/ledger?{days()}",
        "/ledger of all at once": lambda: f"/ledger?person={person()}&verb=publish&lane=red&agent=claude&{days()}",
        "/ledger an older page": lambda: f"/ledger?before={chance.randrange(receipts)}",
        "/ledger/{seq}": lambda: f"/ledger/{chance.randrange(receipts)}",
        "/ledger/verify": lambda: "/ledger/verify",
        "/overview of 7 days": lambda: "/overview?days=7",
        "/overview of 30 days": lambda: "/overview?days=30",
        "/overview of 90 days": lambda: "/overview?days=90",
        "/policy": lambda: "/policy",
        "/policy/try": lambda: f"/policy/try?person={person()}&do=publish&app={app()}&audience=public",
        "/people": lambda: "/people",
        "/people/{person}": lambda: f"/people/{person()}",
        "/roles": lambda: "/roles",
        "/settings": lambda: "/settings",
        "/account": lambda: "/account",
        "/palette": lambda: "/palette",
        "/do/publish": lambda: f"/do/publish?app={app()}&audience=team",
    }


def first_view(browser: Browser) -> dict[str, int]:
    """Bytes of the first page with all that it loads, by the encoding that a browser accepts."""
    found = {}
    for encoding in ENCODINGS:
        page = browser.get("/", encoding)
        text = browser.get("/").body.decode()
        parts = re.findall(r'(?:href|src)="(/static/[^"]+)"', text)
        bodies = [browser.get(part, encoding).body for part in dict.fromkeys(parts)]
        found[encoding or "plain"] = len(page.body) + sum(map(len, bodies))
    return found


def measured(browser: Browser, address: Callable[[], str], rounds: int) -> dict[str, Any]:
    """Milliseconds of a page: the median, and what 19 of 20 stay below, the first time and again; and the CPU of again."""
    found: dict[str, Any] = {"status": browser.get(address()).status}
    chosen = [address() for _ in range(rounds)]
    first, again = ([browser.get(one, "gzip") for one in chosen] for _ in range(2))
    for name, took in (
        ("first_", sorted(one.took for one in first)),
        ("", sorted(one.took for one in again)),
        ("cpu_", sorted(one.cpu for one in again)),
    ):
        found[f"{name}p50_ms"] = round(1000 * took[len(took) // 2], 1)
        found[f"{name}p95_ms"] = round(1000 * took[min(len(took) - 1, int(len(took) * 0.95))], 1)
    return found


def main() -> None:
    """Make or open the organisation, ask every page, print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--apps", type=int, default=organisation.APPS)
    options.add_argument("--receipts", type=int, default=organisation.RECEIPTS)
    options.add_argument("--rounds", type=int, default=40)
    options.add_argument("--folder", type=Path, help="where the organisation is kept; a passing folder without it")
    options.add_argument("--json", type=Path, help="also write the figures there")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        house = organisation.opened(chosen.folder or Path(passing), chosen.apps, chosen.receipts).house
        browser = Browser(house)
        pages = {}
        print(f"{'page':34} " + " ".join(f"{one:>9}" for one in COLUMNS.values()), flush=True)
        for name, one in pages_of(browser, house, chosen.receipts, chosen.rounds):
            pages[name] = one
            said = "" if one["status"] == 200 else f"  answers {one['status']}"
            took = " ".join(f"{one[each]:9}" for each in COLUMNS)
            print(f"{name:34} {took}{said}", flush=True)
        sizes = first_view(browser)
        house.control.ledger.close()
        house.control.database.close()
    figures = {"cores": os.cpu_count(), "apps": chosen.apps, "receipts": chosen.receipts}
    figures |= {"first_view_bytes": sizes, "pages": pages}
    print("first view: " + ", ".join(f"{name} {size:,} bytes" for name, size in sizes.items()))
    if chosen.json:
        chosen.json.write_text(json.dumps({"console": figures}, indent=2) + "\n")


def pages_of(browser: Browser, house: Doorway, receipts: int, rounds: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """The floor, then every page."""
    yield "floor: a page that reads nothing", measured(browser, lambda: FLOOR, rounds)
    for name, address in addresses(house, receipts).items():
        yield name, measured(browser, address, rounds)


if __name__ == "__main__":
    main()
