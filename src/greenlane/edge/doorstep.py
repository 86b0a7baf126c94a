"""An app's doorstep: how a visit begins and ends, and what somebody hears who is not let in.

A visit begins here, not at the console: whoever is led away to sign in takes along the mark of a cookie that stays, and
only a code with that mark is taken when they come back. A code that somebody else fetched opens nothing.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode

from greenlane.edge.pages import lead, page, say, wants_page
from greenlane.edge.table import Host, Table
from greenlane.edge.visits import Kept, Refusal, Visits
from greenlane.kit.wire.reply import Reply
from greenlane.kit.wire.request import Request

SOON = ((b"Retry-After", b"5"),)
"""When to ask again after a 503."""

_VISIT, _LEAVE = b"/.greenlane/visit", b"/.greenlane/leave"
_BY_LINK = {"greenlane-preview": Visits.begin_preview, "greenlane-share": Visits.begin_share}
"""The words of an address that carry a secret, each with what takes it."""
_PER_VISITOR = ((b"Vary", b"Cookie, Authorization"),)


class Doorstep:
    """Answers what is about coming in and going out; what is inside belongs to ``Serve``."""

    def __init__(self, table: Table, visits: Visits) -> None:
        self._table = table
        self._visits = visits

    def answer(self, host: Host, request: Request) -> Reply | None:
        """The answer to a request that begins or ends a visit; None for every other."""
        if request.path == _VISIT:
            return self._begin(host, request)
        if request.path == _LEAVE:
            return self._leave(host, request)
        if b"greenlane-" in request.query and request.method in (b"GET", b"HEAD"):
            return self._begin_by_link(host, request)
        return None

    def turn_away(self, host: Host, why: Refusal, request: Request) -> Reply:
        """What somebody hears who is not let in."""
        if why is Refusal.SIGN_IN and wants_page(request):
            return self._lead_to_sign_in(host, request)
        marks = host.marks
        match why:
            case Refusal.UNSURE:
                return say(
                    request,
                    503,
                    "One moment",
                    "Greenlane cannot confirm who you are just now, so it keeps this app closed.",
                    next_step="Please try again shortly.",
                    code="unconfirmed",
                    headers=[*marks, *SOON],
                )
            case Refusal.OUTSIDE:
                return say(
                    request,
                    403,
                    "You are not in this app’s audience",
                    f"You are signed in, but {host.app} is not shared with you.",
                    next_step="Its owner can let you in: ask, and say what you need it for.",
                    code="outside-audience",
                    link=(f"{self._console}/ask/{quote(host.app, safe='')}", "Ask its owner to let you in"),
                    headers=[*marks, *_PER_VISITOR],
                )
            case Refusal.NARROW_TOKEN:
                challenge = (b"WWW-Authenticate", b'Bearer error="insufficient_scope", scope="visit"')
                return say(
                    request,
                    403,
                    "This token is too narrow",
                    "This token is not for opening apps.",
                    next_step="Use one with the scope visit.",
                    code="insufficient-scope",
                    headers=[*marks, challenge],
                )
        bad = why is Refusal.BAD_TOKEN
        challenge = (b"WWW-Authenticate", b'Bearer error="invalid_token"' if bad else b"Bearer")
        return say(
            request,
            401,
            "This link or token opens nothing" if bad else "Sign in first",
            "It is unknown, expired or revoked." if bad else "Only people whom Greenlane knows can open this app.",
            next_step=(
                "Ask whoever gave it to you for a new one." if bad else "Send an API token with the scope visit."
            ),
            code="sign-in-needed",
            headers=[*marks, challenge],
        )

    # Coming in.

    @property
    def _console(self) -> str:
        return f"{self._table.scheme}://{self._table.console_host}"

    def _lead_to_sign_in(self, host: Host, request: Request) -> Reply:
        here = f"{self._table.scheme}://{request.authority.decode('ascii')}{request.target.decode('ascii')}"
        begun = self._visits.knock(request)
        query = urlencode({"to": here, "begun": begun.value}, safe="", quote_via=quote)
        return lead(f"{self._console}/visit?{query}", headers=[*host.marks, _set(begun)])

    def _begin(self, host: Host, request: Request) -> Reply:
        """Back from the console with a code: keep the visit, go where they wanted to."""
        query = dict(parse_qsl(request.query.decode("ascii", "replace"), keep_blank_values=True))
        visit = self._visits.begin(host, request, query.get("code", "").encode())
        if visit is None:
            return say(
                request,
                400,
                "This sign-in link is used up",
                "It works once, for a short time, and only in the browser in which it was asked for.",
                next_step="Open the app again.",
                code="used-link",
                link=("/", "Open the app"),
                headers=host.marks,
            )
        return lead(inside(query.get("to", "/")), headers=[*host.marks, _set(visit)])

    def _begin_by_link(self, host: Host, request: Request) -> Reply | None:
        """A link with a secret in it: keep the secret's mark in a cookie, and take it out of the address."""
        pairs = parse_qsl(request.query.decode("ascii", "replace"), keep_blank_values=True)
        word, secret = next(((name, value) for name, value in pairs if name in _BY_LINK), ("", ""))
        if not word:
            return None
        visit = _BY_LINK[word](self._visits, host, secret.encode())
        if visit is None:
            return None if host.public else self.turn_away(host, Refusal.BAD_TOKEN, request)
        rest = urlencode([(name, value) for name, value in pairs if name != word])
        target = inside(request.path.decode("ascii") + ("?" + rest if rest else ""))
        return lead(target, headers=[*host.marks, _set(visit)])

    # Going out.

    def _leave(self, host: Host, request: Request) -> Reply:
        """Sign out of this app: asked first, because neither a link nor another site may sign anybody out."""
        from_here = request.fields.get(b"sec-fetch-site", b"same-origin") == b"same-origin"
        if request.method != b"POST" or not from_here:
            words = "You will have to sign in again to open it."
            return page(200, "Leave this app?", words, button=("/.greenlane/leave", "Leave"), headers=host.marks)
        ends = [_set(one) for one in self._visits.leave()]
        words = "You are signed out of this app on this device. You may still be signed in to the console."
        return page(200, "You have left", words, link=("/", "Open the app again"), headers=[*host.marks, *ends])


def _set(kept: Kept) -> tuple[bytes, bytes]:
    return b"Set-Cookie", kept.cookie.encode("ascii")


def inside(target: str) -> str:
    """A target on this host and nowhere else, whatever somebody wrote into a link."""
    plain = quote(target, safe="/?#[]@!$&'()*+,;=:%-._~")
    return "/" + plain.lstrip("/\\") if plain.startswith("/") else "/"
