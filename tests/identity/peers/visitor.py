"""A browser that goes to a provider and comes back: keeps cookies by host, follows each redirect, fills in forms."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from http.client import HTTPConnection
from urllib.parse import urlencode, urljoin, urlsplit

PAGES = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"
MOST = 20


class Page:
    """What came, where it came from, and where it leads by itself."""

    def __init__(self, at: str, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.at, self.status, self.headers, self.body = at, status, headers, body

    def __getitem__(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    @property
    def leads(self) -> str:
        """Where a redirect or a page in between leads; empty for a page that stays."""
        if self.status in (301, 302, 303, 307):
            return urljoin(self.at, self["location"])
        found = re.fullmatch(r"\d+; ?url=(.+)", self["refresh"])
        return urljoin(self.at, found[1]) if found else ""


class Visitor:
    """One browser. ``stops`` says at which address it stays instead of going on, for tests that look in between."""

    def __init__(self) -> None:
        self._cookies: dict[str, dict[str, str]] = {}
        self.stops: Callable[[str], bool] = lambda _: False

    def once(self, url: str, form: dict[str, str] | None = None, came_from: str = "") -> Page:
        """One request, without going on."""
        parts = urlsplit(url)
        headers = {"Host": parts.netloc, "Accept": PAGES}
        jar = self._cookies.setdefault(parts.netloc, {})
        if jar:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
        body = None
        if form is not None:
            body = urlencode(form)
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": _origin(came_from or url)}
            headers["Sec-Fetch-Site"] = "same-origin" if _origin(came_from or url) == _origin(url) else "cross-site"
        connection = HTTPConnection("127.0.0.1", parts.port, timeout=60)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("GET" if form is None else "POST", target, body, headers)
            answer = connection.getresponse()
            page = Page(
                url, answer.status, [(name.lower(), value) for name, value in answer.getheaders()], answer.read()
            )
        finally:
            connection.close()
        for name, value in page.headers:
            if name == "set-cookie":
                key, _, content = value.partition(";")[0].partition("=")
                if re.search(r"max-age=0|expires=Thu, 01 Jan 1970", value, re.IGNORECASE):
                    jar.pop(key, None)
                else:
                    jar[key] = content
        return page

    def open(self, url: str) -> Page:
        """Open an address and go where it leads."""
        return self._on(self.once(url))

    def send(self, page: Page, action: str = "", **fields: str) -> Page:
        """Fill in the first form of a page (or the one with that action) and send it."""
        for form in re.finditer(r"<form\b([^>]*)>(.*?)</form>", page.text, re.DOTALL | re.IGNORECASE):
            to = urljoin(page.at, unescape(_attribute(form[1], "action")) or page.at)
            if action and urlsplit(to).path != action:
                continue
            given = {
                unescape(_attribute(one, "name")): unescape(_attribute(one, "value"))
                for one in re.findall(r"<input\b[^>]*>", form[2], re.DOTALL | re.IGNORECASE)
                if _attribute(one, "name") and _attribute(one, "type") not in ("checkbox", "submit")
            }
            return self._on(self.once(to, {**given, **fields}, page.at))
        raise AssertionError(f"no form {action} on {page.at}: {page.status} {page.text[:2000]}")

    def _on(self, page: Page) -> Page:
        for _ in range(MOST):
            if not page.leads or self.stops(page.leads):
                return page
            page = self.once(page.leads)
        raise AssertionError(f"it goes round in circles: {page.at}")


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf"""\b{name}\s*=\s*(?:"([^"]*)"|'([^']*)')""", tag, re.IGNORECASE)
    return (found[1] or found[2] or "") if found else ""


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
