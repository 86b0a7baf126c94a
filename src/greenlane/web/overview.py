"""For those who answer for it: how many apps, how changes went, what waited, what it cost, where to look."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from greenlane.gateway.queries import Filter
from greenlane.govern.facts import RUNGS
from greenlane.insights import figures, spending
from greenlane.insights.figures import LANES, RANGES, Durations, Overview
from greenlane.insights.reading import counted_to
from greenlane.web import charts, wording
from greenlane.web.asked import Asked
from greenlane.web.charts import Chart
from greenlane.web.site import Site

USUAL = 30
"""Days that are shown when the address names none of the ranges."""

MARKS = {
    "public": "Open to the whole internet",
    "everyone": "Open to everyone here",
    "personal": "Holds personal data of several people",
    "unreviewed": "Went live on its author’s own word",
    "credential": "A credential was found in it lately",
}
"""What makes an app worth a look, in words."""

OUTCOMES = {
    "approved": "Approved",
    "declined": "Declined",
    "sent-back": "Sent back with a note",
    "withdrawn": "Withdrawn by their author",
    "expired": "Expired unanswered",
}
"""How questions to people ended."""


def routes(site: Site) -> list[Route]:
    """One page."""
    return [site.page("/overview", overview)]


def overview(at: Asked) -> Response:
    """The figures of a range of days; the range is in the address."""
    asked = at.query("days")
    days = int(asked) if asked in {str(one) for one in RANGES} else USUAL
    with at.read() as connection:
        at.must(connection, "read-all-receipts")
        found = figures.overview(connection, at.now, days, counted_to(connection))
        models = spending.together(connection, Filter(), figures.days_of(at.now, days))
    return at.page(
        "overview/overview.html",
        found=found,
        models=models,
        days=days,
        ranges=RANGES,
        lead=lead(found, days),
        apps_said=_apps(found),
        lanes=_lanes(found, days),
        audiences=_audiences(found),
        teams=_teams(found),
        owners=charts.lying("owners", "Who owns the most apps.", ("Owner", "Apps"), found.owners),
        live=_durations("live", "Changes", "live", found.live),
        waited=_durations("waited", "Questions", "answered", found.waited),
        outcomes=[(OUTCOMES.get(name, name), number) for name, number in found.outcomes.items()],
        asked_by=_asked_by(found),
        spots=[(one.app, [MARKS[mark] for mark in one.marks]) for one in found.spots],
        largest=figures.MOST_SHOWN,
    )


def lead(found: Overview, days: int) -> str:
    """How changes went, in one sentence."""
    if not found.decided:
        return f"Nothing was decided about an app in the last {days} days."
    went = f"{wording.number(found.lane('green'))} went straight through"
    return (
        f"In the last {days} days {wording.plural(found.decided, 'change')} to apps "
        f"{'was' if found.decided == 1 else 'were'} decided: {went}, {wording.number(found.lane('amber'))} with "
        f"safeguards, {wording.number(found.lane('red'))} needed a person, {wording.number(found.lane('closed'))} "
        f"{'was' if found.lane('closed') == 1 else 'were'} not possible."
    )


def _lanes(found: Overview, days: int) -> Chart:
    share = round(100 * (found.lane("green") + found.lane("amber")) / found.decided) if found.decided else 0
    says = (
        f"{share}\u202f% of the changes went through without waiting for anybody."
        if found.decided
        else "No change yet."
    )
    return charts.stacked("lanes", says, found.days, {lane: found.lanes[lane] for lane in LANES}, wording.LANES)


def _apps(found: Overview) -> str:
    are = "is" if found.apps == 1 else "are"
    sleep = f" {wording.number(found.asleep)} of them sleep, because nobody came for long." if found.asleep else ""
    return f"There {are} {wording.plural(found.apps, 'app')}.{sleep}"


def _audiences(found: Overview) -> Chart:
    wide = found.rungs.get("everyone", 0) + found.rungs.get("public", 0)
    says = f"{wording.plural(wide, 'app is', 'apps are')} open to more than a team or people by name."
    numbers = [(wording.AUDIENCES[rung], found.rungs.get(rung, 0)) for rung in RUNGS]
    return charts.lying("audiences", says, ("Who can open it", "Apps"), numbers)


def _teams(found: Overview) -> Chart:
    shown, rest = found.teams[: figures.MOST_SHOWN], found.teams[figures.MOST_SHOWN :]
    numbers = list(shown)
    if rest:
        numbers.append((f"{wording.plural(len(rest), 'other team')}", sum(number for _, number in rest)))
    says = f"{wording.plural(len(found.teams), 'team has', 'teams have')} apps."
    return charts.lying("teams", says, ("Team", "Apps"), numbers)


def _durations(id: str, what: str, how: str, found: Durations) -> Chart:
    """How long something took: half and nine of ten in the sentence, all steps in the bars."""
    half, most = found.within(0.5), found.within(0.9)
    if half is None or most is None:
        return charts.lying(id, f"No {what.lower().removesuffix('s')} was {how} in these days.", ("How long", what), ())
    if found.number == 1:
        says = f"1 {what.lower().removesuffix('s')} was {how} {_within(most)}."
    else:
        says = f"Half of the {wording.plural(found.number, what.lower().removesuffix('s'))} were {how} {_within(half)}"
        says += "." if most == half else f", nine of ten {_within(most)}."
    there = [place for place, (_, number) in enumerate(found.steps) if number]
    numbers = [(_step(bound), number) for bound, number in found.steps[there[0] : there[-1] + 1]]
    return charts.lying(id, says, ("How long", what), numbers)


def _within(bound: int) -> str:
    return f"within {wording.duration(bound)}" if bound else "after more than a week"


def _step(bound: int) -> str:
    return f"Up to {wording.duration(bound)}" if bound else "Longer than a week"


def _asked_by(found: Overview) -> Chart:
    numbers = list(found.asked_by.items())[: figures.MOST_SHOWN]
    hrefs = {policy: f"/policy#{policy}" for policy, _ in numbers}
    says = f"“{numbers[0][0]}” is the rule that asked the most often." if numbers else "No rule asked for a person."
    return charts.lying("asked-by", says, ("Rule", "Times"), numbers, hrefs)
