"""`greenlane dev`: what is typed for it, and the values that it brings along from the platform and from `.env`."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from greenlane.catalog import hosts, names
from greenlane.cli import credentials, naming
from greenlane.cli.command import Ask
from greenlane.cli.errors import DONE, FileTrouble, FromControl
from greenlane.cli.folder import NOTES
from greenlane.cli.output import Output
from greenlane.cli.talk import Document, Talk
from greenlane.deploys.variables import parse
from greenlane.govern.errors import Conflict, Refused, WrongInput
from greenlane.kit.errors import GreenlaneError
from greenlane.secrets.names import why_refused

PORT = 4181
"""One beside the platform's own, so that both run on one machine."""

FILES = (".env", ".env.dev", ".env.development", ".env.local")
"""Where values are kept on one's own machine; of a name in several the later file counts."""


@dataclass(frozen=True, slots=True)
class Models:
    """Where the platform's models are, and how a key of the person's own for them is asked for, which raises what the
    platform says against it.
    """

    address: str
    key: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be run and how. ``running`` and ``building`` are the platform's values for the app and for its build, which
    those of `.env` come on top of; ``hosts`` is what its pages and its code may call, by host and purpose; ``data`` is where
    it stores; ``models`` is None where nobody is signed in.
    """

    folder: Path
    app: str
    port: int
    person: str
    public: bool
    data: Path
    hosts: Mapping[str, tuple[str, ...]]
    running: Mapping[str, str] = field(default_factory=dict, repr=False)
    building: Mapping[str, str] = field(default_factory=dict, repr=False)
    models: Models | None = None


Dev = Callable[[Wish, Output], Mapping[str, Any]]
"""Runs it until Ctrl-C; returns what there is to say of it with ``--json``."""

Folder = Annotated[Path, typer.Argument(metavar="[FOLDER]", help="The folder with the app.", show_default=".")]
App = Annotated[
    str,
    typer.Option("--app", help="The app on the platform whose values it gets; as deployed before.", show_default=False),
]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="The port to listen on; 0 takes a free one.")]
As = Annotated[
    str, typer.Option("--as", help="Whom the app sees as its visitor: a name or a mail address.", show_default="you")
]
Public = Annotated[bool, typer.Option("--public", help="As a public app: it is told nothing about who visits.")]
Host = Annotated[
    list[str] | None, typer.Option("--host", help="A host that its pages and its code may call; may be repeated.")
]
Offline = Annotated[bool, typer.Option("--offline", help="Ask no platform, even where you are signed in.")]
Data = Annotated[
    Path | None,
    typer.Option("--data", help="Where it stores; .greenlane/dev in the folder if left out.", show_default=False),
]


def command(handed: Dev) -> Ask:
    """The command, with what carries it out."""

    def dev(
        talk: Talk,
        folder: Folder = Path(),
        app: App = "",
        port: Port = PORT,
        visitor: As = "",
        public: Public = False,
        host: Host = None,
        offline: Offline = False,
        data: Data = None,
    ) -> Document:
        """Run the app of a folder on this machine as the platform would, again after each change, until Ctrl-C."""
        place = folder.resolve()
        if not place.is_dir():
            raise WrongInput(f"There is no folder {str(folder)!r}.", next_step="Name the folder with the app in it.")
        if port:
            _check_free(port)
        name = app or naming.remembered(place) or naming.guess(place, "") or "app"
        names.check(name)
        found = _NOTHING if offline else _platform(talk, name)
        wish = Wish(
            folder=place,
            app=name,
            port=port,
            person=visitor or getpass.getuser(),
            public=public,
            data=(data or place / NOTES / "dev").absolute(),
            hosts={**found.hosts, **{hosts.clean(one): hosts.PURPOSES for one in host or ()}},
            running=found.running,
            building=found.building,
            models=found.models,
        )
        return dict(handed(wish, talk.out))

    return Ask("dev", "local", dev, "greenlane dev ./my-app --as maria@example.com", lambda _out, _document: None)


def _check_free(port: int) -> None:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        raise Conflict(
            f"Port {port} is taken by another program.",
            next_step="Choose another with --port, or let --port 0 take a free one.",
            detail=str(error),
        ) from error


# -- values ------------------------------------------------------------------------------------------------------------


def local_values(folder: Path, out: Output) -> dict[str, str]:
    """What the `.env` files of a folder hold. What the platform would not set is left out, and said."""
    found: dict[str, str] = {}
    for name in FILES:
        if (file := folder / name).is_file():
            try:
                found |= parse(file.read_text("utf-8"))
            except (OSError, UnicodeDecodeError) as error:
                raise FileTrouble(
                    f"{name} cannot be read.", next_step="Write it as NAME=value lines.", detail=str(error)
                ) from error
    for name in sorted(found):
        if why := why_refused(name):
            out.warn(f"{name} is left out: {why}.")
            del found[name]
    return found


@dataclass(frozen=True, slots=True)
class _Platform:
    """What the platform has for an app on somebody's own machine."""

    running: Mapping[str, str] = field(repr=False)
    building: Mapping[str, str] = field(repr=False)
    hosts: Mapping[str, tuple[str, ...]]
    models: Models | None = None


_NOTHING = _Platform({}, {}, {})


def _platform(talk: Talk, app: str) -> _Platform:
    """What may be taken of the platform, on the record; nothing where nobody is signed in or nothing answers, in words."""
    try:
        if not credentials.token(talk.url):
            return _NOTHING
        took = talk.client.act("take-values", {"app": app})
        declared = talk.client.get(f"/v1/apps/{quote(app, safe='')}")["hosts"]
    except FromControl as error:
        talk.out.note(f"{error.message} It runs with the values of .env alone.")
        return _NOTHING
    except GreenlaneError as error:
        talk.out.note(f"The platform was not asked for values: {error.message} It runs with those of .env alone.")
        return _NOTHING
    if took["exit_code"] != DONE:
        reasons = " ".join(str(one["says"]) for one in took.get("reasons", ()))
        talk.out.note(f"The platform gives you no values. {reasons} It runs with those of .env alone.")
        return _NOTHING
    answer = took["answer"]
    if answer["run"] or answer["build"]:
        talk.out.note(f"From the platform: {', '.join(sorted({*answer['run'], *answer['build']}))}.")
    if answer["secrets"]:
        talk.out.note(
            f"Nobody reads secrets, so these are for you to put into .env: {', '.join(sorted(answer['secrets']))}."
        )
    return _Platform(
        answer["run"],
        answer["build"],
        {one["host"]: tuple(one["directives"]) for one in declared if not one["environment"]},
        Models(talk.url, lambda: _model_key(talk, app)),
    )


def _model_key(talk: Talk, app: str) -> str:
    """A key of the person's own for this app's calls to models, for a day. Raises what the platform says."""
    made = talk.client.act("make-gateway-key", {"app": app, "days": 1})
    if made["exit_code"] != DONE:
        raise Refused(
            "The platform gives you no key for models.",
            next_step=" ".join(str(one["says"]) for one in made.get("reasons", ())),
        )
    return str(made["answer"]["token"])
