"""`greenlane tour`: three small sites taken through the real path, so that a newcomer sees every lane in two minutes."""

from __future__ import annotations

import secrets
import shutil
import string
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from greenlane.cli import saying
from greenlane.cli.command import Act, Ask, Command
from greenlane.cli.deploy import DEPLOY
from greenlane.cli.output import Output
from greenlane.cli.publishing import PUBLISH
from greenlane.cli.talk import Document, Talk

_LEAK = "__LEAKED_KEY__"


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop: what it shows, the app, the folders that are laid over one another, and the audience to publish to.

    Without folders nothing is deployed; without an audience nothing is published.
    """

    shows: str
    app: str
    laid: tuple[str, ...] = ()
    audience: str = ""


STOPS = (
    Stop("Routine work goes straight through: a page for the team.", "tour-offsite", ("offsite",), "team"),
    Stop("So does the first version of a small tool.", "tour-vendor-board", ("vendor-board",), "team"),
    Stop(
        "Its next version asks a new outside host: it goes through, with safeguards.",
        "tour-vendor-board",
        ("vendor-board", "vendor-board-v2"),
    ),
    Stop("The whole internet is a question for a person.", "tour-offsite", audience="public"),
    Stop("A key that leaked into a script does not go out at all.", "tour-metrics", ("metrics", "metrics-leak")),
)
"""The way through the four lanes."""


def tour(talk: Talk) -> Document:
    """Take a few small sites through the real path, and see green, amber, red and closed in two minutes."""
    steps: list[dict[str, Any]] = []
    for number, stop in enumerate(STOPS, start=1):
        talk.out.say(f"\n{number}. {stop.shows}", style="bold")
        if stop.laid:
            with _site(stop.laid) as folder:
                typed = {"path": str(folder), "app": stop.app, "message": stop.shows}
                steps.append(_step(talk, DEPLOY, f"greenlane deploy ./{stop.laid[0]} --app {stop.app}", typed))
        if stop.audience:
            typed = {"app": stop.app, "audience": stop.audience}
            steps.append(_step(talk, PUBLISH, f"greenlane publish {stop.app} --audience {stop.audience}", typed))
    return {"steps": steps, "exit_code": 0}


def _step(talk: Talk, act: Act, typed: str, given: dict[str, Any]) -> dict[str, Any]:
    """Do what somebody would have typed, as a command of its own, and say how it ended."""
    talk.out.say(f"$ {typed}", style="dim")
    with Talk(talk.out.as_json) as own:
        answer: dict[str, Any] = act.run(own, **given)
        saying.decision(own.out, answer)
        if url := (answer.get("answer") or {}).get("url"):
            own.out.raw(url)
    return answer


@contextmanager
def _site(laid: tuple[str, ...]) -> Iterator[Path]:
    """A folder with the sites laid over one another. The leaked key is made anew each time; it opens nothing."""
    with TemporaryDirectory(prefix="greenlane-tour-") as folder, as_file(files("greenlane.cli") / "sites") as sites:
        place = Path(folder) / laid[0]
        for one in laid:
            shutil.copytree(sites / one, place, dirs_exist_ok=True)
        for script in place.glob("*.js"):
            text = script.read_text("utf-8")
            if _LEAK in text:
                letters = string.ascii_letters + string.digits
                key = "ghp_" + "".join(secrets.choice(letters) for _ in range(36))
                script.write_text(text.replace(_LEAK, key), "utf-8")
        yield place


def _says_end(out: Output, document: Document) -> None:
    out.say()
    out.say("Everything that happened is on the record. What to look at now:", style="bold")
    out.say("  greenlane receipts                                      # what happened, in sentences")
    out.say("  greenlane explain publish tour-offsite --audience public   # why, and what would make it green")
    out.say("  greenlane approvals                                     # what waits for a person")
    out.say("  greenlane ledger verify                                 # that nothing of it was changed")
    if any(step.get("request") for step in document["steps"]):
        out.say("Alone in your organisation you may let the waiting request go on: `greenlane confirm ID --because …`.")


COMMANDS: tuple[Command, ...] = (Ask("tour", "local", tour, "greenlane tour", _says_end),)
