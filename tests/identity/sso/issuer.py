"""An OpenID Connect provider inside the test's own process: what it says can be bent, one thing at a time."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlsplit

import orjson
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OctKey, RSAKey

from greenlane.identity.oidc.driver import Answered, NotReached
from greenlane.kit.clock import Clock

HERE = "https://id.example.com"
SECRET = "s3cret/with+signs:and%more"
LOGGED_OUT = "http://schemas.openid.net/event/backchannel-logout"
_KEYS = [RSAKey.generate_key(2048, {"kid": f"key-{number}"}, private=True) for number in range(3)]


@dataclass
class Issuer:
    """Answers as a provider does, and remembers what it was asked."""

    clock: Clock
    url: str = HERE
    client: str = "greenlane"
    secret: str = SECRET
    document: dict[str, Any] = field(default_factory=dict)
    """What its description says differently."""
    claims: dict[str, Any] = field(default_factory=dict)
    """What its tokens say differently; None leaves a claim out."""
    header: dict[str, Any] = field(default_factory=dict)
    tells: dict[str, Any] = field(default_factory=dict)
    """What it tells beside the token."""
    sign_with: Key | None = None
    shown: Sequence[int] = (0,)
    """Which of its keys it shows; the last one signs."""
    bend: Callable[[str], str] | None = None
    away: bool = False
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    # the browser's side

    def signs_in(self, address: str, subject: str = "u-1", **claims: Any) -> dict[str, str]:
        """What the browser comes back with after somebody signed in at an address that it was sent to."""
        asked = dict(parse_qsl(urlsplit(address).query))
        assert asked["code_challenge_method"] == "S256"
        assert asked["client_id"] == self.client
        code = secrets.token_hex(8)
        self.codes[code] = {**asked, "subject": subject, "claims": orjson.dumps(claims).decode()}
        return {"code": code, "state": asked["state"]}

    # the wire's side

    def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes, networks: Sequence[str]) -> Answered:
        self.asked.append(f"{method} {urlsplit(url).path}")
        if self.away or not url.startswith(self.url):
            raise NotReached("Away.", next_step="Wait.")
        path = urlsplit(url).path
        if path == "/.well-known/openid-configuration":
            return _json(self._described())
        if path == "/keys":
            return _json({"keys": [_KEYS[one].as_dict(private=False) for one in self.shown]})
        if path == "/token":
            return self._token(headers, parse_qs(body.decode()))
        if path == "/me":
            subject = headers["Authorization"].removeprefix("Bearer access-")
            return _json({"sub": subject, **self.tells})
        return Answered(404, b"")

    def _described(self) -> dict[str, Any]:
        said = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize?tenant=acme",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "userinfo_endpoint": f"{self.url}/me",
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "backchannel_logout_supported": True,
            **self.document,
        }
        return {name: value for name, value in said.items() if value is not None}

    def _token(self, headers: Mapping[str, str], form: Mapping[str, list[str]]) -> Answered:
        scheme, _, both = headers.get("Authorization", "").partition(" ")
        shown = [unquote_plus(one) for one in base64.b64decode(both).decode().split(":", 1)]
        if scheme != "Basic" or shown != [self.client, self.secret]:
            return _json({"error": "invalid_client"}, 401)
        given = self.codes.pop(form["code"][0], None)
        if given is None:
            return _json({"error": "invalid_grant"}, 400)
        digest = hashlib.sha256(form["code_verifier"][0].encode()).digest()
        assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == given["code_challenge"]
        assert form["redirect_uri"] == [given["redirect_uri"]]
        more = orjson.loads(given["claims"])
        access = f"access-{given['subject']}"
        token = self.id_token(given["subject"], nonce=given["nonce"], **more)
        return _json({"id_token": token, "access_token": access, "token_type": "Bearer"})

    def id_token(self, subject: str, **more: Any) -> str:
        now = int(self.clock.now().timestamp())
        said = {"sub": subject, "auth_time": now, "jti": secrets.token_hex(8), **more, **self.claims}
        return self.signed(said)

    def logout_token(self, **said: Any) -> str:
        return self.signed({"events": {LOGGED_OUT: {}}, "jti": secrets.token_hex(8), **said, **self.claims})

    def signed(self, said: dict[str, Any]) -> str:
        now = int(self.clock.now().timestamp())
        whole = {"iss": self.url, "aud": self.client, "iat": now, "exp": now + 300, **said}
        whole = {name: value for name, value in whole.items() if value is not None}
        key = self.sign_with or _KEYS[self.shown[-1]]
        header = {"alg": "RS256", "kid": key.kid or "key-0", **self.header}
        token = jwt.encode({n: v for n, v in header.items() if v is not None}, whole, key, algorithms=[header["alg"]])
        return self.bend(token) if self.bend else token


def another_key(kid: str = "key-0") -> RSAKey:
    """A key of somebody else who calls it the same."""
    return RSAKey.generate_key(2048, {"kid": kid}, private=True)


def shared_secret() -> OctKey:
    return OctKey.import_key(SECRET * 2, {"kid": "key-0"})


def curve() -> ECKey:
    return ECKey.generate_key("P-256", {"kid": "key-0"}, private=True)


def _json(document: Any, status: int = 200) -> Answered:
    return Answered(status, orjson.dumps(document))
