"""A browser without scripts: cookies, redirects, forms. It stops where a message is on its way to us."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2
from lxml import html

STEPS = 15


@dataclass(frozen=True)
class Arrived:
    """A message for us: where to, the raw query of an address, or the fields of a form."""

    url: str
    query: str
    fields: dict[str, str]


Scripted = Callable[[httpx2.Client, str, Mapping[str, str]], str]
"""What a page's own scripts do: the address that it leads on to, or nothing where a page has none that matter."""


class Browser:
    """One person's. ``ours`` is the beginning of our addresses, which nobody serves here."""

    def __init__(self, ours: str, scripted: Scripted = lambda _client, _url, _typed: "") -> None:
        self.ours, self.scripted = ours, scripted
        self.client = httpx2.Client(follow_redirects=False, timeout=30)
        self.seen: list[str] = []

    def close(self) -> None:
        self.client.close()

    def go(self, url: str, typed: Mapping[str, str] | None = None) -> Arrived:
        """Open an address and go on, filling in what is asked for, until a message reaches us.

        A form is filled in when it has a field of ``typed``, and sent on by itself when it has hidden fields alone.
        """
        request = ("GET", url, {})
        for _ in range(STEPS):
            method, url, data = request
            if url.startswith(self.ours):
                return Arrived(url.partition("?")[0], urlsplit(url).query, data)
            answer = self.client.request(method, url, data=data if method == "POST" else None)
            self.seen.append(f"{method} {url} {answer.status_code}")
            if answer.is_redirect:
                request = ("GET", urljoin(url, answer.headers["location"]), {})
            elif onward := self.scripted(self.client, str(answer.url), typed or {}):
                request = ("GET", onward, {})
            else:
                request = self._form(str(answer.url), answer.text, typed or {})
        raise AssertionError("it goes round and round: " + ", ".join(self.seen))

    def _form(self, url: str, text: str, typed: Mapping[str, str]) -> tuple[str, str, dict[str, str]]:
        page: Any = html.fromstring(text or "<p/>")
        for hidden in page.xpath("//iframe/@src | //img/@src"):  # providers that sign out of many services at once
            if hidden.startswith(self.ours):
                return "GET", hidden, {}
        for form in page.forms:
            fields = {str(name): str(value or "") for name, value in form.form_values()}
            fields |= {name: typed[name] for name in form.fields if name in typed}
            fields |= {name: typed[name] for name in page.xpath("//button/@name") if name in typed}
            carries = {"SAMLResponse", "SAMLRequest"} & set(fields)
            if carries or set(typed) & set(fields) or "confirm" in fields:
                return form.method.upper(), urljoin(url, form.action or url), fields
        raise AssertionError(f"nothing leads on from {url}: {page.text_content()[:2000]}")
