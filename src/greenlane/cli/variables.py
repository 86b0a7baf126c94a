"""Values that apps get. A value is typed at a prompt or comes in at standard input; it is never an argument."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

import orjson
import typer

from greenlane.cli import naming, saying
from greenlane.cli.command import Act, Ask, Command, act
from greenlane.cli.errors import DONE, FileTrouble
from greenlane.cli.output import Output, counted
from greenlane.cli.talk import Document, Talk
from greenlane.deploys.variables import parse
from greenlane.govern.errors import WrongInput

Name = Annotated[str, typer.Argument(metavar="NAME", help="The variable's name, such as API_KEY.")]
AnyName = Annotated[str, typer.Argument(metavar="[NAME]", help="The name, such as API_KEY.", show_default=False)]
App = Annotated[
    str,
    typer.Option("--app", help="The app; the one that this folder was deployed as when left out.", show_default=False),
]
Team = Annotated[str, typer.Option("--team", help="A team: all its apps get the value.", show_default=False)]
Organisation = Annotated[bool, typer.Option("--organisation", help="Every app of the organisation gets the value.")]
Environment = Annotated[
    Literal["preview", "staging", "production", "dev"], typer.Option("--environment", help="Where it counts.")
]
Use = Annotated[Literal["build", "run", "both"], typer.Option("--use", help="What it is for.")]
Reader = Annotated[Literal["build", "run"], typer.Option("--use", help="What it is asked for.")]
Readable = Annotated[bool, typer.Option("--readable", help="It is no secret: people may read it again.")]
Hours = Annotated[int, typer.Option("--hours", help="For how many hours the old value works too, 1 to 720.")]
Version = Annotated[
    int, typer.Option("--version", help="One version alone; all of them when left out.", show_default=False)
]
ByValue = Annotated[bool, typer.Option("--by-value", help="Give the value itself, at a prompt or piped in.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="A file of NAME=value lines, such as .env.")]


def put(
    talk: Talk,
    name: Name,
    app: App = "",
    team: Team = "",
    organisation: Organisation = False,
    environment: Environment = "preview",
    use: Use = "run",
    readable: Readable = False,
) -> dict[str, Any]:
    """Give an app, a team or everybody a value, typed at a prompt or piped in. Nobody can read a secret again."""
    inputs = {"name": name, **_place(app, team, organisation), **_where(environment, use)}
    if readable:
        inputs["readable"] = True
    return {**inputs, "value": "-" if talk.explaining else secret_value(f"Value of {name}")}


def rotate(
    talk: Talk,
    name: Name,
    app: App = "",
    team: Team = "",
    organisation: Organisation = False,
    environment: Environment = "preview",
    use: Use = "run",
    hours: Hours = 24,
) -> dict[str, Any]:
    """Give a new value, while the old one works for a while beside it."""
    inputs = {"name": name, **_place(app, team, organisation), **_where(environment, use), "hours": hours}
    return {**inputs, "value": "-" if talk.explaining else secret_value(f"New value of {name}")}


def remove(
    name: Name,
    app: App = "",
    team: Team = "",
    organisation: Organisation = False,
    environment: Environment = "preview",
    use: Use = "run",
    version: Version = 0,
) -> dict[str, Any]:
    """Destroy a value in all its versions, or one of them."""
    inputs = {"name": name, **_place(app, team, organisation), **_where(environment, use)}
    return {**inputs, "version": version} if version else inputs


def revoke(
    talk: Talk,
    name: AnyName = "",
    by_value: ByValue = False,
    app: App = "",
    team: Team = "",
    organisation: Organisation = False,
) -> dict[str, Any]:
    """Destroy a value wherever it stands in an app, a team or the organisation: by its name, or by the value itself."""
    if bool(name) == by_value:
        raise WrongInput("What is revoked?", next_step="Give its name, or --by-value and the value at the prompt.")
    place = _place(app, team, organisation)
    if name:
        return {"name": name, **place}
    return {**place, "value": "-" * 8 if talk.explaining else secret_value("The value")}


def listed(
    talk: Talk, app: App = "", team: Team = "", organisation: Organisation = False, use: Reader = "run"
) -> Document:
    """What an app gets in each environment, where each value stands, and why it won. Secrets are never shown."""
    place = _place(app, team, organisation)
    if "app" in place:
        return dict(talk.client.get(f"/v1/apps/{quote(str(place['app']), safe='')}/variables", use=use))
    return dict(talk.client.get("/v1/variables", **_asked(place)))


def take(app: App = "") -> dict[str, Any]:
    """Print what an app gets on your own machine, as lines for a .env file; of secrets there are the names alone."""
    return {"app": _app(app, Path())}


def reads(talk: Talk, name: Name, app: App = "", team: Team = "", organisation: Organisation = False) -> Document:
    """The versions of a value, and which deploys read it, when last."""
    path = f"/v1/variables/{quote(name, safe='')}"
    return dict(talk.client.get(path, **_asked(_place(app, team, organisation))))


def imported(
    talk: Talk,
    file: File,
    app: App = "",
    team: Team = "",
    organisation: Organisation = False,
    environment: Environment = "preview",
    use: Use = "run",
    readable: Readable = False,
) -> Document:
    """Give an app every value of a .env file."""
    try:
        values = parse(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise FileTrouble(f"{file} cannot be read.", next_step="Name a .env file.", detail=str(error)) from error
    if not values:
        raise WrongInput(f"{file} holds no NAME=value lines.", next_step="Name a file such as .env.")
    place = _place(app, team, organisation, file.resolve().parent)
    answers: list[dict[str, Any]] = []
    for variable, value in values.items():
        inputs = {"name": variable, "value": value, **place, **_where(environment, use)}
        answers.append(talk.carry_out("put-variable", {**inputs, "readable": True} if readable else inputs, variable))
        if answers[-1]["exit_code"] != DONE:
            break
    return {**place, "names": list(values), "answers": answers, "exit_code": answers[-1]["exit_code"]}


def keys(talk: Talk) -> Document:
    """How the keys stand under which everything sealed is kept."""
    return dict(talk.client.get("/v1/keys"))


def _says_imported(out: Output, document: Document) -> None:
    done = sum(one["exit_code"] == DONE for one in document["answers"])
    if document["exit_code"] == DONE:
        whose = document.get("app") or (f"The team {document['team']}" if "team" in document else "The organisation")
        out.say(f"{whose} has {counted(done, 'value')} more: {', '.join(document['names'])}.")
        return
    saying.answer()(out, document["answers"][-1])
    out.say(f"{done} of {len(document['names'])} were taken before that.")


def _table(out: Output, document: Document) -> None:
    if "app" in document:
        _resolved(out, document)
    else:
        heads = ("name", "environment", "for", "version", "value", "put in by", "last read")
        rows = [
            (
                one["name"],
                one["environment"],
                _for(one["use"]),
                one["version"],
                "secret" if one["secret"] else one["value"],
                one["put_by"],
                _last(one.get("last_read")),
            )
            for one in document["items"]
        ]
        out.table(heads, rows, none="No values stand here.")
    if hidden := document.get("hidden"):
        out.say(f"{counted(hidden, 'name')} of others {'is' if hidden == 1 else 'are'} not shown to you.")


def _resolved(out: Output, document: Document) -> None:
    rows = [
        (
            one["name"],
            one["environment"],
            one["state"] if one["state"] != "set" else ("secret" if one["text"] is None else one["text"]),
            one["version"] or "",
            one["why"],
        )
        for one in document["items"]
    ]
    out.table(("name", "environment", "value", "version", "why"), rows, none="It has no variables.")
    if missing := sorted({one["name"] for one in document["items"] if one["state"] == "missing"}):
        out.next(f"`greenlane variables put {missing[0]} --app {document['app']} --environment ENVIRONMENT`")


def _report(out: Output, document: Document) -> None:
    for one in document["items"]:
        out.facts(
            f"{one['name']} in {one['environment']}, for {_for(one['use'])}",
            [
                ("version", f"{one['version']}, put in by {one['put_by']} at {one['created']}"),
                ("works too", one["works_too"] and "version {version} until {until}".format(**one["works_too"])),
            ],
        )
        rows = [
            (read["app"], read["deploy"], _for(read["reader"]), read["version"], read["times"], read["last"])
            for read in one["reads"]
        ]
        out.table(("app", "deploy", "for", "version", "times", "last"), rows, none="Nothing read it yet.")


def _revoked(out: Output, document: Document) -> None:
    for one in (document.get("answer") or {}).get("places", ()):
        out.say(f"  {one}")
    out.next("revoke it with whoever issued it too; here nothing can use it any more.")


def _took(out: Output, document: Document) -> None:
    answer = document["answer"]
    for name, text in sorted({**answer["build"], **answer["run"]}.items()):
        out.raw(f"{name}={orjson.dumps(text).decode()}")
    for name in answer["secrets"]:
        out.raw(f"# {name} is a secret, which nobody reads: put a value of your own here.")


def _standing(out: Output, document: Document) -> None:
    older = document["under_older"]
    out.facts(
        "Keys",
        [
            ("newest", document["newest"]),
            ("all", document["names"]),
            ("data keys", f"{document['data_keys']}, {older or 'none'} of them under an older key"),
        ],
    )


def _for(use: str) -> str:
    return {"build": "builds", "run": "running", "both": "builds and running"}[use]


def _last(read: Mapping[str, Any] | None) -> str:
    return f"{read['app']}, {read['at']}" if read else "never"


def _where(environment: str, use: str) -> dict[str, Any]:
    return {"environment": environment} if use == "run" else {"environment": environment, "use": use}


def _asked(place: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in place.items() if name != "organisation"}


def _place(app: str, team: str, organisation: bool, folder: Path = Path()) -> dict[str, Any]:
    if [bool(app), bool(team), organisation].count(True) > 1:
        raise WrongInput("Whose value is it?", next_step="Say --app, --team or --organisation; one of them.")
    if organisation:
        return {"organisation": True}
    return {"team": team} if team else {"app": _app(app, folder)}


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
    Act("variables put", "put-variable", put, "greenlane variables put API_KEY --app vendor-board < key.txt"),
    Act(
        "variables rotate",
        "rotate-variable",
        rotate,
        "greenlane variables rotate API_KEY --app vendor-board --environment production < new.txt",
    ),
    Act("variables remove", "remove-variable", remove, "greenlane variables remove API_KEY --app vendor-board"),
    Act(
        "variables revoke",
        "revoke-variable",
        revoke,
        "greenlane variables revoke API_KEY --organisation",
        saying.answer(_revoked),
    ),
    Ask(
        "variables list",
        "query /v1/apps/{app}/variables, /v1/variables",
        listed,
        "greenlane variables list --app vendor-board",
        _table,
    ),
    Ask(
        "variables reads",
        "query /v1/variables/{name}",
        reads,
        "greenlane variables reads API_KEY --app vendor-board",
        _report,
    ),
    Act(
        "variables take",
        "take-values",
        take,
        "greenlane variables take --app vendor-board",
        saying.answer(_took),
    ),
    Ask(
        "variables import",
        "verb put-variable",
        imported,
        "greenlane variables import .env --app vendor-board",
        _says_imported,
    ),
    Ask("keys", "query /v1/keys", keys, "greenlane keys", _standing),
    act("keys rotate", "rotate-key", "greenlane keys rotate"),
)
