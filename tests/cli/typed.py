"""A terminal for tests that need a real process: the command tree with local commands that only say what they got."""

from __future__ import annotations

import sys

from greenlane.cli import LocalCommands, Told, app
from greenlane.cli.developing import Wish
from greenlane.cli.output import Output
from greenlane.kit.settings import Settings
from greenlane.ledger.verify import verify_folder


def said(*given: object) -> Told:
    return Told((f"It was given {given}.",), {"given": [str(one) for one in given]})


def up(flags: object) -> int:
    sys.stdout.write(f"{flags}\n")
    return 0


def dev(wish: Wish, out: Output) -> dict[str, object]:
    """What was wished, without its values."""
    return {"folder": str(wish.folder), "app": wish.app, "person": wish.person, "exit_code": 0}


LOCAL = LocalCommands(
    up=up,
    dev=dev,
    doctor=said,
    backup=said,
    restore=said,
    docs=said,
    verify=verify_folder,
    settings=lambda: Settings.model_fields,
)

if __name__ == "__main__":
    sys.exit(app(LOCAL))
