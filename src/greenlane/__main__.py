"""The entry point: hands the terminal what only the composition root knows."""

from __future__ import annotations

import sys
from dataclasses import fields
from functools import partial
from importlib import import_module
from typing import Any

from greenlane.cli import terminal
from greenlane.cli.local import LocalCommands


def main() -> None:
    """Run `greenlane`. Ends the process with the command's exit code."""
    handed: dict[str, Any] = {one.name: partial(_when_called, one.name) for one in fields(LocalCommands)}
    sys.exit(terminal.app(LocalCommands(**{**handed, "settings": _settings})))


def _when_called(command: str, *arguments: Any) -> Any:
    """A local command. The composition root is imported when one is called: all others start four times as fast."""
    handed = import_module("greenlane.main").local_commands()
    return getattr(handed, command)(*arguments)


def _settings() -> Any:
    """What `up` can be told, which no other command has to know."""
    return import_module("greenlane.kit.settings").Settings.model_fields


if __name__ == "__main__":
    main()
