"""Counting anew what calls cost: what it would change, one button that writes it down, and what was written down before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection
from starlette.responses import Response
from starlette.routing import Route

from greenlane.gateway import accounts
from greenlane.gateway import queries as gateway
from greenlane.gateway.prices.money import dollars
from greenlane.gateway.repricing.actions import RepriceCalls
from greenlane.gateway.repricing.counting import Recount, chosen, recounted
from greenlane.govern.errors import WrongInput
from greenlane.identity import queries as identity
from greenlane.insights import telling
from greenlane.kit.errors import GreenlaneError
from greenlane.ledger import queries as ledger
from greenlane.web import wording
from greenlane.web.asked import Asked
from greenlane.web.site import Site

USUAL = 30
"""Days that the form begins with."""
EARLIER = 20
"""Recounts that are shown, the newest first."""


@dataclass(frozen=True, slots=True)
class Line:
    """An account's calls that would cost something else, in words."""

    whose: str
    calls: int
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """A recount that was written down. ``seq`` is the place of its receipt in the ledger."""

    seq: int
    at: str
    who: str
    days: str
    of: str
    changed: int
    was: str
    now: str


def routes(site: Site) -> list[Route]:
    """One page."""
    return [site.page("/models/prices", prices_page)]


def prices_page(at: Asked) -> Response:
    """Everything that is chosen is in the address; nothing changes until the button at the end is pressed."""
    today = at.now.date()
    since = at.query("since") or (today - timedelta(days=USUAL - 1)).isoformat()
    until = at.query("until") or today.isoformat()
    provider, model = at.query("provider"), at.query("model")
    error: GreenlaneError | None = None
    found: Recount | None = None
    ahead = None
    with at.read() as connection:
        at.must(connection, "read-all-model-calls")
        names = [one.name for one in gateway.providers(connection)]
        before = _earlier(connection)
    if at.query("since"):
        try:
            meant = RepriceCalls(since, until, provider, model)
            found = _counted(at, meant)
            if found.changed and at.has_somewhere("reprice-calls"):
                facts, decision = at.explain(meant)
                ahead = decision, telling.reasons(facts, decision)
        except WrongInput as wrong:
            error, found = wrong, None
    with at.read() as connection:
        lines = _lines(connection, found) if found is not None else []
    return at.page(
        "models/repricing.html",
        since_day=since,
        until_day=until,
        provider=provider,
        model=model,
        names=names,
        error=error,
        found=found,
        lines=lines,
        lead=lead(found) if found is not None else "",
        inputs={"since": since, "until": until, "provider": provider, "model": model},
        ahead=ahead,
        before=before,
    )


def lead(found: Recount) -> str:
    """What counting anew comes to, in a few sentences."""
    if not found.calls:
        return "No call was made in these days."
    said = f"{wording.plural(found.calls, 'call')} were looked at." if found.calls > 1 else "One call was looked at."
    if found.changed:
        more = "more" if found.now > found.was else "less"
        said += f" {wording.number(found.changed)} of them would cost something else: {dollars(found.now)} and not"
        said += f" {dollars(found.was)}"
        said += f", {dollars(abs(found.now - found.was))} {more}." if found.now != found.was else ", as much together."
    else:
        said += " All of them cost what was charged."
    if found.left:
        said += f" {wording.number(found.left)} stay as they are, for nobody knows a price or a usage of them."
    return said


def _counted(at: Asked, meant: RepriceCalls) -> Recount:
    found = Recount()
    which = chosen(meant.since, meant.until, meant.provider, meant.model)
    for _ in recounted(at.house.database, at.house.prices(), which, found):
        pass
    return found


def _lines(connection: Connection, found: Recount) -> list[Line]:
    """The accounts, the largest change first."""
    inside = sorted(found.lines.values(), key=lambda one: (-abs(one.now - one.was), one.account))
    return [
        Line(wording.capital(accounts.words(connection, one.account)), one.calls, dollars(one.was), dollars(one.now))
        for one in inside
    ]


def _earlier(connection: Connection) -> list[Earlier]:
    """What was written down, by its receipts."""
    found = ledger.entries(connection, verb="reprice-calls", limit=EARLIER, outcomes=True, newest_first=True)
    done = [one for one in found if one.receipt.half == "settled" and "changed" in one.receipt.happened]
    people = {link["id"] for one in done for link in one.receipt.actor if link["kind"] == "person"}
    names = identity.names(connection, people)
    return [
        Earlier(
            seq=one.seq,
            at=one.receipt.at,
            who=next((names.get(link["id"], "") for link in one.receipt.actor if link["kind"] == "person"), ""),
            days=_days(one.receipt.action["inputs"]),
            of=_of(one.receipt.action["inputs"]),
            changed=one.receipt.happened["changed"],
            was=dollars(one.receipt.happened["was"]),
            now=dollars(one.receipt.happened["now"]),
        )
        for one in done
    ]


def _days(inputs: dict[str, str]) -> str:
    since, until = inputs["since"], inputs["until"]
    return since if since == until else f"{since} to {until}"


def _of(inputs: dict[str, str]) -> str:
    model, provider = inputs.get("model"), inputs.get("provider")
    if model and provider:
        return f"{model} of {provider}"
    return model or provider or "Every model"
