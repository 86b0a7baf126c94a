"""The pages in a real Chromium: axe-core finds nothing, no policy is broken, and the flows work without a script."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.web.conftest import console_of
from tests.web.neighbours import Neighbours

from greenlane.catalog.addresses import Addresses
from greenlane.govern.actor import Actor
from greenlane.identity.actions import MakeRecoveryCodes, RenamePerson, SetPassword
from greenlane.identity.tokens import Kind, mint
from greenlane.web.signed_in import SignedIn

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
TARGETS = "button, input:not([type=hidden], [hidden]), main a"


@dataclass
class Place:
    """A console that really listens, with the people who come in through it."""

    house: Neighbours
    origin: str

    def app(self, name: str) -> str:
        """The origin of an app: the same listener, another host."""
        return self.origin.replace("://localhost", f"://{name}.localhost")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Iterator[Place]:
    """The console on a port of its own. Apps' hosts end here too, as they do at the edge."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    addresses = Addresses("http", "localhost", "localhost", port)
    house = Neighbours(tmp_path_factory.mktemp("place"), addresses, migrated_file)
    house.doorway.does(house.doorway.owner, RenamePerson(house.ana.person, email="taken@example.com"))
    server = uvicorn.Server(uvicorn.Config(console_of(house.control), log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    yield Place(house, house.origin)
    server.should_exit = True
    thread.join(20)
    house.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser without a past."""
    opened = chromium.new_context(viewport={"width": 1440, "height": 900})
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A tab that lets no broken policy pass."""
    opened = context.new_page()
    broken: list[str] = []
    opened.on("console", lambda said: broken.append(said.text) if "Content Security Policy" in said.text else None)
    opened.on("pageerror", lambda error: broken.append(str(error)))
    yield opened
    assert broken == []


BY_LINK = "Sign in with this link or token"


def sign_in(page: Page, place: Place, who: SignedIn | None = None) -> None:
    page.goto(f"{place.origin}/sign-in")
    page.get_by_label("Sign-in link or API token").fill(place.house.hand_out(Kind.API, who))
    page.get_by_role("button", name=BY_LINK).click()
    page.wait_for_url(f"{place.origin}/")


def wanting_more(page: Page, place: Place) -> None:
    page.goto(f"{place.origin}/sign-in?to={place.app('vendor-board')}/about")
    page.get_by_label("Sign-in link or API token").fill("not a link")
    page.get_by_role("button", name=BY_LINK).click()


def nameless(page: Page, place: Place) -> None:
    page.goto(f"{place.origin}/invitation/{place.house.hand_out(Kind.INVITATION)}")
    page.get_by_role("button").click()


def refused_as_a_whole(page: Page, place: Place) -> None:
    page.goto(f"{place.origin}/invitation/{place.house.hand_out(Kind.INVITATION)}")
    page.get_by_label("Your name").fill("Zoë")
    page.get_by_label("E-mail address").fill("taken@example.com")
    page.get_by_role("button").click()


def used_link(page: Page, place: Place) -> None:
    page.goto(f"{place.origin}/sign-in/{mint(Kind.LINK).secret}")
    page.get_by_role("button").click()


def wrong_password(page: Page, place: Place) -> None:
    page.goto(f"{place.origin}/sign-in")
    page.get_by_label("Name or e-mail address").fill("Ana Costa")
    page.get_by_label("Password").fill("not hers at all")
    page.get_by_role("button", name="Sign in", exact=True).click()


def with_everything(page: Page, place: Place) -> None:
    """The account of somebody who has a password, codes, several sessions and tokens."""
    actor = Actor("person", place.house.ana.person)
    place.house.doorway.does(actor, SetPassword(GOOD))
    place.house.doorway.does(actor, MakeRecoveryCodes())
    page.goto(f"{place.origin}/account")


def weak_password(page: Page, place: Place) -> None:
    page.goto(f"{place.origin}/account")
    page.get_by_label(re.compile("assword")).fill("password1234")
    page.get_by_role("button", name=re.compile("password")).first.click()


def at(path: str):
    def go(page: Page, place: Place) -> None:
        page.goto(place.origin + path)

    return go


def at_link(page: Page, place: Place) -> None:
    page.goto(f"{place.origin}/sign-in/{place.house.hand_out(Kind.LINK)}")


def at_invitation(page: Page, place: Place) -> None:
    page.goto(f"{place.origin}/invitation/{place.house.hand_out(Kind.INVITATION)}")


def at_open_app(page: Page, place: Place) -> None:
    page.goto(f"{place.origin}/sign-in?to={place.app('vendor-board')}/about")


GOOD = "wandering lamp forty crows"

PAGES = {
    "account": ("ana", at("/account"), "Your account"),
    "account with everything": ("ana", with_everything, "Your account"),
    "account with an error": ("ana", weak_password, "Your account"),
    "welcome": ("ana", at("/welcome?next=/ledger"), "You are in. How will you sign in next time?"),
    "recovery": (None, at("/sign-in/recover"), "Use a recovery code"),
    "sign-in with a wrong password": (None, wrong_password, "Sign in"),
    "sign-in": (None, at("/sign-in"), "Sign in"),
    "sign-in to an app": (None, at_open_app, "Sign in"),
    "sign-in with an error": (None, wanting_more, "Sign in"),
    "sign-in link": (None, at_link, "Sign in"),
    "used link": (None, used_link, "This link does not work any more"),
    "cut link": (None, at("/sign-in/gll_cut"), "This link is not whole"),
    "invitation": (None, at_invitation, "Join the team"),
    "invitation with an error": (None, nameless, "Join the team"),
    "invitation refused": (None, refused_as_a_whole, "Join the team"),
    "invitation for somebody here": ("ana", at_invitation, "Join the team"),
    "not found": (None, at("/nothing"), "Page not found"),
    "sign out": ("ana", at("/sign-out"), "Sign out"),
    "signed out": (None, at("/signed-out"), "You are signed out"),
}


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(page: Page, place: Place, axe: str, name: str):
    who, go, heading = PAGES[name]
    if who is not None:
        sign_in(page, place)
    go(page, place)
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    tools = page.context.new_cdp_session(page)  # past the page's policy, which allows no script
    tools.send("Runtime.evaluate", {"expression": axe})
    for scheme, width in [(scheme, width) for scheme in ("light", "dark") for width in (390, 1440)]:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        run = f"axe.run(document, {{runOnly: {json.dumps(RULES)}}}).then(found => JSON.stringify(found))"
        answer = tools.send("Runtime.evaluate", {"expression": run, "awaitPromise": True, "returnByValue": True})
        found = json.loads(answer["result"]["value"])
        assert len(found["passes"]) >= 15
        for kind in ("violations", "incomplete"):
            told = [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found[kind]]
            assert told == [], f"{kind} of {name} at {width} px, {scheme}"
    for width in (320, 390, 1440):
        page.set_viewport_size({"width": width, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert (
            page.eval_on_selector_all(
                TARGETS, "all => all.filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 24).length"
            )
            == 0
        )


def test_axe_does_find_what_is_wrong(page: Page, place: Place, axe: str):
    page.goto(f"{place.origin}/sign-in")
    tools = page.context.new_cdp_session(page)
    tools.send("Runtime.evaluate", {"expression": axe + ";document.querySelector('label').remove()"})
    run = "axe.run(document).then(found => found.violations.map(rule => rule.id).join())"
    answer = tools.send("Runtime.evaluate", {"expression": run, "awaitPromise": True, "returnByValue": True})
    assert "label" in answer["result"]["value"].split(",")


def test_signing_in_by_link_goes_on_to_the_app_without_a_script(chromium: Browser, place: Place):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    broken: list[str] = []
    page.on("console", lambda said: broken.append(said.text) if "Content Security Policy" in said.text else None)
    page.goto(f"{place.origin}/sign-in?to={place.app('vendor-board')}/about")
    expect(page.get_by_text("You want to open vendor-board.localhost")).to_be_visible()
    link = f"{place.origin}/sign-in/{place.house.hand_out(Kind.LINK)}"
    page.get_by_label("Sign-in link or API token").fill(link)
    page.get_by_role("button", name=BY_LINK).click()
    page.wait_for_url(re.compile(r"//vendor-board\.localhost:\d+/about$"))
    [cookie] = [one for one in context.cookies() if one["name"] == "__Host-greenlane"]
    assert (cookie["name"], cookie["domain"], cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (
        "__Host-greenlane",
        "localhost",
        True,
        True,
        "Lax",
    )
    assert broken == []
    context.close()


def test_everything_is_done_by_keyboard_alone(page: Page, place: Place):
    newcomer = place.house.hire("Kay Board")
    page.goto(f"{place.origin}/sign-in/{place.house.hand_out(Kind.LINK, newcomer)}")
    for _ in range(3):  # the skip link, the name, the button
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Sign in")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{place.origin}/welcome")
    expect(page.get_by_role("button", name="Add a passkey on this device")).to_be_visible()
    page.get_by_role("link", name="Not now, go on").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{place.origin}/")
    page.get_by_role("button", name="Sign out").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")


def test_an_error_takes_the_focus_to_its_field(page: Page, place: Place):
    wanting_more(page, place)
    expect(page.get_by_label("Sign-in link or API token")).to_be_focused()


def test_another_host_cannot_press_our_buttons(page: Page, place: Place):
    sign_in(page, place)
    before = list(place.house.happened)
    trap = f"{place.app('vendor-board')}/trap"
    page.route(
        trap,
        lambda route: route.fulfill(
            body=f'<form method="post" action="{place.origin}/sign-out"><button>A prize</button></form>',
            content_type="text/html",
        ),
    )
    page.goto(trap)
    page.get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing was done")
    assert place.house.happened == before


def test_no_page_can_be_framed(context: BrowserContext, place: Place):
    page = context.new_page()
    frame = f'<h1>Trap</h1><iframe src="{place.origin}/sign-in"></iframe>'
    page.route("**/trap", lambda route: route.fulfill(body=frame, content_type="text/html"))
    page.goto(f"{place.app('vendor-board')}/trap")
    assert page.frames[1].url == "chrome-error://chromewebdata/"
    assert page.frames[1].get_by_label("Sign-in link or API token").count() == 0


def with_an_authenticator(page: Page) -> None:
    """A device that looks at its user and keeps passkeys (CDP's virtual authenticator)."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    device = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": device})


def test_a_passkey_is_enrolled_after_the_first_link_and_signs_in_with_one_press(page: Page, place: Place):
    newcomer = place.house.hire("Petra Key")
    with_an_authenticator(page)
    page.goto(f"{place.origin}/sign-in/{place.house.hand_out(Kind.LINK, newcomer)}")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("What you call it").fill("My laptop")
    page.get_by_role("button", name="Add a passkey on this device").click()
    page.wait_for_url(f"{place.origin}/")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
    page.goto(f"{place.origin}/sign-in?next=/account")
    page.get_by_role("button", name="Sign in with a passkey").press("Enter")
    page.wait_for_url(f"{place.origin}/account")
    expect(page.get_by_text("My laptop")).to_be_visible()
    expect(page.get_by_text("Opened with a passkey")).to_be_visible()
    page.get_by_role("button", name="Remove this passkey").click()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    expect(page.get_by_text("My laptop")).to_have_count(0)


def test_a_passkey_question_that_is_put_off_says_so_and_loses_nothing(page: Page, place: Place):
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")  # and no authenticator: the browser gives up
    page.goto(f"{place.origin}/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text(re.compile("No passkey was used|Your browser asks you now"))).to_be_visible()
    expect(page.get_by_label("Name or e-mail address")).to_be_visible()


def test_without_a_script_a_password_does_what_a_passkey_does(chromium: Browser, place: Place):
    newcomer = place.house.hire("Nora Script")
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{place.origin}/sign-in/{place.house.hand_out(Kind.LINK, newcomer)}")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Add a passkey on this device")).to_be_hidden()
    page.get_by_label("Password").fill(GOOD)
    page.get_by_role("button", name="Set this password").click()
    page.wait_for_url(f"{place.origin}/")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{place.origin}/sign-in")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    page.get_by_label("Name or e-mail address").fill("nora script")
    page.get_by_label("Password").fill(GOOD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{place.origin}/")
    page.goto(f"{place.origin}/account")
    page.get_by_role("button", name="Make ten recovery codes").click()
    code = re.search(r"\b(?:[0-9a-z]{5}-){3}[0-9a-z]{5}\b", page.content())
    assert code is not None
    context.clear_cookies()
    page.goto(f"{place.origin}/sign-in/recover")
    page.get_by_label("Recovery code").fill(code.group().upper())
    page.get_by_role("button").click()
    page.wait_for_url(f"{place.origin}/")
    context.close()
