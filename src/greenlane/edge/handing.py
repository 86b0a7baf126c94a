"""What an app's code sees of a request, and what a visitor sees of its answer.

The app hears who asks from us alone and never sees what lets somebody in here. Its answer is its own affair, except for
what reaches beyond it: cookies for other hosts, orders to a proxy or to the browser about more than this app, and the
fields that say what we vouch for.
"""

from __future__ import annotations

import re
import secrets
from urllib.parse import unquote_to_bytes

from greenlane.edge.forwarded import OURS, Client, forward, plain_name
from greenlane.edge.headers import guards
from greenlane.edge.table import Host
from greenlane.identity.tokens import PATTERN
from greenlane.kit.wire.reply import Headers
from greenlane.kit.wire.request import Request

REQUEST = b"Greenlane-Request"
"""The field with the id of a request, on what the app sees and on its answer."""

_TRACE = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})")
"""W3C Trace Context, 3.2."""

_OF_OTHERS = frozenset(
    {
        b"alt-svc",
        b"clear-site-data",
        b"nel",
        b"proxy-authenticate",
        b"public-key-pins",
        b"report-to",
        b"server",
        b"strict-transport-security",
        b"surrogate-control",
        b"x-lighttpd-send-file",
        b"x-powered-by",
        b"x-sendfile",
    }
)
"""Fields that would reach further than the app: other hosts of the same domain, or a proxy in front of us."""
_TO_PROXIES = b"x-accel-"
_OURS_ALONE = frozenset({b"x-content-type-options", b"x-frame-options"})
_UNLESS_SAID = frozenset(
    {b"referrer-policy", b"cross-origin-opener-policy", b"cross-origin-resource-policy", b"permissions-policy"}
)
_UPGRADES = re.compile(rb"(?!h2c|http|tls)[A-Za-z0-9!#$%&'*+.^_`|~/-]{1,64}", re.IGNORECASE)
_REPLACED = frozenset({b"x-request-id", b"x-correlation-id", b"traceparent", b"x-nf-event"})
"""Fields that are said anew, and the one by which a function knows that its schedule has it run."""


def upgrade_of(request: Request) -> bytes:
    """The protocol that a connection may change to; empty for none.

    Another dialect of HTTP is none: in it, a visitor could say who they are past us.
    """
    wanted = request.fields.get(b"upgrade", b"") if request.upgrade else b""
    return wanted if _UPGRADES.fullmatch(wanted) else b""


def handed_over(
    host: Host, request: Request, client: Client, *, introduced: bytes | None, function: str, number: bytes
) -> list[tuple[bytes, bytes]]:
    """The request's fields as the app sees them. ``introduced`` is who asks, ``number`` the request's id."""
    fields = [one for one in forward(request.headers, client, to_judge=False) if plain_name(one[0]) not in _REPLACED]
    own = _authorization(host, request)
    if own:
        fields.append((b"Authorization", own))
    trace, begun = _trace(request)
    if begun:
        fields = [one for one in fields if one[0].lower() != b"tracestate"]
    fields += [
        (b"Forwarded", _forwarded(client)),
        (b"traceparent", trace),
        (b"X-Request-Id", number),
        (REQUEST, number),
        (b"Greenlane-App", host.app.encode("ascii")),
        (b"Greenlane-Environment", host.environment.encode("ascii")),
        (b"Greenlane-Deploy", host.deploy.encode("ascii")),
    ]
    if function:
        fields.append((b"Greenlane-Function", function.encode("ascii", "replace")))
    if introduced:
        fields.append((b"Greenlane-Identity", introduced))
    return fields


def target_of(request: Request) -> bytes:
    """What is asked for, without a secret of ours in it."""
    if b"greenlane-" not in request.query.lower():
        return request.target
    kept = [
        pair
        for pair in request.query.split(b"&")
        if not unquote_to_bytes(pair.partition(b"=")[0]).lower().startswith(b"greenlane-")
    ]
    return request.path + (b"?" + b"&".join(kept) if kept else b"")


def handed_back(host: Host, fields: Headers, number: bytes) -> list[tuple[bytes, bytes]]:
    """The fields of the app's answer as the visitor sees them."""
    kept: list[tuple[bytes, bytes]] = []
    said = {name.lower() for name, _ in fields}
    private = not host.public
    for name, value in fields:
        lower = name.lower()
        if lower in _OF_OTHERS or lower in _OURS_ALONE or lower.startswith((*OURS, _TO_PROXIES)):
            continue
        if lower == b"set-cookie":
            value = _own_cookie(value)  # noqa: PLW2901 - what is passed on is what was judged
        elif lower == b"cache-control" and private:
            value = _for_one(value)  # noqa: PLW2901
        if value or lower != b"set-cookie":
            kept.append((name, value))
    if private and b"cache-control" not in said:
        kept.append((b"Cache-Control", b"private"))
    ours = [one for one in guards(host) if one[0].lower() not in _UNLESS_SAID or one[0].lower() not in said]
    return [*kept, *ours, (REQUEST, number)]


def number() -> bytes:
    """A new id for a request."""
    return b"req-" + secrets.token_hex(12).encode("ascii")


def foreign(host: Host, request: Request, client: Client) -> bool:
    """Whether another site makes this visitor's browser ask, with the visit that the browser keeps here.

    Apps are neighbours on one domain, which browsers call the same site: a cookie's SameSite does not tell them apart.
    """
    if host.public or (request.method in (b"GET", b"HEAD", b"OPTIONS") and not request.upgrade):
        return False
    fields = request.fields
    if b"cookie" not in fields:
        return False
    here = f"{client.scheme}://{client.host}".encode("ascii")
    site, origin = fields.get(b"sec-fetch-site"), fields.get(b"origin")
    return site in (b"cross-site", b"same-site") or (origin is not None and origin.lower() != here)


def _authorization(host: Host, request: Request) -> bytes:
    """What the app's own credentials are: whatever could not have opened a door here."""
    value = request.fields.get(b"authorization", b"")
    bearer = value[:7].lower() == b"bearer "
    if PATTERN.search(value.decode("latin-1")) or (bearer and not host.public):
        return b""
    return value


def _trace(request: Request) -> tuple[bytes, bool]:
    """The trace that this request belongs to, with us as its newest part; and whether it begins here."""
    found = _TRACE.fullmatch(request.fields.get(b"traceparent", b"")[:55])
    part = secrets.token_hex(8).encode("ascii")
    if found is None:
        return b"00-%b-%b-01" % (secrets.token_hex(16).encode("ascii"), part), True
    return b"00-%b-%b-%b" % (found[0][3:35], part, found[1]), False


def _forwarded(client: Client) -> bytes:
    """RFC 7239, 4."""
    address = f'"[{client.address}]"' if ":" in client.address else client.address or "unknown"
    return f'for={address};host="{client.host}";proto={client.scheme}'.encode("ascii")


def _own_cookie(value: bytes) -> bytes:
    """A cookie for this host alone; nothing of one that is ours, or that could be taken for one.

    A cookie without a name is sent back as its value, so that it could look like any other (RFC 6265bis, 5.7).
    """
    pair, *attributes = value.split(b";")
    name, equals, _ = pair.partition(b"=")
    if not equals or not name.strip() or name.strip().lower().startswith(OURS):
        return b""
    kept = [one for one in attributes if one.partition(b"=")[0].strip().lower() != b"domain"]
    return b";".join([pair, *kept])


def _for_one(value: bytes) -> bytes:
    """How long an answer may be kept, by nobody but the visitor whom it is for."""
    said = [one.strip() for one in value.split(b",")]
    kept = [one for one in said if one and one.lower() != b"public" and not one.lower().startswith(b"s-maxage")]
    personal = any(one.lower().startswith((b"private", b"no-store")) for one in kept)
    return b", ".join(kept if personal else [b"private", *kept])
