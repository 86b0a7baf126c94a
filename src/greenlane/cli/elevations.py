"""A role for some hours: asking for it, looking at it, ending it."""

from __future__ import annotations

from greenlane.cli import saying
from greenlane.cli.command import ARGUMENT, Ask, Command, Typed, act
from greenlane.cli.output import Output
from greenlane.cli.talk import Document, Talk


def elevations(talk: Talk) -> Document:
    """Who has a role for some hours now, until when and what for."""
    return {"items": talk.everything("/v1/elevations")}


def _table(out: Output, document: Document) -> None:
    rows = [
        (one["id"], one["name"], f"{one['role']} of {one['scope']}", one["until"], one["because"] or None)
        for one in document["items"]
    ]
    out.table(("id", "person", "is", "until", "for"), rows, none="Nobody has a role for some hours now.")


def _runs(out: Output, document: Document) -> None:
    """The elevation's id, alone on its line: ending it needs it."""
    given = document.get("answer") or {}
    if given.get("elevation"):
        out.raw(str(given["elevation"]))
        out.say(f"It ends by itself at {given['until']}.")


COMMANDS: tuple[Command, ...] = (
    act(
        "elevate",
        "ask-elevation",
        'greenlane elevate developer --scope app:vendor-board --hours 2 --because "the import hangs"',
        saying.answer(_runs),
        role=ARGUMENT,
        scope=Typed(("--scope",)),
        hours=Typed(("--hours",)),
        because=Typed(("--because",)),
    ),
    Ask("elevations", "query /v1/elevations", elevations, "greenlane elevations", _table),
    Ask("elevations list", "query /v1/elevations", elevations, "greenlane elevations list", _table),
    act("elevations end", "end-elevation", "greenlane elevations end elv_01h2…", elevation=ARGUMENT),
)
