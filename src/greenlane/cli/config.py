"""What this machine keeps for a person between two commands: a folder of small private JSON files."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import orjson

from greenlane.cli.errors import FileTrouble


def folder() -> Path:
    """``$XDG_CONFIG_HOME/greenlane``, or ``~/.config/greenlane``."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "greenlane"


def read(path: Path) -> Any:
    """The JSON in a file; None where there is none. Raises ``FileTrouble`` for a file that cannot be read."""
    try:
        return orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise FileTrouble(
            f"{path} cannot be read.", next_step=f"Look at {path}, or remove it and try again.", detail=str(error)
        ) from error


def write(path: Path, value: Any) -> None:
    """Put JSON into a file, whole or not at all, readable by its owner alone (mode 0600)."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            file.write(orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n")
        Path(file.name).replace(path)
    except OSError as error:
        raise FileTrouble(
            f"{path} cannot be written.",
            next_step="Look at the folder's rights, or set XDG_CONFIG_HOME to a folder of yours.",
            detail=str(error),
        ) from error
