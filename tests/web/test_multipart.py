"""Forms with files, read as they arrive: however they are cut, and whatever somebody makes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest
from starlette.requests import Request

from greenlane.govern.errors import WrongInput
from greenlane.web.multipart import Part, parts

BODY = (
    b'--b0\r\nContent-Disposition: form-data; name="title"\r\n\r\nVendors \xc3\xa9\r\n'
    b'--b0\r\nContent-Disposition: form-data; name="file"; filename="a %22b%22 \xc3\xa9.zip"\r\n'
    b"Content-Type: application/zip\r\n\r\nPK\r\n--b\r\nno end\r\n"
    b'--b0\r\nContent-Disposition: form-data; name="empty"; filename=""\r\n\r\n\r\n'
    b"--b0--\r\n"
)


def read(
    pieces: Iterable[bytes], kind: str = "multipart/form-data; boundary=b0"
) -> list[tuple[str, str | None, bytes]]:
    waiting = [{"type": "http.request", "body": one, "more_body": True} for one in pieces]
    waiting.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> dict[str, object]:
        return waiting.pop(0)

    async def all_of_it() -> list[tuple[str, str | None, bytes]]:
        request = Request({"type": "http", "method": "POST", "headers": [(b"content-type", kind.encode())]}, receive)
        found: list[tuple[str, str | None, bytes]] = []
        async for one in parts(request):
            if isinstance(one, Part):
                found.append((one.name, one.filename, b""))
            else:
                name, filename, content = found[-1]
                found[-1] = (name, filename, content + one)
        return found

    return asyncio.run(all_of_it())


EXPECTED = [
    ("title", None, "Vendors é".encode()),
    ("file", 'a "b" é.zip', b"PK\r\n--b\r\nno end"),
    ("empty", "", b""),
]


@pytest.mark.parametrize("length", [1, 2, 3, 7, 64, len(BODY)])
def test_it_reads_the_same_however_it_is_cut(length: int) -> None:
    assert read(BODY[start : start + length] for start in range(0, len(BODY), length)) == EXPECTED


@pytest.mark.parametrize("cut", [10, 60, 150, len(BODY) - 8])
def test_what_ends_too_early_is_refused(cut: int) -> None:
    with pytest.raises(WrongInput, match="did not arrive whole"):
        read([BODY[:cut]])


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data"),
        (BODY, "application/x-www-form-urlencoded"),
        (BODY, "multipart/form-data; boundary=" + "b" * 300),
        (b"no boundary at all", "multipart/form-data; boundary=b0"),
        (b"--b0\r\n" + b"X: y\r\n" * 500 + b"\r\n\r\n--b0--\r\n", "multipart/form-data; boundary=b0"),
        (b"--b0\r\nContent-Disposition: " + b"x" * 100_000, "multipart/form-data; boundary=b0"),
    ],
)
def test_what_is_no_form_is_refused(body: bytes, kind: str) -> None:
    with pytest.raises(WrongInput):
        read([body], kind)


def test_too_many_parts_are_refused() -> None:
    one = b'--b0\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'
    with pytest.raises(WrongInput):
        read([one * 1000] * 61)
