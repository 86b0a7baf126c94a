"""The passport: get it, and check it anywhere, without a server."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any
from urllib.parse import quote

import orjson
import typer

from greenlane.cli import trust
from greenlane.cli.command import Ask, Command
from greenlane.cli.errors import DONE, ELSE, FileTrouble
from greenlane.cli.folder import read_folder
from greenlane.cli.output import Output
from greenlane.cli.talk import Document, Talk
from greenlane.deploys.unpack import unpack
from greenlane.govern.errors import WrongInput
from greenlane.kit.blobs import Blobs
from greenlane.ledger.passport import verify_passport

App = Annotated[str, typer.Argument(metavar="APP", help="The app's name.")]
Deploy = Annotated[str, typer.Option("--deploy", help="Of this deploy.", show_default=False)]
Environment = Annotated[
    str, typer.Option("--environment", help="Of what is live in staging or production.", show_default=False)
]
Place = Annotated[Path, typer.Argument(metavar="PATH", help="The folder, archive or page that was deployed.")]
PassportFile = Annotated[Path, typer.Option("--passport", help="The passport, from `greenlane passport get`.")]
Root = Annotated[
    Path | None,
    typer.Option("--trust", help="The public keys to check with, from `greenlane trust export`.", show_default=False),
]


def get(talk: Talk, app: App, deploy: Deploy = "", environment: Environment = "") -> Document:
    """Print a deploy's passport, one JSON document that can be checked offline."""
    return talk.client.get(f"/v1/apps/{quote(app, safe='')}/passport", deploy=deploy, environment=environment)


def verify(talk: Talk, path: Place, passport: PassportFile, root: Root = None) -> Document:
    """Check offline that these files are what a passport says, who answers for them, and on which conditions."""
    keys, source = trust.root(talk.url if root is None else "", root)
    report = verify_passport(_read(passport), _files(path), keys)
    return {
        "ok": report.holds,
        "digest": report.digest,
        "app": report.app,
        "deploy": report.deploy,
        "decision": dict(report.decision),
        "receipts": report.receipts,
        "witnessed": report.witnessed,
        "problems": list(report.problems),
        "says": report.words(),
        "trust": source,
        "origin": keys.origin,
        "exit_code": DONE if report.holds else ELSE,
    }


def _read(passport: Path) -> dict[str, Any]:
    try:
        found = orjson.loads(passport.read_bytes())
    except (OSError, ValueError) as error:
        raise FileTrouble(
            f"{passport} is no passport.",
            next_step="Get one with `greenlane passport get APP > p.json`.",
            detail=str(error),
        ) from error
    if not isinstance(found, dict):
        raise FileTrouble(
            f"{passport} is no passport.", next_step="Get one with `greenlane passport get APP > p.json`."
        )
    return found


def _files(place: Path) -> dict[str, str]:
    """The files at hand and their digests, read by the same rules as when they were deployed."""
    if place.is_dir():
        return {name: f"sha256:{one.sha256}" for name, one in read_folder(place).files.items()}
    if not place.is_file():
        raise WrongInput(f"There is no folder or file {str(place)!r}.", next_step="Name what was deployed.")
    with TemporaryDirectory(prefix="greenlane-") as folder:
        bundle = unpack(place, place.name, Blobs(folder))
    return {name: one.sha256 for name, one in bundle.files.items()}


def _says_json(out: Output, document: Document) -> None:
    out.document(document)


def _says(out: Output, document: Document) -> None:
    for line in document["says"]:
        out.say(line, style="" if document["ok"] else "red")
    out.say(f"Checked with the public keys of {document['origin']} in {document['trust']}.")
    if not document["ok"]:
        out.next("do not rely on these files; get them and their passport again from where they are served.")


COMMANDS: tuple[Command, ...] = (
    Ask(
        "passport get",
        "query /v1/apps/{app}/passport",
        get,
        "greenlane passport get vendor-board > p.json",
        _says_json,
    ),
    Ask("passport verify", "local", verify, "greenlane passport verify ./site --passport p.json", _says),
)
