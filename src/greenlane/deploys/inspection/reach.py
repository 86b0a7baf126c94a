"""Which hosts outside the platform a file calls, and for what: from this the app's Content-Security-Policy is made.

Called is what a browser fetches by itself or what a script fetches: an image, a frame, a form's target, a request. A
plain link is not called. Addresses that a script puts together out of pieces cannot be seen here; the policy that is
enforced in the browser is what stops those.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from html.parser import HTMLParser
from importlib import resources
from urllib.parse import urljoin, urlsplit

Reach = dict[str, set[str]]
"""Hosts by directive: connect, font, form, frame, img, media, script, style."""

_HERE = "https://app.invalid/"
_NAMED = tomllib.loads(resources.files("greenlane.deploys.data").joinpath("named_not_called.toml").read_text("utf-8"))
_NOT_CALLED = frozenset(host for hosts in _NAMED.values() for host in hosts)
_HOST = re.compile(
    r"(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]|\d{1,3}(?:\.\d{1,3}){3}"
)
_RESERVED = (".invalid", ".test", ".example", ".local")

_BY_EXTENSION = {
    "js": "script", "mjs": "script", "wasm": "connect", "css": "style",
    "woff": "font", "woff2": "font", "ttf": "font", "otf": "font", "eot": "font",
    "png": "img", "jpg": "img", "jpeg": "img", "gif": "img", "webp": "img", "avif": "img", "svg": "img", "ico": "img",
    "mp3": "media", "mp4": "media", "webm": "media", "ogg": "media", "wav": "media", "m4a": "media", "mov": "media",
}  # fmt: skip
_ATTRIBUTES = {
    ("script", "src"): "script", ("img", "src"): "img", ("input", "src"): "img", ("iframe", "src"): "frame",
    ("frame", "src"): "frame", ("embed", "src"): "frame", ("object", "data"): "frame", ("form", "action"): "form",
    ("button", "formaction"): "form", ("input", "formaction"): "form", ("video", "src"): "media",
    ("video", "poster"): "img", ("audio", "src"): "media", ("track", "src"): "media", ("source", "src"): "media",
    ("body", "background"): "img", ("table", "background"): "img", ("td", "background"): "img",
    ("image", "href"): "img", ("image", "xlink:href"): "img", ("use", "href"): "img", ("use", "xlink:href"): "img",
    ("feimage", "href"): "img", ("feimage", "xlink:href"): "img", ("a", "ping"): "connect",
    ("portal", "src"): "frame", ("fencedframe", "src"): "frame",
}  # fmt: skip
_LINK_AS = {"script": "script", "style": "style", "image": "img", "font": "font", "audio": "media", "video": "media",
            "track": "media", "document": "frame", "worker": "script"}  # fmt: skip
_OUTWARD = re.compile(r"//|\\|&|https?:|wss?:|/[\t\r\n]+/", re.IGNORECASE)
"""Without any of these no address in a document can leave our host, and it need not be parsed."""
_SCHEME = re.compile(r"^(https?|wss?):/*", re.IGNORECASE)
_CSS_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_CSS_URL = re.compile(r"""(@import\s+)?url\(\s*["']?([^"')\s]+)|@import\s+["']([^"']+)""", re.IGNORECASE)
_SCRIPT_COMMENT = re.compile(r"^[ \t]*(?:/\*.*?(?:\*/|\Z)|//[^\n]*)", re.DOTALL | re.MULTILINE)
"""Comments that begin a line. Others are left: telling them from strings and expressions takes a whole parser."""
_SCRIPT_URL = re.compile(r"""["'`]((?:https?:|wss?:)?(?://|\\/\\/)[^"'`\s<>\\]{3,2000})""", re.IGNORECASE)
_CALL = re.compile(
    r"""(?:(?P<connect>\bfetch|\bWebSocket|\bEventSource|sendBeacon|\baxios(?:\.\w+)?|\.(?:get|post|put|patch|delete)
    |\.ajax|getJSON|baseURL)|(?P<script>\bimport|importScripts|\bWorker|\bfrom|getScript))\s*[(:]?\s*$
    |(?P<request>\.open)\(\s*["'][A-Z]+["']\s*,\s*$""",
    re.IGNORECASE | re.VERBOSE,
)
_LINK = re.compile(
    r"(?:\bhref|\bhomepage|\blink|\burl_?docs?|\bdocs?(?:_?url)?|\bwindow\.open\(|\blocation(?:\.\w+)?)\W{0,4}$",
    re.IGNORECASE,
)
_SOURCE = re.compile(r"(?:\bsrc|\bposter|\bbackground(?:image)?)\W{0,4}$", re.IGNORECASE)


def of_page(text: str) -> Reach:
    """The hosts that an HTML or SVG document calls, its inline scripts and styles included."""
    if not _OUTWARD.search(text):
        return {}
    page = _Page()
    page.feed(text)
    page.close()
    page.finish()
    return page.reach


def of_style(text: str, base: str = _HERE) -> Reach:
    """The hosts that a style sheet calls."""
    reach: Reach = defaultdict(set)
    if "//" in text:
        for match in _CSS_URL.finditer(_CSS_COMMENT.sub(" ", text)):
            url = match[2] or match[3]
            directive = "style" if match[1] or match[3] else _directive_of(url, "img")
            _add(reach, directive, url, base)
    return reach


def of_script(text: str, base: str = _HERE) -> Reach:
    """The hosts that a script names as addresses of its own; those known to be only named count only in a call."""
    reach: Reach = defaultdict(set)
    if "//" not in text and "\\/\\/" not in text:
        return reach
    text = _SCRIPT_COMMENT.sub(" ", text)
    for match in _SCRIPT_URL.finditer(text):
        url = match[1].replace("\\/", "/")
        before = text[max(0, match.start() - 40) : match.start()]
        call = _CALL.search(before)
        if call:
            _add(reach, "script" if call["script"] else "connect", _without_holes(url), base)
        elif not _LINK.search(before):
            host = _host(_without_holes(url), base)
            if host and host not in _NOT_CALLED and not host.endswith(_RESERVED) and not url.startswith("//# "):
                reach[_directive_of(url, "img" if _SOURCE.search(before) else "connect")].add(host)
    return reach


def merged(reaches: list[Mapping[str, set[str]]]) -> Reach:
    """Several reaches as one."""
    together: Reach = defaultdict(set)
    for one in reaches:
        for directive, hosts in one.items():
            together[directive] |= hosts
    return together


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.reach: Reach = defaultdict(set)
        self._base = _HERE
        self._calls: list[tuple[str, str]] = []
        self._inline: list[tuple[str, list[str]]] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in reversed(attrs)}
        self._inside = tag if tag in ("script", "style") else ""
        if tag == "script" and values.get("type", "").lower() in (
            "application/ld+json",
            "application/json",
            "text/template",
        ):
            self._inside = ""
        if self._inside:
            self._inline.append((tag, []))
        if tag == "base" and self._base == _HERE and values.get("href"):
            self._base = urljoin(_HERE, values["href"].strip())
        for name, value in values.items():
            if directive := _ATTRIBUTES.get((tag, name)):
                self._calls.append((directive if tag != "source" else _directive_of(value, "media"), value))
            elif name in ("srcset", "imagesrcset"):
                self._calls += [("img", one.split()[0]) for one in value.split(",") if one.strip()]
            elif name == "style":
                self._inline.append(("style", [value]))
            elif name.startswith("on"):
                self._inline.append(("script", [value]))
            elif name == "srcdoc":
                self.reach = merged([self.reach, of_page(value)])
        if tag == "link":
            self._link(values)
        if tag == "meta" and values.get("http-equiv", "").lower() == "refresh":
            self._calls.append(
                ("frame", re.split(r"url\s*=\s*", values.get("content", ""), flags=re.IGNORECASE)[-1].strip("'\" "))
            )

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self._inside = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self._inline[-1][1].append(data)

    def _link(self, values: dict[str, str]) -> None:
        rel = values.get("rel", "").lower().split()
        url = values.get("href", "")
        if "stylesheet" in rel:
            self._calls.append(("style", url))
        elif "modulepreload" in rel:
            self._calls.append(("script", url))
        elif "preload" in rel or "prefetch" in rel or "prerender" in rel:
            self._calls.append((_LINK_AS.get(values.get("as", "").lower(), _directive_of(url, "connect")), url))
        elif any(one in ("icon", "apple-touch-icon", "mask-icon", "apple-touch-startup-image") for one in rel):
            self._calls.append(("img", url))
        elif any(one in ("preconnect", "dns-prefetch", "manifest") for one in rel):
            self._calls.append(("connect", url))

    def finish(self) -> None:
        """Once the whole page is read its `<base>` is known, and addresses mean something."""
        for directive, url in self._calls:
            _add(self.reach, directive, url, self._base)
        for tag, pieces in self._inline:
            read = of_style if tag == "style" else of_script
            self.reach = merged([self.reach, read("".join(pieces), self._base)])
        if self._base != _HERE:
            _add(self.reach, "connect", self._base, _HERE)


def _add(reach: Reach, directive: str, url: str, base: str) -> None:
    if host := _host(url, base):
        reach[directive].add(host)


def _host(url: str, base: str) -> str:
    """The outside host that an address means, with its port if it has one; empty for our own, data: and nonsense."""
    try:
        # Browsers drop tabs and newlines, take backslashes for slashes, and do not count the slashes after a scheme
        # (WHATWG URL, basic URL parser).
        plain = re.sub(r"[\t\r\n]", "", url).strip().replace("\\", "/")
        parts = urlsplit(urljoin(base, _SCHEME.sub(r"\1://", re.sub(r"^//+", "//", plain))))
        host = (parts.hostname or "").rstrip(".")
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https", "ws", "wss") or host == "app.invalid":
        return ""
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            return ""
    if not _HOST.fullmatch(host) or host.startswith("127.") or host == "0.0.0.0":
        return ""
    return host if port in (None, 80, 443) else f"{host}:{port}"


def _directive_of(url: str, otherwise: str) -> str:
    path = url.partition("?")[0].partition("#")[0].rpartition("/")[2]
    return (
        _BY_EXTENSION.get(path.rpartition(".")[2].lower(), otherwise)
        if "." in path and url.count("/") > 2
        else otherwise
    )


def _without_holes(url: str) -> str:
    """`https://${region}.api.com/x` names the hosts `*.api.com`; a host that is one whole hole names none."""
    if "${" not in url:
        return url
    scheme, slashes, rest = url.partition("//")
    host, slash, path = re.sub(r"\$\{[^}]*\}?", "\0", rest).partition("/")
    if "\0" in host:
        host = "*" + host.rpartition("\0")[2]
    return scheme + slashes + host + slash + path.replace("\0", "x")
