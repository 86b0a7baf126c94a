"""The fields that go with an app's files: how long they may be kept, what the page may do, where they come from."""

from __future__ import annotations

from greenlane.edge.files import File
from greenlane.edge.table import Host

CSP_REPORT = "/.greenlane/csp-report"
"""Where browsers tell what a policy stopped or would have stopped."""

_GUARDS = (
    (b"X-Content-Type-Options", b"nosniff"),
    (b"Referrer-Policy", b"strict-origin-when-cross-origin"),
    (b"X-Frame-Options", b"SAMEORIGIN"),
    (b"Cross-Origin-Opener-Policy", b"same-origin-allow-popups"),
    (
        b"Permissions-Policy",
        b"browsing-topics=(), camera=(self), geolocation=(self), hid=(), microphone=(self), payment=(), usb=()",
    ),
)
_PRIVATE = ((b"Cross-Origin-Resource-Policy", b"same-origin"),)
_ENFORCED_ANYWAY = "frame-ancestors 'self'"


def guards(host: Host) -> list[tuple[bytes, bytes]]:
    """The fields that protect whoever opens the app, on every answer with content from it."""
    fields = [*host.marks, *_GUARDS]
    if not host.public:
        fields.extend(_PRIVATE)
    policy = host.csp
    if policy and "report-uri" not in policy:
        policy = f"{policy.rstrip('; ')}; report-uri {CSP_REPORT}"
    if policy and not host.csp_report_only:
        if "frame-ancestors" not in policy:
            policy = f"{policy}; {_ENFORCED_ANYWAY}"
        fields.append((b"Content-Security-Policy", policy.encode("ascii")))
    else:
        fields.append((b"Content-Security-Policy", _ENFORCED_ANYWAY.encode("ascii")))
        if policy:
            fields.append((b"Content-Security-Policy-Report-Only", policy.encode("ascii")))
    return fields


def caching(host: Host, file: File) -> list[tuple[bytes, bytes]]:
    """How the answer may be kept: always asked again, and never shared between people unless it is public."""
    kept = b"public" if host.public else b"private"
    how = b"no-cache" if file.page else b"max-age=0, must-revalidate"
    vary = [b"Accept-Encoding"] if file.compressible else []
    if not host.public:
        vary += [b"Cookie", b"Authorization", b"Greenlane-Preview"]
    fields = [(b"Cache-Control", kept + b", " + how)]
    if vary:
        fields.append((b"Vary", b", ".join(vary)))
    return fields


def etag(file: File, coding: bytes) -> bytes:
    """The file's digest, which no other bytes share; each coding has its own."""
    letters = file.digest.removeprefix("sha256:").encode("ascii")
    return b'"' + letters + (b"-" + coding if coding else b"") + b'"'
