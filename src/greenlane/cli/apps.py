"""Apps: that they exist, who may open them, what they may call, and under which names they answer."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from greenlane.catalog.hosts import ENVIRONMENTS
from greenlane.cli import saying
from greenlane.cli.command import ARGUMENT, Ask, Command, Typed, act
from greenlane.cli.output import Output, size
from greenlane.cli.talk import Document, Talk
from greenlane.govern.facts import RUNGS
from greenlane.govern.words import word

Name = Annotated[str, typer.Argument(metavar="APP", help="The app's name.")]


def listed(talk: Talk) -> Document:
    """The apps that you may see."""
    return {"items": talk.everything("/v1/apps")}


def one(talk: Talk, app: Name) -> Document:
    """One app: five questions with their answers, its owner, its audience, what is live where, and what is locked."""
    address = f"/v1/apps/{quote(app, safe='')}"
    return {**talk.client.get(address), "questions": talk.everything(f"{address}/questions")}


def hosts(talk: Talk, app: Name) -> Document:
    """The outside hosts that an app may call, for what, and where."""
    return {"items": talk.client.get(f"/v1/apps/{quote(app, safe='')}").get("hosts", [])}


def _host_table(out: Output, document: Document) -> None:
    rows = [(one["host"], one["directives"], one["environment"] or "everywhere") for one in document["items"]]
    out.table(("host", "for", "where"), rows, none="It calls no outside host.")


def _claimed(out: Output, document: Document) -> None:
    """The DNS record that proves the claim."""
    given = document.get("answer") or {}
    out.say("Put this record into the domain's DNS:")
    for name in ("record", "name", "type", "value"):
        if given.get(name):
            out.raw(f"{given[name]}")
    app = document["subject"].partition(":")[2]
    out.next(f"`greenlane domain verify {app} {given.get('domain', 'DOMAIN')}` once it is there.")


def _table(out: Output, document: Document) -> None:
    rows = [
        (one["name"], one.get("owner"), one.get("team"), one.get("audience"), one.get("state"))
        for one in document["items"]
    ]
    out.table(("app", "owner", "team", "audience", "state"), rows, none="No apps yet. Next: `greenlane deploy ./site`")


def says(out: Output, app: Document) -> None:
    """One app on a page."""
    audience = app.get("audience")
    rung = audience.get("rung") if isinstance(audience, dict) else audience
    facts = [
        ("title", app.get("title")),
        ("owner", app.get("owner")),
        ("team", app.get("team")),
        ("audience", rung),
        ("opens to", _later(app.get("opens_to"))),
        ("state", app.get("state")),
        ("deploys", app.get("deploys")),
        ("stored", f"{size(app['bytes'])} of {size(app['quota'])}" if app.get("quota") else None),
        ("hosts", [one["host"] if isinstance(one, dict) else one for one in app.get("hosts", ())]),
        ("variables", [one["name"] if isinstance(one, dict) else one for one in app.get("variables", ())]),
    ]
    out.facts(app["name"], facts)
    for question in app.get("questions", ()):
        receipt = "" if question["receipt"] is None else f" (receipt {question['receipt']})"
        out.say()
        out.say(question["asks"])
        out.say(f"  {question['says']}{receipt}")
    for place in app.get("environments", ()):
        out.say()
        live, lock = place.get("live"), place.get("lock")
        out.say(f"{place['name']}: {_live(live) if live else 'nothing yet'}")
        if lock:
            until = f" until {lock['until']}" if lock.get("until") else ""
            why = f": {lock['why']}" if lock.get("why") else ""
            out.say(f"  locked{_by(lock.get('who'))}{until}{why}")
        if live and place.get("url"):
            out.raw(place["url"])


def _later(opens: Document) -> str:
    """The audience that it opens to by itself, when, and how to stop it."""
    if not opens:
        return ""
    at = opens["at"][:16].replace("T", " ")
    return f"{word('audience_wanted', opens['audience'])}, at {at} UTC, unless another audience is set before"


def _live(live: Document) -> str:
    message = f" ({live['message']})" if live.get("message") else ""
    return f"{live['deploy']}, since {live['at']}{_by(live.get('by'))}{message}"


def _by(who: Document) -> str:
    name = who.get("name") or who.get("id") if isinstance(who, dict) else who
    return f" by {name}" if name else ""


def egress(
    talk: Talk,
    app: Name,
    days: Annotated[int, typer.Option("--days", min=1, max=3660, help="How many days back.")] = 30,
) -> Document:
    """What an app's code called outside, and what it tried in vain to call."""
    return talk.client.get(f"/v1/apps/{quote(app, safe='')}/egress", days=days)


def _called(out: Output, document: Document) -> None:
    rows = [
        (
            one["host"] if one["port"] in (0, 443) else f"{one['host']}:{one['port']}",
            one["environment"] if one["use"] == "run" else "build",
            "reached" if one["outcome"] == "allowed" else f"refused ({one['why']})",
            one["times"],
            size(one["sent"]),
            size(one["received"]),
            one["last"][:16].replace("T", " "),
        )
        for one in document["items"]
    ]
    heads = ("host", "where", "", "times", "sent", "received", "last")
    out.table(heads, rows, none="Its code called nothing outside.")


COMMANDS: tuple[Command, ...] = (
    Ask("apps", "query /v1/apps", listed, "greenlane apps", _table),
    Ask("apps list", "query /v1/apps", listed, "greenlane apps list", _table),
    Ask("apps show", "query /v1/apps/{app}", one, "greenlane apps show vendor-board", says),
    act(
        "apps create",
        "create-app",
        "greenlane apps create vendor-board --team sales",
        app=ARGUMENT,
        team=Typed(("--team",)),
        title=Typed(("--title",)),
    ),
    act(
        "apps audience",
        "set-audience",
        "greenlane apps audience vendor-board named --people ada@example.com",
        app=ARGUMENT,
        audience=Typed(choices=RUNGS, says="Who may open it, from the narrowest to the widest."),
        people=Typed(("--people",), says="Somebody who may open it, with the audience named; may be repeated."),
        teams=Typed(("--teams",), says="A team that may open it, with the audience named; may be repeated."),
        groups=Typed(("--groups",), says="One of the company's groups that may open it; may be repeated."),
    ),
    act(
        "apps transfer",
        "transfer-app",
        "greenlane apps transfer vendor-board --owner ada@example.com",
        app=ARGUMENT,
        owner=Typed(("--owner",), says="The new owner, by id, mail address or name."),
        team=Typed(("--team",)),
    ),
    act("apps archive", "archive-app", "greenlane apps archive vendor-board", app=ARGUMENT),
    act("apps wake", "wake-app", "greenlane apps wake vendor-board", app=ARGUMENT),
    act("apps quota", "set-quota", "greenlane apps quota vendor-board 2000000000", app=ARGUMENT, size=ARGUMENT),
    Ask("hosts list", "query /v1/apps/{app}", hosts, "greenlane hosts list vendor-board", _host_table),
    act(
        "hosts add",
        "declare-host",
        "greenlane hosts add vendor-board api.example.com --for connect --for img",
        app=ARGUMENT,
        host=ARGUMENT,
        directives=Typed(
            ("--for",),
            says="For what: connect, script, style, img, font, media, frame, form, or server for its own code; may be repeated.",
        ),
        environment=Typed(("--environment",), choices=ENVIRONMENTS[1:], says="Where it counts; left out, everywhere."),
    ),
    act(
        "hosts remove",
        "remove-host",
        "greenlane hosts remove vendor-board api.example.com",
        app=ARGUMENT,
        host=ARGUMENT,
        environment=Typed(
            ("--environment",), choices=ENVIRONMENTS[1:], says="Where it was declared; left out, for everywhere."
        ),
    ),
    Ask("egress", "query /v1/apps/{app}/egress", egress, "greenlane egress vendor-board", _called),
    act(
        "domain claim",
        "claim-domain",
        "greenlane domain claim vendor-board board.example.com",
        saying.answer(_claimed),
        app=ARGUMENT,
        domain=ARGUMENT,
    ),
    act(
        "domain verify",
        "verify-domain",
        "greenlane domain verify vendor-board board.example.com",
        app=ARGUMENT,
        domain=ARGUMENT,
    ),
    act(
        "domain release",
        "release-domain",
        "greenlane domain release vendor-board board.example.com",
        app=ARGUMENT,
        domain=ARGUMENT,
    ),
)
