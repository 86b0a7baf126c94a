"""Errors as ``application/problem+json`` (RFC 9457): what happened, what to do next, and never what is inside."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from greenlane.kit.errors import GreenlaneError, StorageFull, Unavailable

log = structlog.get_logger()


def problem(status: int, code: str, message: str, next_step: str = "", **more: Any) -> JSONResponse:
    """A problem document. ``more`` are further members."""
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    if status == 503:
        headers["Retry-After"] = "2"
    return JSONResponse(
        {"type": "about:blank", "title": message, "status": status, "code": code, "next_step": next_step, **more},
        status_code=status,
        media_type="application/problem+json",
        headers=headers,
    )


Page = Callable[[Exception], Response]


def install(app: FastAPI, page: Page | None = None) -> None:
    """Turn every error of the app into a problem document, or into a ``page`` for a browser that opened one."""

    @app.exception_handler(GreenlaneError)
    async def _known(request: Request, error: GreenlaneError) -> Response:
        if error.detail:
            log.info("refused", code=error.code, path=request.url.path, detail=error.detail)
        if page is not None and _in_a_browser(request):
            return page(error)
        return problem(error.status, error.code, error.message, error.next_step)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"] if part != "body") or "the body"
        return problem(400, "wrong-input", f"{place}: {first['msg']}.", "The API's reference names every input.")

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        if page is not None and _in_a_browser(request):
            return page(error)
        if error.status_code == 400:
            return problem(400, "wrong-input", "The body cannot be read.", "Send one JSON document in UTF-8.")
        messages = {404: "There is no such address.", 405: "That method does not work here."}
        message = messages.get(error.status_code, str(error.detail))
        return problem(error.status_code, "http", message, "The API's reference lists every address.")

    @app.exception_handler(DBAPIError)
    async def _database(_request: Request, error: DBAPIError) -> Response:
        log.warning("the database did not answer", error=repr(error.orig))
        away = Unavailable("The database is away; nothing was done.", next_step="Try again in a moment.")
        return problem(away.status, away.code, away.message, away.next_step)

    @app.exception_handler(OSError)
    async def _disk(request: Request, error: OSError) -> Response:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise error
        full = StorageFull(
            "There is no room left to store files.",
            next_step="Free some disk space; uploads go on by themselves afterwards.",
            detail=str(error),
        )
        return await _known(request, full)

    @app.exception_handler(Exception)
    async def _unknown(request: Request, error: Exception) -> Response:
        log.error("internal error", path=request.url.path, error=repr(error), exc_info=error)
        if page is not None and _in_a_browser(request):
            return page(error)
        return problem(500, "internal", "Something went wrong on our side.", "Try again; the platform's log has more.")


def _in_a_browser(request: Request) -> bool:
    """Whether a person would read the answer: a page was asked for, outside the API."""
    return not request.url.path.startswith("/v1/") and "text/html" in request.headers.get("accept", "")
