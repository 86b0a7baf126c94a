"""The passport: get it, and check it anywhere, without a server."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from greenlane.cli.command import Ask, Command
from greenlane.cli.output import Output
from greenlane.cli.talk import Document, Talk

App = Annotated[str, typer.Argument(metavar="APP", help="The app's name.")]
Deploy = Annotated[str, typer.Option("--deploy", help="Of this deploy.", show_default=False)]
Environment = Annotated[
    str, typer.Option("--environment", help="Of what is live in staging or production.", show_default=False)
]


def get(talk: Talk, app: App, deploy: Deploy = "", environment: Environment = "") -> Document:
    """Print a deploy's passport, one JSON document that can be checked offline."""
    return talk.client.get(f"/v1/apps/{quote(app, safe='')}/passport", deploy=deploy, environment=environment)


def _says_json(out: Output, document: Document) -> None:
    out.document(document)


COMMANDS: tuple[Command, ...] = (
    Ask(
        "passport get",
        "query /v1/apps/{app}/passport",
        get,
        "greenlane passport get vendor-board > p.json",
        _says_json,
    ),
)
