"""Everything of an installation in one file, and back. What is in a data folder, and what a restored one proves."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from sqlalchemy import Connection

from greenlane import __version__, migrations
from greenlane.cli.local import Told
from greenlane.cli.output import counted, size
from greenlane.kit.backup.manifest import Manifest
from greenlane.kit.backup.restore import restore as bring_back
from greenlane.kit.backup.write import Plan, write
from greenlane.kit.database import Database
from greenlane.kit.errors import GreenlaneError
from greenlane.kit.settings import Settings
from greenlane.ledger import queries as ledger

FIRST = ("keys", "signer", "witness", "trust.json", "owner-token", "settings.toml")
"""Keys and the memory of signer and witness. They must not have seen more than the database in the same backup holds."""
MOVING = ("journal", "egress-journal")
"""Batches of page views and of what apps called: each disappears when the ledger has taken it in."""
MADE_ANEW = (
    *("runtime/files", "runtime/layers", "runtime/packages"),
    *("builds/tools", "builds/caches", "builds/rooms"),
)
"""What apps and builds run from: unpacked from stored files and from registries when it is needed, readable to them."""
LEFT_OUT = ("run", "edge", "egress", "gateway", "known", "uploads", "runtime/durable", *MADE_ANEW)
"""Sockets, what the edge is told anew, unfinished uploads, and what apps store, of which copies are taken along."""


class NothingToSave(GreenlaneError):
    """There is no installation in that folder."""

    code = "nothing-to-save"
    exit_code = 5


def backup(settings: Settings, file: Path, data_saved: Callable[[Settings], AbstractContextManager[None]]) -> Told:
    """Write everything into one file, while the server runs or not. ``data_saved`` is while what apps store lies there
    in copies.
    """
    folder = settings.folder
    if not (folder / "trust.json").is_file():
        raise NothingToSave(
            f"Nothing was ever started in {folder}.", next_step="Name the folder that `greenlane up --data` uses."
        )
    database = Path(settings.database_url.removeprefix("sqlite:///")).name
    own = tuple(one.name for one in folder.iterdir() if one.name.startswith(database))
    plan = Plan(folder, settings.database_url, FIRST, MOVING, (*LEFT_OUT, *own), complete=_all_signed)
    with data_saved(settings):
        manifest = write(plan, file, version=__version__)
    elsewhere = settings.blob_place if not _inside(settings.blob_place, folder) else None
    says = [
        f"{file} holds everything as it was at {manifest.made}: {_amount(manifest)}.",
        "The keys are in it too: keep it as you keep a password.",
    ]
    if elsewhere:
        says.append(f"The files of apps are in {elsewhere}, which is not in this backup and needs its own.")
    return Told(tuple(says), {"file": str(file), **_document(manifest), "not_included": elsewhere})


def restore(settings: Settings, file: Path) -> Told:
    """Bring a backup back into an empty data folder."""
    if not file.is_file():
        raise NothingToSave(f"There is no file {file}.", next_step="Name a file that `greenlane backup` wrote.")
    manifest = bring_back(file, settings.folder, settings.database_url, _make_tables)
    says = (
        f"Everything from {manifest.made} is back in {settings.folder}: {_amount(manifest)}, every digest checked.",
        (
            "The signer and the witness came from the same backup, so together they prove nothing about what was there "
            "before it. Hold the ledger against a checkpoint or an export that was kept elsewhere."
        ),
        "What happened after the backup is not in it. Do not let the old installation run as well: they would fork.",
        f"Next: `greenlane up --data {settings.folder}`, then `greenlane ledger verify`.",
    )
    return Told(says, {"folder": str(settings.folder), **_document(manifest)})


def _make_tables(database: Database, revision: str) -> None:
    migrations.upgrade(database.engine, revision)


def _all_signed(connection: Connection) -> bool:
    """Whether a signed checkpoint covers every receipt: a checkpoint is stored right after the receipts it covers."""
    return (
        ledger.size(connection) == 0
        or ledger.newest_checkpoint(connection, at_least=ledger.size(connection)) is not None
    )


def _inside(place: str, folder: Path) -> bool:
    return "://" not in place and Path(place).absolute().is_relative_to(folder)


def _amount(manifest: Manifest) -> str:
    return f"{counted(len(manifest.members), 'part')}, {size(manifest.size)}"


def _document(manifest: Manifest) -> dict[str, object]:
    return {"made": manifest.made, "parts": len(manifest.members), "bytes": manifest.size, "database": manifest.dialect}
