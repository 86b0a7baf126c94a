"""Finished answers: built once, then written as they are to any number of peers."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from email.utils import formatdate
from http import HTTPStatus

Headers = Sequence[tuple[bytes, bytes]]

SMALL = 64 * 1024
"""Up to this many bytes of body, head and body are kept and written as one piece."""

_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
_FIELD = b"%b: %b\r\n".__mod__
_BODILESS = frozenset({204, 304})


def status_line(status: int) -> bytes:
    """``HTTP/1.1 200 OK`` with its line end; a status without a name is sent without one."""
    return _LINES.get(status) or f"HTTP/1.1 {status} \r\n".encode()


def field_lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Header fields as they go over the wire."""
    return b"".join(map(_FIELD, headers))


class _Today:
    """The Date field (RFC 9110, 6.6.1), made once a second."""

    def __init__(self) -> None:
        self._second = -1
        self._line = b""

    def line(self, second: int) -> bytes:
        if second != self._second:
            self._second = second
            self._line = b"Date: " + formatdate(second, usegmt=True).encode() + b"\r\n"
        return self._line


_TODAY = _Today()


def date_line() -> bytes:
    """The Date field of this second with its line end."""
    return _TODAY.line(int(time.time()))


class Reply:
    """An answer with nothing left to decide. It may be shared: all that varies is the date, renewed once a second.

    ``size`` is what Content-Length says when the body itself is not sent (an answer to HEAD without reading the file).
    """

    __slots__ = ("_rest", "_second", "_whole", "body", "status")

    def __init__(self, status: int, headers: Headers, body: bytes = b"", *, size: int | None = None) -> None:
        self.status = status
        self.body = body
        length = b"" if status in _BODILESS else b"Content-Length: %d\r\n" % (len(body) if size is None else size)
        self._rest = length + field_lines(headers) + b"\r\n"
        self._second = -1
        self._whole = b""

    def head(self, second: int, *, close: bool = False) -> bytes:
        """Status line and fields at that second of wall time."""
        ending = b"Connection: close\r\n" if close else b""
        return status_line(self.status) + _TODAY.line(second) + ending + self._rest

    def whole(self, second: int) -> bytes:
        """Head and body in one piece at that second of wall time; only worth it when the body is ``SMALL``."""
        if second != self._second:
            self._second = second
            self._whole = self.head(second) + self.body
        return self._whole

    def parts(self, *, bare: bool, close: bool) -> list[bytes]:
        """What to write now: without the body for HEAD (``bare``), and saying so if the connection ends after it."""
        second = int(time.time())
        if bare or not self.body:
            return [self.head(second, close=close)]
        if len(self.body) <= SMALL and not close:
            return [self.whole(second)]
        return [self.head(second, close=close), self.body]


def plain(status: int, words: str) -> Reply:
    """A short answer in plain text, for what went wrong before anybody knew who should answer."""
    return Reply(
        status,
        [(b"Content-Type", b"text/plain; charset=utf-8"), (b"Cache-Control", b"no-store")],
        words.encode() + b"\n",
    )
