"""Functions that run by themselves, from the terminal: when they run, how runs went, and holding them."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from greenlane.cli import saying
from greenlane.cli.command import ARGUMENT, Ask, Command, Typed, act
from greenlane.cli.output import Output
from greenlane.cli.talk import Document, Talk

App = Annotated[str, typer.Argument(metavar="APP", help="The app's name.")]
Function = Annotated[
    str, typer.Option("--function", help="One function alone; all of them if left out.", show_default=False)
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=200, help="How many at most.")]


def listed(talk: Talk, app: App) -> Document:
    """The functions of an app that run by themselves: when, when next, and how the last run went."""
    return talk.client.get(f"/v1/apps/{quote(app, safe='')}/schedules")


def ran(talk: Talk, app: App, function: Function = "", limit: Limit = 20) -> Document:
    """Runs of an app's functions, by a schedule or in the background, the newest first."""
    return talk.client.get(f"/v1/apps/{quote(app, safe='')}/runs", function=function, limit=limit)


def _schedules(out: Output, document: Document) -> None:
    rows = [
        (
            one["function"],
            one["says"],
            "paused" if one["paused_by"] else _moment(one["next_at"]),
            f"{_moment(one['last']['due_at'])} {one['last']['state']}" if one["last"] else "never",
        )
        for one in document["items"]
    ]
    out.table(("function", "runs", "next", "last"), rows, none="No function of it runs by itself.")


def _runs(out: Output, document: Document) -> None:
    rows = [
        (
            one["run"],
            one["function"],
            one["environment"],
            _moment(one["due_at"]),
            one["state"],
            _took(one),
            one["why"],
        )
        for one in document["items"]
    ]
    heads = ("run", "function", "in", "due", "state", "took", "why")
    out.table(heads, rows, none="No function of it ran in the last 30 days.")
    if rows:
        app, run = document["items"][0]["app"], document["items"][0]["run"]
        out.next(f"`greenlane logs {app} --contains {run}` shows what it said.")


def _begun(out: Output, document: Document) -> None:
    """The run, and where it is followed."""
    given: dict[str, Any] = document.get("answer") or {}
    out.say("The run:")
    out.raw(str(given["run"]))
    out.next(f"`greenlane schedules runs {given['app']}` says how it goes.")


def _moment(stamp: str | None) -> str:
    return f"{stamp[:16].replace('T', ' ')}Z" if stamp else ""


def _took(one: Document) -> str:
    return f"{one['ms'] / 1000:.1f} s" if one["began_at"] and one["ended_at"] else ""


COMMANDS: tuple[Command, ...] = (
    Ask(
        "schedules list",
        "query /v1/apps/{app}/schedules",
        listed,
        "greenlane schedules list vendor-board",
        _schedules,
    ),
    Ask("schedules runs", "query /v1/apps/{app}/runs", ran, "greenlane schedules runs vendor-board", _runs),
    act(
        "schedules run",
        "run-now",
        "greenlane schedules run vendor-board nightly",
        saying.answer(_begun),
        app=ARGUMENT,
        function=ARGUMENT,
        environment=Typed(("--environment",)),
    ),
    act(
        "schedules pause",
        "pause-schedule",
        "greenlane schedules pause vendor-board nightly",
        app=ARGUMENT,
        function=ARGUMENT,
    ),
    act(
        "schedules resume",
        "resume-schedule",
        "greenlane schedules resume vendor-board nightly",
        app=ARGUMENT,
        function=ARGUMENT,
    ),
)
