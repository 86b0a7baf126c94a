"""The pages in a real Chromium: axe-core finds nothing, no policy is broken, and the flows work without a script."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect
from starlette.applications import Starlette

from greenlane.identity.tokens import Kind
from greenlane.web import coming_in
from greenlane.web.entrance import SignedIn
from greenlane.web.fake import FakeHouse
from greenlane.web.routes import error_page, files

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
TARGETS = "button, input:not([type=hidden]), main a"


@dataclass
class Place:
    """A console that really listens, with its house."""

    house: FakeHouse
    origin: str

    def app(self, name: str) -> str:
        """The origin of an app: the same listener, another host."""
        return self.origin.replace("://localhost", f"://{name}.localhost")


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """The console on a port of its own. Apps' hosts end here too, as they do at the edge."""

    async def answer(request, error):
        return error_page(error)

    house = FakeHouse(hosts={"vendor-board.localhost"})
    app = Starlette(
        routes=[*coming_in.routes(house), files()], exception_handlers={404: answer, 405: answer, 500: answer}
    )
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    listening = threading.Event()
    start = server.startup

    async def startup(sockets=None):
        await start(sockets)
        listening.set()

    server.startup = startup
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert listening.wait(20)
    port = server.servers[0].sockets[0].getsockname()[1]
    house.console_origin = f"http://localhost:{port}"
    yield Place(house, house.console_origin)
    server.should_exit = True
    thread.join(20)


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


def sign_in(page: Page, place: Place, view: SignedIn) -> None:
    place.house.settle(view)
    page.goto(f"{place.origin}/sign-in")
    page.get_by_label("Sign-in link or API token").fill(place.house.hand_out(Kind.API, view.person))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{place.origin}/")


def wanting_more(page: Page, place: Place) -> None:
    page.goto(f"{place.origin}/sign-in?to={place.app('vendor-board')}/about")
    page.get_by_label("Sign-in link or API token").fill("not a link")
    page.get_by_role("button").click()


def nameless(page: Page, place: Place) -> None:
    page.goto(f"{place.origin}/invitation/{place.house.hand_out(Kind.INVITATION)}")
    page.get_by_role("button").click()


def refused_as_a_whole(page: Page, place: Place) -> None:
    page.goto(f"{place.origin}/invitation/{place.house.hand_out(Kind.INVITATION)}")
    page.get_by_label("Your name").fill("Zoë")
    page.get_by_label("E-mail address").fill("taken@example.com")
    page.get_by_role("button").click()


def used_link(page: Page, place: Place) -> None:
    link = place.house.hand_out(Kind.LINK, "p_ana")
    place.house.ways_in.clear()
    page.goto(f"{place.origin}/sign-in/{link}")
    page.get_by_role("button").click()


def at(path: str):
    def go(page: Page, place: Place) -> None:
        page.goto(place.origin + path)

    return go


def at_link(page: Page, place: Place) -> None:
    page.goto(f"{place.origin}/sign-in/{place.house.hand_out(Kind.LINK, 'p_ana')}")


def at_invitation(page: Page, place: Place) -> None:
    page.goto(f"{place.origin}/invitation/{place.house.hand_out(Kind.INVITATION)}")


def at_open_app(page: Page, place: Place) -> None:
    page.goto(f"{place.origin}/sign-in?to={place.app('vendor-board')}/about")


PAGES = {
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
def test_axe_finds_nothing_and_nothing_scrolls_sideways(page: Page, place: Place, axe: str, ana: SignedIn, name: str):
    who, go, heading = PAGES[name]
    if who is not None:
        sign_in(page, place, ana if who == "ana" else who)
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
            page.eval_on_selector_all(TARGETS, "all => all.filter(e => e.getBoundingClientRect().height < 24).length")
            == 0
        )


def test_axe_does_find_what_is_wrong(page: Page, place: Place, axe: str):
    page.goto(f"{place.origin}/sign-in")
    tools = page.context.new_cdp_session(page)
    tools.send("Runtime.evaluate", {"expression": axe + ";document.querySelector('label').remove()"})
    run = "axe.run(document).then(found => found.violations.map(rule => rule.id).join())"
    answer = tools.send("Runtime.evaluate", {"expression": run, "awaitPromise": True, "returnByValue": True})
    assert "label" in answer["result"]["value"].split(",")


def test_signing_in_by_link_goes_on_to_the_app_without_a_script(chromium: Browser, place: Place, ana: SignedIn):
    place.house.settle(ana)
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    broken: list[str] = []
    page.on("console", lambda said: broken.append(said.text) if "Content Security Policy" in said.text else None)
    page.goto(f"{place.origin}/sign-in?to={place.app('vendor-board')}/about")
    expect(page.get_by_text("You want to open vendor-board.localhost")).to_be_visible()
    link = f"{place.origin}/sign-in/{place.house.hand_out(Kind.LINK, 'p_ana')}"
    page.get_by_label("Sign-in link or API token").fill(link)
    page.get_by_role("button", name="Sign in and open vendor-board.localhost").click()
    page.wait_for_url(re.compile(r"//vendor-board\.localhost:\d+/about$"))
    (cookie,) = context.cookies()
    assert (cookie["name"], cookie["domain"], cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (
        "__Host-greenlane",
        "localhost",
        True,
        True,
        "Lax",
    )
    assert broken == []
    context.close()


def test_everything_is_done_by_keyboard_alone(page: Page, place: Place, ana: SignedIn):
    place.house.settle(ana)
    page.goto(f"{place.origin}/sign-in/{place.house.hand_out(Kind.LINK, 'p_ana')}")
    for _ in range(3):  # the skip link, the name, the button
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Sign in")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{place.origin}/")
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Sign out")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")


def test_an_error_takes_the_focus_to_its_field(page: Page, place: Place):
    wanting_more(page, place)
    expect(page.get_by_label("Sign-in link or API token")).to_be_focused()


def test_another_host_cannot_press_our_buttons(page: Page, place: Place, ana: SignedIn):
    sign_in(page, place, ana)
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
