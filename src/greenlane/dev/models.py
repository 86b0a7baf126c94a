"""Models for an app on somebody's own machine: what it asks at its proxy goes to the platform, with that person's own key.

The app finds the same addresses as on the platform, and a key that is none. The person's key is asked for when the app
first calls a model, lives for a day, and never enters the sandbox. What calls cost is counted there, to the person.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

from greenlane.cli.developing import Models
from greenlane.kit.errors import GreenlaneError
from greenlane.kit.wire.request import Malformed
from greenlane.runtime.egress import asking
from greenlane.runtime.egress.asking import Asked
from greenlane.runtime.egress.carrying import PIECE, Alive, both_ways, pieces, pump, send_body
from greenlane.runtime.egress.policy import Refused
from greenlane.runtime.egress.proxy import Limits
from greenlane.runtime.egress.reaching import Line

NO_KEY = "greenlane-dev"
"""What the app finds as its key: a text that opens nothing, here or anywhere."""

_REPLACED = frozenset({b"host", b"authorization", b"x-api-key", b"x-goog-api-key", b"greenlane-sandbox"})
_KEY_FOR = 12 * 3600.0
"""Seconds for which a key is used; it lives longer."""


class ModelsRelay:
    """Stands where the model gateway listens on the platform. ``start`` and ``stop`` once each."""

    def __init__(self, path: Path, models: Models, say: Callable[[str], None]) -> None:
        """``say`` prints a line for the person who develops."""
        self._path = path
        self._models = models
        self._say = say
        parts = urlsplit(models.address)
        self._host = parts.hostname or ""
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self._authority = parts.netloc.encode("idna" if not parts.netloc.isascii() else "ascii")
        self._key = ""
        self._since = 0.0
        self._asking = threading.Lock()
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._over: asyncio.Event
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()), name="models", daemon=True)

    def start(self) -> None:
        """Listen."""
        self._path.unlink(missing_ok=True)
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Listen no longer; what is under way is cut."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        self._path.unlink(missing_ok=True)

    async def _live(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_unix_server(self._serve, str(self._path), limit=PIECE)
        self._path.chmod(0o600)
        self._ready.set()
        await self._over.wait()
        server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = asking.read(await reader.readuntil(b"\r\n\r\n"))
            await self._relay(asked, (reader, writer))
        except (OSError, Refused, Malformed, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever spoke learns it by the end of the connection
        finally:
            writer.close()

    async def _relay(self, asked: Asked, inner: Line) -> None:
        try:
            key = await asyncio.to_thread(self._with_key)
            outer = await asyncio.open_connection(self._host, self._port, ssl=self._tls, limit=PIECE)
        except (GreenlaneError, OSError) as error:
            async for _ in pieces(asked, inner[0], bytearray()):
                pass  # who is cut off in mid-request reads no answer
            if isinstance(error, GreenlaneError):
                await _answer(inner[1], 403, f"{error.message} {error.next_step}")
            else:
                await _answer(inner[1], 502, f"{self._models.address} does not answer, where the models are.")
            return
        alive = Alive(Limits().thinking)

        async def up() -> None:
            following = asked
            with contextlib.suppress(asyncio.IncompleteReadError):  # whoever asked has no more to ask
                while True:
                    outer[1].write(self._head(following, key))
                    await send_body(following, inner[0], outer[1], alive, _not_counted)
                    following = asking.read(await inner[0].readuntil(b"\r\n\r\n"))

        try:
            await both_ways(up(), pump(outer[0], inner[1], alive, _not_counted), alive)
        finally:
            outer[1].close()

    def _with_key(self) -> str:
        """The person's key, asked for where there is none. Raises what the platform says to that."""
        with self._asking:
            if not self._key or monotonic() - self._since > _KEY_FOR:
                self._key, self._since = self._models.key(), monotonic()
                self._say("The app calls models through the platform, with a key of yours that lives for a day.")
            return self._key

    def _head(self, asked: Asked, key: str) -> bytes:
        """The request as the platform reads it: to its own address, with the person's key and none of the app's."""
        line, *fields = asked.head[:-4].split(b"\r\n")
        kept = [field for field in fields if field.partition(b":")[0].lower() not in _REPLACED]
        own = [b"Host: " + self._authority, b"Authorization: Bearer " + key.encode()]
        return b"\r\n".join([line, *own, *kept, b"", b""])


def _not_counted(size: int) -> None:
    """Nobody counts bytes here."""


async def _answer(writer: asyncio.StreamWriter, status: int, words: str) -> None:
    body = (words.strip() + "\n").encode()
    head = f"HTTP/1.1 {status} Refused\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
    with contextlib.suppress(OSError):
        writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
        await writer.drain()
