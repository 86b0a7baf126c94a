"""Signing in by OpenID Connect, from the button to what the provider vouched for, and its word that somebody left.

``begin`` says where the browser goes. ``answered`` believes what it comes back with, once, and keeps that under a
one-time secret that the door's verbs take. ``logged_out`` believes a provider that says a session has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection, select, update

from greenlane.govern.actor import PLATFORM, Actor
from greenlane.govern.effect import Rows
from greenlane.identity.oidc import believing, code
from greenlane.identity.oidc.believing import Expected
from greenlane.identity.oidc.books import Entry
from greenlane.identity.oidc.code import Client
from greenlane.identity.oidc.driver import NotReached
from greenlane.identity.oidc.refusals import OidcRefused
from greenlane.identity.sso import pending, providers, reading
from greenlane.identity.sso.actions import EndProviderSessions
from greenlane.identity.sso.arrived import Vouched
from greenlane.identity.sso.driver import hint_place
from greenlane.identity.sso.parts import Landed, Parts, not_begun_here
from greenlane.identity.sso.pending import Pending, Wish
from greenlane.identity.sso.providers import IdentityProvider
from greenlane.identity.sso.tables import IDENTITY, PROVIDER_SESSION
from greenlane.identity.tables import SESSION

Govern = Callable[[Actor, Any], object]
"""The door: an actor and an action."""

ANEW = str(int(believing.SKEW.total_seconds()))
"""Seconds that a new sign-in may be old when it arrives, which is what two clocks may differ by. With 0 there are
providers that ask for the password again and again, and let nobody through."""

LONGEST_HINT = 4096
"""Letters of an ID token that goes back in an address; a longer one is not kept, and nobody is led to sign out there."""


@dataclass(frozen=True, slots=True)
class ByOidc:
    """Signs people in by OpenID Connect."""

    parts: Parts

    def callback(self, provider: IdentityProvider) -> str:
        """Where a provider sends the browser back to."""
        return f"{self.parts.console}/sso/oidc/{provider.name}/callback"

    def begin(self, name: str, wish: Wish, browser: str) -> str:
        """Where the browser goes to sign in. Raises ``NotFound``, ``OidcRefused``, ``NotReached``."""
        provider = self.parts.on(name, "oidc", wish)
        assert provider.oidc is not None
        entry = self.parts.books.of(provider.oidc.issuer, provider.networks)
        begun, now = pending.made(browser), self.parts.clock.now()
        self.parts.write(pending.remembered(begun.state, browser, provider.id, wish, "", now))
        more = {"login_hint": wish.hint}
        if wish.fresh:
            more |= {"max_age": ANEW, "prompt": "login", "acr_values": provider.strong}
        client = self._client(provider, secret=False)
        return code.address(
            entry.provider, client, provider.oidc.scopes, begun.state, begun.nonce, begun.verifier, more
        )

    def answered(self, name: str, answer: Mapping[str, str], browser: str) -> Landed:
        """What a provider's answer is worth. Raises ``NotFound``, ``SignInNeeded``, ``OidcRefused``, ``NotReached``."""
        now = self.parts.clock.now()
        state = answer.get("state", "")
        with self.parts.database.read() as connection:
            provider = self.parts.known(connection, name, "oidc")
            waiting = pending.waiting(connection, state, browser, provider.id, now)
        if waiting is None:
            raise not_begun_here()
        assert provider.oidc is not None
        entry = self.parts.books.of(provider.oidc.issuer, provider.networks)
        said = answer.get("iss")
        if (said is not None or entry.provider.names_itself) and said != provider.oidc.issuer:
            raise OidcRefused("other-provider")
        if "code" not in answer:
            self.parts.over(waiting)
            raise OidcRefused("provider-said-no", answer.get("error", "")[:60])
        begun = pending.made(browser, state)
        client = self._client(provider, secret=True)
        tokens = code.exchanged(self.parts.books.wire, entry.provider, client, answer["code"], begun.verifier)
        claims = self._claims(provider, tokens, begun.nonce, waiting, now)
        claims = self._completed(entry, provider, client, tokens, claims)
        reading.check_required(provider, claims)
        vouched = self._vouched(entry, provider, claims, tokens.id, waiting, now)
        return self.parts.landed(waiting, vouched, claims)

    def _claims(
        self, provider: IdentityProvider, tokens: code.Tokens, nonce: str, waiting: Pending, now: datetime
    ) -> dict[str, Any]:
        assert provider.oidc is not None
        issuer, client = provider.oidc.issuer, provider.oidc.client_id
        strong = provider.strong.split() if waiting.fresh is not None else ()

        def believe(entry: Entry) -> dict[str, Any]:
            expected = Expected(issuer, client, entry.provider.algorithms, nonce, waiting.fresh, strong)
            return believing.id_token(tokens.id, tokens.access, entry.keys, expected, now)

        return self.parts.books.believed(issuer, provider.networks, believe)

    def _completed(
        self, entry: Entry, provider: IdentityProvider, client: Client, tokens: code.Tokens, claims: dict[str, Any]
    ) -> dict[str, Any]:
        """The token's claims, with what the provider tells beside them where the token lacks it. The token counts first."""
        wanted = {"name", "email", provider.groups, provider.id_claim, *(name for name, _ in provider.required)}
        if not entry.provider.userinfo or not tokens.access or wanted <= claims.keys() | {""}:
            return claims
        told = code.told(self.parts.books.wire, entry.provider, client, tokens.access, str(claims.get("sub")))
        return {**told, **claims}

    def _vouched(
        self,
        entry: Entry,
        provider: IdentityProvider,
        claims: Mapping[str, Any],
        token: str,
        waiting: Pending,
        now: datetime,
    ) -> Vouched:
        external = reading.external_id(provider, claims)
        fits = len(token) <= LONGEST_HINT
        wanted = bool(entry.provider.end_session) and fits and waiting.purpose == "sign-in"
        sid = claims.get("sid")
        return Vouched(
            provider=provider.id,
            name=provider.name,
            external=external,
            message=reading.message(provider.id, str(claims.get("jti") or token)),
            until=now + believing.LONGEST_LIFE + timedelta(hours=1),
            state=waiting.state,
            display_name=reading.display_name(claims, external),
            email=reading.email(claims),
            groups=reading.groups(provider, claims),
            sid=sid if isinstance(sid, str) else None,
            name_id=str(claims.get("sub") or "") or None,
            hint=self.parts.seals.seal(token, hint_place(provider.id, external)) if wanted else None,
        )

    def leaving(self, session: str) -> str:
        """Where a browser goes to sign out at the provider that a session (its id) came from; empty for nowhere.

        RP-Initiated Logout 1.0, 2. The ID token goes back to whoever made it, and is kept no longer. A provider that is
        away keeps nobody from signing out here.
        """
        opened = (
            select(PROVIDER_SESSION.c.hint, IDENTITY.c.provider, IDENTITY.c.external)
            .join(IDENTITY, IDENTITY.c.id == PROVIDER_SESSION.c.identity)
            .where(PROVIDER_SESSION.c.session == session, PROVIDER_SESSION.c.hint.is_not(None))
        )
        with self.parts.database.read() as connection:
            row = connection.execute(opened).one_or_none()
            provider = None if row is None else providers.find(connection, row.provider)
        if row is None or provider is None or provider.oidc is None:
            return ""
        try:
            there = self.parts.books.of(provider.oidc.issuer, provider.networks).provider.end_session
        except (NotReached, OidcRefused):
            return ""
        self.parts.write(_forgotten(session))
        asked = {
            "id_token_hint": self.parts.seals.open(row.hint, hint_place(row.provider, row.external)),
            "client_id": provider.oidc.client_id,
            "post_logout_redirect_uri": f"{self.parts.console}/signed-out",
        }
        return f"{there}{'&' if '?' in there else '?'}{urlencode(asked)}" if there else ""

    def logged_out(self, name: str, token: str, govern: Govern) -> int:
        """End what a provider says has ended; for how many people. Raises ``NotFound``, ``OidcRefused``, ``NotReached``."""
        now = self.parts.clock.now()
        with self.parts.database.read() as connection:
            provider = self.parts.known(connection, name, "oidc")
        assert provider.oidc is not None
        issuer, client = provider.oidc.issuer, provider.oidc.client_id

        def believe(entry: Entry) -> dict[str, Any]:
            return believing.logout_token(token, entry.keys, issuer, client, entry.provider.algorithms, now)

        claims = self.parts.books.believed(issuer, provider.networks, believe)
        sid = claims.get("sid") if isinstance(claims.get("sid"), str) else ""
        digest = reading.message(provider.id, str(claims["jti"]))
        people = self._meant(provider, str(claims.get("sub") or ""), str(sid))
        for person in people:
            govern(PLATFORM, EndProviderSessions(person, provider.name, digest, str(sid)))
        return len(people)

    def _meant(self, provider: IdentityProvider, subject: str, sid: str) -> list[str]:
        """The people with running sessions that a logout is about: at most one, by its subject or by its session."""
        running = (
            select(IDENTITY.c.person)
            .join(PROVIDER_SESSION, PROVIDER_SESSION.c.identity == IDENTITY.c.id)
            .join(SESSION, SESSION.c.id == PROVIDER_SESSION.c.session)
            .where(IDENTITY.c.provider == provider.id, SESSION.c.ended.is_(None))
        )
        if sid:
            running = running.where(PROVIDER_SESSION.c.sid == sid)
        if subject:
            running = running.where(PROVIDER_SESSION.c.name_id == subject)
        with self.parts.database.read() as connection:
            return list(connection.execute(running.distinct().limit(2)).scalars())

    def _client(self, provider: IdentityProvider, *, secret: bool) -> Client:
        assert provider.oidc is not None
        shown = self.parts.secret(provider) if secret else ""
        return Client(provider.oidc.client_id, shown, self.callback(provider), provider.networks)


def _forgotten(session: str) -> Rows:
    """Rows with which the ID token of a session is kept no longer."""

    def rows(connection: Connection) -> None:
        here = update(PROVIDER_SESSION).where(PROVIDER_SESSION.c.session == session)
        connection.execute(here.values(hint=None))

    return rows
