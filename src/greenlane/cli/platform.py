"""The platform itself: who you are to it, what it noticed, and what it writes down about its own work."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from greenlane.cli import credentials, saying, trust
from greenlane.cli.client import Client
from greenlane.cli.command import Ask, Command
from greenlane.cli.output import Output
from greenlane.cli.talk import Document, Talk
from greenlane.govern.errors import WrongInput

Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many at most.")]
Read = Annotated[bool, typer.Option("--read", help="Mark what is shown as read.")]
Level = Annotated[
    str, typer.Option("--level", help="From this level on: debug, info, warning or error.", show_default=False)
]
FromStdin = Annotated[
    str, typer.Option("--token", help="Only - is taken: the token comes in at standard input.", show_default=False)
]


def whoami(talk: Talk) -> Document:
    """Who you are here, and what your token may do."""
    return talk.client.get("/v1/me")


Link = Annotated[str, typer.Argument(metavar="[LINK]", help="A sign-in link or an invitation, as you got it.")]
Name = Annotated[str, typer.Option("--name", help="Your name, to accept an invitation.", show_default=False)]


def login(talk: Talk, link: Link = "", source: FromStdin = "", name: Name = "") -> Document:
    """Keep a token for this server, so that you need not set GREENLANE_TOKEN.

    With a sign-in link or an invitation a new token is made from it; otherwise the token itself is asked for.
    """
    if link:
        with Client(talk.url, "") as client:
            given = str(client.come_in(link.rstrip("/").rpartition("/")[2], name)["token"])
        return _keep(talk, given)
    if source not in ("", "-"):
        raise WrongInput(
            "A token on the command line can be read by others on this machine.",
            next_step="Pipe it in: `greenlane login --token - < token.txt`.",
        )
    if source == "-" or not sys.stdin.isatty():
        given = sys.stdin.read().strip()
    else:
        given = str(typer.prompt("Token", hide_input=True, err=True)).strip()
    if not given:
        raise WrongInput("No token came in.", next_step="`greenlane token create` makes one.")
    return _keep(talk, given)


def _keep(talk: Talk, given: str) -> Document:
    """Try the token, pin the server's keys, remember both."""
    with Client(talk.url, given) as client:
        shown = client.open("/v1/trust")
        if trust.pinned_path(talk.url).exists():
            trust.compare(talk.url, shown)
        else:
            trust.pin(talk.url, shown)
        me: Document = client.get("/v1/me")
    credentials.keep(talk.url, given)
    return {**me, "url": talk.url}


def logs(talk: Talk, limit: Limit = 100, level: Level = "") -> Document:
    """What the platform wrote down about its own work, without personal data."""
    found = talk.client.get("/v1/logs", limit=limit, level=level)
    return found if isinstance(found, dict) else {"items": found}


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


def _says_login(out: Output, me: Document) -> None:
    out.say(f"You are {me['name']} at {me['url']}.")
    out.next("`greenlane deploy ./site`")


def _says_logs(out: Output, document: Document) -> None:
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
    Ask("login", "query /v1/me", login, "greenlane login https://greenlane.example.com/sign-in/gll_...", _says_login),
    Ask("logs", "query /v1/logs", logs, "greenlane logs --level warning", _says_logs),
    Ask("friction", "query /v1/friction", friction, "greenlane friction", _says_friction),
    Ask("notices", "query /v1/notices", notices, "greenlane notices", _says_notices),
)
