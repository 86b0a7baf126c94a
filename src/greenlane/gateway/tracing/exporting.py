"""Sending spans of recorded calls to a collector, by OTLP over HTTP with JSON.

Nothing waits for it: what a collector does not take is tried again for a while, and what is too much is left out and
counted. Facts: https://opentelemetry.io/docs/specs/otlp/#otlphttp.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson
import structlog
from sqlalchemy.exc import DBAPIError

from greenlane.gateway.queries.calls import calls_named
from greenlane.gateway.tracing.spans import document
from greenlane.kit.database import Database
from greenlane.kit.errors import GreenlaneError

log = structlog.get_logger()

MOST_WAITING = 100_000
"""Calls that wait to be sent at most; the oldest are left out first."""
MOST_OF_APPS = 500
"""Messages with spans of apps that wait at most; the oldest are left out first."""
AT_ONCE = 500
"""Calls in one message."""
EVERY = 2.0
"""Seconds between two messages, where there is something to send."""
LONGEST_PAUSE = 120.0
"""Seconds between two attempts at most, while the collector takes nothing."""

Post = Callable[[str, Mapping[str, str], bytes], None]
"""One POST; raises a ``GreenlaneError`` where it was not taken."""


def headers_in(file: Path | None) -> dict[str, str]:
    """The fields that a file names, a line for each. Raises OSError where it cannot be read, ValueError for other lines."""
    found: dict[str, str] = {}
    for line in [] if file is None else file.read_text().splitlines():
        name, colon, value = line.partition(":")
        if line.strip():
            if not colon or not name.strip():
                raise ValueError(f"{file} has a line that is no header")
            found[name.strip()] = value.strip()
    return found


class Exporting:
    """``heard`` is given the records of each batch of the gateway's journals; ``start`` and ``stop`` once each.

    ``address`` is the collector's, to which ``/v1/traces`` is added; ``headers`` are sent with each message.
    """

    def __init__(self, database: Database, post: Post, address: str, headers: Mapping[str, str]) -> None:
        self._database = database
        self._post = post
        self._address = address.rstrip("/") + "/v1/traces"
        self._headers = {**headers, "Content-Type": "application/json"}
        self._waiting: deque[str] = deque()
        self._of_apps: deque[list[dict[str, Any]]] = deque()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self.left_out = 0
        """Calls, and messages of apps, that were never sent because too many waited."""

    def start(self) -> None:
        """Begin to send."""
        threading.Thread(target=self._run, name="tracing", daemon=True).start()

    def stop(self) -> None:
        """Send no more."""
        self._stopping.set()

    def heard(self, records: Iterable[bytes]) -> None:
        """Records that were taken into the ledger, with their rows: calls that ended or were refused will be sent."""
        ended = [orjson.loads(one)["call"] for one in records if b'"k":"end"' in one or b'"k":"refused"' in one]
        with self._lock:
            self._waiting.extend(ended)
            while len(self._waiting) > MOST_WAITING:
                self._waiting.popleft()
                self.left_out += 1

    def heard_of_apps(self, resource_spans: list[dict[str, Any]]) -> None:
        """Spans of apps, which are handed on."""
        with self._lock:
            self._of_apps.append(resource_spans)
            while len(self._of_apps) > MOST_OF_APPS:
                self._of_apps.popleft()
                self.left_out += 1

    def hand_on(self) -> bool:
        """Hand one message of apps' spans on; whether there was one. Raises what ``post`` raises, and keeps it then."""
        with self._lock:
            if not self._of_apps:
                return False
            one = self._of_apps.popleft()
        try:
            self._post(self._address, self._headers, orjson.dumps({"resourceSpans": one}))
        except GreenlaneError:
            with self._lock:
                self._of_apps.appendleft(one)
            raise
        return True

    def send(self) -> int:
        """Send one message of what waits; how many calls it took off. Raises what ``post`` raises, and keeps them then."""
        with self._lock:
            names = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
        if not names:
            return 0
        try:
            with self._database.read() as connection:
                found = [one for one in calls_named(connection, names) if one.state != "open"]
            if found:
                self._post(self._address, self._headers, orjson.dumps(document(found)))
        except (GreenlaneError, DBAPIError):
            with self._lock:
                self._waiting.extendleft(reversed(names))
            raise
        return len(names)

    def _run(self) -> None:
        pause = EVERY
        while not self._stopping.wait(pause):
            try:
                while self.send() == AT_ONCE:
                    pass
                while self.hand_on():
                    pass
                pause = EVERY
            except (GreenlaneError, DBAPIError) as error:
                pause = min(2 * pause, LONGEST_PAUSE)
                log.warning("the collector took no spans", waiting=len(self._waiting), error=repr(error))
