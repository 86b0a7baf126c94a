"""The composition root: settings -> database -> drivers -> door -> faces. It alone knows everything.

``up`` is one command and several processes under a supervisor (``processes``); ``control`` is where parts are handed to one
another; ``local_commands`` is what the terminal can do without asking anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from greenlane.api import app as api
from greenlane.catalog.addresses import Addresses
from greenlane.cli import backups, doctor, holding, references
from greenlane.cli.local import LocalCommands
from greenlane.cli.starting import run_until_told
from greenlane.cli.terminal import panels
from greenlane.dev import life
from greenlane.kit.places import Places
from greenlane.kit.settings import Settings
from greenlane.kit.settings import read as read_settings
from greenlane.ledger.verify import verify_folder
from greenlane.main.processes import children, edge_options, run_process
from greenlane.main.saving import data_saved


def local_commands() -> LocalCommands:
    """What the terminal is handed."""
    return LocalCommands(
        up=up,
        dev=partial(life.run, life.Parts(run_process, edge_options)),
        doctor=lambda data: doctor.examine(read_settings(data=data)),
        backup=lambda data, file: backups.backup(read_settings(data=data), file, data_saved),
        restore=lambda file, data: backups.restore(read_settings(data=data), file),
        docs=lambda: references.write(panels(local_commands()), api.create(None).openapi()),
        verify=verify_folder,
        settings=lambda: Settings.model_fields,
    )


def up(flags: Mapping[str, Any]) -> int:
    """Run all processes until Ctrl-C or SIGTERM."""
    typed = dict(flags)
    token_file: Path | None = typed.pop("owner_token_file", None)
    settings = read_settings(**typed)
    places = Places(settings.folder)
    with holding.folder(places), holding.doors(settings) as doors:
        settings = settings.model_copy(update={"port": doors[0].getsockname()[1]})
        processes = children(settings, token_file, doors)
        return run_until_told(settings, places, Addresses.of(settings), processes, doors)
