"""Which user each app in each environment is: a number of its own that stays, so that what it stores stays its own."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import orjson

from greenlane.kit.errors import Unavailable
from greenlane.kit.places import write_private

FIRST, LAST = 61200, 61899
"""Numbers that nobody is given (60706 to 61183 and 61184 to 65519 are unused or dynamic in systemd.io/UIDS-GIDS); builds
and the trial have those above."""


class Users:
    """The numbers given so far, kept in a file. Thread-safe."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._given: dict[str, int] = orjson.loads(file.read_bytes()) if file.exists() else {}

    def of(self, app: str, environment: str) -> int | None:
        """The number of an app in an environment; None where the platform is not root and cannot give any.

        Raises ``Unavailable`` when there are none left.
        """
        if os.getuid() != 0:
            return None
        name = f"{app}/{environment}"
        with self._lock:
            if name not in self._given:
                free = set(range(FIRST, LAST + 1)) - set(self._given.values())
                if not free:
                    raise Unavailable(
                        f"{len(self._given)} apps run on this machine, which is as many as it has users for.",
                        next_step="Delete apps that nobody needs any more.",
                    )
                self._given[name] = min(free)
                write_private(self._file, orjson.dumps(self._given).decode())
            return self._given[name]
