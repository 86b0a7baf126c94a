"""Which addresses stand for each page of the console. A page that is added is covered by itself, or asks for its example.

The list of pages is ``tests/laws/routes.txt``. A page without a part to fill in stands for itself; one with parts, or
with states worth looking at, has its examples here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.stories.filled import Organisation

ROUTES = Path(__file__).parents[1] / "laws" / "routes.txt"

NO_PAGES = {
    "/static/{name}": "a file",
    "/apps/{app}/passport": "a file",
    "/apps/{app}/deploys/{deploy}/inside": "a file",
    "/inbox/waiting": "a number that a running page asks for",
    "/ledger/export/csv": "a file",
    "/ledger/export/jsonl": "a file",
    "/ledger/verify/stream": "a stream",
    "/new/{upload}/stream": "a stream",
    "/visit": "leads on to an app, or says that the address is none of ours: tests/web/test_visiting.py",
}
"""What is read by GET and is no page: files, downloads, streams. What is not of type HTML is left out by itself."""

NOBODY = ""
"""Somebody who is not signed in."""


@dataclass(frozen=True)
class Visit:
    """An address and who opens it."""

    path: str
    who: str = "ana"


Examples = Callable[[Organisation], Sequence[Visit]]


def _visits(*paths: str, who: str = "ana") -> Examples:
    return lambda _: [Visit(one, who) for one in paths]


def _seq(here: Organisation, verb: str) -> str:
    return str(here.ana.does("receipts", "--verb", verb, "--newest")["receipts"][0]["seq"])


EXAMPLES: dict[str, Examples] = {
    "/": _visits("/", "/?q=board", "/?q=nothing-has-this-name"),
    "/sign-in": _visits("/sign-in", who=NOBODY),
    "/signed-out": _visits("/signed-out", who=NOBODY),
    "/sign-in/{secret}": _visits("/sign-in/gll_x", who=NOBODY),
    "/invitation/{secret}": _visits("/invitation/gli_x", who=NOBODY),
    "/do/{verb}": _visits(
        "/do/create-app",
        "/do/invite",
        "/do/publish?app=price-list&audience=public&look=yes",
        "/do/set-audience?app=vendor-board&audience=nobody-in-particular&look=yes",
        "/do/nothing",
    ),
    "/apps/{app}": lambda _: [
        *(Visit(f"/apps/{one}") for one in ("vendor-board", "offsite", "support-metrics", "onboarding", "price-list")),
        *(Visit(f"/apps/{one}") for one in ("press-kit", "pipeline", "lunch-votes", "hostile-markup", "nothing")),
        Visit("/apps/vendor-board", "ben"),
    ],
    "/apps/{app}/deploys/{deploy}": lambda here: [
        Visit(f"/apps/{app}/deploys/{here.deploys[app][-1]}")
        for app in ("vendor-board", "offsite", "price-list", "hostile-markup")
    ],
    "/ask/{app}": lambda _: [Visit("/ask/vendor-board", "mei"), Visit("/ask/vendor-board")],
    "/inbox": lambda _: [Visit("/inbox"), Visit("/inbox", "rita"), Visit("/inbox", "ben")],
    "/inbox/{request}": lambda here: [
        Visit(f"/inbox/{here.requests['price-list']}", "rita"),
        Visit(f"/inbox/{here.requests['price-list']}", "ben"),
        Visit(f"/inbox/{here.requests['hostile-markup']}"),
        Visit(f"/inbox/{here.requests['press-kit']}", "rita"),
        Visit(f"/inbox/{here.requests['offsite']}", "rita"),
    ],
    "/ledger": _visits("/ledger", "/ledger?app=vendor-board", "/ledger?q=nothing-has-these-words"),
    "/ledger/{seq:int}": lambda here: [
        Visit(f"/ledger/{_seq(here, verb)}") for verb in ("publish", "approve", "create-team")
    ],
    "/people/{person}": lambda here: [Visit(f"/people/{here.people[one].id}") for one in ("ben", "ana", "markup")],
    "/teams/{team}": _visits("/teams/operations", "/teams/sales"),
}


PARTS: dict[str, Callable[[Organisation], str]] = {
    "app": lambda _: "vendor-board",
    "deploy": lambda here: here.deploys["vendor-board"][-1],
    "request": lambda here: here.requests["price-list"],
    "person": lambda here: here.people["ben"].id,
    "team": lambda _: "operations",
    "seq": lambda here: _seq(here, "publish"),
    "upload": lambda here: here.upload,
}
"""What is filled in for a part of an address, where a page has no examples of its own."""


def pages() -> list[str]:
    """Every page of the console, as it was reviewed."""
    lines = [line.split() for line in ROUTES.read_text().splitlines()]
    return [line[1] for line in lines if line[0] == "GET" and line[2:] == ["page"] and line[1] not in NO_PAGES]


def visits(page: str, here: Organisation) -> list[Visit]:
    """The addresses that stand for a page."""
    if page in EXAMPLES:
        return list(EXAMPLES[page](here))
    page = re.sub(r":\w+\}", "}", page)
    parts = re.findall(r"\{(\w+)\}", page)
    unknown = [part for part in parts if part not in PARTS]
    assert not unknown, f"say in {Path(__file__).name} which addresses stand for {page}"
    return [Visit(page.format(**{part: PARTS[part](here) for part in parts}))]
