"""What calls to models may cost, what they cost, and what was said in them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from greenlane.cli import saying
from greenlane.cli.command import ARGUMENT, Ask, Command, Typed, act
from greenlane.cli.output import Output
from greenlane.cli.talk import Document, Talk
from greenlane.gateway import lanes
from greenlane.gateway.budgets.period import Period
from greenlane.gateway.prices.money import dollars

By = Annotated[
    Literal["app", "team", "person", "model", "provider", "day", "environment", "run", "key", "wire", "deploy"],
    typer.Option("--by", help="What the sums are told by."),
]
Days = Annotated[int, typer.Option("--days", min=1, max=3660, help="How many days back, today with them.")]
App = Annotated[str, typer.Option("--app", help="One app alone.", show_default=False)]
Person = Annotated[str, typer.Option("--person", help="One person alone.", show_default=False)]
Model = Annotated[str, typer.Option("--model", help="One model alone.", show_default=False)]
Provider = Annotated[str, typer.Option("--provider", help="One provider alone.", show_default=False)]
Limit = Annotated[int, typer.Option("--limit", min=1, max=500, help="How many at most.")]
CallId = Annotated[str, typer.Argument(metavar="CALL", help="The call's id; every answer names it as greenlane-call.")]


def budgets(talk: Talk) -> Document:
    """Budgets, what was spent of them, and when they run out."""
    return {"items": talk.everything("/v1/gateway/budgets")}


def spend(
    talk: Talk, by: By = "app", days: Days = 30, app: App = "", person: Person = "", model: Model = ""
) -> Document:
    """What model calls cost, by app, team, person, model, provider, day and more."""
    who = talk.person(person)
    return talk.client.get("/v1/gateway/spend", by=by, days=days, app=app, person=who, model=model)


def calls(
    talk: Talk,
    days: Days = 30,
    app: App = "",
    person: Person = "",
    model: Model = "",
    provider: Provider = "",
    limit: Limit = 20,
) -> Document:
    """Model calls, the newest first: what was asked, who served it, and what it cost."""
    asked = {"days": days, "app": app, "person": talk.person(person), "model": model, "provider": provider}
    return talk.client.get("/v1/gateway/calls", **asked, limit=limit)


def call(talk: Talk, call: CallId) -> Document:
    """One model call: what it cost and why, who served it, and where its record lies."""
    return talk.client.get(f"/v1/gateway/calls/{call}")


def decided(talk: Talk, call: CallId) -> Document:
    """How a model call was decided, and by which rules; for who may see every call."""
    return talk.client.get(f"/v1/gateway/calls/{call}/rules")


def trace(talk: Talk, call: CallId) -> Document:
    """The work that a model call belongs to, where its app traces with OpenTelemetry."""
    return talk.client.get(f"/v1/gateway/calls/{call}/trace")


def alerts(talk: Talk) -> Document:
    """What needs a look: budgets that are spent or nearly, prices, providers and their keys."""
    return talk.client.get("/v1/gateway/alerts")


def around(talk: Talk, days: Days = 14) -> Document:
    """Models that apps called, by their own traces, and not through the gateway."""
    return talk.client.get("/v1/gateway/around", days=days)


def _budgets(out: Output, document: Document) -> None:
    rows = [
        (
            one["whose"],
            one["says"],
            one["period"],
            "" if one["hard"] else f"soft, then {one['instead']}" if one["instead"] else "soft",
            _moment(one["resets_at"]),
            _moment(one["runs_out"]),
            "everybody's" if one["everybodys"] else "",
        )
        for one in document["items"]
    ]
    out.table(("of", "spent", "by", "kind", "begins anew", "runs out", "set by"), rows, none="No budget is set.")


def _spend(out: Output, document: Document) -> None:
    rows = [
        (
            one["shown"],
            one["says"],
            f"{one['calls']:,}",
            f"{one['refused']:,}" if one["refused"] else "",
            f"{one['read']:,}",
            f"{one['written']:,}",
        )
        for one in document["items"]
    ]
    heads = (document["by"], "cost", "calls", "refused", "tokens read", "tokens written")
    out.table(heads, rows, none="Nothing was called in that time.")
    if rows:
        out.say(f"Together: {document['says']}.")


def _calls(out: Output, document: Document) -> None:
    rows = [
        (
            one["id"],
            _moment(one["at"]),
            one["app"] or one["name"],
            one["asked"],
            f"{one['provider']}/{one['model']}" if one["provider"] else "",
            one["code"] or one["outcome"] or one["state"],
            one["says"],
        )
        for one in document["items"]
    ]
    out.table(("call", "at", "of", "asked", "served by", "outcome", "cost"), rows, none="No call in that time.")


def _call(out: Output, document: Document) -> None:
    begun, ended, corrected = document["begun"], document["ended"], document["corrected"]
    usage = ", ".join(f"{kind} {count:,}" for kind, count in (ended.get("usage") or {}).items() if kind != "estimated")
    out.facts(
        f"Call {document['id']}",
        (
            ("at", document["at"]),
            ("of", document["name"] or document["app"]),
            ("app", document["app"]),
            ("in", document["environment"]),
            ("deploy", document["deploy"]),
            ("asked for", document["asked"]),
            ("served by", f"{document['provider']}/{document['model']}" if document["provider"] else ""),
            ("because", begun.get("because")),
            ("lane", lanes.words(begun["decided"]) if begun.get("decided") else ""),
            ("why", " ".join(lanes.sentences(begun["decided"])) if begun.get("decided") else ""),
            ("cheaper than asked", (begun.get("instead") or {}).get("name")),
            ("outcome", document["code"] or document["outcome"] or document["state"]),
            ("cost", document["says"]),
            ("charged at first", dollars(corrected["first"]) if corrected else ""),
            ("tokens", usage),
            ("counted by us", ended.get("estimated") or None),
            ("took", f"{document['ms']:,} ms" if document["ended"] else ""),
            ("prompt", begun.get("request")),
            ("answer", ended.get("answer")),
            ("prices", ended.get("prices")),
            (
                "recorded in",
                [document["begun_in"], document["ended_in"], *([corrected["in"]] if corrected else [])],
            ),
        ),
    )


def _decided(out: Output, document: Document) -> None:
    if not document["decided"]:
        out.say("Nothing was told of how it was decided.")
        return
    out.say(f"It {lanes.words(document['decided'])}.")
    for sentence in lanes.sentences(document["decided"]):
        out.say(f"  - {sentence}")
    out.say(f"The rules: {document['decided']['rules']}. --json shows them in full.")


def _trace(out: Output, document: Document) -> None:
    rows = [
        (
            "  " * one["depth"] + one["name"],
            one["began"][11:23],
            f"{one['us'] / 1_000:,.1f} ms",
            "failed" if one["failed"] else "",
            one["model"],
            one["call"],
        )
        for one in document["items"]
    ]
    heads = ("step", "began", "took", "", "model", "call")
    out.table(heads, rows, none="Its caller told nothing of the work that it belongs to.")
    if document["more"]:
        out.say("There were more steps; the first ones are shown.")


def _alerts(out: Output, document: Document) -> None:
    rows = [(one["says"], _moment(one["at"]), ", ".join(one["names"]), one["id"]) for one in document["items"]]
    out.table(("what", "since", "told", "alert"), rows, none="Nothing needs a look.")


def _around(out: Output, document: Document) -> None:
    rows = [
        (
            one["app"] or one["name"],
            one["environment"],
            one["model"],
            one["provider"],
            one["server"],
            f"{one['calls']:,}",
            _moment(one["last"]),
        )
        for one in document["items"]
    ]
    heads = ("of", "in", "model", "provider", "where", "calls", "last")
    out.table(heads, rows, none="No trace tells of a call around the platform.")


def _words(out: Output, document: Document) -> None:
    """What was said, as it went over the wire."""
    said: dict[str, Any] = document.get("answer") or {}
    out.say("The prompt:")
    out.raw(str(said["prompt"]))
    out.say("The answer:")
    out.raw(str(said["answer"]))


def _moment(stamp: str | None) -> str:
    return f"{stamp[:16].replace('T', ' ')}Z" if stamp else ""


PERIOD = Typed(("--period",), choices=tuple(Period))

COMMANDS: tuple[Command, ...] = (
    act(
        "gateway budget set",
        "set-budget",
        "greenlane gateway budget set 50 --team sales --period month",
        dollars=ARGUMENT,
        period=PERIOD,
    ),
    act("gateway budget end", "end-budget", "greenlane gateway budget end --team sales", period=PERIOD),
    Ask("gateway budget list", "query /v1/gateway/budgets", budgets, "greenlane gateway budget list", _budgets),
    Ask("gateway spend", "query /v1/gateway/spend", spend, "greenlane gateway spend --by model", _spend),
    Ask("gateway calls", "query /v1/gateway/calls", calls, "greenlane gateway calls --app vendor-board", _calls),
    Ask("gateway call", "query /v1/gateway/calls/{call}", call, "greenlane gateway call call_01h2…", _call),
    Ask(
        "gateway decided",
        "query /v1/gateway/calls/{call}/rules",
        decided,
        "greenlane gateway decided call_01h2… --json",
        _decided,
    ),
    Ask("gateway trace", "query /v1/gateway/calls/{call}/trace", trace, "greenlane gateway trace call_01h2…", _trace),
    Ask("gateway alerts", "query /v1/gateway/alerts", alerts, "greenlane gateway alerts", _alerts),
    act("gateway dismiss", "dismiss-alert", "greenlane gateway dismiss alert_01h2…", alert=ARGUMENT),
    Ask("gateway around", "query /v1/gateway/around", around, "greenlane gateway around --days 30", _around),
    act(
        "gateway words",
        "look-at-words",
        'greenlane gateway words call_01h2… --because "a complaint"',
        saying.answer(_words),
        call=ARGUMENT,
        because=Typed(("--because",)),
    ),
    act(
        "gateway erase",
        "erase-words",
        "greenlane gateway erase --person p_01h2…",
        call=Typed(("--call",)),
        person=Typed(("--person",)),
    ),
)
"""Budgets, spending, and single calls."""
