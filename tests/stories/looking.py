"""What only a browser knows about a page: each function looks at one thing and gives what is wrong with it, in words.

The criteria of WCAG 2.2 that axe-core has no rule for are here; ``docs/accessibility.md`` says which is which.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page
from tests.chromium import RULES, sideways

STOPS = 34
"""How many stops of the Tab key are made on one page, from its top; a long list is the same row again and again."""

_SPACED = (
    "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } "
    "p { margin-bottom: 2em !important }"
)
"""1.4.12, word for word."""


def axe_finds(page: Page, axe: str, only: Sequence[str] = ()) -> list[str]:
    """What axe-core finds; ``only`` names single rules instead of all."""
    tools = page.context.new_cdp_session(page)
    tools.send("Runtime.evaluate", {"expression": f"if (!window.axe) {{ {axe} }}"})  # no page lets text become a script
    wanted: Any = {"runOnly": {"type": "rule", "values": list(only)}} if only else {"runOnly": RULES}
    still = "Promise.all(document.getAnimations().map(one => one.finished.catch(() => null)))"  # half faded in is pale
    run = (
        f"{still}.then(() => axe.run(document, {json.dumps({**wanted, 'resultTypes': ['violations']})}))"
        ".then(found => JSON.stringify(found.violations))"
    )
    answer = tools.send("Runtime.evaluate", {"expression": run, "awaitPromise": True, "returnByValue": True})
    tools.detach()
    return [
        f"{one['id']}: {one['help']}: {'; '.join(node['html'][:160] for node in one['nodes'][:3])}"
        for one in json.loads(answer["result"]["value"])
    ]


@contextmanager
def laid_over(page: Page, css: str) -> Iterator[None]:
    """A stylesheet of the reader's own, as browsers let readers have one."""
    tools = page.context.new_cdp_session(page)
    tools.send("DOM.enable")
    tools.send("CSS.enable")
    frame = tools.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
    sheet = tools.send("CSS.createStyleSheet", {"frameId": frame})["styleSheetId"]
    tools.send("CSS.setStyleSheetText", {"styleSheetId": sheet, "text": css})
    try:
        yield
    finally:
        tools.send("CSS.setStyleSheetText", {"styleSheetId": sheet, "text": ""})
        tools.detach()


_CLIPPED = """() => [...document.querySelectorAll("body *")].filter(one => {
  const style = getComputedStyle(one);
  if (!one.checkVisibility() || one.closest(".unseen, .skip, svg, pre, textarea, select, input")) return false;
  if (style.clipPath == "inset(50%)") return false;  // for those who hear the page
  const hides = /hidden|clip/.test(style.overflowX + style.overflowY);
  return hides && (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1);
}).map(one => one.outerHTML.slice(0, 160))"""


def cut_off(page: Page) -> list[str]:
    """Text that does not fit where it stands."""
    found = [f"cut off: {one}" for one in page.evaluate(_CLIPPED)]
    return found + ([f"scrolls sideways by {sideways(page)} pixels"] if sideways(page) > 0 else [])


def narrow(page: Page) -> list[str]:
    """1.4.10: everything fits into 320 pixels."""
    page.set_viewport_size({"width": 320, "height": 640})
    return [f"at 320 pixels: {one}" for one in cut_off(page)]


def spaced(page: Page) -> list[str]:
    """1.4.12: a reader may want more space between lines, words and letters."""
    with laid_over(page, _SPACED):
        return [f"with more space: {one}" for one in cut_off(page)]


def enlarged(page: Page) -> list[str]:
    """1.4.4: text of twice the size, and the whole page of twice the size."""
    page.set_viewport_size({"width": 1440, "height": 900})
    with laid_over(page, "html { font-size: 200% !important }"):
        found = [f"with text of twice the size: {one}" for one in cut_off(page)]
    page.set_viewport_size({"width": 720, "height": 450})
    return found + [f"at twice the size: {one}" for one in cut_off(page)]


_PRESSED = "a, button, input:not([type=hidden]), select, textarea, summary"
_CONTROLS = "button, .button, input:not([type=hidden]), select, textarea, summary, header a, nav.rooms a, a.row, a.onward, .toast a"

_SMALL = """([least, which]) => [...document.querySelectorAll(which)]
.filter(one => {
  if (!one.checkVisibility({visibilityProperty: true}) || one.closest(".skip, .unseen, svg")) return false;
  const within = one.parentElement;
  const around = within.textContent.trim().length - one.textContent.trim().length;
  const inline = one.tagName == "A" && getComputedStyle(one).display == "inline" && around > 0;
  if (inline) return false;
  let box = one.getBoundingClientRect();
  const cover = getComputedStyle(one, "::after");
  if (cover.position == "absolute" && cover.content != "none") box = (one.closest("tr, li, .covered") || one).getBoundingClientRect();
  const label = one.id && document.querySelector(`label[for="${CSS.escape(one.id)}"]`) || one.closest("label");
  if (label && /checkbox|radio/.test(one.type)) {
    const covers = getComputedStyle(label, "::after").position == "absolute";
    const other = (covers && label.closest(".check") || label).getBoundingClientRect();
    box = {width: Math.max(box.width, other.width), height: Math.max(box.height, other.height)};
  }
  return box.width + 0.5 < least || box.height + 0.5 < least;
}).map(one => { const box = one.getBoundingClientRect();
  return `${Math.round(box.width)} x ${Math.round(box.height)}: ${one.outerHTML.slice(0, 140)}` })"""


def small(page: Page, least: int = 24) -> list[str]:
    """2.5.8: what is pressed is large enough. A link inside a sentence is excused, as the criterion has it."""
    return [f"smaller than {least} pixels: {one}" for one in page.evaluate(_SMALL, [least, _PRESSED])]


def small_for_a_thumb(page: Page, least: int = 44) -> list[str]:
    """On a touch screen, controls are larger than the criterion asks for; links in text are as it asks."""
    found = page.evaluate(_SMALL, [least, _CONTROLS])
    return [f"smaller than {least} pixels: {one}" for one in found] + small(page)


_STOP = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const box = one.getBoundingClientRect();
  const style = getComputedStyle(one);
  const points = [[box.left + box.width / 2, box.top + box.height / 2], [box.left + 3, box.top + 3], [box.right - 3, box.bottom - 3]];
  const seen = points.some(([x, y]) => {
    const top = document.elementFromPoint(x, y);
    return top && (one.contains(top) || top.contains(one) && !top.matches("dialog"));
  });
  window.__stops ||= [];
  const again = window.__stops.includes(one);
  const before = window.__stops.at(-1);
  window.__stops.push(one);
  return {
    html: one.outerHTML.slice(0, 140),
    again,
    backwards: !!before && !again && !(before.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING),
    ringed: style.outlineStyle != "none" && parseFloat(style.outlineWidth) >= 2,
    inside: box.width > 0 && box.height > 0 && box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth,
    seen,
    left: box.left, top: box.top, bottom: box.bottom,
  };
}"""


def walked(page: Page) -> list[str]:
    """2.1.2, 2.4.3, 2.4.7, 2.4.11: from the top by the Tab key; each stop is seen, none is covered, none holds on."""
    page.evaluate("() => { window.__stops = []; document.activeElement?.blur(); scrollTo(0, 0) }")
    page.evaluate("() => getSelection().setPosition(document.body, 0)")
    found: list[str] = []
    last: dict[str, Any] | None = None
    stops = 0
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(_STOP)
        if stop is None or (stops > 1 and (stop["again"] or 'class="skip"' in stop["html"])):
            break  # once around
        stops += 1
        where = stop["html"]
        if last is not None and last["html"] == where and stop["again"]:
            found.append(f"the focus does not leave {where}")
            break
        if stop["backwards"]:
            found.append(f"the focus goes backwards to {where}")
        if not stop["ringed"]:
            found.append(f"the focus cannot be seen on {where}")
        if not stop["inside"] or not stop["seen"]:
            found.append(f"the focus is covered on {where}")
        last = stop
    return found if stops else [*found, "nothing can be reached by keyboard"]


_NAMES = """() => [...document.querySelectorAll("main button, header button, main a.button")].filter(one => one.checkVisibility())
.map(one => (one.getAttribute("aria-label") || one.textContent).trim().replace(/\\s+/g, " "))"""

_TEXT = """hidden => {
  const copy = document.querySelector("main").cloneNode(true);
  const not = "noscript, [data-copy], script, time, template" + (hidden ? "" : ", [hidden]");
  for (const one of copy.querySelectorAll(not)) one.remove();
  return copy.textContent.split(/\\n/).map(one => one.trim().replace(/\\s+/g, " ")).filter(one => one);
}"""


def button_names(page: Page) -> list[str]:
    """What the buttons are called to somebody who does not see them."""
    return list(page.evaluate(_NAMES))


def text(page: Page, *, hidden: bool = False) -> list[str]:
    """The lines of the page's own part, without times and numbers; ``hidden`` also with what waits there for a script to show it."""
    passing = re.compile(r"just now|in a moment|\d+\s(minute|hour|day)s? ago")  # it differs from one look to the next
    return [re.sub(r"\d+", "N", passing.sub("lately", line)) for line in page.evaluate(_TEXT, hidden)]


def regions(page: Page) -> list[str]:
    """One h1, one main; beside the place where toasts are told at most one polite live region, and none in another."""
    found = []
    for what, wanted in (("h1", 1), ("main", 1)):
        count = page.locator(what).count()
        if count != wanted:
            found.append(f"{count} of {what}")
    polite = page.locator("[role=status]:not(#told), [aria-live=polite]:not(#told)").count()
    if polite > 1:
        found.append(f"{polite} polite live regions")
    return found
