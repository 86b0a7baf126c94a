"""The Content-Security-Policy of an app, made from the hosts that it declared.

Inline scripts and styles are allowed: what AI builders make is full of them, and what they may *reach* is what is
governed. So is code made of text (Gradio, Alpine, Vue's templates): beside inline scripts it opens nothing further. It
stops a page from calling, loading, framing or posting to a host that nobody declared. ``docs/edge.md`` says what it cannot
stop.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

DIRECTIVES = {
    "connect": "connect-src",
    "script": "script-src",
    "style": "style-src",
    "img": "img-src",
    "font": "font-src",
    "media": "media-src",
    "frame": "frame-src",
    "form": "form-action",
}
"""The words that people use, and the directives that they stand for."""

_OWN = {
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval' blob:",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "media-src": "'self' data: blob:",
    "frame-src": "'self'",
    "form-action": "'self'",
}


def header(declared: Mapping[str, Iterable[str]], *, report: bool) -> str:
    """The header's value. ``declared`` is host -> what for (``connect``, ``script``, ...), ``report`` asks for reports."""
    hosts: dict[str, list[str]] = {}
    for host, purposes in sorted(declared.items()):
        for purpose in purposes:
            if purpose in DIRECTIVES:
                hosts.setdefault(DIRECTIVES[purpose], []).extend(_sources(host, purpose))
    parts = ["default-src 'self'"]
    parts += [f"{name} {own} {' '.join(hosts.get(name, []))}".rstrip() for name, own in _OWN.items()]
    parts += ["object-src 'none'", "base-uri 'self'", "frame-ancestors 'self'", "worker-src 'self' blob:"]
    if report:
        parts.append("report-uri /.greenlane/csp-report")
    return "; ".join(parts)


def _sources(host: str, purpose: str) -> list[str]:
    """A host over TLS, and as a websocket where pages connect to it."""
    return [f"https://{host}", f"wss://{host}"] if purpose == "connect" else [f"https://{host}"]
