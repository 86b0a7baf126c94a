"""What apps store: how much, snapshots of it, and bringing one back."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import quote

import typer

from greenlane.cli import saying
from greenlane.cli.command import ARGUMENT, Ask, Command, Typed, act
from greenlane.cli.output import Output, size
from greenlane.cli.talk import Document, Talk
from greenlane.store.actions import ENVIRONMENTS

Name = Annotated[str, typer.Argument(metavar="APP", help="The app's name.")]
Environment = Annotated[
    Literal["production", "staging", "preview"] | None,
    typer.Option("--environment", help="One environment alone.", show_default=False),
]
WHERE = Typed(("--environment",), choices=ENVIRONMENTS)
MADE_BY = {"publish": "before a publish", "restore-data": "before a restore", "snapshot-data": "asked for"}
"""Why a snapshot was made, by the verb that made it."""


def shown(talk: Talk, app: Name, environment: Environment = None) -> Document:
    """What an app stores in each environment, how much it may, and the snapshots that can be restored."""
    asked = {"environment": environment} if environment else {}
    return dict(talk.client.get(f"/v1/apps/{quote(app, safe='')}/data", **asked))


def _says(out: Output, document: Document) -> None:
    if document["away"]:
        out.say(f"How much is stored is not known just now. {document['away']}")
    for one in document["environments"]:
        if one["bytes"] is not None:
            full = ": full, so it can be read and not written to" if one["full"] else ""
            out.say(f"{one['environment']}: {size(one['bytes'])} of {size(document['quota'])}{full}")
        else:
            out.say(f"{one['environment']}:")
        rows = [
            (each["id"], each["made_at"][:16].replace("T", " "), MADE_BY.get(each["verb"], each["verb"]),
             each["deploy"] or "", each["files"], size(each["bytes"]))
            for each in one["snapshots"]
        ]  # fmt: skip
        out.table(("snapshot", "made at (UTC)", "why", "live then", "files", "size"), rows, none="  no snapshots yet")
    app = document["app"]
    for one in document["environments"]:
        if one["full"]:
            out.next(
                f"restore a smaller snapshot (`greenlane data restore {app} --environment {one['environment']}`), "
                "or raise the setting app_disk_mib and have the app remove what it does not need."
            )
            return
    if any(one["snapshots"] for one in document["environments"]):
        out.next(f"`greenlane data restore {app} --snapshot SNAPSHOT` brings one back.")


def _kept(out: Output, document: Document) -> None:
    given = document.get("answer") or {}
    app = document["subject"].partition(":")[2]
    out.say(f"{given['snapshot']} holds {given['snapshot_files']} files, {size(given['snapshot_bytes'])}.")
    if given.get("left_out"):
        out.say(f"{given['left_out']} pipes, sockets or devices are not in it: they hold nothing.")
    out.next(f"`greenlane data restore {app} --environment {given['environment']} --snapshot {given['snapshot']}`")


def _restored(out: Output, document: Document) -> None:
    given = document.get("answer") or {}
    app = document["subject"].partition(":")[2]
    at = given["made_at"][:16].replace("T", " ")
    out.say(f"What {app} stored in {given['environment']} is as it was at {at} UTC. The app wakes when it is opened.")
    if given.get("before"):
        out.say("What was there before is kept.")
        out.next(
            f"`greenlane data restore {app} --environment {given['environment']} --snapshot {given['before']}` takes it back."
        )


COMMANDS: tuple[Command, ...] = (
    Ask("data", "query /v1/apps/{app}/data", shown, "greenlane data vendor-board", _says),
    act(
        "data snapshot",
        "snapshot-data",
        "greenlane data snapshot vendor-board",
        saying.answer(_kept),
        app=ARGUMENT,
        environment=WHERE,
    ),
    act(
        "data restore",
        "restore-data",
        "greenlane data restore vendor-board --snapshot snp_4c1f09e2a7b3",
        saying.answer(_restored),
        app=ARGUMENT,
        snapshot=Typed(("--snapshot",)),
        environment=WHERE,
    ),
    act(
        "data erase",
        "erase-data",
        "greenlane data erase vendor-board --environment staging",
        app=ARGUMENT,
        environment=WHERE,
    ),
)
