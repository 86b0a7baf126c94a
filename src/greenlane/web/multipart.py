"""A form with files in it, read as it arrives: a part's head, then its bytes, bit by bit. Nothing is kept here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from greenlane.govern.errors import WrongInput

MOST_PARTS = 60_000
"""Parts of the largest form: a file each, and a few fields."""


@dataclass(frozen=True, slots=True)
class Part:
    """The head of one part. ``filename`` is None for a field; for a file of a chosen folder it is a path."""

    name: str
    filename: str | None


async def parts(request: Request) -> AsyncIterator[Part | bytes]:
    """What a form sends, in order: each ``Part``, followed by its bytes in pieces. Raises ``WrongInput``."""
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise WrongInput("This is not a form of ours.", next_step="Open the page again and choose the file there.")
    reading = _Reading()
    try:
        parser = MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": reading.begins,
                "on_header_field": reading.field,
                "on_header_value": reading.value,
                "on_header_end": reading.header_ends,
                "on_headers_finished": reading.headers_end,
                "on_part_data": reading.data,
                "on_end": reading.ends,
            },
        )
        async for piece in request.stream():
            parser.write(piece)
            for one in reading.found:
                yield one
            reading.found.clear()
    except FormParserError as error:
        raise _cut_short(str(error)) from error
    if not reading.whole:
        raise _cut_short("the last boundary is missing")


def _cut_short(detail: str) -> WrongInput:
    return WrongInput("What was sent did not arrive whole.", next_step="Send it again.", detail=detail)


class _Reading:
    """What the parser called back with and nobody took yet."""

    def __init__(self) -> None:
        self.found: list[Part | bytes] = []
        self.whole = False
        self._headers: dict[str, bytes] = {}
        self._name, self._value = b"", b""
        self._count = 0

    def begins(self) -> None:
        self._headers = {}
        self._count += 1
        if self._count > MOST_PARTS:
            raise FormParserError("too many parts")

    def field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_ends(self) -> None:
        self._headers[self._name.decode("latin-1").lower()] = self._value
        self._name, self._value = b"", b""

    def headers_end(self) -> None:
        _, options = parse_options_header(self._headers.get("content-disposition", b""))
        name = options.get(b"filename")
        self.found.append(Part(_text(options.get(b"name", b"")), None if name is None else _text(name)))

    def data(self, data: bytes, start: int, end: int) -> None:
        self.found.append(data[start:end])

    def ends(self) -> None:
        self.whole = True


def _text(said: bytes) -> str:
    """A name as browsers write it: UTF-8, with a quotation mark as %22 (HTML, multipart/form-data encoding)."""
    return said.decode("utf-8", "replace").replace("%22", '"')
