"""What is kept apart, so that no one person has or does both."""

from __future__ import annotations

from greenlane.cli.command import ARGUMENT, Ask, Command, Typed, act
from greenlane.cli.output import Output
from greenlane.cli.talk import Document, Talk


def listed(talk: Talk) -> Document:
    """Which roles and which verbs are kept apart."""
    return {"items": talk.everything("/v1/duties")}


def conflicts(talk: Talk) -> Document:
    """Who has or did both of what is kept apart."""
    return {"items": talk.everything("/v1/duties/conflicts")}


def _table(out: Output, document: Document) -> None:
    rows = [
        (
            one["id"],
            one["kind"],
            f"{one['one']} and {one['other']}",
            f"{one['days']} days" if one["days"] else "for ever" if one["kind"] == "verbs" else "",
            one["made_by"],
            one["since"][:10],
        )
        for one in document["items"]
    ]
    out.table(("id", "kind", "kept apart", "counts", "made by", "on"), rows)
    if not rows:
        out.say("Nothing is kept apart.")


def _conflicts(out: Output, document: Document) -> None:
    for one in document["items"]:
        out.say(f"{one['pair']}  {one['says']}")
    if not document["items"]:
        out.say("Nobody has or did both of anything that is kept apart.")


COMMANDS: tuple[Command, ...] = (
    Ask("duties", "query /v1/duties", listed, "greenlane duties", _table),
    Ask("duties list", "query /v1/duties", listed, "greenlane duties list", _table),
    Ask("duties conflicts", "query /v1/duties/conflicts", conflicts, "greenlane duties conflicts", _conflicts),
    act(
        "duties keep-apart",
        "keep-apart",
        "greenlane duties keep-apart verbs deploy approve --days 90",
        kind=ARGUMENT,
        one=ARGUMENT,
        other=ARGUMENT,
        days=Typed(("--days",)),
    ),
    act("duties stop", "stop-keeping-apart", "greenlane duties stop apt_01h2…", pair=ARGUMENT),
)
"""Separation of duties."""
