"""Addresses as an organisation has them: console and apps under two domains, TLS from files, behind a proxy, own domains."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from tests.catalog.test_domains import NameServer
from tests.edge.test_tls import certify
from tests.robustness.conftest import Typist
from tests.stories.browser import Answered, Browser
from tests.stories.running import START_WITHIN, Running, until
from tests.stories.terminal import bare_environment

CONSOLE, APPS, OWN = "console.greenlane.test", "apps.example.test", "board.example.org"
PROXY, STRANGER = "127.0.0.2", "127.0.0.3"
PAGE = b"<!doctype html><title>Board</title><h1>Vendors</h1>"


class Elsewhere(Running):
    """A Greenlane with addresses of its own, which no name server knows: it is dialled on the loopback."""

    def __init__(self, typist: Typist, folder: Path, settings: Mapping[str, str]) -> None:
        self.certificate = folder / "cert.pem"
        self.console = ""
        super().__init__(typist, folder, settings)

    def start(self) -> None:
        home = self.folder / "operator"
        home.mkdir(exist_ok=True)
        typed = ("up", "--data", self.data, "--port", self.port, "--owner-token-file", self.token_file)
        self._up = self.typist.begin(tuple(map(str, typed)), {**bare_environment(home), **self.settings}, home)
        until(lambda: "Ctrl-C" in self.printed or self._over(), "a start", START_WITHIN)
        found = re.search(rf"^(https://{CONSOLE}:(\d+))/$", self.printed, re.MULTILINE)
        assert found, self.printed + self.log
        self.console, self.port = found[1], int(found[2])

    def dial(self, url: str, source: str = "127.0.0.1") -> HTTPConnection:
        """A connection that asks for the address's name, as a client that resolved it would."""
        parts = urlsplit(url)
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=20, source_address=(source, 0))
        connection = HTTPSConnection(parts.netloc)
        connection.sock = _trusting().wrap_socket(plain, server_hostname=parts.hostname)
        return connection

    def asks(
        self,
        url: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        **how: str,
    ) -> Answered:
        """One request over a connection of its own."""
        connection = self.dial(url, **how)
        try:
            return ask_on(connection, url, method, headers, body)
        finally:
            connection.close()

    def does(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the API as the first owner."""
        headers = {"Authorization": f"Bearer {self.token_file.read_text().strip()}"}
        sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if sent is not None and not isinstance(body, bytes):
            headers["Content-Type"] = "application/json"
        answer = self.asks(f"{self.console}/v1/{path}", method, headers, sent)
        assert answer.status in (200, 201, 204), answer.text
        return answer.document if answer.body else None

    def app(self, host: str) -> str:
        return f"https://{host}.{APPS}:{self.port}"


def _trusting() -> ssl.SSLContext:
    """Takes any certificate, because each test looks at it itself."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def ask_on(
    connection: HTTPConnection,
    url: str,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Answered:
    """One request on a connection that may be used again."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.request(method, target, body, {"Host": parts.netloc, **(headers or {})})
    answer: HTTPResponse = connection.getresponse()
    return Answered(answer.status, [(n.lower(), v) for n, v in answer.getheaders()], answer.read())


def named(connection: HTTPConnection) -> str:
    """The name in the certificate that was shown."""
    shown = connection.sock.getpeercert(binary_form=True)
    return str(x509.load_der_x509_certificate(shown).subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


@pytest.fixture(scope="module")
def name_server() -> Iterator[NameServer]:
    server = NameServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def there(typist: Typist, name_server: NameServer) -> Iterator[Elsewhere]:
    """A Greenlane with a published app `board`."""
    with tempfile.TemporaryDirectory(prefix="gl-") as name:
        folder = Path(name)
        (folder / "domains").mkdir()
        certify(folder / "cert.pem", folder / "key.pem", "first")
        certify(folder / f"domains/{OWN}.crt", folder / f"domains/{OWN}.key", OWN)
        running = Elsewhere(
            typist,
            folder,
            {
                "GREENLANE_CONSOLE_HOST": CONSOLE,
                "GREENLANE_APPS_DOMAIN": APPS,
                "GREENLANE_CERTIFICATE": str(folder / "cert.pem"),
                "GREENLANE_CERTIFICATE_KEY": str(folder / "key.pem"),
                "GREENLANE_CERTIFICATES": str(folder / "domains"),
                "GREENLANE_TRUSTED_PROXIES": json.dumps([f"{PROXY}/32"]),
                "GREENLANE_DNS_SERVERS": json.dumps(["127.0.0.1"]),
                "GREENLANE_DNS_PORT": str(name_server.port),
                "GREENLANE_LISTEN": json.dumps(["127.0.0.1"]),
            },
        )
        try:
            digest = hashlib.sha256(PAGE).hexdigest()
            upload = running.does("POST", "uploads", {"files": {"index.html": {"sha256": digest, "size": len(PAGE)}}})
            running.does("PUT", f"uploads/{upload['upload']}/blobs/{digest}", PAGE)
            running.does("POST", f"uploads/{upload['upload']}/complete")
            running.does("POST", "actions/create-app", {"app": "board"})
            running.does("POST", "actions/deploy", {"app": "board", "upload": upload["upload"]})
            running.does("POST", "actions/publish", {"app": "board"})
            yield running
        finally:
            running.stop()


def signed_in(there: Elsewhere) -> Browser:
    """A browser that came in with a link."""
    me = there.does("GET", "me")["id"]
    link = there.does("POST", "actions/create-sign-in-link", {"person": me})["answer"]["url"]
    assert link.startswith(f"https://{CONSOLE}:{there.port}/sign-in/")
    browser = Browser(there.asks)
    assert browser.open(link).status == 200
    assert browser.send(link).status == 200
    return browser


# -- two domains


def test_the_way_from_an_app_over_the_console_and_back(there: Elsewhere):
    stranger = Browser(there.asks)
    page = stranger.open(f"{there.app('board')}/?a=1")
    assert urlsplit(stranger.at).netloc == f"{CONSOLE}:{there.port}"
    assert page.status == 200
    assert PAGE not in page.body

    browser = signed_in(there)
    page = browser.open(f"{there.app('board')}/?a=1")
    assert (page.status, page.body) == (200, PAGE)
    assert browser.at == f"{there.app('board')}/?a=1", "back where it wanted to go"
    hosts = [urlsplit(url).hostname for _, url in browser.seen[-4:]]
    assert hosts == [f"board.{APPS}", CONSOLE, f"board.{APPS}", f"board.{APPS}"]


def test_neither_domain_ever_sees_the_others_cookie(there: Elsewhere):
    browser = signed_in(there)
    browser.open(there.app("board"))
    kept = {host: set(cookies) for host, cookies in browser._cookies.items()}
    assert kept == {
        f"{CONSOLE}:{there.port}": {"__Host-greenlane", "__Host-greenlane-browser"},
        f"board.{APPS}:{there.port}": {"__Host-greenlane-visit", "__Host-greenlane-begun"},
    }, "Browser checks that each is Secure, HttpOnly and for its own host alone"
    # an app's cookie opens no other app, and the console's opens none at all
    visit = browser._cookies[f"board.{APPS}:{there.port}"]["__Host-greenlane-visit"]
    session, known = (browser._cookies[f"{CONSOLE}:{there.port}"][f"__Host-greenlane{one}"] for one in ("", "-browser"))
    for cookie in (
        f"__Host-greenlane={session}",
        f"__Host-greenlane-visit={session}",
        f"__Host-greenlane-visit={known}",
    ):
        assert there.asks(there.app("board"), headers={"Cookie": cookie}).status == 401
    console = there.asks(there.console, headers={"Cookie": f"__Host-greenlane={visit}", "Accept": "text/html"})
    assert (console.status, console["location"]) == (303, "/sign-in")


def test_a_name_that_is_nobodys_is_told_so(there: Elsewhere):
    assert there.asks(f"https://elsewhere.example.net:{there.port}/").status in (404, 421)


# -- certificates


def test_a_certificate_is_replaced_without_dropping_a_connection(there: Elsewhere):
    url = f"{there.console}/healthz"
    old = there.dial(url)
    assert named(old) == "first"
    assert ask_on(old, url).status == 200
    certify(there.certificate, there.folder / "key.pem", "second")

    def shown() -> str:
        connection = there.dial(url)
        with connection.sock:
            return named(connection)

    until(lambda: shown() == "second", "the new certificate")
    assert ask_on(old, url).status == 200
    old.close()


# -- behind a proxy


@pytest.mark.parametrize(
    ("peer", "said", "status"),
    [
        ("127.0.0.1", "", 200),
        ("127.0.0.1", "203.0.113.7", 200),  # a stranger's word, dropped: it is this machine that asks
        (STRANGER, "127.0.0.1", 403),  # nobody becomes this machine by saying so
        (PROXY, "203.0.113.7", 403),  # the proxy is believed
        (PROXY, "127.0.0.1, 203.0.113.7", 403),  # and only about whom it saw itself
        (PROXY, "203.0.113.7, 127.0.0.1", 200),
    ],
)
def test_only_the_proxy_is_believed_about_who_asks(there: Elsewhere, peer: str, said: str, status: int):
    """The metrics are for the machine itself, so they tell whom control takes the asker for."""
    headers = {"X-Forwarded-For": said, "X-Real-IP": "127.0.0.1", "Forwarded": "for=127.0.0.1"} if said else {}
    assert there.asks(f"{there.console}/metrics", headers=headers, source=peer).status == status


def test_nobody_is_believed_about_the_host(there: Elsewhere):
    for peer in (PROXY, STRANGER):
        answer = there.asks(
            f"{there.app('board')}/",
            headers={"X-Forwarded-Host": f"{CONSOLE}:{there.port}", "Accept": "text/html"},
            source=peer,
        )
        assert answer["location"].startswith(f"{there.console}/visit?to=https%3A%2F%2Fboard.{APPS}")


# -- an app's own domain


def test_an_app_answers_under_its_own_domain_once_that_is_proven(there: Elsewhere, name_server: NameServer):
    own = f"https://{OWN}:{there.port}"
    token = {"Authorization": f"Bearer {there.token_file.read_text().strip()}"}
    claimed = there.does("POST", "actions/claim-domain", {"app": "board", "domain": OWN})["answer"]
    asked = there.asks(
        f"{there.console}/v1/actions/verify-domain",
        "POST",
        {**token, "Content-Type": "application/json"},
        json.dumps({"app": "board", "domain": OWN}).encode(),
    )
    assert asked.status == 409
    assert claimed["value"] in asked.document["next_step"]
    assert there.asks(own, headers=token).status in (404, 421)

    name_server.records[claimed["record"]] = [claimed["value"]]
    there.does("POST", "actions/verify-domain", {"app": "board", "domain": OWN})
    connection = there.dial(own)
    assert named(connection) == OWN, "with the certificate of its own"
    assert ask_on(connection, own, headers=token).body == PAGE
    connection.close()
    browser = signed_in(there)
    assert browser.open(own).body == PAGE
    assert browser.at == own + "/"

    there.does("POST", "actions/release-domain", {"app": "board", "domain": OWN})
    assert there.asks(own, headers=token).status in (404, 421)


# -- doctor


def test_doctor_tells_what_is_well_and_what_the_certificate_lacks(there: Elsewhere, typist: Typist):
    environment = {**bare_environment(there.folder / "operator"), **there.settings, "GREENLANE_PORT": str(there.port)}
    ended = typist.begin(
        ("doctor", "--data", str(there.data), "--json"), environment, there.folder / "operator"
    ).ended()
    assert ended.code == 0, ended.out + ended.err
    looks = {one["name"]: one for one in ended.document["looks"]}
    assert looks["database"]["health"] == "well"
    assert looks["domains"]["health"] == "well"
    assert looks["names"]["health"] == "warning", "nobody resolves *.test"
    assert looks["certificate"]["health"] == "warning"
    assert CONSOLE in ended.out
