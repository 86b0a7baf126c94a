"""What people read when there is no app to show, and the same for machines as ``application/problem+json`` (RFC 9457)."""

from __future__ import annotations

import base64
from hashlib import sha256
from html import escape
from http import HTTPStatus
from importlib.resources import files
from string import Template

import orjson

from greenlane.kit.wire.reply import Headers, Reply
from greenlane.kit.wire.request import Request

_SOURCE = files("greenlane.edge").joinpath("page.html").read_text("utf-8")
_PAGE = Template(_SOURCE)
_STYLE = _SOURCE.partition("<style>")[2].partition("</style>")[0]
_STYLE_HASH = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_GUARDS = (
    (b"Cache-Control", b"no-store"),
    (b"Content-Security-Policy", _POLICY.encode()),
    (b"X-Content-Type-Options", b"nosniff"),
    (b"X-Frame-Options", b"DENY"),
    (b"Referrer-Policy", b"no-referrer"),
    (b"Vary", b"Accept"),
)


def wants_page(request: Request) -> bool:
    """Whether a browser asks for a page to show, rather than a program for data."""
    fields = request.fields
    return (
        request.method in (b"GET", b"HEAD")
        and b"text/html" in fields.get(b"accept", b"").lower()
        and fields.get(b"sec-fetch-mode", b"navigate") == b"navigate"
    )


def say(
    request: Request,
    status: int,
    title: str,
    words: str,
    *,
    code: str,
    next_step: str = "",
    link: tuple[str, str] | None = None,
    button: tuple[str, str] | None = None,
    headers: Headers = (),
) -> Reply:
    """Say something instead of an app: what is so, and what to do next.

    ``link`` and ``button`` are a target and its text; a button posts to it.
    """
    if not wants_page(request):
        body = {
            "type": "about:blank",
            "status": status,
            "title": title,
            "detail": words,
            "code": code,
            "next_step": next_step or (f"{link[1]}: {link[0]}" if link and "://" in link[0] else ""),
        }
        return Reply(
            status,
            [(b"Content-Type", b"application/problem+json"), *_GUARDS, *headers],
            orjson.dumps(body),
        )
    return page(status, title, f"{words} {next_step}".rstrip(), link=link, button=button, headers=headers)


def page(
    status: int,
    title: str,
    words: str,
    *,
    link: tuple[str, str] | None = None,
    button: tuple[str, str] | None = None,
    headers: Headers = (),
) -> Reply:
    """The same for people alone."""
    ways = ""
    if button:
        target, text = map(escape, button)
        ways = f'<form class="ways" method="post" action="{target}"><button>{text}</button></form>'
    if link:
        target, text = map(escape, link)
        ways = f'<p class="ways"><a class="go" href="{target}">{text}</a></p>'
    kind = "This page comes from Greenlane, not from the app."
    if status >= 400:
        kind += f" It answers {status} ({HTTPStatus(status).phrase})."
    body = _PAGE.substitute(title=escape(title), words=escape(words), ways=ways, kind=kind)
    return Reply(status, [(b"Content-Type", b"text/html; charset=utf-8"), *_GUARDS, *headers], body.encode())


def lead(location: str, *, status: int = 302, headers: Headers = ()) -> Reply:
    """Send the asker elsewhere. The location has to be percent-encoded already."""
    return Reply(status, [(b"Location", location.encode("ascii")), (b"Cache-Control", b"no-store"), *headers])
