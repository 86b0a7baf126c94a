"""Values that an app gets. A value is typed at a prompt or comes in at standard input; it is never an argument."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from greenlane.cli import naming, saying
from greenlane.cli.command import Act, Ask, Command
from greenlane.cli.errors import DONE, FileTrouble
from greenlane.cli.output import Output, counted
from greenlane.cli.talk import Document, Talk
from greenlane.deploys.variables import parse
from greenlane.govern.errors import WrongInput

Name = Annotated[str, typer.Argument(metavar="NAME", help="The variable's name, such as API_KEY.")]
App = Annotated[
    str,
    typer.Option("--app", help="The app; the one that this folder was deployed as when left out.", show_default=False),
]
Environment = Annotated[str, typer.Option("--environment", help="preview, staging or production.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="A file of NAME=value lines, such as .env.")]


def put(talk: Talk, name: Name, app: App = "", environment: Environment = "preview") -> dict[str, Any]:
    """Give an app a value, typed at a prompt or piped in. Nobody can read it again."""
    inputs = {"app": _app(app, Path()), "name": name, "environment": environment}
    return {**inputs, "value": "-" if talk.explaining else secret_value(f"Value of {name}")}


def remove(name: Name, app: App = "", environment: Environment = "preview") -> dict[str, Any]:
    """Destroy a value in all its versions."""
    return {"app": _app(app, Path()), "name": name, "environment": environment}


def listed(talk: Talk, app: App = "") -> Document:
    """The names of an app's variables; values are never shown."""
    found = talk.client.get(f"/v1/apps/{quote(_app(app, Path()), safe='')}")
    return {"items": found.get("variables", [])}


def imported(talk: Talk, file: File, app: App = "", environment: Environment = "preview") -> Document:
    """Give an app every value of a .env file."""
    try:
        values = parse(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise FileTrouble(f"{file} cannot be read.", next_step="Name a .env file.", detail=str(error)) from error
    if not values:
        raise WrongInput(f"{file} holds no NAME=value lines.", next_step="Name a file such as .env.")
    name = _app(app, file.resolve().parent)
    answers: list[dict[str, Any]] = []
    for variable, value in values.items():
        inputs = {"app": name, "name": variable, "value": value, "environment": environment}
        answers.append(talk.carry_out("put-variable", inputs, part=variable))
        if answers[-1]["exit_code"] != DONE:
            break
    return {"app": name, "names": list(values), "answers": answers, "exit_code": answers[-1]["exit_code"]}


def _says_imported(out: Output, document: Document) -> None:
    done = sum(one["exit_code"] == DONE for one in document["answers"])
    if document["exit_code"] == DONE:
        out.say(f"{document['app']} has {counted(done, 'value')} more: {', '.join(document['names'])}.")
        return
    saying.answer()(out, document["answers"][-1])
    out.say(f"{done} of {len(document['names'])} were taken before that.")


def _table(out: Output, document: Document) -> None:
    rows = [(one["name"], one.get("environment")) if isinstance(one, dict) else (one, "") for one in document["items"]]
    out.table(("name", "environment"), rows, none="It has no variables.")


def _app(said: str, folder: Path) -> str:
    name = said or naming.remembered(folder)
    if not name:
        raise WrongInput("Which app?", next_step="Say it with --app, such as --app vendor-board.")
    return name


def secret_value(prompt: str) -> str:
    """A secret that is typed unseen, or piped in; one newline at its end does not belong to it."""
    if sys.stdin.isatty():
        return str(typer.prompt(prompt, hide_input=True, err=True))
    value = sys.stdin.read().removesuffix("\n").removesuffix("\r")
    if not value:
        raise WrongInput("No value came in.", next_step="Pipe it in, or type the command on a terminal to be asked.")
    return value


COMMANDS: tuple[Command, ...] = (
    Act(
        "variables put",
        "put-variable",
        put,
        "greenlane variables put API_KEY --app vendor-board < key.txt",
        saying.answer(),
    ),
    Act(
        "variables remove",
        "remove-variable",
        remove,
        "greenlane variables remove API_KEY --app vendor-board",
        saying.answer(),
    ),
    Ask("variables list", "query /v1/apps/{app}", listed, "greenlane variables list --app vendor-board", _table),
    Ask(
        "variables import",
        "verb put-variable",
        imported,
        "greenlane variables import .env --app vendor-board",
        _says_imported,
    ),
)
