"""Who is asking, and may they open this? A look into memory for each request, no question to anybody.

A visit to an app begins at the console: it signs the person in and sends the browser back with a code that holds once.
The code becomes a cookie of that one host: the hash of the session, and a seal (HMAC-SHA256 under the visit key) that
binds the two. Neither works on another host, and neither says who the person is. The code is taken only by the browser
that was sent to fetch it, which keeps a cookie for that: nobody can be signed in by somebody else's code.

A share link and a preview token are kept in a cookie of their own in the same way, and open one app or one preview.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import math
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto
from hashlib import sha256
from time import monotonic
from typing import Any

import orjson

from greenlane.edge import agents
from greenlane.edge.lease import Leases
from greenlane.edge.table import Host, Table
from greenlane.identity.delegation.issuing import is_one
from greenlane.kit.clock import Clock
from greenlane.kit.wire.prepared import ALWAYS, Validity
from greenlane.kit.wire.request import Request

VISIT_COOKIE = "greenlane-visit"
PREVIEW_COOKIE = "greenlane-preview"
SHARE_COOKIE = "greenlane-share"
BEGUN_COOKIE = "greenlane-begun"
_BEGUN = re.compile(r"[0-9a-f]{32}")
_BEGUN_LASTS = 3600
"""Seconds that signing in may take."""
_SECURE_PREFIX = "__Host-"
_SCOPE = "visit"
_LIVE_ENVIRONMENTS = frozenset({"staging", "production"})
_REMEMBERED = 50_000

SEEN_EVERY = 300.0
"""Seconds after which it is told again that somebody works with a session."""


class Refusal(Enum):
    """Why somebody is not let in."""

    SIGN_IN = auto()
    """Nobody is signed in here."""
    BAD_TOKEN = auto()
    """A token that is unknown, expired or revoked."""
    NARROW_TOKEN = auto()
    """A good token that is not for opening apps."""
    OUTSIDE = auto()
    """Somebody we know, whom the app's audience does not hold."""
    UNSURE = auto()
    """Control has not been heard for longer than the lease."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A cookie to be set. ``value`` is what may be told of it to others."""

    cookie: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who may open the app: as whom they are counted, and how long that holds without asking again."""

    who: str
    validity: Validity = ALWAYS
    expires: float = math.inf
    """A moment of the monotonic clock."""
    lasting: bool = False
    """It goes on after ``expires``, which is when it is looked at anew."""
    robot: bool = False
    """Came with a preview token: each use is on the record, not only pages."""


_PUBLIC = Visitor("public")


class Visits:
    """Answers from the table, and remembers its answers until ``forget``."""

    def __init__(
        self, table: Table, leases: Leases, clock: Clock, seen: Callable[[str], None] = lambda _session: None
    ) -> None:
        self._table = table
        self._leases = leases
        self._clock = clock
        self._tell_seen = seen
        self._seen: dict[str, float] = {}
        self._known: dict[tuple[str, bytes | None, bytes | None, bytes | None], Visitor] = {}
        self._used_codes: dict[str, float] = {}

    def forget(self) -> None:
        """The table has changed: look everybody up anew."""
        self._known.clear()

    def admit(self, host: Host, request: Request) -> Visitor | Refusal:
        """Whether the sender of this request may open this host."""
        if host.public:
            return _PUBLIC
        fields = request.fields
        key = (host.name, fields.get(b"authorization"), fields.get(b"greenlane-preview"), fields.get(b"cookie"))
        visitor = self._known.get(key)
        if visitor is None:
            answer = self._look(host, *key[1:])
            if not isinstance(answer, Visitor):
                return answer
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            visitor = self._known[key] = answer
        now = monotonic()
        if now >= visitor.validity.until:
            return Refusal.UNSURE
        if now >= visitor.expires:
            del self._known[key]
            return self.admit(host, request) if visitor.lasting else Refusal.BAD_TOKEN
        return visitor

    def _look(
        self, host: Host, authorization: bytes | None, preview: bytes | None, cookie: bytes | None
    ) -> Visitor | Refusal:
        if authorization is not None and authorization[:7].lower() == b"bearer ":
            return self._by_token(host, authorization[7:].strip())
        if preview is not None:
            return self._by_preview(host, _hash(preview.strip())) or Refusal.BAD_TOKEN
        if cookie is not None:
            cookies = _cookies(cookie)
            hashed = self._opened(host, "preview", cookies.get(self._name(PREVIEW_COOKIE)))
            robot = hashed and self._by_preview(host, hashed)
            if robot:
                return robot
            session = self._opened(host, "visit", cookies.get(self._name(VISIT_COOKIE)))
            known = self._by_session(host, session) if session else Refusal.SIGN_IN
            if isinstance(known, Visitor):
                return known
            hashed = self._opened(host, "share", cookies.get(self._name(SHARE_COOKIE)))
            shared = hashed and self._by_share(host, hashed)
            if shared or session:
                return shared or known
        return Refusal.SIGN_IN if monotonic() < self._leases.page.until else Refusal.UNSURE

    def _by_session(self, host: Host, session: str) -> Visitor | Refusal:
        person = self._table.person_of(session)
        if person is None:
            return Refusal.SIGN_IN
        found = self._person(host, person, self._leases.page, monotonic() + SEEN_EVERY)
        if isinstance(found, Refusal):
            return found
        self._saw(session)
        return replace(found, lasting=True)

    def _saw(self, session: str) -> None:
        """Tell now and then that somebody works with a session, so that it does not end for being idle."""
        now = monotonic()
        if now < self._seen.get(session, -math.inf) + SEEN_EVERY:
            return
        if len(self._seen) >= _REMEMBERED:
            self._seen.clear()
        self._seen[session] = now
        self._tell_seen(session)

    def _by_agent(self, host: Host, token: str) -> Visitor | Refusal:
        found = agents.let_in(self._table, host, token, self._clock.now())
        if found is None:
            return Refusal.BAD_TOKEN
        return self._person(host, found.person, self._leases.token, self._moment(found.until))

    def _by_token(self, host: Host, secret: bytes) -> Visitor | Refusal:
        if (text := secret.decode("latin-1")) and is_one(text):
            return self._by_agent(host, text)
        token = self._table.token(_hash(secret))
        if token is None:
            return Refusal.BAD_TOKEN
        expires = self._moment(token.expires)
        if monotonic() >= expires:
            return Refusal.BAD_TOKEN
        if _SCOPE not in token.scopes:
            return Refusal.NARROW_TOKEN
        return self._person(host, token.person, self._leases.token, expires)

    def _by_preview(self, host: Host, hashed: str) -> Visitor | None:
        preview = self._table.preview(hashed)
        if preview is None or preview.deploy != host.deploy or host.environment in _LIVE_ENVIRONMENTS:
            return None
        expires = self._moment(preview.expires)
        if monotonic() >= expires:
            return None
        return Visitor(f"preview:{preview.id}", self._leases.token, expires, robot=True)

    def _by_share(self, host: Host, hashed: str) -> Visitor | None:
        """Whoever holds a share link: a visitor of production, counted as the link and as nobody."""
        share = self._table.share(hashed)
        if share is None or share.app != host.app or host.environment != "production":
            return None
        expires = self._moment(share.expires)
        if monotonic() >= expires:
            return None
        return Visitor(f"share:{share.id}", self._leases.page, expires)

    def _person(self, host: Host, person: str, validity: Validity, expires: float) -> Visitor | Refusal:
        circles = self._table.circles_of(person)
        if circles is None or not host.audience.admits(person, circles):
            return Refusal.OUTSIDE
        return Visitor(person, validity, expires)

    def _moment(self, epoch: float | None) -> float:
        """A wall time on the monotonic clock, so that a jump of the wall clock revives nothing."""
        return math.inf if epoch is None else monotonic() + epoch - self._clock.now().timestamp()

    # Cookies and codes.

    def knock(self, request: Request) -> Kept:
        """The mark of the browser that is sent to sign in; one that knocked before keeps its cookie, for its other tabs."""
        found = _cookies(request.fields.get(b"cookie", b"")).get(self._name(BEGUN_COOKIE), "")
        nonce = found if _BEGUN.fullmatch(found) else secrets.token_hex(16)
        return Kept(self._cookie(BEGUN_COOKIE, nonce) + f"; Max-Age={_BEGUN_LASTS}", _hash(nonce.encode()))

    def begin(self, host: Host, request: Request, code: bytes) -> Kept | None:
        """Turn a visit's code into the cookie that keeps it.

        None if the code is forged, for another host, old or used, or was fetched for another browser.
        """
        claims = self._claims(code)
        now = self._clock.now().timestamp()
        nonce = _cookies(request.fields.get(b"cookie", b"")).get(self._name(BEGUN_COOKIE), "")
        try:
            there = str(claims["host"]).rpartition(":")[0] or str(claims["host"])
            if not hmac.compare_digest(str(claims["begun"]).encode(), _hash(nonce.encode()).encode()):
                return None
            session, jti, expires = str(claims["session"]), str(claims["jti"]), float(claims["exp"])
        except (KeyError, TypeError, ValueError):
            return None
        if there.lower() != host.name or now >= expires or jti in self._used_codes:
            return None
        self._used_codes = {used: until for used, until in self._used_codes.items() if until > now}
        self._used_codes[jti] = expires
        return Kept(self._cookie(VISIT_COOKIE, self._sealed(host, "visit", session)))

    def begin_preview(self, host: Host, secret: bytes) -> Kept | None:
        """Turn a preview token into the cookie that keeps it; None if it does not open this host."""
        hashed = _hash(secret)
        if self._by_preview(host, hashed) is None:
            return None
        return Kept(self._cookie(PREVIEW_COOKIE, self._sealed(host, "preview", hashed)))

    def begin_share(self, host: Host, secret: bytes) -> Kept | None:
        """Turn a share link's secret into the cookie that keeps it; None if it does not open this host."""
        hashed = _hash(secret)
        if self._by_share(host, hashed) is None:
            return None
        return Kept(self._cookie(SHARE_COOKIE, self._sealed(host, "share", hashed)))

    def leave(self) -> list[Kept]:
        """The cookies that end a visit."""
        names = (VISIT_COOKIE, PREVIEW_COOKIE, SHARE_COOKIE)
        return [Kept(self._cookie(name, "") + "; Max-Age=0") for name in names]

    def _claims(self, code: bytes) -> dict[str, Any]:
        text, _, mac = code.partition(b".")
        try:
            payload = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
        except binascii.Error:
            return {}
        right = hmac.new(self._table.visit_key, payload, sha256).hexdigest().encode()
        if not hmac.compare_digest(right, mac):
            return {}
        claims = orjson.loads(payload)
        return claims if isinstance(claims, dict) else {}

    def _sealed(self, host: Host, kind: str, value: str) -> str:
        seal = hmac.new(self._table.visit_key, f"{kind}|{host.name}|{value}".encode(), sha256).hexdigest()
        return f"{value}.{seal}"

    def _opened(self, host: Host, kind: str, cookie: str | None) -> str | None:
        if not cookie or not cookie.isascii():
            return None
        value = cookie.partition(".")[0]
        return value if hmac.compare_digest(self._sealed(host, kind, value), cookie) else None

    def _name(self, name: str) -> str:
        return _SECURE_PREFIX + name if self._secure else name

    @property
    def _secure(self) -> bool:
        """Browsers keep Secure cookies over https and, without it, for names under localhost alone."""
        name = self._table.raw.get("apps_domain", "")
        return self._table.scheme == "https" or name == "localhost" or name.endswith(".localhost")

    def _cookie(self, name: str, value: str) -> str:
        flags = "; Secure" if self._secure else ""
        return f"{self._name(name)}={value}; Path=/{flags}; HttpOnly; SameSite=Lax"


def _hash(secret: bytes) -> str:
    return sha256(secret).hexdigest()


def _cookies(field: bytes) -> dict[str, str]:
    """The cookies of a request; of two with one name the first counts."""
    cookies: dict[str, str] = {}
    for item in field.decode("latin-1").split(";"):
        name, _, value = item.strip().partition("=")
        cookies.setdefault(name, value)
    return cookies
