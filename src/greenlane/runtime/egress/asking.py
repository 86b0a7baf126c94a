"""What a program asks of its proxy: a tunnel to a host (CONNECT), one request in absolute form (RFC 9112, 3.2), or
something of the platform itself, in origin form, as of any web server at the proxy's own address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from greenlane.kit.wire.body import Body, Chunked, Sized
from greenlane.runtime.egress.policy import Refused
from greenlane.runtime.way_out import PORT

_LINE = re.compile(rb"([A-Z]{1,20}) ([\x21-\x7e]{1,8192}) HTTP/1\.[01]")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*")
_AUTHORITY = re.compile(r"\[?([A-Za-z0-9._:-]{1,255}?)\]?:([0-9]{1,5})")
_DROPPED = frozenset(
    {
        b"host",
        b"connection",
        b"proxy-connection",
        b"proxy-authorization",
        b"keep-alive",
        b"te",
        b"trailer",
        b"upgrade",
        b"expect",
        b"transfer-encoding",
        b"content-length",
    }
)
_OWN = (f"127.0.0.1:{PORT}".encode(), f"localhost:{PORT}".encode())
"""What a sandbox calls its proxy."""
_WHOSE = b"greenlane-sandbox"
_LARGEST_CHUNKED = 1 << 40


@dataclass(frozen=True, slots=True)
class Asked:
    """``host`` as it was written. ``head`` is what goes on to it, empty for a tunnel, with the body behind it."""

    host: str
    port: int
    head: bytes = b""
    body: Body | None = None
    chunked: bool = False
    wants_sign: bool = False
    """The body is sent only after an interim answer."""
    platform: bool = False
    """It is for the platform itself, which lives at the proxy's address; ``head`` keeps the connection open."""

    @property
    def tunnel(self) -> bool:
        """Whether bytes pass as they are."""
        return not self.head


def read(head: bytes) -> Asked:
    """Read a head, its last empty line included. Raises ``Refused``."""
    lines = head[:-4].split(b"\r\n")
    line = _LINE.fullmatch(lines[0])
    fields = [_FIELD.fullmatch(one) for one in lines[1:]]
    if line is None or b"\n" in head.replace(b"\r\n", b"") or not all(fields):
        raise _nonsense()
    named = [(found[1], found[2]) for found in fields if found]
    target = line[2].decode("ascii")
    if line[1] == b"CONNECT":
        return _connect(target)
    return _of_the_platform(lines[0], named) if target.startswith("/") else _absolute(line[1], target, named)


def _connect(target: str) -> Asked:
    found = _AUTHORITY.fullmatch(target)
    if found is None or not 0 < int(found[2]) < 65536:
        raise _nonsense()
    return Asked(found[1], int(found[2]))


def _absolute(method: bytes, target: str, fields: list[tuple[bytes, bytes]]) -> Asked:
    try:
        parts = urlsplit(target)
        host, port = parts.hostname or "", parts.port or 80
    except ValueError:
        raise _nonsense() from None
    if parts.scheme != "http" or not host or "@" in parts.netloc or parts.fragment:
        raise _nonsense()
    where = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    body, framing, chunked = _body(fields)
    kept = [b"%b: %b" % (name, value) for name, value in fields if name.lower() not in _kept_back(fields)]
    head = b"\r\n".join(
        [
            b"%b %b HTTP/1.1" % (method, where.encode("ascii")),
            b"Host: " + parts.netloc.encode("ascii"),
            *kept,
            *framing,
            b"Connection: close",
            b"",
            b"",
        ]
    )
    expects = any(name.lower() == b"expect" for name, _ in fields)
    return Asked(host, port, head, body, chunked, wants_sign=expects and body is not None)


def _of_the_platform(line: bytes, fields: list[tuple[bytes, bytes]]) -> Asked:
    hosts = [value.lower() for name, value in fields if name.lower() == b"host"]
    if len(hosts) != 1 or hosts[0] not in _OWN:
        raise _nonsense()
    body, framing, chunked = _body(fields)
    back = _kept_back(fields) - {b"expect"}
    kept = [
        b"%b: %b" % (name, value)
        for name, value in fields
        if name.lower() not in back and name.lower().replace(b"_", b"-") != _WHOSE
    ]
    last = line.endswith(b"0") or any(
        b"close" in value.lower() for name, value in fields if name.lower() == b"connection"
    )
    connection = [b"Connection: close"] if last else []
    head = b"\r\n".join([line[:-1] + b"1", b"Host: " + hosts[0], *kept, *framing, *connection, b"", b""])
    return Asked(hosts[0].decode(), 0, head, body, chunked, platform=True)


def _kept_back(fields: list[tuple[bytes, bytes]]) -> frozenset[bytes]:
    """Fields about this connection alone, also those that it names itself (RFC 9110, 7.6.1)."""
    named = {
        token.strip().lower() for name, value in fields if name.lower() == b"connection" for token in value.split(b",")
    }
    return _DROPPED | named


def _body(fields: list[tuple[bytes, bytes]]) -> tuple[Body | None, list[bytes], bool]:
    """How long the body is (RFC 9112, 6.3): what says it, and how that is said again. Raises ``Refused``."""
    lengths = [value for name, value in fields if name.lower() == b"content-length"]
    codings = [value.lower() for name, value in fields if name.lower() == b"transfer-encoding"]
    if codings:
        if codings != [b"chunked"] or lengths:
            raise _nonsense()
        return Chunked(_LARGEST_CHUNKED), [b"Transfer-Encoding: chunked"], True
    if not lengths:
        return None, [], False
    if len(lengths) > 1 or not lengths[0].isdigit() or len(lengths[0]) > 18:
        raise _nonsense()
    return Sized(int(lengths[0])), [b"Content-Length: " + lengths[0]], False


def _nonsense() -> Refused:
    return Refused(
        "not-a-request",
        "This proxy takes CONNECT, requests whose address is complete and begins with http://, and what is asked of itself.",
        "Let your HTTP client use the proxy that its environment names.",
        status=400,
    )
