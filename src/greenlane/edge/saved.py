"""The last table on disk, so that the edge can start while control is away. It holds hashes and a key: owner only."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import orjson

_LOG = logging.getLogger(__name__)
_NAME = "table.json"


def load(folder: Path) -> dict[str, Any] | None:
    """The table saved last; None when there is none or it cannot be read."""
    try:
        raw = orjson.loads((folder / _NAME).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, orjson.JSONDecodeError) as error:
        _LOG.warning("The saved table cannot be read; waiting for control: %s", error)
        return None
    return raw if isinstance(raw, dict) else None


def save(folder: Path, data: bytes) -> None:
    """Replace the saved table in one step, readable by the owner alone. OSError when there is no room."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = folder / f"{_NAME}.new"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / _NAME)
