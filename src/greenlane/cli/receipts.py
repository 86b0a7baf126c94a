"""What happened, in sentences."""

from __future__ import annotations

from typing import Annotated

import typer

from greenlane.cli.command import Ask, Command
from greenlane.cli.output import SHAPES, STYLES, Output
from greenlane.cli.talk import Document, Talk

App = Annotated[str, typer.Option("--app", help="Of one app.", show_default=False)]
Person = Annotated[str, typer.Option("--person", help="By one person: id, mail address or name.", show_default=False)]
Agent = Annotated[str, typer.Option("--agent", help="By one agent, as its token names it.", show_default=False)]
VerbName = Annotated[str, typer.Option("--verb", help="Of one verb, such as publish.", show_default=False)]
Lane = Annotated[str, typer.Option("--lane", help="Of one lane: green, amber, red or closed.", show_default=False)]
Process = Annotated[str, typer.Option("--process", help="Of one piece of work, prc_….", show_default=False)]
Since = Annotated[str, typer.Option("--from", help="Since a day or moment, 2026-01-31.", show_default=False)]
Until = Annotated[str, typer.Option("--to", help="Until a day (that day counts) or moment.", show_default=False)]
Limit = Annotated[int, typer.Option("--limit", min=1, max=500, help="How many at most.")]
After = Annotated[int | None, typer.Option("--after", help="Only what follows this index.", show_default=False)]
Newest = Annotated[bool, typer.Option("--newest", help="The newest first.")]


def receipts(
    talk: Talk,
    app: App = "",
    person: Person = "",
    verb: VerbName = "",
    lane: Lane = "",
    process: Process = "",
    agent: Agent = "",
    since: Since = "",
    until: Until = "",
    limit: Limit = 50,
    after: After = None,
    newest: Newest = False,
) -> Document:
    """Tell what happened, in sentences; --json gives the receipts in full."""
    return talk.client.get(
        "/v1/receipts",
        app=app,
        person=talk.person(person),
        verb=verb,
        lane=lane,
        process=process,
        agent=agent,
        **{"from": since, "to": until},
        after=after,
        limit=limit,
        newest=1 if newest else None,
    )


def says(out: Output, document: Document) -> None:
    """One line each: index, time, lane, sentence. What was decided is left out where it says too what came of it."""
    settled = {item.get("action") for item in document["receipts"] if item.get("half") == "settled"}
    for item in document["receipts"]:
        if item.get("half") == "decided" and item.get("action") in settled:
            continue
        lane = item.get("lane") or ""
        shape = SHAPES.get(lane, "·")
        out.say(
            f"{item['seq']:>6}  {item['at'][:19].replace('T', ' ')}  {shape} {item['sentence']}", STYLES.get(lane, "")
        )
    if not document["receipts"]:
        out.say("There are no such receipts.")
    elif document.get("next") is not None:
        out.next(f"the same with `--after {document['receipts'][-1]['seq']}` for more.")


COMMANDS: tuple[Command, ...] = (
    Ask("receipts", "query /v1/receipts", receipts, "greenlane receipts --app vendor-board", says),
)
