"""Glewlwyd, an OpenID Connect provider in C, from Debian's package: on a loopback port, with a database of its own."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
from joserfc.jwk import RSAKey
from tests.identity.peers.simplesamlphp import answers, free_port

PACKAGES = "glewlwyd"
TABLES = Path("/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3")
SECRET = "a-secret-that-only-the-tests-know"
PASSWORD = "known to the company alone"
SCOPES = ("openid", "profile", "email")


class Glewlwyd:
    """It runs, and its administrator is signed in."""

    def __init__(self, address: str) -> None:
        self.issuer = f"{address}/api/oidc"
        self._keys = [_key("first")]
        self._hand = httpx2.Client(base_url=f"{address}/api")
        self._does("POST", "/auth/", username="admin", password="password")
        self._does("POST", "/mod/plugin/", **self._signing())
        for name in SCOPES[1:]:
            self._does("POST", "/scope/", name=name, display_name=name, password_required=True, scheme={})
        self._does("PUT", "/scope/openid", display_name="openid", password_required=True, scheme={})
        person = {"username": "ada", "name": "Ada Lovelace", "email": "ada@example.com", "scope": SCOPES}
        self._does("POST", "/user/", **person, password=PASSWORD, enabled=True)

    def knows(self, client: str, console: str, name: str) -> None:
        """Introduce us, as an administrator would."""
        self._does(
            "POST",
            "/client/",
            client_id=client,
            name=client,
            confidential=True,
            client_secret=SECRET,
            password=SECRET,
            enabled=True,
            scope=[],
            redirect_uri=[f"{console}/sso/oidc/{name}/callback"],
            post_logout_redirect_uri=f"{console}/signed-out",
            authorization_type=["code"],
            token_endpoint_auth_method=["client_secret_basic"],
        )

    def changes_keys(self) -> None:
        """Sign with another key from now on; the one before is shown still."""
        self._keys.insert(0, _key("second"))
        self._does("PUT", "/mod/plugin/oidc", **self._signing())
        self._does("PUT", "/mod/plugin/oidc/reset")

    def close(self) -> None:
        self._hand.close()

    def _does(self, method: str, path: str, **said: object) -> None:
        answer = self._hand.request(method, path, json=said)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"

    def _signing(self) -> dict[str, object]:
        keys = {"keys": [one.as_dict(private=True) for one in self._keys]}
        on = ("auth-type-code-enabled", "pkce-allowed", "session-management-allowed", "jwks-show", "oauth-as-iss-id")
        off = ("auth-type-token-enabled", "auth-type-password-enabled", "auth-type-client-enabled")
        more = ("auth-type-refresh-enabled", "auth-type-implicit-enabled", "allow-non-oidc", "refresh-token-rolling")
        return {
            "module": "oidc",
            "name": "oidc",
            "display_name": "The company",
            "parameters": {
                "iss": self.issuer,
                "jwt-type": "rsa",
                "jwt-key-size": "256",
                "jwks-private": json.dumps(keys),
                "default-kid": self._keys[0].kid,
                "access-token-duration": 600,
                "refresh-token-duration": 600,
                "code-duration": 600,
                "session-cookie-name": "GLEWLWYD2_OIDC_SESSION",
                "session-cookie-expiration": 3600,
                "subject-type": "public",
                "name-claim": "mandatory",
                "email-claim": "mandatory",
                **dict.fromkeys(on, True),
                **dict.fromkeys((*off, *more), False),
            },
        }


def scripted(client: httpx2.Client, url: str, typed: Mapping[str, str]) -> str:
    """What the scripts of its sign-in page do: sign in, agree, and go on to where the page was opened for."""
    parts = urlsplit(url)
    if not parts.path.endswith("/login.html"):
        return ""
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    api = f"{parts.scheme}://{parts.netloc}/api"
    if asked.get("prompt") == "end_session":
        client.delete(f"{api}/oidc/session/{asked['sid']}")
        client.delete(f"{api}/auth/")
        return ""  # it says goodbye, and leads nowhere: it never learns the address that a client has for that
    if "username" in typed:
        signed = client.post(f"{api}/auth/", json={"username": typed["username"], "password": typed["password"]})
        assert signed.is_success, signed.status_code
        client.put(f"{api}/auth/grant/{asked['client_id']}/", json={"scope": asked["scope"]})
    elif client.get(f"{api}/auth/grant/{asked['client_id']}/{asked['scope']}").status_code != 200:
        return ""  # nobody is signed in: the page waits for somebody to type
    return f"{asked['callback_url']}&g_continue"


@contextmanager
def running(folder: Path) -> Iterator[Glewlwyd]:
    """One of them, in a folder of its own, ended by its id."""
    assert all((TABLES.is_file(), shutil.which("glewlwyd"))), f"install it: apt-get install {PACKAGES}"
    folder.mkdir(parents=True)
    database = sqlite3.connect(folder / "glewlwyd.db")
    database.executescript(TABLES.read_text())
    database.close()
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    (folder / "conf").write_text(CONF.format(port=port, address=address, folder=folder))
    log = folder / "log"
    with log.open("wb") as written:
        server = subprocess.Popen(["glewlwyd", f"--config-file={folder / 'conf'}"], stdout=written, stderr=written)
        try:
            answers(server, address, log)
            peer = Glewlwyd(address)
            yield peer
            peer.close()
        finally:
            server.terminate()
            server.wait()


def _key(name: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": name, "alg": "RS256"})


CONF = """
port={port}
bind_address="127.0.0.1"
external_url="{address}"
login_url="login.html"
api_prefix="api"
static_files_path="/usr/share/glewlwyd/webapp/"
log_mode="console"
log_level="WARNING"
cookie_secure=0
session_expiration=3600
session_key="GLEWLWYD2_SESSION_ID"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="/usr/lib/glewlwyd/user"
client_module_path="/usr/lib/glewlwyd/client"
user_auth_scheme_module_path="/usr/lib/glewlwyd/scheme"
plugin_module_path="/usr/lib/glewlwyd/plugin"
hash_algorithm="SHA512"
database = {{ type="sqlite3" path="{folder}/glewlwyd.db" }};
"""
