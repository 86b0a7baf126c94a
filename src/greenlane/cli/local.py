"""The local commands: they run here, without a server to ask. What they do is handed in by the composition root."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, get_args, get_origin

import typer

from greenlane import __version__
from greenlane.cli import developing
from greenlane.cli.command import Ask, Command
from greenlane.cli.developing import Dev
from greenlane.cli.ledger import OfFolder
from greenlane.cli.output import Output
from greenlane.cli.talk import Document, Talk


@dataclass(frozen=True, slots=True)
class Told:
    """What a local command has to say: sentences for people, one document for ``--json``, and its exit code."""

    says: tuple[str, ...]
    document: Mapping[str, Any] = field(default_factory=dict)
    exit_code: int = 0


class Setting(Protocol):
    """What a setting says of itself, as pydantic's ``FieldInfo`` does."""

    annotation: Any
    default: Any
    description: str | None


@dataclass(frozen=True, slots=True)
class LocalCommands:
    """What `main` hands to the terminal, because the terminal cannot reach up to it.

    ``up`` is given the settings that were typed as flags, by the settings' names, and returns the exit code when it is
    stopped. ``settings`` tells them by their names. ``data`` is the data folder, None for the one that the settings name.
    """

    up: Callable[[Mapping[str, Any]], int]
    dev: Dev
    doctor: Callable[[Path | None], Told]
    backup: Callable[[Path | None, Path], Told]
    restore: Callable[[Path, Path | None], Told]
    docs: Callable[[], Told]
    verify: OfFolder
    settings: Callable[[], Mapping[str, Setting]]


Data = Annotated[
    Path | None, typer.Option("--data", help="The data folder; the settings' one when left out.", show_default=False)
]
TokenFile = Annotated[
    Path | None,
    typer.Option("--owner-token-file", help="Write the first owner's token here, mode 0600.", show_default=False),
]
BackupFile = Annotated[Path, typer.Argument(metavar="FILE", help="The backup's file.")]


@dataclass(frozen=True, slots=True)
class Up:
    """`greenlane up`: every setting is a flag of the same name, with the same words."""

    handed: Callable[[Mapping[str, Any]], int]
    settings: Callable[[], Mapping[str, Setting]]

    @property
    def typed(self) -> inspect.Signature:
        """The flags."""
        token = inspect.Parameter(
            "owner_token_file", inspect.Parameter.KEYWORD_ONLY, annotation=TokenFile, default=None
        )
        return inspect.Signature([*(_flag(name, one) for name, one in self.settings().items()), token])

    def __call__(self, talk: Talk, **given: Any) -> Document:
        """Run until it is stopped, with the flags that were given."""
        return {"exit_code": self.handed({name: one for name, one in given.items() if one not in (None, [])})}


def _flag(name: str, setting: Setting) -> inspect.Parameter:
    """One setting as an option. A setting of several values may be repeated."""
    kinds = [one for one in get_args(setting.annotation) or (setting.annotation,) if one not in (type(None), ...)]
    choices = tuple(one for one in kinds if isinstance(one, str) and one)
    bare: Any = Literal[choices] if choices else kinds[0]
    many = get_origin(setting.annotation) is tuple
    shown = setting.default if not many else ", ".join(setting.default)
    option = typer.Option(
        f"--{name.replace('_', '-')}",
        help=setting.description,
        show_default=False if shown in ("", None) else str(shown),
    )
    annotation = Annotated[(list[bare] if many else bare) | None, option]  # type: ignore[valid-type]  # for Typer
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=None)


def starting(handed: LocalCommands) -> tuple[Command, ...]:
    """Where everything begins."""
    return (
        Ask(
            "up",
            "local",
            Up(handed.up, handed.settings),
            "greenlane up --data ./data --port 4180",
            _says_nothing,
            "Run Greenlane here: one command, several processes, stopped with Ctrl-C.",
        ),
        developing.command(handed.dev),
    )


def keeping(handed: LocalCommands) -> tuple[Command, ...]:
    """Looking after an installation."""

    def doctor(talk: Talk, data: Data = None) -> Document:
        """Look whether everything that Greenlane needs is there and well."""
        return told(handed.doctor(data))

    def backup(talk: Talk, file: BackupFile, data: Data = None) -> Document:
        """Write everything into one file, while the server runs or not."""
        return told(handed.backup(data, file))

    def restore(talk: Talk, file: BackupFile, data: Data = None) -> Document:
        """Bring a backup back into an empty data folder."""
        return told(handed.restore(file, data))

    def docs(talk: Talk) -> Document:
        """Make the generated references again."""
        return told(handed.docs())

    return (
        Ask("doctor", "local", doctor, "greenlane doctor", says_told),
        Ask("backup", "local", backup, "greenlane backup greenlane-backup.tar", says_told),
        Ask("restore", "local", restore, "greenlane restore greenlane-backup.tar --data ./data", says_told),
        Ask("docs", "local", docs, "greenlane docs", says_told),
        Ask("version", "local", version, "greenlane version", _says_version),
    )


def version(talk: Talk) -> Document:
    """Which version this is."""
    return {"version": __version__}


def told(what: Told) -> Document:
    """The one document of a local command."""
    return {**what.document, "says": list(what.says), "exit_code": what.exit_code}


def says_told(out: Output, document: Document) -> None:
    """Its sentences as they are: some of them are addresses."""
    for line in document["says"]:
        out.raw(line)


def _says_version(out: Output, document: Document) -> None:
    out.raw(f"greenlane {document['version']}")


def _says_nothing(out: Output, document: Document) -> None:
    """What runs until it is stopped has said everything by then."""
