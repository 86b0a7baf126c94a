"""An organisation that has lived for a while: people, teams, and apps in every state, made by ordinary commands.

Names are what people really type, and some of them are hostile. The sites are those of `greenlane tour`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.gateway.provider import KEY, Provider
from tests.identity.saml.provider import known
from tests.identity.sso.described import described
from tests.stories.running import Running, until
from tests.stories.terminal import Terminal

from greenlane.cli import tour

SITES = Path(tour.__file__).with_name("sites")

OWNER, TEAM = "Ana Costa", "operations"
SETTINGS = {"GREENLANE_OWNER_NAME": OWNER, "GREENLANE_TEAM": TEAM}

MARKUP = '<img src=x onerror=alert(1)><b>"Robert\'); DROP & Sons"</b> {{ 7*7 }}'
LONG = "Wolfeschlegelsteinhausenbergerdorff-Quartalsabschlussvorbereitungsbesprechungsprotokollverwaltung"
BACKWARDS = "\u202eregnifnoc \u05e9\u05dc\u05d5\u05dd"


@dataclass
class Organisation:
    """What was made, with the ids that the pages' addresses need."""

    running: Running
    people: dict[str, Terminal]
    deploys: dict[str, list[str]] = field(default_factory=dict)
    requests: dict[str, str] = field(default_factory=dict)
    upload: str = ""
    build: str = ""
    run: str = ""
    review: str = ""
    calls: dict[str, str] = field(default_factory=dict)

    @property
    def ana(self) -> Terminal:
        """The owner."""
        return self.people["ana"]

    def session(self, who: str) -> str:
        """A one-time link with which somebody's browser signs in."""
        person = self.people[who].id
        return str(self.ana.does("people", "link", person)["answer"]["url"])


def fill(running: Running, folder: Path, *, more: int = 110) -> Organisation:
    """Live through some weeks of work. ``more`` apps stand beside those that have a story."""
    ana = running.terminal(OWNER, running.token_file.read_text().strip())
    ana = _known(ana, str(ana.does("whoami")["id"]))
    here = Organisation(running, {"ana": ana})
    _people(here)
    _vendor_board(here, folder)
    _offsite(here, folder)
    _metrics(here, folder)
    _rates(here, folder)
    _others(here, folder)
    _hostile(here, folder)
    _models(here)
    _company(here, folder)
    _upload(here)
    _review(here)
    _crowd(here, more)
    return here


def _review(here: Organisation) -> None:
    """Rita looks at who has access to operations: one right is kept, the others are open."""
    made = here.ana.does("reviews", "start", "--scope", "team:operations", "--reviewers", here.people["rita"].id)
    here.review = str(made["answer"]["review"])
    rights = here.people["rita"].does("reviews", "show", here.review)["items"]
    mine = [one["id"] for one in rights if one["person"] != here.people["rita"].id]
    here.people["rita"].does("reviews", "keep", here.review, mine[0], "--because", "Runs the vendor board.")


def _known(terminal: Terminal, person: str) -> Terminal:
    return Terminal(terminal.typist, terminal.home, terminal.url, terminal.token, terminal.name, person)


def _joins(here: Organisation, name: str, role: str, team: str) -> Terminal:
    link = here.ana.does("people", "add", name, "--team", team, "--role", role)["answer"]["url"]
    terminal = here.running.terminal(name)
    return _known(terminal, str(terminal.does("login", link)["id"]))


def _people(here: Organisation) -> None:
    here.ana.does("team", "create", "sales")
    here.ana.does("team", "create", "people-and-culture")
    here.ana.does("directory", "connect", "okta")
    for key, name, role, team in (
        ("ben", "Ben Okafor", "builder", TEAM),
        ("rita", "Rita Lindqvist", "reviewer", TEAM),
        ("mei", "Mei Tanaka", "developer", "sales"),
        ("jonas", "Jonas Weber", "builder", "people-and-culture"),
        ("lucia", "Lucía Fernández", "reviewer", "sales"),
        ("tom", "Tom Adeyemi", "visitor", TEAM),
        ("markup", MARKUP, "builder", "sales"),
        ("long", LONG, "builder", "sales"),
    ):
        here.people[key] = _joins(here, name, role, team)
    here.people["aud"] = _joins(here, "Audrey Martin", "visitor", TEAM)
    here.ana.does("role", "grant", here.people["aud"].id, "auditor")
    here.ana.does("people", "suspend", _joins(here, "Piotr Nowak", "builder", "sales").id)
    here.ana.does("invite", "--team", "sales", "--role", "builder")
    here.people["ben"].does("token", "create", "nightly build", "--days", "30")


def _site(folder: Path, name: str, over: str = "", change: Mapping[str, str] | None = None) -> Path:
    """A site of the tour, with another laid over it, and with words in its first page changed."""
    changed = sha256(repr(sorted((change or {}).items())).encode()).hexdigest()[:8]
    to = folder / "-".join(filter(None, ("site", name, over, changed)))
    shutil.copytree(SITES / name, to, dirs_exist_ok=True)
    if over:
        shutil.copytree(SITES / over, to, dirs_exist_ok=True)
    for old, new in (change or {}).items():
        page = to / "index.html"
        page.write_text(page.read_text().replace(old, new))
    return to


def _create(here: Organisation, who: str, app: str, title: str, team: str = TEAM) -> None:
    here.people[who].does("do", "create-app", f"app={app}", f"team={team}", f"title={title}")


def _deploy(here: Organisation, who: str, app: str, site: Path, message: str) -> str:
    done = here.people[who].does("deploy", str(site), "--app", app, "-m", message)
    here.deploys.setdefault(app, []).append(str(done["answer"]["deploy"]))
    return here.deploys[app][-1]


def _asks(here: Organisation, who: str, app: str, audience: str, message: str) -> str:
    waiting = here.people[who].gets(4, "publish", app, "--audience", audience, "-m", message)
    here.requests[app] = str(waiting["request"])
    return here.requests[app]


def _vendor_board(here: Organisation, folder: Path) -> None:
    """Live for its team; changed twice; holds a credential; calls a host that was declared; waits to be opened wider."""
    ben = here.people["ben"]
    _create(here, "ben", "vendor-board", "Vendor board")
    _deploy(here, "ben", "vendor-board", _site(folder, "vendor-board"), "First version, from the spreadsheet")
    ben.does("publish", "vendor-board", "--audience", "team", "-m", "For Monday's meeting")
    _deploy(
        here,
        "ben",
        "vendor-board",
        _site(folder, "vendor-board", change={"Fourteen vendors": "Fourteen suppliers"}),
        "",
    )
    ben.does("publish", "vendor-board", "-m", "We say supplier now")
    ben.does(
        "variables",
        "put",
        "RATES_KEY",
        "--app",
        "vendor-board",
        "--environment",
        "production",
        stdin=b"k-12345-not-a-secret",
    )
    for whose in (("--team", TEAM), ("--organisation",)):
        here.ana.does(
            "variables", "put", "RATES_KEY", *whose, "--environment", "production", stdin=b"k-67890-not-a-secret"
        )
    _deploy(
        here,
        "ben",
        "vendor-board",
        _site(folder, "vendor-board", "vendor-board-v2"),
        "Show what a vendor costs in dollars",
    )
    ben.does("do", "add-guest", "app=vendor-board", f"person={here.people['jonas'].id}")
    ben.does("do", "create-share-link", "app=vendor-board", "meant_for=The buyers at Acme", "days=14")


def _offsite(here: Organisation, folder: Path) -> None:
    """Public, because a person agreed; published again inside what was agreed; rolled back once."""
    _create(here, "ben", "offsite", "Team offsite in Holm")
    _deploy(here, "ben", "offsite", _site(folder, "offsite"), "Rooms, trains and the plan for both days")
    request = _asks(here, "ben", "offsite", "public", "Partners and families should find the address")
    here.people["rita"].does("approve", request, "--because", "Nothing in it is private, and the hotel agreed")
    _deploy(here, "ben", "offsite", _site(folder, "offsite", change={"Two days": "Two good days"}), "A typo")
    here.people["ben"].does("publish", "offsite")
    here.people["ben"].does("rollback", "offsite", "--why", "The train at 8:10 was right after all")


def _metrics(here: Organisation, folder: Path) -> None:
    """Open to everyone here; a version with a leaked key was refused."""
    _create(here, "mei", "support-metrics", "Support metrics", "sales")
    site = _site(folder, "metrics")
    _deploy(here, "mei", "support-metrics", site, "Calls and topics, week by week")
    here.people["mei"].does("publish", "support-metrics", "--audience", "everyone")
    leak = _site(folder, "metrics", "metrics-leak")
    script = leak / "metrics.js"
    script.write_text(script.read_text().replace(tour.LEAK, "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD2fG4"))
    here.people["mei"].types("deploy", str(leak), "--app", "support-metrics", "-m", "Fresh figures", "--json")


FUNCTION = """export default (_: Request) => {
  Deno.writeTextFileSync("/data/asked.txt", `${Date.now()}\\n`, { append: true });
  return Response.json({ usd: 1.09, gbp: 0.85 });
};
export const config = { path: "/rates", schedule: "0 6 * * MON-FRI" };
"""


def _rates(here: Organisation, folder: Path) -> None:
    """A page with a function that also runs by itself and stores; its second build fell over."""
    _create(here, "ben", "rates", "Exchange rates")
    sources = _site(folder / "rates", "offsite", change={"Two days": "Rates of today"})
    (sources / "netlify" / "functions").mkdir(parents=True)
    function = sources / "netlify" / "functions" / "rates.ts"
    function.write_text(FUNCTION)
    _deploy(here, "ben", "rates", sources, "Rates from the bank, as a function")
    here.people["ben"].does("publish", "rates", "--audience", "team")
    here.run = str(here.people["ben"].does("schedules", "run", "rates", "rates")["answer"]["run"])
    until(lambda: _over(here), "the end of a run", 60)
    here.people["ben"].does("data", "snapshot", "rates")
    function.write_text(FUNCTION.replace("Response.json(", ""))
    here.people["ben"].types("deploy", str(sources), "--app", "rates", "-m", "Shorter", "--json")
    here.build = here.people["ben"].does("builds", "rates")["items"][0]["build"]


def _over(here: Organisation) -> bool:
    """Whether the run has ended."""
    (run,) = here.people["ben"].does("schedules", "runs", "rates")["items"]
    return run["receipt"] is not None


def _others(here: Organisation, folder: Path) -> None:
    """Never sent anything; waiting; sent back; declined; locked; taken off the air."""
    plain = _site(folder, "offsite", change={"<h1": "<h1 "})
    _create(here, "jonas", "onboarding", "Onboarding checklist", "people-and-culture")
    _create(here, "ben", "budget-2027", "Budget 2027")
    _create(here, "ben", "price-list", "Price list")
    _deploy(here, "ben", "price-list", plain, "Prices from January")
    _asks(here, "ben", "price-list", "public", "Customers ask for it every week")
    _create(here, "ben", "press-kit", "Press kit")
    _deploy(here, "ben", "press-kit", plain, "Logos and portraits")
    request = _asks(here, "ben", "press-kit", "public", "Journalists need it")
    here.people["rita"].does("send-back", request, "--note", "Take the private phone numbers out, then ask again")
    _create(here, "ben", "org-chart", "Organisation chart")
    _deploy(here, "ben", "org-chart", plain, "Everybody with a picture")
    request = _asks(here, "ben", "org-chart", "public", "So that customers know us")
    here.people["rita"].does("decline", request, "--because", "Pictures of people stay inside")
    _create(here, "mei", "pipeline", "Sales pipeline", "sales")
    first = _deploy(here, "mei", "pipeline", _site(folder, "vendor-board"), "Deals by stage")
    here.people["mei"].does("publish", "pipeline", "--audience", "team")
    _deploy(here, "mei", "pipeline", _site(folder, "vendor-board", change={"Fourteen": "15"}), "Deals by owner")
    here.people["mei"].does("publish", "pipeline")
    here.people["mei"].does("rollback", "pipeline", "--to-deploy", first, "--why", "Sums were wrong in the new one")
    here.people["mei"].types(
        "lock", "pipeline", "--why", "Quarter end: nothing changes until the books are closed", "--until", "3d"
    )
    _create(here, "mei", "lunch-votes", "Lunch votes", "sales")
    _deploy(here, "mei", "lunch-votes", plain, "Where do we eat on Friday?")
    here.people["mei"].does("publish", "lunch-votes", "--audience", "team")
    here.people["mei"].does("apps", "archive", "lunch-votes")


def _hostile(here: Organisation, folder: Path) -> None:
    """Names, messages and contents that a page must only ever print."""
    _create(here, "markup", "hostile-markup", MARKUP, "sales")
    site = folder / "site-hostile"
    site.mkdir(exist_ok=True)
    (site / "index.html").write_text(f"<!doctype html><title>{MARKUP}</title><h1>{MARKUP}</h1>")
    (site / 'a "quoted" & <b>odd<b> name.html').write_text(f"<p>{LONG}")
    _deploy(here, "markup", "hostile-markup", site, MARKUP)
    here.people["markup"].types("publish", "hostile-markup", "--audience", "team", "-m", MARKUP, "--json")
    _asks(here, "markup", "hostile-markup", "public", f"{MARKUP} {LONG}")
    _create(here, "long", "a-name-as-long-as-names-may-be-here", LONG, "sales")
    _create(here, "long", "backwards", BACKWARDS, "sales")


def _models(here: Organisation) -> None:
    """Two providers, a name that leads to both, budgets of which one is spent, and calls: answered, failed and refused."""
    ana = here.ana
    with Provider() as stand_in:
        for name, kind, address in (("openai", "openai", stand_in.openai), ("claude", "anthropic", stand_in.address)):
            typed = ("--kind", kind, "--base-url", address, "--region", "eu", "--key-stdin")
            ana.does("gateway", "provider", "add", name, *typed, stdin=KEY.encode())
        ana.does("gateway", "route", "set", "fast", "openai/gpt-4o-mini", "--otherwise", "claude/claude-haiku-4-5")
        ana.does("gateway", "rule", "set", "iban", "--action", "mask", "--region", "eu")
        ana.does("gateway", "budget", "set", "20", "--period", "month")
        ana.does("gateway", "budget", "set", "0", "--team", "sales", "--period", "day")
        ana.does("gateway", "limit", "--app", "vendor-board", "--requests", "60")
        ana.does("gateway", "price", "set", "openai", "local-llama", "--input", "0.20", "--output", "0.40")
        key = str(ana.does("gateway", "key")["answer"]["token"])
        own = str(ana.does("gateway", "key", "--app", "vendor-board")["answer"]["token"])
        here.calls["answered"] = _asks_a_model(here, key, "fast", "<<words 30>>")
        here.calls["app"] = _asks_a_model(
            here, own, "claude/claude-haiku-4-5", "<<words 10>> to DE89370400440532013000"
        )
        here.calls["failed"] = _asks_a_model(here, key, "no-such-model", "Hello")
        until(lambda: len(ana.does("gateway", "calls")["items"]) >= len(here.calls), "calls on record", 30)
    ana.does("gateway", "price", "set", "openai", "gpt-4o-mini", "--input", "0.30", "--output", "0.90")
    ana.does("gateway", "price", "apply", "2020-01-01", "2099-01-01", "--provider", "openai")


def _company(here: Organisation, folder: Path) -> None:
    """A provider that people can sign in with, and a mail domain that is not proven yet."""
    metadata = folder / "metadata.xml"
    metadata.write_text(described(known()))
    here.ana.does("sso", "add", "acme", "--kind", "saml", "--title", "Acme", "--metadata", metadata)
    here.ana.does("sso", "domain", "claim", "acme", "example.com")


def _asks_a_model(here: Organisation, key: str, model: str, prompt: str) -> str:
    """The call's id."""
    connection = HTTPConnection("127.0.0.1", here.running.port, timeout=60)
    try:
        said = {"model": model, "messages": [{"role": "user", "content": prompt}]}
        fields = {"Host": f"localhost:{here.running.port}", "Authorization": f"Bearer {key}"}
        connection.request("POST", "/ai/openai/v1/chat/completions", json.dumps(said), fields)
        answer = connection.getresponse()
        answer.read()
        return answer.headers["greenlane-call"]
    finally:
        connection.close()


def act(here: Organisation, verb: str, **inputs: Any) -> Any:
    """A verb through the API, for what is done a hundred times."""
    return _api(here, "POST", f"/v1/actions/{verb}", json.dumps(inputs).encode())


def _api(here: Organisation, method: str, path: str, body: bytes) -> Any:
    connection = HTTPConnection("127.0.0.1", here.running.port, timeout=60)
    try:
        headers = {
            "Host": f"localhost:{here.running.port}",
            "Authorization": f"Bearer {here.ana.token}",
            "Content-Type": "application/octet-stream" if method == "PUT" else "application/json",
        }
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        told = answer.read()
        assert answer.status < 300, told
        return json.loads(told or b"null")
    finally:
        connection.close()


def _upload(here: Organisation) -> None:
    """The owner has sent a site that resembles an app, and was not yet asked what it is."""
    files = {one.name: one.read_bytes() for one in (SITES / "vendor-board").iterdir()}
    named = {name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} for name, data in files.items()}
    begun = _api(here, "POST", "/v1/uploads", json.dumps({"files": named}).encode())
    by_digest = {named[name]["sha256"]: data for name, data in files.items()}
    for wanted in begun["missing"]:
        _api(here, "PUT", f"/v1/uploads/{begun['upload']}/blobs/{wanted}", by_digest[wanted])
    _api(here, "POST", f"/v1/uploads/{begun['upload']}/complete", b"{}")
    here.upload = begun["upload"]


KINDS = ("Forecast", "Checklist", "Roster", "Survey", "Price table", "Handbook", "Seating plan", "Calculator")
PLACES = ("Lisbon", "Gdansk", "Osaka", "Lagos", "Quito", "Bergen", "Pune", "Halifax")


def _crowd(here: Organisation, more: int) -> None:
    """Many apps of the owner's, so that lists have more than one page."""

    def one(number: int) -> None:
        kind, place = KINDS[number % len(KINDS)], PLACES[number // len(KINDS) % len(PLACES)]
        name = f"{kind}-{place}-{number}".lower().replace(" ", "-")
        act(here, "create-app", app=name, team=TEAM, title=f"{kind} {place} {number // 64 + 2026}")

    with ThreadPoolExecutor(4) as several:
        list(several.map(one, range(more)))
