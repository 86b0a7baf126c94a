"""The platform itself: who you are to it, what it noticed, and what it writes down about its own work."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any

import typer

from greenlane.cli import saying
from greenlane.cli.command import Ask, Command
from greenlane.cli.output import Output
from greenlane.cli.talk import Document, Talk

Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many at most.")]
LogsOf = Annotated[str, typer.Argument(metavar="[APP]", help="An app; the platform itself when left out.")]
In = Annotated[str, typer.Option("--environment", help="production, staging or preview.")]
OfDeploy = Annotated[
    str, typer.Option("--deploy", help="Of one deploy; what is live when left out.", show_default=False)
]
Contains = Annotated[str, typer.Option("--contains", help="Only lines with these words.", show_default=False)]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on as more is said, until Ctrl-C.")]
Read = Annotated[bool, typer.Option("--read", help="Mark what is shown as read.")]
Level = Annotated[
    str, typer.Option("--level", help="From this level on: debug, info, warning or error.", show_default=False)
]


def whoami(talk: Talk) -> Document:
    """Who you are here, and what your token may do."""
    return talk.client.get("/v1/me")


def logs(
    talk: Talk,
    app: LogsOf = "",
    environment: In = "production",
    deploy: OfDeploy = "",
    contains: Contains = "",
    follow: Follow = False,
    limit: Limit = 100,
    level: Level = "",
) -> Document:
    """What an app said while it ran, with secrets masked; of no app, what the platform wrote down about its own work."""
    if app:
        asked = {"environment": environment, "deploy": deploy, "contains": contains}
        shown = talk.client.get(f"/v1/apps/{app}/logs", **asked, limit=limit)
        return _following(talk, shown, contains) if follow else shown
    found = talk.client.get("/v1/logs", limit=limit, level=level)
    return found if isinstance(found, dict) else {"items": found}


def _following(talk: Talk, shown: Document, contains: str) -> Document:
    """Say line after line as they come, until Ctrl-C; with ``--json`` a document each. Returns what is left to say."""
    asked = {"environment": shown["environment"], "deploy": shown["deploy"], "contains": contains}
    found, last = shown, 0
    with suppress(KeyboardInterrupt):
        while True:
            for line in found["items"]:
                last = line["seq"]
                if talk.out.as_json:
                    talk.out.document(line)
                else:
                    _says_line(talk.out, line)
            found = talk.client.get(f"/v1/apps/{shown['app']}/logs", **asked, after=last, limit=1000, within=20)
    return {**shown, "items": [], "followed_to": last}


def friction(talk: Talk) -> Document:
    """Where people waited, gave up or went around."""
    return talk.client.get("/v1/friction")


def notices(talk: Talk, limit: Limit = 20, read: Read = False) -> Document:
    """What you should hear of: what waits for you, what was decided, what went through with safeguards."""
    found = talk.client.get("/v1/notices", limit=min(limit, 500))
    unread = [one["id"] for one in found["items"] if not one.get("read")]
    if read and unread:
        talk.client.tell("/v1/notices/read", {"ids": unread})
    return {**found, "marked_read": unread if read else []}


def _says_me(out: Output, me: Document) -> None:
    out.facts(
        str(me["name"]),
        [
            ("id", me["id"]),
            ("roles", [saying.held(role) for role in me.get("roles", ())]),
            ("teams", me.get("teams")),
            ("token for", me.get("scopes")),
            ("console", me.get("console")),
        ],
    )


def _says_line(out: Output, line: Document) -> None:
    """One line of an app; what the platform adds is told apart."""
    out.say(f"{_time(line['at'])}  {line['text']}", style="dim" if line["ours"] else "")


def _says_logs(out: Output, document: Document) -> None:
    if "app" in document:
        for line in document["items"]:
            _says_line(out, line)
        if not document["items"] and "followed_to" not in document:
            out.say(f"{document['app']} has said nothing in {document['environment']}.")
        if document["says"]:
            out.say(str(document["says"]), style="dim")
        return
    for line in document.get("items", ()):
        if isinstance(line, str):
            out.say(line)
            continue
        known = ("timestamp", "at", "level", "event")
        more = " ".join(f"{name}={value}" for name, value in line.items() if name not in known)
        when = line.get("timestamp") or line.get("at") or ""
        out.say(f"{when}  {line.get('level', ''):<7}  {line.get('event', '')}  {more}".rstrip())


def _says_friction(out: Output, document: Document) -> None:
    """The sentence, then each request with its wait, and what people did after a refusal."""
    out.say(str(document["sentence"]))
    if waits := document["waits"]:
        out.say("\nRequests, the newest first:")
        rows = [(_time(one["at"]), one["about"], _duration(one["seconds"]), one["outcome"]) for one in waits]
        out.table(("asked", "about", "waited", "outcome"), rows)
    if refusals := document["refusals"]:
        out.say("\nRefusals, and what the person did next:")
        rows = [(_time(one["at"]), one["verb"], one["about"], _followed(one)) for one in refusals]
        out.table(("refused", "verb", "about", "next"), rows)
    if asked := document["asked_by"]:
        out.say("\nWhich policies ask:")
        out.table(("requests", "policy"), [(count, policy) for policy, count in asked.items()])


def _followed(refusal: Document) -> str:
    if refusal["next"]:
        return f"{refusal['next']}, after {_duration(refusal['seconds'])}"
    return "nothing within a day" if refusal["gave_up"] else "nothing yet"


def _duration(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def _time(stamp: Any) -> str:
    return str(stamp)[:16].replace("T", " ")


def _says_notices(out: Output, document: Document) -> None:
    """One notice after the other, unread ones marked, each with the command that fits."""
    for one in document["items"]:
        out.say(f"{' ' if one.get('read') else '*'} {_time(one.get('at', ''))}  {one['says']}")
        if one.get("words"):
            out.say(f"    In their words: {one['words']}")
        if one.get("next_step"):
            out.say(f"    {one['next_step']}", style="dim")
    if not document["items"]:
        out.say("Nothing to hear of.")
    elif any(not one.get("read") for one in document["items"]) and not document["marked_read"]:
        out.next("`greenlane notices --read` once you have read them.")


COMMANDS: tuple[Command, ...] = (
    Ask("whoami", "query /v1/me", whoami, "greenlane whoami", _says_me),
    Ask("logs", "query /v1/logs", logs, "greenlane logs vendor-board -f", _says_logs),
    Ask("friction", "query /v1/friction", friction, "greenlane friction", _says_friction),
    Ask("notices", "query /v1/notices", notices, "greenlane notices", _says_notices),
)
