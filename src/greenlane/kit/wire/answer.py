"""Reading an answer from a server that is not believed: taken apart by httptools, and judged before any of it is used.

What has more than one reading, says its length twice, hides a second answer behind the first, or puts a line end into a
field is no answer.
"""

from __future__ import annotations

import re

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

_NAMES = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]*")
_VALUES = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_LENGTH = re.compile(rb"[0-9]{1,18}")
_BODILESS = frozenset({204, 304})
_INTERIM = 16
"""Answers of the kind 1xx before the real one."""


class Unreadable(Exception):
    """It is no answer, or one that goes beyond every measure."""


class Answer:
    """One answer as it arrives. ``head`` and ``fields`` bound its head in bytes and in fields.

    ``bare``: to HEAD, so that no body follows. ``changing``: a change of protocol was asked for and may be granted; then
    ``rest`` is what came behind the head.
    """

    def __init__(self, *, bare: bool, changing: bool, head: int, fields: int) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.length: int | None = None
        self.pieces: list[bytes] = []
        self.rest = b""
        self.has_head = False
        self.complete = False
        self.surplus = False
        """More came than the answer."""
        self._bare = bare
        self._changing = changing
        self._head = head
        self._fields = fields
        self._fed = 0
        self._interim = 0
        self._chunked = False
        self._first: dict[bytes, bytes] = {}
        self._fault = ""
        self._lasting = False
        self._parser: HttpResponseParser | None = HttpResponseParser(self)
        """None once the answer is complete. It holds on to us: together we would stay until the collector of cycles comes."""

    def feed(self, data: bytes) -> None:
        """Some more of it. Raises ``Unreadable``."""
        parser = self._parser
        if parser is None:
            self.surplus = True
            return
        self._fed += 0 if self.has_head else len(data)
        try:
            parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            self.rest = data[upgrade.args[0] :]
        except HttpParserError as error:
            if not self.complete:
                raise Unreadable(str(error)) from error
            self.surplus = True
        if not self.has_head and self._fed > self._head:
            self._fault = self._fault or f"The head of the answer is longer than {self._head} bytes."
        if self._fault:
            raise Unreadable(self._fault)
        if self.complete:
            self._lasting = parser.get_http_version() == "1.1"
            self._parser = None

    @property
    def ends_by_closing(self) -> bool:
        """Whether the end of the connection is the end of the answer."""
        return self.has_head and self.length is None and not self._chunked

    @property
    def keeps_open(self) -> bool:
        """Whether the connection may be used again."""
        closes = b"close" in self._first.get(b"connection", b"").lower()
        return self._lasting and not (closes or self.surplus or self._bare)

    def field(self, wanted: bytes) -> bytes | None:
        """The first field of that name (in small letters)."""
        return self._first.get(wanted)

    # What httptools calls.

    def on_message_begin(self) -> None:
        """Another answer begins; behind the real one there is none."""
        if self.has_head:
            self.surplus = True
        else:
            self.headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """One field."""
        if not self.has_head:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is whole."""
        if self.has_head:
            return
        assert self._parser is not None, "it is telling us"
        status = self._parser.get_status_code()
        if 100 <= status < 200 and status != 101:
            self._interim += 1
            if self._interim > _INTERIM:
                self._fault = "The answer never gets beyond interim ones."
            return
        self.status = status
        self.has_head = True
        self._fault = self._fault or self._judge()
        self.complete = self._bare

    def on_body(self, data: bytes) -> None:
        """Some of the body."""
        if self.has_head and not (self.complete or self.surplus):
            self.pieces.append(data)

    def on_message_complete(self) -> None:
        """The end."""
        self.complete = self.complete or self.has_head

    def _judge(self) -> str:
        """What is wrong with the head; empty for nothing."""
        if not (200 <= self.status < 600 or (self.status == 101 and self._changing)):
            return f"The answer's status is {self.status}."
        if len(self.headers) > self._fields:
            return f"The answer has more than {self._fields} fields."
        names, values = zip(*self.headers, strict=True) if self.headers else ((), ())
        every, said = b"".join(names), b"".join(values)
        if len(every) + len(said) + 4 * len(names) > self._head:
            return f"The head of the answer is longer than {self._head} bytes."
        if not (all(names) and _NAMES.fullmatch(every) and _VALUES.fullmatch(said)):
            return "A field of the answer holds what no field may hold."
        first = self._first
        for name, value in self.headers:
            small = name.lower()
            if small not in first:
                first[small] = value
            elif small == b"transfer-encoding" or (small == b"content-length" and first[small] != value):
                return "The answer's length is said in two ways."
        length, coding = first.get(b"content-length"), first.get(b"transfer-encoding")
        if coding is not None:
            if length is not None or coding.lower() != b"chunked":
                return "The answer's length is said in two ways."
            self._chunked = True
        elif length is not None:
            if not _LENGTH.fullmatch(length):
                return "The answer's length is not a number."
            self.length = int(length)
        if self.status in _BODILESS and self.status != 304:
            self.length = None
        return ""
