"""Where counted page views go: the data plane's journal, durable before the next minute begins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import orjson

from greenlane.edge.views import View
from greenlane.kit import digest
from greenlane.kit.clock import parse
from greenlane.ledger.batches import Journal


class JournalSink:
    """Writes views as records and seals them as one batch, which control turns into one leaf of the ledger."""

    def __init__(self, folder: Path) -> None:
        self._journal = Journal(folder)

    def write(self, views: Sequence[View]) -> None:
        """Append, make durable, seal."""
        for view in views:
            self._journal.append(digest.canonical({"kind": "views", **asdict(view)}))
        self._journal.sync()
        self._journal.seal()

    def close(self) -> None:
        """Let go of the journal's file."""
        self._journal.close()


def last_opened(records: Iterable[bytes]) -> dict[str, datetime]:
    """When each app's production was opened last, read from what ``JournalSink`` wrote; to the minute."""
    last: dict[str, datetime] = {}
    for record in records:
        view = orjson.loads(record)
        if view["kind"] == "views" and view["environment"] == "production":
            at = parse(view["minute"])
            last[view["app"]] = max(at, last.get(view["app"], at))
    return last
