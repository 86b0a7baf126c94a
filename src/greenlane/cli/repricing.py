"""Counting anew what calls cost: what it would change, and doing it."""

from __future__ import annotations

from typing import Annotated

import typer

from greenlane.cli import saying
from greenlane.cli.command import ARGUMENT, Ask, Command, Typed, act
from greenlane.cli.output import Output
from greenlane.cli.talk import Document, Talk
from greenlane.gateway.prices.money import dollars

Since = Annotated[str, typer.Argument(metavar="SINCE", help="The first day, such as 2026-11-01; days are in UTC.")]
Until = Annotated[str, typer.Argument(metavar="UNTIL", help="The last day.")]
Provider = Annotated[str, typer.Option("--provider", help="Calls that this provider served.", show_default=False)]
Model = Annotated[str, typer.Option("--model", help="Calls that this model served.", show_default=False)]


def preview(talk: Talk, since: Since, until: Until, provider: Provider = "", model: Model = "") -> Document:
    """Say what calls would cost at the prices that are set now, by account. It changes nothing itself."""
    asked = {"since": since, "until": until, "provider": provider, "model": model}
    return talk.client.get("/v1/gateway/prices/preview", **asked)


def _preview(out: Output, document: Document) -> None:
    rows = [(one["whose"], f"{one['calls']:,}", dollars(one["was"]), dollars(one["now"])) for one in document["items"]]
    out.table(("of", "calls", "counted so far", "at the prices of now"), rows, none="Nothing would change.")
    out.say(_looked(document))
    if rows:
        out.next("`greenlane gateway price apply` with the same days writes it down.")


def _applied(out: Output, document: Document) -> None:
    said = document.get("answer") or {}
    out.say(_looked(said))
    if said["changed"]:
        out.say(f"They count as {dollars(said['now'])} now, and no longer as {dollars(said['was'])}.")


def _looked(said: Document) -> str:
    words = f"{said['calls']:,} calls were looked at; {said['changed']:,} cost something else."
    return f"{words} {said['left']:,} stay as they are: nobody knows a price or a usage." if said["left"] else words


COMMANDS: tuple[Command, ...] = (
    Ask(
        "gateway price preview",
        "query /v1/gateway/prices/preview",
        preview,
        "greenlane gateway price preview 2026-11-01 2026-11-22 --provider local",
        _preview,
    ),
    act(
        "gateway price apply",
        "reprice-calls",
        "greenlane gateway price apply 2026-11-01 2026-11-22 --provider local",
        saying.answer(_applied),
        since=ARGUMENT,
        until=ARGUMENT,
        provider=Typed(("--provider",)),
        model=Typed(("--model",)),
    ),
)
"""What later prices change about earlier calls."""
