"""Page views, counted per app, visitor and minute, and handed to a sink at most once a minute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from greenlane.kit.wire.prepared import Tally


@dataclass(frozen=True, slots=True)
class View:
    """How often somebody opened an app's pages within a minute.

    ``who`` is a person's id, ``preview:`` and the id of a preview token, ``share:`` and the id of a share
    link, or ``public``. ``minute`` is its start in UTC,
    such as ``2026-01-31T09:30Z``.
    """

    app: str
    environment: str
    who: str
    minute: str
    count: int


class Sink(Protocol):
    """Where counted views are kept durably."""

    def write(self, views: Sequence[View]) -> None:
        """Keep them; returns when they are durable. Any exception means that none was kept, and they are offered again."""
        ...

    def close(self) -> None:
        """Nothing more will come."""
        ...


class Views:
    """The counts since the last ``take``. Whoever holds a tally has to let go of it before that."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[str, str, str], Tally] = {}

    def tally(self, app: str, environment: str, who: str) -> Tally:
        """The counter of this visitor on this app."""
        key = (app, environment, who)
        found = self._tallies.get(key)
        if found is None:
            found = self._tallies[key] = Tally()
        return found

    def take(self, now: datetime) -> list[View]:
        """What was counted, dated with the minute that ends the count; counting starts anew."""
        tallies, self._tallies = self._tallies, {}
        minute = now.strftime("%Y-%m-%dT%H:%MZ")
        return [View(*key, minute, tally.count) for key, tally in tallies.items() if tally.count]
