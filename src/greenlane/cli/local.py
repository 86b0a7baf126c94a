"""The local commands: they run here, without a server to ask. What they do is handed in by the composition root."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from greenlane import __version__
from greenlane.cli.command import Ask, Command
from greenlane.cli.output import Output
from greenlane.cli.talk import Document, Talk


@dataclass(frozen=True, slots=True)
class Told:
    """What a local command has to say: sentences for people, one document for ``--json``, and its exit code."""

    says: tuple[str, ...]
    document: Mapping[str, Any] = field(default_factory=dict)
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class LocalCommands:
    """What `main` hands to the terminal, because the terminal cannot reach up to it.

    ``up`` is given the settings that were typed as flags, by the settings' names, and returns the exit code when it is
    stopped. ``data`` is the data folder, None for the one that the settings name.
    """

    up: Callable[[Mapping[str, Any]], int]
    doctor: Callable[[Path | None], Told]
    backup: Callable[[Path | None, Path], Told]
    restore: Callable[[Path, Path | None], Told]
    tour: Callable[[], Told]
    docs: Callable[[], Told]


Data = Annotated[
    Path | None, typer.Option("--data", help="The data folder; the settings' one when left out.", show_default=False)
]
Port = Annotated[
    int | None,
    typer.Option("--port", min=0, max=65535, help="The port; 4180 when left out, 0 for any.", show_default=False),
]
TokenFile = Annotated[
    Path | None,
    typer.Option("--owner-token-file", help="Write the first owner's token here, mode 0600.", show_default=False),
]
Database = Annotated[
    str, typer.Option("--database", help="SQLite in the data folder, or a PostgreSQL address.", show_default=False)
]
ConsoleHost = Annotated[
    str, typer.Option("--console-host", help="The console's host, such as greenlane.example.com.", show_default=False)
]
AppsDomain = Annotated[
    str,
    typer.Option(
        "--apps-domain", help="The domain that apps live under, another one than the console's.", show_default=False
    ),
]
Certificate = Annotated[
    Path | None, typer.Option("--tls-certificate", help="The certificate's file (PEM).", show_default=False)
]
Key = Annotated[Path | None, typer.Option("--tls-key", help="The certificate's private key (PEM).", show_default=False)]
Proxy = Annotated[
    list[str] | None,
    typer.Option("--trusted-proxy", help="A proxy whose forwarded headers count; may be repeated.", show_default=False),
]
BackupFile = Annotated[Path, typer.Argument(metavar="FILE", help="The backup's file.")]


def starting(handed: LocalCommands) -> tuple[Command, ...]:
    """Where everything begins."""

    def up(
        talk: Talk,
        data: Data = None,
        port: Port = None,
        owner_token_file: TokenFile = None,
        database: Database = "",
        console_host: ConsoleHost = "",
        apps_domain: AppsDomain = "",
        tls_certificate: Certificate = None,
        tls_key: Key = None,
        trusted_proxy: Proxy = None,
    ) -> Document:
        """Run Greenlane here: one command, several processes, stopped with Ctrl-C."""
        typed = {
            "data": data,
            "port": port,
            "owner_token_file": owner_token_file,
            "database": database,
            "console_host": console_host,
            "apps_domain": apps_domain,
            "tls_certificate": tls_certificate,
            "tls_key": tls_key,
            "trusted_proxy": trusted_proxy,
        }
        flags = {name: value for name, value in typed.items() if value is not None and value not in ("", [])}
        return {"exit_code": handed.up(flags)}

    def tour(talk: Talk) -> Document:
        """Take a few small sites through the real path, and see green, amber, red and closed in two minutes."""
        return told(handed.tour())

    return (
        Ask("up", "local", up, "greenlane up --data ./data --port 4180", _says_nothing),
        Ask("tour", "local", tour, "greenlane tour", says_told),
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
