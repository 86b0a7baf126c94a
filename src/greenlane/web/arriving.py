"""Files on their way in from a page: which are missing, pieces of large ones, loads of small ones, or one plain form.

Only pages of the console send here (``same_origin``), with the console's session. Everything lands in an upload, where
what arrived once is never asked for again.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from greenlane.deploys.bundle import too_much
from greenlane.deploys.limits import DEFAULT_LIMITS
from greenlane.deploys.set_aside import set_aside
from greenlane.deploys.upload import Lacking
from greenlane.govern.errors import TooLarge, WrongInput
from greenlane.kit.errors import GreenlaneError
from greenlane.web import frame
from greenlane.web.asked import Asked
from greenlane.web.dropping import PIECE
from greenlane.web.form import MOST_FIELDS
from greenlane.web.making import Workbench
from greenlane.web.multipart import Part, parts
from greenlane.web.site import Site

LONGEST_LIST = 64 * 1024 * 1024
"""Bytes of the longest list of files."""

LONGEST_LOAD = 4 * PIECE
"""Bytes of a load of small files, which is held in memory."""

LONGEST_FIELD = 16 * 1024
"""Bytes of what is typed into one field beside a file."""

LOOKED_WITHIN = 0.4
"""Seconds for which the page is made to wait for what was found."""

NOTHING = "0" * 64
"""Stands for the digest of what stays at home and is only named."""

_DIGEST = re.compile("[0-9a-f]{64}")


def routes(site: Site, bench: Workbench) -> list[Route]:
    """Where the page's script sends to. The order matters: `/new/uploads` is no upload of that name."""

    async def look(at: Asked) -> Response:
        return await run_in_threadpool(_look, at, bench)

    return [
        site.taking("/new/uploads", _told(begin)),
        site.taking("/new/{upload}/files", _told(load)),
        site.taking("/new/{upload}/files/{sha256}", _told(piece), method="PUT"),
        site.taking("/new/{upload}/look", _told(look)),
    ]


async def begin(at: Asked) -> Response:
    """Name what will be sent, and learn what is missing. ``again`` is an upload to go on with."""
    sheet = await _document(at.request)
    files, archive, again = sheet.get("files"), sheet.get("archive"), sheet.get("again")
    if not isinstance(files, dict | None) or not isinstance(archive, dict | None):
        raise WrongInput("This list of files cannot be read.", next_step="Open the page again and drop it once more.")
    uploads, person = at.house.uploads, at.me.person
    if isinstance(again, str) and again:
        return _lacking(await run_in_threadpool(uploads.again, person, again, files, archive))
    return _lacking(await run_in_threadpool(uploads.begin, person, files, archive))


async def load(at: Asked) -> Response:
    """Take many small files in one request: a form with a part a file, each named by its digest."""
    contents: dict[str, bytearray] = {}
    size, into = 0, bytearray()
    async for one in parts(at.request):
        if isinstance(one, Part):
            into = contents.setdefault(_digest(one.name), bytearray())
            continue
        size += len(one)
        if size > LONGEST_LOAD:
            raise TooLarge("These are too many files for one request.", next_step="Open the page again and retry.")
        into += one
    named = {name: bytes(content) for name, content in contents.items()}
    await run_in_threadpool(at.house.uploads.take, at.me.person, at.named("upload"), named)
    return Response(status_code=204, headers=frame.PLAIN_HEADERS)


async def piece(at: Asked) -> Response:
    """Take a piece of a large file; ``from`` says after how many bytes it begins."""
    start = at.query("from", "0")
    if not start.isdecimal() or len(start) > 15:
        raise WrongInput("This piece has no place.", next_step="Open the page again and drop it once more.")
    body = at.request.stream()
    digest = _digest(at.named("sha256"))
    try:
        await at.house.uploads.receive_piece(at.me.person, at.named("upload"), digest, int(start), body)
    except ClientDisconnect:  # what arrived stays, and nobody is there to be told
        return Response(status_code=499, headers=frame.PLAIN_HEADERS)
    return Response(status_code=204, headers=frame.PLAIN_HEADERS)


def _look(at: Asked, bench: Workbench) -> Response:
    work = bench.look(at.actor, at.named("upload"), at.query("called"))
    ended = work.ended.wait(LOOKED_WITHIN)
    return _json({"ended": ended}, 200 if ended else 202)


async def whole_form(at: Asked, typed: dict[str, str]) -> tuple[str, str]:
    """A plain form with a file, several, or a whole folder: the upload that it became, and what the person calls it.

    Files go to the disk as they come; its other fields are put into ``typed``. Raises ``WrongInput`` where no file is
    there, and as an upload does.
    """
    files: dict[str, dict[str, Any]] = {}
    total = 0
    stream = parts(at.request)
    one = await anext(stream, None)
    while one is not None:
        assert isinstance(one, Part), "bytes follow their part"
        after: list[Part] = []
        if one.filename is None:
            typed[one.name] = await _field(stream, after)
            if len(typed) > MOST_FIELDS:
                raise WrongInput("This is not a form of ours.", next_step="Open the page again and send it from there.")
        elif not one.filename:
            await _field(stream, after)  # a file field in which nothing was chosen
        elif set_aside(one.filename):
            async for _ in _content(stream, after):
                pass
            files[one.filename] = {"sha256": NOTHING, "size": 0}
        else:
            kept = await at.house.uploads.keep(_content(stream, after))
            files[one.filename] = {"sha256": kept.sha256, "size": kept.size}
            total += kept.size
            if total > DEFAULT_LIMITS.total:
                raise too_much(DEFAULT_LIMITS.total)
        one = after[0] if after else None
    if not files:
        raise WrongInput("No file was chosen.", next_step="Go back and choose a zip, an HTML file or a folder.")
    uploads, person = at.house.uploads, at.me.person
    if len(files) == 1 and "/" not in (name := next(iter(files))) and files[name]["sha256"] != NOTHING:
        lacking = await run_in_threadpool(uploads.begin, person, None, {**files[name], "name": name})
        return lacking.upload, name
    top, inside = _without_top(files)
    lacking = await run_in_threadpool(uploads.begin, person, inside, None)
    return lacking.upload, top


def _without_top(files: dict[str, dict[str, Any]]) -> tuple[str, dict[str, dict[str, Any]]]:
    """The folder that was chosen, and its files by their paths inside it."""
    top = next(iter(files)).partition("/")[0] + "/"
    if not all(path.startswith(top) for path in files):
        return "", files
    return top.removesuffix("/"), {path.removeprefix(top): one for path, one in files.items()}


async def _content(stream: AsyncIterator[Part | bytes], after: list[Part]) -> AsyncIterator[bytes]:
    """The bytes of the part that was just begun; the head of the next one is put into ``after``."""
    async for one in stream:
        if isinstance(one, Part):
            after.append(one)
            return
        yield one


async def _field(stream: AsyncIterator[Part | bytes], after: list[Part]) -> str:
    typed = bytearray()
    async for one in _content(stream, after):
        typed += one
        if len(typed) > LONGEST_FIELD:
            raise TooLarge("What you typed is too long.", next_step="Shorten it and send it again.")
    return typed.decode("utf-8", "replace").strip()


async def _document(request: Request) -> dict[str, Any]:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_LIST:
            raise TooLarge(
                "This list of files is too long.", next_step="Drop a smaller folder, such as the built site."
            )
    try:
        sheet = await run_in_threadpool(orjson.loads, bytes(body))
    except orjson.JSONDecodeError as error:
        raise WrongInput("This list of files cannot be read.", next_step="Open the page again.") from error
    if not isinstance(sheet, dict):
        raise WrongInput("This list of files cannot be read.", next_step="Open the page again.")
    return sheet


def _digest(name: str) -> str:
    if _DIGEST.fullmatch(name) is None:
        raise WrongInput("This file has no proper digest.", next_step="Open the page again and drop it once more.")
    return name


def _told(
    answer: Callable[[Asked], Awaitable[Response]],
) -> Callable[[Asked], Awaitable[Response]]:
    """The answer, with errors as the script reads them: in the same words as on a page."""

    async def told(at: Asked) -> Response:
        try:
            return await answer(at)
        except GreenlaneError as error:
            sheet = {"code": error.code, "message": error.message, "next_step": error.next_step}
            return _json(sheet, error.status)

    return told


def _lacking(found: Lacking) -> Response:
    return _json(
        {
            "upload": found.upload,
            "missing": found.missing,
            "have": found.have,
            "bytes_missing": found.bytes_missing,
            "begun": found.begun,
        }
    )


def _json(sheet: dict[str, Any], status: int = 200) -> Response:
    headers = frame.PLAIN_HEADERS
    return Response(orjson.dumps(sheet), status, media_type="application/json", headers=headers)
