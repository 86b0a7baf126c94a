"""What models cost, by whom and by day; how budgets stand and when they run out; and the calls one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.responses import Response
from starlette.routing import Route

from greenlane.gateway import accounts
from greenlane.gateway import queries as gateway
from greenlane.gateway.prices.money import dollars
from greenlane.gateway.queries import Filter
from greenlane.gateway.queries.calls import By
from greenlane.identity import queries as identity
from greenlane.insights import budgets, figures, seeing_calls, spending
from greenlane.insights.budgets import Bar, State
from greenlane.insights.spending import Spending
from greenlane.web import charts, wording
from greenlane.web.asked import Asked
from greenlane.web.charts import Chart
from greenlane.web.site import Site

RANGES = (1, 7, 30, 90)
"""Days that can be looked back on."""
USUAL = 30
MOST_SHARES = 12
"""Spenders that get a bar of their own."""
AT_ONCE = 50
"""Calls that are listed at once."""
NEWEST = 5
"""Calls that stand on the page of spending."""

BY: dict[By, str] = {
    "app": "App",
    "team": "Team",
    "person": "Person",
    "model": "Model",
    "provider": "Provider",
    "run": "Run",
    "day": "Day",
}
"""What spending is split by, in words."""
NARROWS = ("app", "team", "person", "run", "provider", "model")
"""What an address can narrow calls to."""
NOBODY = {"app": "People’s own work", "team": "No team", "person": "Apps by themselves", "run": "Outside of runs"}
"""Who a spender without a name is."""
OUTCOMES = {
    "answered": "Answered",
    "failed": "The provider failed",
    "cut": "The answer broke off",
    "left": "The caller left before the end",
    "late": "Silent for too long, so another one was asked",
}
"""How calls ended, in words."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose calls a page is about. ``words`` says it, empty where nothing narrows it; ``whole``: its reader sees all."""

    which: Filter
    whole: bool
    words: str

    def address(self, path: str, **more: object) -> str:
        """A page about the same calls."""
        said = {name: value for name in NARROWS if (value := getattr(self.which, name))}
        query = urlencode({**said, **more})
        return f"{path}?{query}" if query else path

    def narrowed(self, **said: str) -> Scope:
        """The same for fewer calls."""
        return replace(self, which=replace(self.which, **said))  # type: ignore[arg-type]  # all of these are texts


def routes(site: Site) -> list[Route]:
    """Spending, and the list of calls."""
    return [
        site.page("/spend", spend_page),
        site.page("/calls", calls_page),
    ]


# -- spending --------------------------------------------------------------------------------------------------------


def spend_page(at: Asked) -> Response:
    """A range of days, split one way; the range, the split and whose it is are in the address."""
    asked = at.query("days")
    days = int(asked) if asked in {str(one) for one in RANGES} else USUAL
    by: By = next((one for one in BY if one == at.query("by")), "app")
    with at.read() as connection:
        scope = scope_of(at, connection, seeing_calls.counted(connection, at.me.person, at.now))
        found = spending.spending(connection, by, scope.which, figures.days_of(at.now, days))
        labels = _labels(connection, by, [one.name for one in found.shares])
        recounts = at.may(connection, "read-all-model-calls", "organisation")
        bars = budgets.bars(connection, at.now, lambda account: _concerns(at, connection, scope, account))
        single = replace(scope.which, seen=seeing_calls.seen(connection, at.me.person, at.now))
        newest = gateway.calls(connection, single, limit=NEWEST)
        people = identity.names(connection, {one.person for one in newest if one.person})
    return at.page(
        "spending/spend.html",
        scope=scope,
        days=days,
        ranges=RANGES,
        by=by,
        ways=BY,
        found=found,
        lead=lead(found, days, by, labels),
        each_day=_each_day(found),
        shares=_shares(found, by, labels, scope, days),
        others=max(0, len(found.shares) - MOST_SHARES),
        bars=[(one, bar_says(one)) for one in bars],
        alarms=sum(one.state is not State.FINE for one in bars),
        newest=newest,
        people=people,
        outcomes=OUTCOMES,
        sets=at.has_somewhere("set-budget"),
        recounts=recounts,
    )


def lead(found: Spending, days: int, by: By, labels: Mapping[str, str]) -> str:
    """What was spent, in one or two sentences."""
    when = "today" if days == 1 else f"in the last {days} days"
    if not found.calls:
        return f"No model was called {when}."
    said = f"Models cost {dollars(found.pico)} {when}, in {wording.plural(found.calls, 'call')}."
    if by != "day" and len(found.shares) > 1 and found.pico:
        dearest = found.shares[0]
        said += f" The largest part is that of {_inside(labels[dearest.name])}: {found.percent(dearest.pico)}\u202f%."
    return said


def _inside(label: str) -> str:
    """A label in the middle of a sentence."""
    return label[:1].lower() + label[1:] if label in NOBODY.values() else label


def bar_says(one: Bar) -> str:
    """When a budget runs out, in one or two sentences."""
    anew = "" if one.begins_anew is None else f" It begins anew on {wording.moment(one.begins_anew)}."
    if one.state is State.SPENT:
        then = "New calls are refused." if one.budget.hard else "Calls go on, for it only warns."
        if one.budget.instead:
            then = f"Calls go on with {one.budget.instead}."
        return f"It is spent. {then}{anew}"
    if one.runs_out is not None:
        return f"It runs out on {wording.moment(one.runs_out)}, if calls go on as in the last day.{anew}"
    if one.begins_anew is None:
        return "It does not run out, if calls go on as in the last day."
    return f"It lasts until it begins anew on {wording.moment(one.begins_anew)}."


def _each_day(found: Spending) -> Chart:
    top, day = max(zip(found.by_day, found.days, strict=True))
    says = f"The dearest day was {wording.day(day)}, with {dollars(top)}." if top else "Nothing was spent yet."
    return charts.stacked("days", says, found.days, {"cost": list(found.by_day)}, {"cost": "Cost"}, say=dollars)


def _shares(found: Spending, by: By, labels: Mapping[str, str], scope: Scope, days: int) -> Chart:
    shown, rest = found.shares[:MOST_SHARES], found.shares[MOST_SHARES:]
    numbers = [(labels[one.name], one.pico) for one in shown]
    if rest:
        numbers.append((wording.plural(len(rest), "other"), sum(one.pico for one in rest)))
    then = "model" if by in {"app", "person", "provider"} else "app"
    hrefs = {
        labels[one.name]: scope.narrowed(**{by: one.name}).address("/spend", by=then, days=days)
        for one in shown
        if one.name and by != "day"
    }
    return charts.lying("shares", f"By {BY[by].lower()}, the dearest first.", (BY[by], "Cost"), numbers, hrefs, dollars)


def _labels(connection: Connection, by: By, names: list[str]) -> dict[str, str]:
    """What people call each spender; two people of one name are told apart."""
    words = {name: name for name in names}
    if by == "person":
        people = identity.names(connection, [name for name in names if name])
        words = {name: people.get(name, "Somebody who was erased") for name in names}
        seen: set[str] = set()
        for name, said in words.items():
            words[name] = f"{said} ({name})" if said in seen else said
            seen.add(said)
    elif by == "run":
        runs = accounts.names_of_runs(connection, names)
        words = {name: runs.get(name) or name for name in names}
    elif by == "team":
        teams = {one.id: one.name for one in identity.teams(connection)}
        words = {name: teams.get(name, name) for name in names}
    return {name: words[name] if name else NOBODY.get(by, "None: refused before") for name in names}


# -- whose calls -----------------------------------------------------------------------------------------------------


def scope_of(at: Asked, connection: Connection, seen: gateway.Seen | None) -> Scope:
    """Whose calls the address asks for, as far as this reader may see them."""
    which = Filter(**{name: at.query(name)[:200] for name in NARROWS}, seen=seen)
    return Scope(which, seen is None, _words(at, connection, which))


def _words(at: Asked, connection: Connection, which: Filter) -> str:
    said = [one for one in (which.app, which.provider, which.model) if one]
    if which.team:
        teams = {one.id: one.name for one in identity.teams(connection)}
        said.append(f"the team {teams.get(which.team, which.team)}")
    if which.person == at.me.person:
        said.append("you")
    elif which.person:
        said.append(identity.names(connection, [which.person]).get(which.person, "somebody who was erased"))
    return ", ".join(said)


def _concerns(at: Asked, connection: Connection, scope: Scope, account: str) -> bool:
    """Whether a budget stands on this page: it may be read, and it concerns whom the page is about."""
    which, seen = scope.which, scope.which.seen
    kind, _, name = account.partition(":")
    if kind == "run":
        kind, name = "person", accounts.person_of_run(connection, account)
    subject = budgets.subject(account)
    app = subject.removeprefix("app:") if subject.startswith("app:") else ""
    if seen is not None and not (
        (kind == "person" and name == seen.person) or (kind == "team" and name in seen.teams) or app in seen.apps
    ):
        return bool(app) and at.may(connection, "read-spending", subject)
    wanted = {"app": which.app, "team": which.team, "person": which.person}
    if not any(wanted.values()):
        return not (which.provider or which.model)
    return wanted["app"] == app != "" or (kind in {"team", "person"} and wanted[kind] == name)


# -- calls -----------------------------------------------------------------------------------------------------------


def calls_page(at: Asked) -> Response:
    """The newest calls, page by page."""
    moment, _, id = at.query("before").partition("_")
    with at.read() as connection:
        scope = scope_of(at, connection, seeing_calls.seen(connection, at.me.person, at.now))
        found = gateway.calls(connection, scope.which, before=(moment, id) if id else None, limit=AT_ONCE + 1)
        shown = found[:AT_ONCE]
        people = identity.names(connection, {one.person for one in shown if one.person})
    more = scope.address("/calls", before=f"{shown[-1].at}_{shown[-1].id}") if len(found) > AT_ONCE else ""
    return at.page(
        "spending/calls.html",
        scope=scope,
        calls=shown,
        people=people,
        outcomes=OUTCOMES,
        before=id,
        more=more,
    )
