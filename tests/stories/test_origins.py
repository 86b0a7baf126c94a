"""App origins can neither read nor drive the console, whatever they hold; and one sign-in opens all apps.

Three layouts: everything on localhost; console and apps on two domains over TLS; and the bad case, in which they share one
company domain, so that a browser calls them the same site.
"""

from __future__ import annotations

import hashlib
import json
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from tests.chromium import FLAGS
from tests.edge.test_tls import certify
from tests.stories.running import Running
from tests.stories.terminal import Typist


@dataclass(frozen=True)
class Layout:
    """Where console and apps answer."""

    scheme: str
    console: str
    apps: str


LAYOUTS = {
    "localhost": Layout("http", "localhost", "localhost"),
    "two domains": Layout("https", "console.one.example", "apps.two.example"),
    "one company domain": Layout("https", "greenlane.corp.example", "apps.corp.example"),
}

BAIT = '<img src=x onerror="window.top.pwned=1"><script>window.pwned=1</script>"\'{{7*7}}'
"""What somebody might be called, write, or put into a file."""

HOSTILE_SITE = {
    "index.html": f"<!doctype html><title>{BAIT}</title><h1>A site</h1><script src=evil.js></script>".encode(),
    "evil.js": b"window.here = 1",
    "notes.csv": f"name,note\n{BAIT},{BAIT}\n".encode(),
}


class Abroad(Running):
    """An installation under given names. The port is the same for all of them."""

    layout: Layout

    def __init__(self, typist: Typist, folder: Path, layout: Layout) -> None:
        self.layout = layout
        settings = {"GREENLANE_CONSOLE_HOST": layout.console, "GREENLANE_APPS_DOMAIN": layout.apps}
        if layout.scheme == "https":
            certify(folder / "cert.pem", folder / "key.pem", layout.console)
            settings |= {
                "GREENLANE_CERTIFICATE": str(folder / "cert.pem"),
                "GREENLANE_CERTIFICATE_KEY": str(folder / "key.pem"),
            }
        super().__init__(typist, folder, settings)

    @property
    def origin(self) -> str:
        return f"{self.layout.scheme}://{self.layout.console}:{self.port}"

    def address(self, host: str, path: str = "/") -> str:
        return f"{self.layout.scheme}://{host}.{self.layout.apps}:{self.port}{path}"

    def api(self, method: str, path: str, body: Any = None, token: str = "") -> Any:
        """Ask the API as its owner, or with another token."""
        dial: HTTPConnection
        if self.layout.scheme == "https":
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            dial = HTTPSConnection("127.0.0.1", self.port, timeout=30, context=context)
        else:
            dial = HTTPConnection("127.0.0.1", self.port, timeout=30)
        raw = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        fields = {
            "Host": self.origin.partition("://")[2],
            "Authorization": f"Bearer {token or self.token_file.read_text().strip()}",
            "Content-Type": kind,
        }
        try:
            dial.request(method, path, raw, fields)
            answer = dial.getresponse()
            data = answer.read()
            assert answer.status < 300, (answer.status, data)
            return json.loads(data) if data else None
        finally:
            dial.close()

    def does(self, verb: str, **inputs: Any) -> Any:
        return self.api("POST", f"/v1/actions/{verb}", inputs)

    def site(self, app: str, files: dict[str, bytes], audience: str, message: str = "") -> str:
        """Publish a site; the id of its deploy."""
        with suppress(AssertionError):
            self.does("create-app", app=app, title=BAIT)
        named = {path: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} for path, data in files.items()}
        upload = self.api("POST", "/v1/uploads", {"files": named})
        by_digest = {one["sha256"]: files[path] for path, one in named.items()}
        for wanted in upload["missing"]:
            self.api("PUT", f"/v1/uploads/{upload['upload']}/blobs/{wanted}", by_digest[wanted])
        self.api("POST", f"/v1/uploads/{upload['upload']}/complete", {})
        deploy = str(self.does("deploy", app=app, upload=upload["upload"], message=message)["answer"]["deploy"])
        assert self.does("publish", app=app, audience=audience)["state"] == "done"
        return deploy

    def link(self, person: str) -> str:
        return str(self.does("create-sign-in-link", person=person)["answer"]["url"])


@dataclass
class Place:
    """A running installation with two apps, and a browser that finds it."""

    running: Abroad
    chromium: Browser
    owner: str
    deploy: str
    opened: list[BrowserContext] = field(default_factory=list)

    @property
    def preview(self) -> str:
        """A preview of the hostile site: its page may try to call whatever it likes."""
        return self.running.address(f"{self.deploy}--board")

    def browser(self, person: str = "") -> Page:
        """A browser of its own; signed in at the console where it is somebody's."""
        context = self.chromium.new_context(ignore_https_errors=True)
        self.opened.append(context)
        page = context.new_page()
        if person:
            page.goto(self.running.link(person))
            page.locator("main form button").first.click()
            page.wait_for_url(lambda url: "/sign-in/" not in url)
        return page

    def teams(self) -> list[str]:
        return [one["name"] for one in self.running.api("GET", "/v1/teams")["items"]]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium that finds every host under example on the loopback."""
    rules = "--host-resolver-rules=MAP *.example 127.0.0.1"
    with sync_playwright() as playwright:
        one = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=[*FLAGS, rules])
        yield one
        one.close()


@pytest.fixture(scope="module", params=list(LAYOUTS))
def installed(request: pytest.FixtureRequest, typist: Typist, browser: Browser) -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="gl-") as folder:
        running = Abroad(typist, Path(folder), LAYOUTS[request.param])
        try:
            owner = running.api("GET", "/v1/me")["id"]
            deploy = running.site("board", HOSTILE_SITE, "team", BAIT)
            running.site("other", HOSTILE_SITE, "team", BAIT)
            yield Place(running, browser, owner, deploy)
        finally:
            running.stop()


@pytest.fixture
def place(installed: Place) -> Iterator[Place]:
    yield installed
    for context in installed.opened:
        context.close()
    installed.opened.clear()


def test_one_sign_in_opens_every_app_and_no_app_gets_the_consoles_session(place: Place) -> None:
    running = place.running
    page = place.browser()
    page.goto(running.address("board"))
    assert page.url.startswith(f"{running.origin}/sign-in?")
    page.goto(running.link(place.owner))
    page.locator("main form button").first.click()
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    for app in ("board", "other"):
        answer = page.goto(running.address(app, "/?a=1"))
        assert answer is not None
        assert (answer.status, page.url) == (200, running.address(app, "/?a=1"))
        assert page.evaluate("document.cookie") == ""
    by_host: dict[str, set[str]] = {}
    for cookie in page.context.cookies():
        by_host.setdefault(str(cookie["domain"]), set()).add(str(cookie["name"]))
        assert str(cookie["name"]).startswith("__Host-")
        assert cookie["httpOnly"]
        assert cookie["secure"]
        assert cookie["sameSite"] == "Lax"
    console = by_host.pop(running.layout.console)
    assert "__Host-greenlane" in console
    for app in ("board", "other"):
        assert by_host[f"{app}.{running.layout.apps}"] == {"__Host-greenlane-visit", "__Host-greenlane-begun"}


def test_an_app_cannot_read_the_console(place: Place) -> None:
    page = place.browser(place.owner)
    page.goto(place.preview)
    assert page.evaluate("window.here") == 1, "the hostile script runs"
    for path in ("/", "/v1/me", "/apps/board", "/sign-in"):
        read = page.evaluate(
            """async (address) => {
                try { return await (await fetch(address, {credentials: 'include'})).text() }
                catch (error) { return null }
            }""",
            place.running.origin + path,
        )
        assert read is None, path
        embedded = page.evaluate(
            """async (address) => {
                try { return (await fetch(address, {credentials: 'include', mode: 'no-cors'})).type }
                catch (error) { return 'kept away' }
            }""",
            place.running.origin + path,
        )
        assert embedded == ("opaque" if path.startswith("/v1/") else "kept away"), path


def test_an_app_cannot_press_the_consoles_buttons(place: Place) -> None:
    """Where they share a company domain the browser sends the console's cookie along: only the check of who sent it helps."""
    page = place.browser(place.owner)
    page.goto(place.preview)
    page.evaluate(
        """(address) => {
            const form = document.createElement('form')
            form.method = 'post'
            form.action = address + '/do/create-team'
            form.innerHTML = '<input name=name value=stolen>'
            document.body.append(form)
            form.submit()
        }""",
        place.running.origin,
    )
    page.wait_for_url(f"{place.running.origin}/do/create-team")
    assert "Nothing was done" in page.content()
    page.goto(place.preview)
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        page.evaluate(
            """async ([address, kind]) => {
                try {
                    await fetch(address + '/do/create-team', {
                        method: 'POST', credentials: 'include', mode: 'no-cors',
                        headers: {'Content-Type': kind}, body: 'name=stolen',
                    })
                } catch (error) { /* the answer is kept from us; whether it was carried out is asked below */ }
            }""",
            [place.running.origin, kind],
        )
    failed = page.evaluate(
        """async (address) => {
            try {
                await fetch(address + '/v1/actions/create-team', {
                    method: 'POST', credentials: 'include',
                    headers: {'Content-Type': 'application/json'}, body: '{"name": "stolen"}',
                })
                return false
            } catch (error) { return true }
        }""",
        place.running.origin,
    )
    assert failed
    assert "stolen" not in place.teams()


def test_the_console_cannot_be_framed_or_held_by_a_window(place: Place) -> None:
    page = place.browser(place.owner)
    page.goto(place.preview)
    page.evaluate(
        """(address) => {
            const frame = document.createElement('iframe')
            frame.src = address + '/'
            document.body.append(frame)
            return new Promise((done) => { frame.onload = done; setTimeout(done, 3000) })
        }""",
        place.running.origin,
    )
    framed = [one for one in page.frames if one != page.main_frame]
    assert framed
    assert all("Sign out" not in one.content() for one in framed)

    with page.context.expect_page() as opening:
        page.evaluate("(address) => { window.held = window.open(address + '/') }", place.running.origin)
    opened = opening.value
    opened.wait_for_load_state()
    assert opened.evaluate("window.opener") is None, "the console does not know who opened it"
    assert page.evaluate("window.held.closed"), "and whoever opened it holds nothing (Cross-Origin-Opener-Policy)"
    assert opened.evaluate("window.name") == ""


def test_nobody_is_signed_in_by_somebody_elses_code(place: Place) -> None:
    """Session fixation: a code that one person fetched is worth nothing in another's browser."""
    running = place.running
    theirs = place.browser(place.owner)
    ways: list[str] = []
    theirs.on("request", lambda asked: ways.append(asked.url) if "/.greenlane/visit?" in asked.url else None)
    theirs.route("**/.greenlane/visit?*", lambda route: route.abort())
    with suppress(Exception):
        theirs.goto(running.address("other"))
    assert ways, "a code was made"
    victim = place.browser()
    answer = victim.goto(ways[0])
    assert answer is not None
    assert answer.status == 400
    assert victim.context.cookies(running.address("other")) == []
    victim.goto(running.address("other"))
    assert victim.url.startswith(f"{running.origin}/sign-in?")


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_signing_in_leads_to_no_stranger(place: Place, to: str) -> None:
    page = place.browser(place.owner)
    for path in ("/visit?to=", "/sign-in?to=", "/sign-in?next="):
        page.goto(place.running.origin + path + to)
        assert page.url.startswith(place.running.origin + "/"), path


def test_what_builders_write_never_runs_in_the_console(place: Place) -> None:
    page = place.browser(place.owner)
    alarms: list[str] = []
    page.on("dialog", lambda dialog: alarms.append(dialog.message))
    paths = ("/", "/apps/board", f"/apps/board/deploys/{place.deploy}", "/ask/board", "/ledger", "/people", "/account")
    for path in paths:
        answer = page.goto(place.running.origin + path)
        assert answer is not None
        if answer.status == 404:
            continue  # a room that this installation does not have
        assert answer.status == 200, path
        assert page.evaluate("window.pwned") is None, path
        assert page.locator("img[src=x]").count() == 0, path
        assert "49" not in page.title(), "nothing of it is a template either"
    assert alarms == []


def test_whoever_is_outside_asks_with_one_button_and_opens_the_app_after_a_yes(place: Place) -> None:
    running = place.running
    number = len(running.api("GET", "/v1/people")["items"])
    with suppress(AssertionError):
        running.does("create-team", name="elsewhere")
    added = running.does("add-person", name=f"Ben Visitor {number}", team="elsewhere", role="visitor")["answer"]
    page = place.browser(str(added["person"]))
    answer = page.goto(running.address("board"))
    assert answer is not None
    assert answer.status == 403
    page.get_by_role("link", name="Ask its owner to let you in").click()
    page.wait_for_url(f"{running.origin}/ask/board")
    page.get_by_label("What do you need it for?").fill("I plan the visits.")
    page.get_by_role("button", name="to let you in").click()
    page.get_by_role("heading", name="You asked to open").wait_for()

    waiting = next(one for one in running.api("GET", "/v1/approvals")["items"] if one["verb"] == "ask-to-open")
    # the owner of the organisation owns the app, and decides
    running.does("approve", request=waiting["id"], because="He does.")
    page.reload()
    page.locator("main a.button").click()
    page.wait_for_url(running.address("board"))
    assert page.evaluate("window.here") == 1


def test_an_address_in_numbers_leads_to_the_consoles_name(place: Place) -> None:
    page = place.browser()
    page.goto(f"{place.running.layout.scheme}://127.0.0.1:{place.running.port}/sign-in?x=1")
    assert page.url == f"{place.running.origin}/sign-in?x=1"


def test_over_tls_a_browser_is_told_to_stay_with_it(place: Place) -> None:
    page = place.browser(place.owner)
    for address in (f"{place.running.origin}/", place.running.address("board")):
        answer = page.goto(address)
        assert answer is not None
        told = answer.headers.get("strict-transport-security")
        assert told == ("max-age=31536000" if place.running.layout.scheme == "https" else None)
