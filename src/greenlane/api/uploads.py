"""Sending files: name them, send what is missing, complete."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from greenlane.api.house import HOUSE, SIGNED, person_of
from greenlane.govern.errors import Refused
from greenlane.identity import roles
from greenlane.identity.queries import Signed


class NamedFile(BaseModel):
    """A file by its digest (64 hexadecimal letters) and its size in bytes."""

    model_config = ConfigDict(extra="forbid")
    sha256: str
    size: int = Field(ge=0)


class NamedArchive(NamedFile):
    """An archive or a single page, with the name that its sender knows it by."""

    name: str = ""


class NewUpload(BaseModel):
    """Files by path, or one archive."""

    model_config = ConfigDict(extra="forbid")
    files: dict[str, NamedFile] | None = None
    archive: NamedArchive | None = None


def routes() -> APIRouter:
    """The routes of an upload."""
    router = APIRouter(prefix="/v1/uploads", tags=["uploads"])

    @router.post("", status_code=201, summary="Name what will be sent and learn what is missing")
    def begin(new: NewUpload, at: HOUSE, who: SIGNED) -> dict[str, Any]:
        files = None if new.files is None else {path: one.model_dump() for path, one in new.files.items()}
        archive = None if new.archive is None else new.archive.model_dump()
        return _lacking(at.uploads.begin(_sender(who), files, archive))

    @router.get("/{upload}", summary="What an upload still lacks")
    def lacking(upload: str, at: HOUSE, who: SIGNED) -> dict[str, Any]:
        return _lacking(at.uploads.lacking(_sender(who), upload))

    @router.put("/{upload}/blobs/{sha256}", status_code=204, summary="Send the bytes of one file")
    async def receive(
        request: Request, upload: str, at: HOUSE, who: SIGNED, sha256: str = Path(pattern="^[0-9a-f]{64}$")
    ) -> Response:
        await at.uploads.receive(_sender(who), upload, sha256, request.stream())
        return Response(status_code=204)

    @router.post("/{upload}/complete", summary="Unpack and inspect what was sent")
    async def complete(upload: str, at: HOUSE, who: SIGNED) -> dict[str, Any]:
        found = await run_in_threadpool(at.uploads.complete, _sender(who), upload)
        return {"upload": upload, **found}

    return router


def _sender(who: Signed) -> str:
    """Whose upload it is. Raises ``Refused`` for a token that may not deploy."""
    if not roles.within_scopes("deploy", who.scopes):
        raise Refused("This token may not deploy.", next_step="Make one with the scope deploy.")
    return person_of(who)


def _lacking(found: Any) -> dict[str, Any]:
    return {
        "upload": found.upload,
        "missing": list(found.missing),
        "have": found.have,
        "bytes_missing": found.bytes_missing,
    }
