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
    "/apps/{app}/deploys/{deploy}/picture": "a file",
    "/apps/{app}/deploys/{deploy}/inside": "a file",
    "/inbox/waiting": "a number that a running page asks for",
    "/access-reviews/{review}/evidence": "a file",
    "/access-reviews/{review}/table": "a file",
    "/ledger/export/csv": "a file",
    "/ledger/export/jsonl": "a file",
    "/ledger/verify/stream": "a stream",
    "/new/{upload}/stream": "a stream",
    "/models/try/{attempt}/stream": "a stream",
    **dict.fromkeys(("/sso/oidc/{name}/begin", "/sso/saml/{name}/begin"), "leads out to a provider"),
    **dict.fromkeys(
        ("/sso/oidc/{name}/callback", "/sso/saml/{name}/slo"),
        "a provider's answer: tests/web/test_sign_in_providers.py",
    ),
    "/sso/saml/{name}/metadata": "a file",
    "/login": "leads on to the question of a terminal: tests/stories/test_a_terminal_signs_in.py",
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
    "/apps/{app}/builds": _visits("/apps/rates/builds", "/apps/onboarding/builds"),
    "/apps/{app}/builds/{build}": lambda here: [
        Visit(f"/apps/rates/builds/{here.build}"),
        Visit("/apps/rates/builds/bld_nothing"),
    ],
    "/apps/{app}/data": _visits("/apps/rates/data", "/apps/onboarding/data"),
    "/apps/{app}/schedules": _visits("/apps/rates/schedules", "/apps/vendor-board/schedules"),
    "/apps/{app}/schedules/{run}": lambda here: [Visit(f"/apps/rates/schedules/{here.run}")],
    "/models": lambda here: [Visit("/models"), Visit("/models", "ben")],
    "/models/try": _visits("/models/try"),
    "/models/try/{attempt}": _visits("/models/try/nothing"),
    "/models/swap": _visits(
        "/models/swap",
        "/models/swap?provider=openai&instead=claude",
        "/models/swap?provider=openai&instead=claude&from=gpt-4o-mini&to=claude-haiku-4-5&keep=yes",
        "/models/swap?provider=openai&instead=claude&from=gpt-4o-mini&to=no+such+name",
    ),
    "/models/prices": _visits(
        "/models/prices",
        "/models/prices?since=2020-01-01&until=2020-01-02",
        "/models/prices?since=2020-01-02&until=2020-01-01",
        "/models/prices?since=2020-01-01&until=2099-01-01",
    ),
    "/sign-in-providers": lambda _: [Visit(f"/sign-in-providers{more}") for more in ("", "?for=google", "?for=saml")],
    "/sign-in-providers/{provider}": _visits("/sign-in-providers/acme", "/sign-in-providers/nothing"),
    "/spend": lambda here: [
        *(Visit(f"/spend{more}") for more in ("", "?by=model&days=7", "?by=day&days=90", "?app=vendor-board&by=model")),
        Visit("/spend", "jonas"),
    ],
    "/calls": lambda here: [Visit("/calls"), Visit("/calls", "jonas")],
    "/calls/{call}": lambda here: [
        *(Visit(f"/calls/{here.calls[one]}") for one in ("answered", "app", "failed")),
        Visit("/calls/call_nothing"),
    ],
    "/calls/{call}/words": lambda here: [
        Visit(f"/calls/{here.calls['answered']}/words"),
        Visit("/calls/call_nothing/words"),
    ],
    "/break-glass": _visits("/break-glass"),
    "/access-reviews": _visits("/access-reviews"),
    "/access-reviews/{review}": lambda here: [
        Visit(f"/access-reviews/{here.review}"),
        Visit(f"/access-reviews/{here.review}?open=yes", "rita"),
        Visit("/access-reviews/rev_nothing"),
    ],
    "/allow/{confirmation}": _visits("/allow/cnf_nothing"),
    "/login/{login}": _visits("/login/lgn_nothing"),
    "/people/{person}": lambda here: [Visit(f"/people/{here.people[one].id}") for one in ("ben", "ana", "markup")],
    "/directories/{directory}": _visits("/directories/okta", "/directories/nothing"),
    "/groups": _visits("/groups", "/groups?group=nothing&role=builder", "/groups?group=nothing&role=auditor:staging"),
    "/roles/make": lambda here: [
        Visit("/roles/make"),
        Visit("/roles/make?name=release-manager&rights=publish&rights=approve&look=yes"),
        Visit("/roles/make?name=owner&rights=publish&look=yes"),
    ],
    "/duties": lambda here: [
        Visit("/duties"),
        Visit("/duties?kind=verbs&one=publish&other=approve&days=30"),
        Visit("/duties?kind=roles&one=owner&other=owner"),
    ],
    "/people/{person}/why": lambda here: [
        Visit(f"/people/{here.people['ben'].id}/why"),
        Visit(f"/people/{here.people['ben'].id}/why?right=publish&subject=app:vendor-board"),
        Visit(f"/people/{here.people['ben'].id}/why?right=nothing"),
    ],
    "/teams/{team}": _visits("/teams/operations", "/teams/sales"),
}


PARTS: dict[str, Callable[[Organisation], str]] = {
    "app": lambda _: "vendor-board",
    "deploy": lambda here: here.deploys["vendor-board"][-1],
    "build": lambda here: here.build,
    "request": lambda here: here.requests["price-list"],
    "person": lambda here: here.people["ben"].id,
    "team": lambda _: "operations",
    "name": lambda _: "RATES_KEY",
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
