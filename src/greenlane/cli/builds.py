"""Builds from the terminal: a source tree is built where nothing else is, and its log is shown while it is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any
from urllib.parse import quote

import orjson
import typer

from greenlane.cli import saying
from greenlane.cli.command import ARGUMENT, Ask, Command, act
from greenlane.cli.errors import FromControl
from greenlane.cli.output import Output
from greenlane.cli.talk import Document, Talk

App = Annotated[str, typer.Argument(metavar="APP", help="The app's name.")]
Build = Annotated[str, typer.Argument(metavar="BUILD", help="The build's id, bld_….")]


def built(talk: Talk, app: str, upload: str) -> tuple[str, Document]:
    """Have an upload built and follow its log. The upload that came of it, and how the build ended.

    Raises ``FromControl`` when it does not go through, or did not end well.
    """
    asked = talk.client.act("build", {"app": app, "upload": upload})
    if asked["exit_code"]:
        steps = [one["instead"] for one in asked.get("reasons", ()) if one.get("instead")]
        step = str(asked.get("next_step") or next(iter(steps), ""))
        waits = asked.get("state") == "waiting"
        raise FromControl(202 if waits else 403, {"title": "The build was not begun.", **asked, "next_step": step})
    ended = followed(talk, app, str(asked["answer"]["build"]))
    if ended["state"] != "done":
        raise FromControl(
            422,
            {
                "code": "build-failed",
                "title": str(ended["why"]) or "The build did not end well.",
                "next_step": str(ended["instead"]) or f"`greenlane builds-log {app} {ended['build']}` shows why.",
                "build": ended["build"],
                "state": ended["state"],
            },
        )
    return str(ended["made"]), ended


def followed(talk: Talk, app: str, build: str) -> Document:
    """Show a build's log until it ends; how it ended."""
    ended: Document = {}
    for kind, words in events(talk.client.lines(f"/v1/apps/{quote(app, safe='')}/builds/{quote(build, safe='')}/log")):
        if kind == "line":
            talk.out.say(f"  {words}")
        elif kind == "ended":
            ended = orjson.loads(words)
    return ended


def events(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Server-sent events as (name, words) (html.spec.whatwg.org, section 9.2.6); comments are passed over."""
    name = "message"
    words: list[str] = []
    for line in lines:
        field, _, value = line.partition(":")
        if not line:
            if words:
                yield name, "\n".join(words)
            name, words = "message", []
        elif field == "event":
            name = value.removeprefix(" ")
        elif field == "data":
            words.append(value.removeprefix(" "))


def listed(talk: Talk, app: App) -> Document:
    """The newest builds of an app."""
    return talk.client.get(f"/v1/apps/{quote(app, safe='')}/builds")


def logged(talk: Talk, app: App, build: Build) -> Document:
    """A build's log, while it is written and afterwards."""
    return followed(talk, app, build)


def _table(out: Output, document: Document) -> None:
    rows = [(one["build"], one["framework"], one["state"], one["created_at"], one["why"]) for one in document["items"]]
    out.table(("build", "of", "state", "begun", "why"), rows, none="Nothing was built yet.")


def _ended(out: Output, document: Mapping[str, Any]) -> None:
    out.say(f"The build is {document.get('state', 'under way')}.")
    if document.get("instead"):
        out.next(str(document["instead"]))


COMMANDS: tuple[Command, ...] = (
    Ask("builds", "query /v1/apps/{app}/builds", listed, "greenlane builds vendor-board", _table),
    Ask(
        "builds-log",
        "query /v1/apps/{app}/builds/{build}/log",
        logged,
        "greenlane builds-log vendor-board bld_1a2b3c",
        _ended,
    ),
    act(
        "stop-build",
        "stop-build",
        "greenlane stop-build vendor-board bld_1a2b3c",
        shows=saying.answer(),
        app=ARGUMENT,
        build=ARGUMENT,
    ),
    act("build", "build", "greenlane build vendor-board upl_1a2b3c", app=ARGUMENT, upload=ARGUMENT),
)
