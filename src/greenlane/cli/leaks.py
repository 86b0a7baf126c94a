"""What to do about something that was found in the files: move it into a variable, or say that it is no credential."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

import typer

from greenlane.cli import saying
from greenlane.cli.command import ARGUMENT, Ask, Command, Typed, act
from greenlane.cli.output import Output
from greenlane.cli.talk import Document, Talk

App = Annotated[str, typer.Argument(metavar="APP", help="The app's name.")]
FOUND_IN = Typed(("--found-in",))


def moved(out: Output, document: Document) -> None:
    """Which line to change. The value itself was shown to nobody."""
    answer = document["answer"]
    out.say(f"{answer['name']} has the value now. Nobody typed it and nobody saw it.")
    out.say(answer["change"])
    out.next("Have it replaced where it was made, because it was in the files, and then deploy again.")


def called_off(out: Output, document: Document) -> None:
    """That the same deploy goes through now."""
    app = document["subject"].partition(":")[2]
    out.say("It does not hold this app up any more. The same value in another app is found as before.")
    out.next(f"`greenlane deploy . --app {app}` once more.")


def alarms(talk: Talk, app: App) -> Document:
    """What was called a false alarm in an app, by whom and when."""
    return {"items": talk.everything(f"/v1/apps/{quote(app, safe='')}/false-alarms")}


def _table(out: Output, document: Document) -> None:
    rows = [
        (one["mark"], one["kind"], one["by"], one["at"][:10], "yes" if one["reviewed"] else "no")
        for one in document["items"]
    ]
    out.table(("mark", "kind", "by", "since", "looked at"), rows, none="Nothing was called a false alarm.")


def steps(out: Output, app: str, found_in: str, findings: list[Mapping[str, Any]]) -> None:
    """What can be typed about findings, under the list of them."""
    marks = list(dict.fromkeys(str(one["mark"]) for one in findings if one.get("mark")))
    if not (app and found_in and marks):
        return
    out.say("  To make it a variable of the app, without seeing it (choose the name and the environments):")
    for mark in marks[:3]:
        out.raw(f"  greenlane credentials move {mark} --app {app} --found-in {found_in} --name API_KEY")
    out.say("  If it is no credential:")
    out.raw(f'  greenlane credentials dismiss {marks[0]} --app {app} --found-in {found_in} --why "how you know"')


COMMANDS: tuple[Command, ...] = (
    act(
        "credentials move",
        "move-credential",
        "greenlane credentials move 5d0c… --app crm --found-in upl_… --name CRM_KEY --environment production",
        saying.answer(moved),
        mark=ARGUMENT,
        app=Typed(("--app",)),
        found_in=FOUND_IN,
        name=Typed(("--name",)),
        environments=Typed(("--environment",), says="An environment that gets the value; may be repeated."),
    ),
    act(
        "credentials dismiss",
        "mark-false-alarm",
        'greenlane credentials dismiss 5d0c… --app crm --found-in upl_… --why "a sample from the vendor\'s page"',
        saying.answer(called_off),
        mark=ARGUMENT,
        app=Typed(("--app",)),
        found_in=FOUND_IN,
        why=Typed(("--why",)),
        kind=Typed(("--kind",)),
    ),
    act(
        "credentials restore",
        "unmark-false-alarm",
        "greenlane credentials restore 5d0c… --app crm",
        mark=ARGUMENT,
        app=Typed(("--app",)),
        kind=Typed(("--kind",)),
    ),
    Ask(
        "credentials alarms",
        "query /v1/apps/{app}/false-alarms",
        alarms,
        "greenlane credentials alarms crm",
        _table,
    ),
)
