"""The gateway's side: spans that came in are laid down for control."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from greenlane.gateway.app_spans.span import AppSpan
from greenlane.kit import ids
from greenlane.kit.errors import StorageFull

SPANS = "spans"
"""The folder, in the gateway's own, in which they lie."""
MOST = 500
"""Messages that lie there at most: whoever sends more while control is away is asked to send them again later."""


def lay_down(folder: Path, who: Mapping[str, Any], spans: Sequence[AppSpan]) -> None:
    """Lay the spans of one message down. Raises ``StorageFull`` where there is no room."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if sum(1 for _ in os.scandir(folder)) >= MOST:
            raise StorageFull("Too many spans wait to be kept.", next_step="Send them again in a moment.")
        name = ids.new("spans")
        unfinished = folder / f".{name}"
        unfinished.write_bytes(orjson.dumps({"who": dict(who), "spans": [asdict(one) for one in spans]}))
        unfinished.chmod(0o600)
        unfinished.rename(folder / name)
    except OSError as error:
        raise StorageFull("The spans could not be written.", next_step="Send them again in a moment.") from error
