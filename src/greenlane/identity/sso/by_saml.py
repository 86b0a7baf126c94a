"""Signing in by SAML 2.0, from the button to what the provider vouched for, and logging out both ways.

The state goes along as ``RelayState`` and binds the answer to the browser and to the one request that it may answer.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select

from greenlane.govern.actor import PLATFORM
from greenlane.identity.oidc.driver import NotReached, Wire
from greenlane.identity.saml import logout, metadata, request, response
from greenlane.identity.saml.parties import Expected, Key, SamlProvider, ServiceProvider, Subject
from greenlane.identity.saml.response import Assertion
from greenlane.identity.sso import pending, providers, reading
from greenlane.identity.sso.actions import EndProviderSessions
from greenlane.identity.sso.arrived import Vouched
from greenlane.identity.sso.by_oidc import Govern
from greenlane.identity.sso.parts import Landed, Parts, not_begun_here
from greenlane.identity.sso.pending import Pending, Wish
from greenlane.identity.sso.providers import IdentityProvider
from greenlane.identity.sso.tables import IDENTITY, PROVIDER_SESSION
from greenlane.identity.tables import SESSION

_OK = 200


def read(wire: Wire, text: str, networks: tuple[str, ...], now: datetime) -> tuple[SamlProvider, str]:
    """A provider by its metadata, given as an address or as themselves; and the address, or nothing.

    Raises ``SamlRefused``, ``NotReached``.
    """
    if text.lstrip().startswith("<"):
        return metadata.read_metadata(text.strip().encode(), now), ""
    answer = wire.ask("GET", text, {"Accept": "application/samlmetadata+xml, text/xml"}, b"", networks)
    if answer.status != _OK:
        raise NotReached(
            f"The address of the metadata answered with {answer.status}.",
            next_step="Look whether it is right, or give the XML itself.",
        )
    return metadata.read_metadata(answer.body, now), text


def new_key(name: str, now: datetime) -> str:
    """A key of ours for one provider, as it is sealed."""
    return orjson.dumps([asdict(Key.made(name, now))]).decode()


@dataclass(frozen=True, slots=True)
class BySaml:
    """Signs people in by SAML."""

    parts: Parts

    def service(self, provider: IdentityProvider, *, keys: bool = True) -> ServiceProvider:
        """What we are to a provider: addresses of its own, and a key of its own."""
        here = f"{self.parts.console}/sso/saml/{provider.name}"
        sealed = self.parts.secret(provider) if keys else ""
        kept = tuple(Key(**one) for one in orjson.loads(sealed)) if sealed else ()
        return ServiceProvider(f"{here}/metadata", f"{here}/acs", f"{here}/slo", kept)

    def metadata(self, name: str) -> bytes:
        """Our own metadata for a provider. Raises ``NotFound``."""
        with self.parts.database.read() as connection:
            provider = self.parts.known(connection, name, "saml")
        return metadata.metadata(self.service(provider))

    def begin(self, name: str, wish: Wish, browser: str) -> str:
        """Where the browser goes to sign in. Raises ``NotFound``, ``SamlRefused``."""
        provider = self.parts.on(name, "saml", wish)
        assert provider.saml is not None
        begun, now = pending.made(browser), self.parts.clock.now()
        contexts = tuple(provider.strong.split()) if wish.fresh else ()
        asked = request.request(
            self.service(provider), provider.saml, now, state=begun.state, fresh=wish.fresh, contexts=contexts
        )
        self.parts.write(pending.remembered(begun.state, browser, provider.id, wish, asked.id, now))
        return asked.url

    def answered(self, name: str, message: str, state: str, browser: str) -> Landed:
        """What a provider's answer is worth. Raises ``NotFound``, ``SignInNeeded``, ``SamlRefused``, ``OidcRefused``."""
        now = self.parts.clock.now()
        with self.parts.database.read() as connection:
            provider = self.parts.known(connection, name, "saml")
            waiting = pending.waiting(connection, state, browser, provider.id, now)
        unasked = waiting is None and not state and provider.begins and provider.on
        if waiting is None:
            if not unasked:
                raise not_begun_here()
            waiting = Pending("", provider.id, "sign-in", None, "", "", "", None)
        assert provider.saml is not None
        expected = Expected(
            self.service(provider),
            provider.saml,
            None if unasked else waiting.request,
            started_by_provider=unasked,
            repeating=frozenset({provider.groups} - {""}),
            since=waiting.fresh,
            contexts=frozenset(provider.strong.split()) if waiting.fresh is not None else frozenset(),
        )
        assertion = response.accept(message, expected, now)
        claims = _claims(assertion)
        reading.check_required(provider, claims)
        return self.parts.landed(waiting, self._vouched(provider, assertion, claims, waiting), claims)

    def _vouched(
        self, provider: IdentityProvider, assertion: Assertion, claims: dict[str, Any], waiting: Pending
    ) -> Vouched:
        external = assertion.person(provider.id_claim)
        return Vouched(
            provider=provider.id,
            name=provider.name,
            external=external,
            message=f"sha256:{assertion.digest}",
            until=assertion.not_after,
            state=waiting.state,
            display_name=reading.display_name(claims, external),
            email=reading.email(claims),
            groups=reading.groups(provider, claims),
            sid=assertion.session_index or None,
            name_id=assertion.name_id,
            format=assertion.format,
            qualifiers=assertion.qualifiers,
            ends=assertion.ends,
        )

    def leaving(self, session: str) -> str:
        """Where a browser goes to sign out at the provider that a session (its id) came from; empty for nowhere."""
        opened = (
            select(PROVIDER_SESSION, IDENTITY.c.provider)
            .join(IDENTITY, IDENTITY.c.id == PROVIDER_SESSION.c.identity)
            .where(PROVIDER_SESSION.c.session == session)
        )
        with self.parts.database.read() as connection:
            row = connection.execute(opened).one_or_none()
            provider = None if row is None else providers.find(connection, row.provider)
        if row is None or provider is None or provider.saml is None or not provider.saml.slo:
            return ""
        whom = Subject(
            name_id=row.name_id or "",
            format=row.format or "",
            qualifiers=tuple(row.qualifiers or ("", "")),
            session_index=row.sid or "",
        )
        return logout.ask_logout(self.service(provider), provider.saml, self.parts.clock.now(), whom).url

    def logged_out(self, name: str, query: str, posted: str, state: str, govern: Govern) -> str:
        """End what a provider says has ended; where the browser brings our answer. Raises ``NotFound``, ``SamlRefused``."""
        now = self.parts.clock.now()
        with self.parts.database.read() as connection:
            provider = self.parts.known(connection, name, "saml")
        assert provider.saml is not None
        service = self.service(provider)
        wanted = logout.read_logout(Expected(service, provider.saml, None), now, query=query, posted=posted)
        assert wanted is not None, "an answer to a question that is not remembered is refused"
        digest = reading.message(provider.id, wanted.id)
        for index in wanted.session_indexes or ("",):
            for person in self._meant(provider, wanted.name_id, index):
                govern(PLATFORM, EndProviderSessions(person, provider.name, f"{digest}{index and ':'}{index}", index))
        return logout.answer_logout(service, provider.saml, now, request=wanted.id, state=state).url

    def _meant(self, provider: IdentityProvider, name_id: str, index: str) -> list[str]:
        running = (
            select(IDENTITY.c.person)
            .join(PROVIDER_SESSION, PROVIDER_SESSION.c.identity == IDENTITY.c.id)
            .join(SESSION, SESSION.c.id == PROVIDER_SESSION.c.session)
            .where(
                IDENTITY.c.provider == provider.id,
                PROVIDER_SESSION.c.name_id == name_id,
                SESSION.c.ended.is_(None),
            )
        )
        if index:
            running = running.where(PROVIDER_SESSION.c.sid == index)
        with self.parts.database.read() as connection:
            return list(connection.execute(running.distinct()).scalars())


_SAME = {
    "email": (
        "email",
        "mail",
        "urn:oid:0.9.2342.19200300.100.1.3",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    ),
    "name": (
        "name",
        "displayName",
        "cn",
        "urn:oid:2.16.840.1.113730.3.1.241",
        "http://schemas.microsoft.com/identity/claims/displayname",
    ),
    "given_name": (
        "givenName",
        "firstName",
        "urn:oid:2.5.4.42",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname",
    ),
    "family_name": (
        "sn",
        "lastName",
        "surname",
        "urn:oid:2.5.4.4",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname",
    ),
}
"""What providers call the same things: X.500 (RFC 2798), Okta, Keycloak and Entra."""


def _claims(assertion: Assertion) -> dict[str, Any]:
    """Attributes by their own names, and the few that we read by ours."""
    found: dict[str, Any] = {name: list(values) for name, values in assertion.attributes.items()}
    for ours, theirs in _SAME.items():
        said = next((values[0] for one in theirs if (values := assertion.attributes.get(one))), "")
        if said:
            found[ours] = said
    return found
