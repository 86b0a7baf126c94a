"""The addresses under ``/scim/v2``, and how a request of HTTP becomes one of the SCIM core and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from scim2_models import Context, NotFoundException, SCIMException, UnauthorizedException
from scim2_server.handler import ScimHandler
from scim2_server.requests import ScimRequest
from scim2_server.responses import SCIM_MEDIA_TYPE, ScimResponse
from scim2_server.service import ScimService

from greenlane.api.house import HOUSE, ApiHouse
from greenlane.govern.errors import SignInNeeded
from greenlane.identity.provisioning import kinds, noting, queries, tolerance
from greenlane.identity.provisioning.queries import Came
from greenlane.identity.provisioning.storage import DirectoryStorage

BASE = "/scim/v2"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Service(ScimService):
    """The core, where directories want it to answer more than the standard asks for."""

    def patch_response(self, base_url: str, resource: Any, response_parameters: Any) -> ScimResponse:
        """The whole resource, with 200: some directories read it, and none minds."""
        published = self.publish(base_url, resource)
        return self.resource_response(published, Context.RESOURCE_REPLACEMENT_RESPONSE, response_parameters)


SERVICE = Service(kinds.PROVIDER)


def routes() -> APIRouter:
    """One address for everything below the base: the core knows the addresses of the standard."""
    router = APIRouter(tags=["scim"])
    for method in METHODS:
        router.add_api_route(
            BASE + "/{path:path}",
            answer,
            methods=[method],
            name=f"scim-{method.lower()}",
            summary=f"SCIM 2.0, for the company's directory ({method})",
            response_class=Response,
        )
    return router


async def answer(request: Request, path: str, at: HOUSE) -> Response:
    """One request of a directory."""
    body = await request.body()
    asked = _asked(request, path, body, f"{at.addresses.console}{BASE}")
    told = await run_in_threadpool(_answer, at, asked, request.headers.get("authorization", ""))
    content = b"" if told.body is None else orjson.dumps(told.body)
    headers = {key: value for key, value in told.headers.items() if key.lower() != "content-type"}
    if told.body is None:
        return Response(status_code=told.status, headers=headers)
    return Response(content, status_code=told.status, headers=headers, media_type=SCIM_MEDIA_TYPE)


def _asked(request: Request, path: str, body: bytes, base: str) -> ScimRequest:
    """The request as the core reads it. A query string that was part of the base address arrives in front of the path,
    as ``?aadOptscim062020/Users``: then the path is there.
    """
    query = request.url.query
    if not path.strip("/") and "/" in query:
        _flag, _, rest = query.partition("/")
        path, _, query = rest.partition("?")
    return ScimRequest(
        method=request.method,
        base_url=base,
        path=f"/{path.strip('/')}",
        query=_query(query),
        headers={**request.headers, "content-type": request.headers.get("content-type") or SCIM_MEDIA_TYPE},
        body=body,
    )


_KNOWN = {
    name.lower(): name
    for name in ("filter", "sortBy", "sortOrder", "startIndex", "count", "attributes", "excludedAttributes", "cursor")
}


def _query(text: str) -> dict[str, str]:
    """What the standard knows; flags on the base address, such as ``aadOptscim062020``, are for nobody here."""
    pairs = parse_qsl(text, keep_blank_values=True)
    return {_KNOWN[key.lower()]: value for key, value in pairs if key.lower() in _KNOWN}


def _answer(at: ApiHouse, asked: ScimRequest, authorization: str) -> ScimResponse:
    came = _came(at, authorization)
    if came is None:
        why = "This token is unknown, expired or revoked."
        told = SERVICE.error_response(UnauthorizedException(detail=why))
        told.body = {**(told.body or {}), "code": SignInNeeded.code}
        return told
    document = _document(asked)
    if document is not None:
        asked.body = json.dumps(tolerance.tidied(document)).encode()
    storage = DirectoryStorage(at.door, came)
    why = ""
    try:
        told = ScimHandler(SERVICE, storage).handle(asked)
    except SCIMException as error:
        told, why = SERVICE.error_response(error), "" if isinstance(error, NotFoundException) else error.detail
    if storage.passed_over:
        why = f"{storage.passed_over} members of groups were passed over: this directory did not bring them."
    status = int(told.status)
    sent = None if document is None else tolerance.tidied(document)
    now = at.clock.now()
    at.door.ledger.write(noting.noted(came, asked.method, asked.path, asked.query, sent, status, storage.did, why, now))
    return told


def _came(at: ApiHouse, authorization: str) -> Came | None:
    scheme, _, secret = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return None
    with at.database.read() as connection:
        return queries.who_comes(connection, secret.strip(), at.clock.now())


def _document(asked: ScimRequest) -> Mapping[str, Any] | None:
    """The body as JSON; what cannot be read is left to the core, which says so."""
    if not asked.body:
        return None
    try:
        found = orjson.loads(asked.body)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None
