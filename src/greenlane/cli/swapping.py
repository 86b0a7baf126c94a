"""Swapping one provider for another: what it would have cost, and doing it in one step."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from greenlane.cli.command import ARGUMENT, Ask, Command, act
from greenlane.cli.output import Output
from greenlane.cli.talk import Document, Talk
from greenlane.gateway.prices.money import dollars

Provider = Annotated[str, typer.Argument(metavar="PROVIDER", help="The provider that calls go to now.")]
Instead = Annotated[str, typer.Argument(metavar="INSTEAD", help="The provider that takes its place.")]
Model = Annotated[
    list[str],
    typer.Option("--model", help="Which model takes the place of which: gpt-5=claude-opus-5; may be repeated."),
]
Days = Annotated[int, typer.Option("--days", min=1, max=366, help="How many days of calls it is rehearsed on.")]
Keep = Annotated[bool, typer.Option("--keep/--no-keep", help="Try the old one where the new one fails.")]


def swap(talk: Talk, provider: Provider, instead: Instead, model: Model, days: Days = 7, keep: Keep = True) -> Document:
    """Say what a swap would have cost and refuse, and which routes it changes. It changes nothing itself."""
    asked = {"provider": provider, "instead": instead, "days": days, "keep": keep}
    return talk.client.get("/v1/gateway/swap", **asked, model=model)


def _swap(out: Output, document: Document) -> None:
    rows = [
        (
            f"{one['provider']}/{one['model']}",
            f"{one['to_provider']}/{one['to_model']}",
            f"{one['calls']:,}",
            dollars(one["before"]),
            dollars(one["after"]),
            "translated" if one["translated"] else "as it is",
        )
        for one in document["moved"]
    ]
    heads = ("served by", "would go to", "calls", "cost", "would have cost", "how")
    out.table(heads, rows, none="No recorded call would have gone elsewhere.")
    for one in (*document["refused"], *document["unpriced"]):
        out.say(f"{one['calls']:,} of {document['calls']:,} calls: {one['reason']}")
    for one in document["staying"]:
        out.say(f"{one['model']} stays where it is: {one['calls']:,} calls.")
    if document["routes"]:
        out.say("To do it, in one step:")
        out.say(shlex.join(["greenlane", "gateway", "route", "set-all", *document["routes"]]))


COMMANDS: tuple[Command, ...] = (
    Ask(
        "gateway swap",
        "query /v1/gateway/swap",
        swap,
        "greenlane gateway swap openai anthropic --model gpt-5-mini=claude-haiku-4-5",
        _swap,
    ),
    act(
        "gateway route set-all",
        "set-routes",
        'greenlane gateway route set-all "fast anthropic/claude-haiku-4-5 else openai/gpt-5-mini"',
        routes=ARGUMENT,
    ),
)
"""What a swap would do, and the verb that does it."""
