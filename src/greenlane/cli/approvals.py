"""Requests that wait for a person: see them, and decide."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from greenlane.cli import saying
from greenlane.cli.command import ARGUMENT, Act, Ask, Command, Typed, act
from greenlane.cli.output import Output
from greenlane.cli.talk import Document, Talk

Request = Annotated[str, typer.Argument(metavar="ID", help="The request's id.")]
Because = Annotated[str, typer.Option("--because", help="Why, in your own words.")]
Seen = Annotated[
    str,
    typer.Option(
        "--seen", help="The digest of what you were shown; what is there now when left out.", show_default=False
    ),
]


def listed(talk: Talk, all_: Annotated[bool, typer.Option("--all", help="Decided ones too.")] = False) -> Document:
    """What waits for a person, what changed, why, who is asked, and by when."""
    return {"items": talk.everything("/v1/approvals", state="all" if all_ else "waiting")}


def one(talk: Talk, request: Request) -> Document:
    """One request in full."""
    return talk.client.get(f"/v1/approvals/{quote(request, safe='')}")


def approve(talk: Talk, request: Request, because: Because, seen: Seen = "") -> dict[str, Any]:
    """Let a waiting request go on. The facts are gathered again first."""
    if not seen:
        shown = one(talk, request)
        talk.out.note(f"You approve: {shown['sentence']}")
        for change in shown.get("changes", ()):
            talk.out.note(f"  {change}")
        seen = shown.get("digest", "")
    return {"request": request, "because": because} | ({"seen": seen} if seen else {})


def _says_list(out: Output, document: Document) -> None:
    if not document["items"]:
        out.say("Nothing waits for a person.")
    for place, item in enumerate(document["items"]):
        if place:
            out.say()
        says(out, item)


def says(out: Output, item: Document) -> None:
    """One request: what, why it needs a person, who is asked, by when, and what to type."""
    out.raw(item["id"])
    out.say(f"  {item['sentence']}")
    for change in item.get("changes", ()):
        out.say(f"  {change}")
    for reason in item.get("reasons", ()):
        out.say(f"  - {reason['says'] if isinstance(reason, dict) else reason}")
    if "score" in (risk := item.get("risk") or {}):
        out.say(f"  Risk: {risk['score']} of 100")
    if item.get("made_by_agent"):
        out.say("  An agent made the change.")
    if asked := item.get("asked"):
        out.say(f"  Asked: {', '.join(asked)}{', by ' + item['due'] if item.get('due') else ''}")
    state = item.get("state", "waiting")
    if state != "waiting":
        out.say(f"  It is {state.replace('-', ' ')}.")
    if decided := item.get("decided"):
        out.say(f"  {decided['by']}: {decided['says']}" if decided.get("says") else f"  By {decided['by']}.")
    if item.get("url"):
        out.say("  Preview:")
        out.raw(item["url"])
    if item.get("may_decide"):
        out.next(f'`greenlane approve {item["id"]} --because "…"`, `send-back` or `decline`')
    elif item.get("may_confirm"):
        out.next(
            f'`greenlane confirm {item["id"]} --because "…"`: you are alone here, and it stays marked as unreviewed'
        )
    elif state == "sent-back":
        out.next("deploy the next version and publish it again: it goes on as this request")
    elif item.get("why_not") and state == "waiting":
        out.say(f"  You cannot decide it: {item['why_not']}")


def _resumed(out: Output, document: Document) -> None:
    """What became of the request itself."""
    resumed = (document.get("answer") or {}).get("resumed")
    if resumed:
        out.say("The request now:")
        saying.answer()(out, resumed)


def looks(talk: Talk) -> Document:
    """Changes that went through already and that you are asked to look at; nobody waits for it."""
    return talk.client.get("/v1/looks")


def _says_looks(out: Output, document: Document) -> None:
    if not document["items"]:
        out.say("Nothing to look at.")
    for place, item in enumerate(document["items"]):
        if place:
            out.say()
        out.raw(item["about"])
        out.say(f"  {item['sentence']}")
        for change in item.get("changes", ()):
            out.say(f"  {change}")
        for reason in item.get("reasons", ()):
            out.say(f"  - {reason['says']}")
        out.raw(item["url"])
        out.next(f'`greenlane looks answer {item["app"]} {item["about"]} fine`, or `not-fine --because "…"`')


COMMANDS: tuple[Command, ...] = (
    Ask("approvals", "query /v1/approvals", listed, "greenlane approvals", _says_list),
    Ask("approvals show", "query /v1/approvals/{id}", one, "greenlane approvals show req_01h2…", says),
    Act(
        "approve",
        "approve",
        approve,
        'greenlane approve req_01h2… --because "the list is public anyway"',
        saying.answer(_resumed),
    ),
    act(
        "send-back",
        "send-back",
        'greenlane send-back req_01h2… --note "take the phone numbers out"',
        request=ARGUMENT,
    ),
    act("decline", "decline", 'greenlane decline req_01h2… --because "not before the launch"', request=ARGUMENT),
    act(
        "confirm",
        "confirm",
        'greenlane confirm req_01h2… --because "I looked at every page"',
        saying.answer(_resumed),
        request=ARGUMENT,
    ),
    act("withdraw", "withdraw", "greenlane withdraw req_01h2…", request=ARGUMENT),
    Ask("looks", "query /v1/looks", looks, "greenlane looks", _says_looks),
    act(
        "looks answer",
        "answer-look",
        "greenlane looks answer vendor-board act_01h2… fine",
        app=ARGUMENT,
        about=ARGUMENT,
        verdict=Typed(choices=("fine", "not-fine"), says="What you saw."),
    ),
)
