"""The authorization code with PKCE (RFC 6749, RFC 7636): where the browser is sent, and the code for tokens.

Thirty lines of our own, where a library would bring its own way out (docs/decisions/0021).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlencode

import orjson

from greenlane.identity.oidc.discovery import LARGEST, Discovered
from greenlane.identity.oidc.driver import Wire
from greenlane.identity.oidc.refusals import OidcRefused

_OK = 200


@dataclass(frozen=True, slots=True)
class Client:
    """What a provider knows us by. ``secret`` is empty for a public client, which has PKCE alone."""

    id: str
    secret: str = field(repr=False)
    redirect: str
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a code was worth."""

    id: str = field(repr=False)
    access: str = field(repr=False)


def challenge(verifier: str) -> str:
    """What the provider is shown of the verifier (S256)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def address(
    provider: Discovered,
    client: Client,
    scopes: Sequence[str],
    state: str,
    nonce: str,
    verifier: str,
    more: Mapping[str, str],
) -> str:
    """Where the browser goes to sign in."""
    asked = {
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": client.redirect,
        "scope": " ".join(scopes),
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge(verifier),
        "code_challenge_method": "S256",
        **{name: value for name, value in more.items() if value},
    }
    return provider.authorization + ("&" if "?" in provider.authorization else "?") + urlencode(asked)


def exchanged(wire: Wire, provider: Discovered, client: Client, code: str, verifier: str) -> Tokens:
    """The tokens for a code. Raises ``OidcRefused``, ``NotReached``."""
    asked = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.redirect,
        "code_verifier": verifier,
    }
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    ways = provider.authentication or ("client_secret_basic",)  # RFC 8414, 2: what holds where nothing is said
    if client.secret and "client_secret_basic" in ways:
        both = f"{quote_plus(client.id)}:{quote_plus(client.secret)}"  # RFC 6749, 2.3.1
        headers["Authorization"] = "Basic " + base64.b64encode(both.encode()).decode()
    else:
        asked["client_id"] = client.id
        if client.secret:
            asked["client_secret"] = client.secret
    answer = wire.ask("POST", provider.token, headers, urlencode(asked).encode(), client.networks)
    found = _object(answer.body)
    if answer.status != _OK:
        said = str(found.get("error", ""))[:60]
        known = said in {"invalid_client", "unauthorized_client"}
        raise OidcRefused("client-refused" if known else "code-refused", f"status {answer.status} {said}")
    token = found.get("id_token")
    if not isinstance(token, str):
        raise OidcRefused("no-token")
    return Tokens(token, str(found.get("access_token", "")))


def told(wire: Wire, provider: Discovered, client: Client, access_token: str, subject: str) -> dict[str, Any]:
    """What the provider tells of a person beside the token; it must be of that person. Raises ``OidcRefused``."""
    headers = {"Accept": "application/json", "Authorization": f"Bearer {access_token}"}
    answer = wire.ask("GET", provider.userinfo, headers, b"", client.networks)
    found = _object(answer.body)
    if answer.status != _OK or found.get("sub") != subject:
        raise OidcRefused("person-other", f"status {answer.status}")
    return found


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body[: LARGEST + 1])
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
