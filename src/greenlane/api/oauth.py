"""Tokens for agents, workloads and terminals: the endpoints of OAuth and what they publish about themselves.

Answers and errors are OAuth's own (RFC 6749, section 5), because its clients are nobody's but OAuth's.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse

from greenlane.api.house import HOUSE, ApiHouse
from greenlane.govern.errors import SignInNeeded
from greenlane.identity import roles
from greenlane.identity.delegation import exchange, keys
from greenlane.identity.delegation.exchange import NotExchanged, Wanted
from greenlane.identity.delegation.proving import Shown
from greenlane.identity.login import asking, flows

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
UNCACHED = {"Cache-Control": "no-store"}

Text = Annotated[str, Form(max_length=16_384)]


def routes() -> APIRouter:
    """The endpoint, its keys, and its description."""
    router = APIRouter(tags=["tokens for agents and terminals"])

    @router.post("/oauth/device", summary="Ask for a token that a person allows in their browser (RFC 8628)")
    def device(
        request: Request,
        at: HOUSE,
        client_id: Text = "",
        scope: Text = "",
        days: Annotated[int, Form()] = flows.DAYS,
        machine: Text = "",
    ) -> JSONResponse:
        address = request.client.host if request.client else ""
        scopes = tuple(scope.split()) or roles.EVERY_SCOPE
        try:
            begun = at.logins.by_device(asking.Wanted(client_id, scopes, days, machine.strip(), address))
        except NotExchanged as error:
            return _refused(error)
        where = f"{at.addresses.console}/device"
        return JSONResponse(
            {
                "device_code": begun.secret,
                "user_code": begun.user_code,
                "verification_uri": where,
                "verification_uri_complete": f"{where}?code={begun.user_code}",
                "expires_in": begun.seconds,
                "interval": begun.every,
            },
            headers=UNCACHED,
        )

    @router.post(
        "/oauth/token", summary="Exchange a grant, or what a person allowed, for a token (RFC 6749, 8628, 8693)"
    )
    def token(
        request: Request,
        at: HOUSE,
        grant_type: Text = "",
        subject_token: Text = "",
        subject_token_type: Text = exchange.ACCESS_TOKEN,
        actor_token: Text = "",
        actor_token_type: Text = exchange.JWT,
        client_id: Text = "",
        client_secret: Text = "",
        client_assertion: Text = "",
        client_assertion_type: Text = ASSERTION,
        resource: Text = "",
        audience: Text = "",
        scope: Text = "",
        code: Text = "",
        redirect_uri: Text = "",
        code_verifier: Text = "",
        device_code: Text = "",
    ) -> JSONResponse:
        try:
            if grant_type == flows.CODE:
                return _fetched(at.logins.fetch_by_code(client_id, code, redirect_uri, code_verifier))
            if grant_type == flows.DEVICE:
                return _fetched(at.logins.fetch_by_device(client_id, device_code))
            if grant_type != exchange.GRANT_TYPE:
                raise NotExchanged("unsupported_grant_type", "This kind of grant is not taken here.")
            if client_assertion_type != ASSERTION or actor_token_type != exchange.JWT:
                raise NotExchanged("invalid_request", "A proof is a signed JWT.")
            name, secret = _basic(request)
            shown = Shown(client_id or name, client_secret or secret, client_assertion or actor_token)
            given = at.exchange.give(
                Wanted(subject_token, subject_token_type, shown, resource or audience, tuple(scope.split()))
            )
        except (NotExchanged, SignInNeeded) as error:
            return _refused(error)
        return JSONResponse(
            {
                "access_token": given.token,
                "issued_token_type": exchange.ACCESS_TOKEN,
                "token_type": "Bearer",
                "expires_in": given.seconds,
                "scope": " ".join(given.scopes),
            },
            headers=UNCACHED,
        )

    @router.get("/oauth/jwks", summary="The public keys that these tokens are signed with")
    def jwks(at: HOUSE) -> dict[str, Any]:
        return at.exchange.issuer.keys()

    @router.get("/.well-known/oauth-authorization-server", summary="What the token endpoint can do (RFC 8414)")
    def authorization_server(at: HOUSE) -> dict[str, Any]:
        return _about(at)

    @router.get("/.well-known/oauth-protected-resource", summary="Who gives tokens for this API (RFC 9728)")
    def protected_resource(at: HOUSE) -> dict[str, Any]:
        return {
            "resource": at.exchange.issuer.url,
            "authorization_servers": [at.exchange.issuer.url],
            "jwks_uri": f"{at.exchange.issuer.url}/oauth/jwks",
            "bearer_methods_supported": ["header"],
            "scopes_supported": list(roles.SCOPES),
            "resource_name": "Greenlane",
        }

    return router


def _about(at: ApiHouse) -> dict[str, Any]:
    issuer = at.exchange.issuer.url
    return {
        "issuer": issuer,
        "token_endpoint": at.exchange.endpoint,
        "jwks_uri": f"{issuer}/oauth/jwks",
        "authorization_endpoint": f"{issuer}/login",
        "device_authorization_endpoint": f"{issuer}/oauth/device",
        "grant_types_supported": [flows.CODE, flows.DEVICE, exchange.GRANT_TYPE],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "token_endpoint_auth_methods_supported": [
            "none",
            "client_secret_basic",
            "client_secret_post",
            "private_key_jwt",
        ],
        "token_endpoint_auth_signing_alg_values_supported": list(keys.ALGORITHMS),
        "scopes_supported": list(roles.SCOPES),
    }


def _fetched(got: asking.Fetched) -> JSONResponse:
    return JSONResponse(
        {
            "access_token": got.token,
            "token_type": "Bearer",
            "expires_in": got.seconds,
            "scope": " ".join(got.scopes),
        },
        headers=UNCACHED,
    )


def _basic(request: Request) -> tuple[str, str]:
    """A name and secret that came as RFC 6749, section 2.3.1 has it; empty for none."""
    scheme, _, packed = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _, secret = base64.b64decode(packed, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote(name), unquote(secret)


def _refused(error: NotExchanged | SignInNeeded) -> JSONResponse:
    kind = error.oauth if isinstance(error, NotExchanged) else "invalid_client"
    told: Mapping[str, Any] = {
        "error": kind,
        "error_description": error.message,
        **({"next_step": error.next_step} if error.next_step else {}),
    }
    if kind == "invalid_client":
        return JSONResponse(told, 401, {**UNCACHED, "WWW-Authenticate": "Basic"})
    return JSONResponse(told, 400, UNCACHED)
