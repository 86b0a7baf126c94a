"""A visitor: asks hosts over a plain connection, and as a browser keeps cookies and follows where it is led, by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

PAGES = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"
"""What a browser accepts."""


@dataclass(frozen=True)
class Answered:
    """An answer. Header names are in small letters; of several with one name all are kept."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def __getitem__(self, name: str) -> str:
        """A header by its name, empty where it is missing."""
        return next((value for key, value in self.headers if key == name.lower()), "")

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def document(self) -> Any:
        return json.loads(self.body)


def ask(url: str, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes | None = None) -> Answered:
    """Ask an address. ``*.localhost`` is dialled on the loopback, because Python does not resolve it."""
    parts = urlsplit(url)
    assert (parts.hostname or "").endswith("localhost"), f"{url} is not ours"
    connection = HTTPConnection("127.0.0.1", parts.port, timeout=30)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body, {"Host": parts.netloc, **(headers or {})})
        answer = connection.getresponse()
        return Answered(answer.status, [(n.lower(), v) for n, v in answer.getheaders()], answer.read())
    finally:
        connection.close()


class Browser:
    """Keeps cookies by host, as ``__Host-`` cookies are kept, and follows redirects one by one."""

    def __init__(self, asks: Callable[..., Answered] = ask) -> None:
        self._ask = asks
        self._cookies: dict[str, dict[str, str]] = {}
        self.at = ""
        self.seen: list[tuple[int, str]] = []

    def once(self, url: str, method: str = "GET", form: Mapping[str, str] | None = None) -> Answered:
        """One request, without following."""
        parts = urlsplit(url)
        headers = {"Accept": PAGES}
        if cookies := self._cookies.get(parts.netloc):
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        body = None
        if method == "POST":
            headers |= {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
            body = urlencode(form or {}).encode()
        answer = self._ask(url, method, headers, body)
        for name, value in answer.headers:
            if name == "set-cookie":
                cookie, _, rest = value.partition(";")
                key, _, content = cookie.partition("=")
                assert key.startswith("__Host-"), key
                assert "secure" in rest.lower(), rest
                assert "httponly" in rest.lower(), rest
                assert "domain=" not in rest.lower(), rest
                self._cookies.setdefault(parts.netloc, {})[key] = content.strip('"')
        self.at = url
        self.seen.append((answer.status, url))
        return answer

    def open(self, url: str) -> Answered:
        """Open an address and go where it leads."""
        return self._follow(self.once(url))

    def send(self, url: str, **form: str) -> Answered:
        """Send a form and go where it leads."""
        return self._follow(self.once(url, "POST", form))

    def _follow(self, answer: Answered) -> Answered:
        for _ in range(8):
            if answer.status not in (301, 302, 303, 307):
                return answer
            to = answer["location"]
            parts = urlsplit(self.at)
            answer = self.once(to if "://" in to else f"{parts.scheme}://{parts.netloc}{to}")
        raise AssertionError(f"it goes round in circles: {self.seen}")
