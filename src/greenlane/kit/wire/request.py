"""Reading a request's head: httptools takes it apart (llhttp, strict), and what is still ambiguous is refused here.

Two servers that read one request differently are how requests are smuggled (RFC 9112, section 11.2). So a head with
more than one possible reading is an error, never a guess.
"""

from __future__ import annotations

import re
from typing import Any, Self

from httptools import (
    HttpParserError,
    HttpParserInvalidMethodError,
    HttpParserUpgrade,
    HttpRequestParser,
)

from greenlane.kit.wire.limits import Limits

_AUTHORITY = re.compile(rb"(?:[a-z0-9._-]*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_ABSOLUTE = re.compile(rb"https?://([^/?#@]*)(/[^#]*|\?[^#]*|)", re.IGNORECASE)
_LINE = re.compile(rb"[A-Za-z!#$%&'*+.^_`|~-]+ [^\r\n]* HTTP/([0-9]+(?:\.[0-9]+)?)\r\n")
_LENGTH = re.compile(rb"\r\ncontent-length: ([1-9][0-9]{0,17})\r\n", re.IGNORECASE)
_KEPT, _LONGEST = 1024, 2048
"""Heads that are remembered, and the bytes of the longest of them."""
_ONCE = frozenset({b"host", b"content-length", b"transfer-encoding", b"authorization", b"expect", b"upgrade"})


class Malformed(Exception):
    """A request that cannot be answered as it is. ``status`` is the answer, ``words`` say why in one sentence."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


class Request:
    """One request's head.

    ``authority`` is lower case with its port, ``host`` without it and without a final dot, ``path`` and ``query`` are as they were sent (percent-encoded),
    ``fields`` maps lower-case names to values (repeated ones joined as RFC 9110, 5.3 says), ``headers`` keeps order
    and repetition. ``length`` is the body's size, None when it is chunked, 0 when there is none.
    ``upgrade`` asks for another protocol; a request with a body cannot, it is then read as if it had not asked.
    ``memo`` is for what a handler made of the head, whatever the length of the body: it is there again when the head is.
    """

    __slots__ = (
        "authority",
        "fields",
        "headers",
        "host",
        "keep_alive",
        "length",
        "memo",
        "method",
        "modern",
        "path",
        "query",
        "target",
        "upgrade",
    )

    def __init__(self) -> None:
        self.method = b""
        self.target = b""
        self.path = b""
        self.query = b""
        self.authority = b""
        self.host = ""
        self.fields: dict[bytes, bytes] = {}
        self.headers: list[tuple[bytes, bytes]] = []
        self.keep_alive = True
        self.modern = True
        """HTTP/1.1; otherwise 1.0."""
        self.upgrade = False
        self.length: int | None = 0
        self.memo: dict[object, Any] = {}

    def again(self, length: bytes) -> Self:
        """The same head in front of a body of another length."""
        other = type(self).__new__(type(self))
        other.method, other.target, other.path, other.query = self.method, self.target, self.path, self.query
        other.authority, other.host = self.authority, self.host
        other.keep_alive, other.modern, other.upgrade = self.keep_alive, self.modern, self.upgrade
        other.memo = self.memo
        other.length = int(length)
        before = self.fields[b"content-length"]
        if length == before:
            other.fields, other.headers = self.fields, self.headers
        else:
            other.fields = {**self.fields, b"content-length": length}
            other.headers = [one if one[0] != b"content-length" else (one[0], length) for one in self.headers]
        return other

    def on_url(self, part: bytes) -> None:
        """Called by httptools with the target."""
        self.target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by httptools with one field. Raises ``Malformed`` for a second one where there can only be one."""
        name = name.lower()
        before = self.fields.get(name)
        if before is not None:
            if name in _ONCE:
                raise Malformed(400, f"The field {name.decode('ascii', 'replace')} was sent more than once.")
            value_of_all = before + (b"; " if name == b"cookie" else b", ") + value
        else:
            value_of_all = value
        self.fields[name] = value_of_all
        self.headers.append((name, value))


class Heads:
    """Reads heads, and remembers those that came before: clients repeat them byte for byte but for the body's length."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._known: dict[bytes, Request] = {}

    def read(self, head: bytes) -> Request:
        """What ``parse`` makes of it. A request is shared by all that have the same head: nobody changes it."""
        length = _LENGTH.search(head)
        if length is None or len(head) > _LONGEST:
            return parse(head, self._limits)
        start, end = length.span(1)
        rest = head[:start] + head[end:]
        known = self._known.get(rest)
        if known is not None:
            return known.again(length[1])
        request = parse(head, self._limits)
        if len(self._known) >= _KEPT:
            self._known.clear()
        self._known[rest] = request
        return request


def parse(head: bytes, limits: Limits) -> Request:
    """Read a whole head, from its first byte to the empty line. Raises ``Malformed``."""
    lines = head.count(b"\r\n")
    if head.count(b"\n") != lines or head.count(b"\r") != lines:
        raise Malformed(400, "Lines end with a carriage return and a line feed, and hold neither.")
    if b"\r\n " in head or b"\r\n\t" in head:
        raise Malformed(400, "A header field may not continue on the next line.")
    if lines - 2 > limits.fields:
        raise Malformed(431, f"More than {limits.fields} header fields.")
    request = Request()
    parser = HttpRequestParser(request)
    try:
        parser.feed_data(head)
    except HttpParserUpgrade:
        request.upgrade = True
    except HttpParserError as error:
        raise _refusal(head, error) from error
    if len(request.target) > limits.target:
        raise Malformed(414, f"The address is longer than {limits.target} bytes.")
    request.method = parser.get_method()
    version = parser.get_http_version()
    if version not in ("1.1", "1.0"):
        raise Malformed(505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.")
    request.modern = version == "1.1"
    request.keep_alive = request.modern and b"close" not in request.fields.get(b"connection", b"").lower()
    _locate(request)
    _measure(request)
    return request


def _refusal(head: bytes, error: HttpParserError) -> Malformed:
    cause = error.__context__
    if isinstance(cause, Malformed):
        return cause
    line = _LINE.match(head)
    if line and line[1] not in (b"1.0", b"1.1"):
        return Malformed(505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.")
    if line and isinstance(error, HttpParserInvalidMethodError):
        return Malformed(501, "This method is not known here.")
    return Malformed(400, f"This is not an HTTP request: {error}.")


def _locate(request: Request) -> None:
    """Find out what is asked for: an origin-form or absolute-form target (RFC 9112, 3.2), and at which authority."""
    target, fields = request.target, request.fields
    authority = fields.get(b"host")
    if authority is None:
        if request.modern:
            raise Malformed(400, "The field Host is missing.")
        authority = b""
    if request.method == b"CONNECT":
        raise Malformed(405, "This is not a proxy.")
    if target[:1] != b"/":
        absolute = _ABSOLUTE.fullmatch(target)
        if absolute:
            authority, target = absolute[1], absolute[2]
            if target[:1] != b"/":
                target = b"/" + target
            request.target = target
        elif not (target == b"*" and request.method == b"OPTIONS"):
            raise Malformed(400, "The address has to begin with a slash.")
    if b"#" in target or not target.isascii():
        raise Malformed(400, "The address holds characters that have to be percent-encoded.")
    authority = authority.lower()
    if not _AUTHORITY.fullmatch(authority):
        raise Malformed(400, "The field Host is not a host name.")
    request.authority = authority
    name, colon, _ = authority.rpartition(b":")
    if not colon or authority.endswith(b"]"):
        name = authority
    request.host = name.rstrip(b".").decode("ascii")
    request.path, _, request.query = target.partition(b"?")


def _measure(request: Request) -> None:
    """Find out how long the body is (RFC 9112, 6.3), and refuse every second opinion."""
    fields = request.fields
    coding = fields.get(b"transfer-encoding")
    length = fields.get(b"content-length")
    if coding is not None:
        if length is not None or not request.modern:
            raise Malformed(400, "The body's length is said in two ways.")
        if coding.lower() != b"chunked":
            raise Malformed(501, "The only transfer coding spoken here is chunked.")
        request.length = None
    elif length is not None:
        if not length.isdigit() or len(length) > 18:
            raise Malformed(400, "The body's length is not a number.")
        request.length = int(length)
    expected = fields.get(b"expect")
    if expected is not None and expected.lower() != b"100-continue":
        raise Malformed(417, "The only expectation known here is 100-continue.")
    if request.length != 0:
        request.upgrade = False
