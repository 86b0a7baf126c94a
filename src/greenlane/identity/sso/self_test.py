"""Whether a provider is set up rightly, in plain words: each thing that is looked at, and what to do where it is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from greenlane.identity.oidc import code
from greenlane.identity.oidc.code import Client
from greenlane.identity.oidc.discovery import Discovered
from greenlane.identity.oidc.refusals import OidcRefused
from greenlane.identity.saml.signature import certificate
from greenlane.identity.sso import providers, readings
from greenlane.identity.sso.parts import Parts
from greenlane.identity.sso.providers import IdentityProvider
from greenlane.identity.sso.readings import Reading
from greenlane.kit.errors import GreenlaneError

SOON = timedelta(days=30)
"""From then on a certificate's end is told."""

_NO_CODE = "greenlane-asks-whether-you-know-it"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: whether it is right, what was found, and what to do where it is not."""

    what: str
    good: bool
    says: str
    instead: str = ""


def of(parts: Parts, name: str) -> list[Check]:
    """Every check of a provider, in the order in which somebody would look. Raises ``NotFound``."""
    with parts.database.read() as connection:
        provider = providers.provider(connection, name)
        known = providers.people_of(connection).get(provider.id, 0)
        proven = [one for one in providers.mail_domains(connection) if one.provider == provider.name]
        reading = readings.reading(connection, provider.id)
    kind = _oidc(parts, provider) if provider.oidc is not None else _saml(parts, provider, reading)
    return [*kind, *_people(provider, known, [one.domain for one in proven if one.verified])]


def _oidc(parts: Parts, provider: IdentityProvider) -> list[Check]:
    assert provider.oidc is not None
    parts.books.forget()
    try:
        entry = parts.books.of(provider.oidc.issuer, provider.networks)
    except GreenlaneError as error:
        return [Check("The provider answers", False, error.message, error.next_step)]
    found = entry.provider
    return [
        Check("The provider answers", True, f"It calls itself {found.issuer}, as was set here."),
        Check("Its signatures can be checked", True, f"It signs with {', '.join(found.algorithms)}."),
        _client(parts, provider, found),
        Check(
            "It tells when somebody signs out there",
            found.logs_out,
            "It can." if found.logs_out else "It does not say that it can.",
            "" if found.logs_out else "People stay signed in here until their session ends.",
        ),
    ]


def _client(parts: Parts, provider: IdentityProvider, found: Discovered) -> Check:
    """A code that was never given out tells whether client id and secret are right, before the code is looked at."""
    assert provider.oidc is not None
    here = f"{parts.console}/sso/oidc/{provider.name}/callback"
    client = Client(provider.oidc.client_id, parts.secret(provider), here, provider.networks)
    what = "It knows this Greenlane"
    try:
        code.exchanged(parts.books.wire, found, client, _NO_CODE, "x" * 43)
    except OidcRefused as error:
        if error.reason == "code-refused":
            return Check(what, True, "Client id and secret are right.")
        return Check(what, False, error.message, error.next_step)
    except GreenlaneError as error:
        return Check(what, False, error.message, error.next_step)
    return Check(what, False, "It gave tokens for a code that nobody got.", "Do not use this provider.")


def _saml(parts: Parts, setting: IdentityProvider, reading: Reading | None) -> list[Check]:
    provider = setting.saml
    assert provider is not None
    now = parts.clock.now()
    last = max(certificate(one).not_valid_after_utc for one in provider.certificates)
    lasting = last > now + SOON
    return [
        Check("Its metadata were read", True, f"It calls itself {provider.entity_id}."),
        _read_again(setting, reading),
        Check(
            "Its certificates last",
            lasting,
            f"{len(provider.certificates)} can sign; the last one ends on {last:%Y-%m-%d}.",
            "" if lasting else "Nobody is turned away by that. Read its metadata anew once it has a new one.",
        ),
        Check(
            "It tells when somebody signs out there",
            bool(provider.slo),
            "It has an address for logouts." if provider.slo else "It has no address for logouts.",
            "" if provider.slo else "People stay signed in here until their session ends.",
        ),
    ]


def _read_again(provider: IdentityProvider, reading: Reading | None) -> Check:
    """Whether new certificates are found by themselves."""
    what = "Its metadata are read again by themselves"
    if not readings.follows(provider):
        says, instead = readings.never_again(provider.metadata)
        return Check(
            what,
            False,
            says or "They did not come from an https address.",
            instead or "Give that address, or give them anew before its certificates change.",
        )
    if reading is None or reading.read is None:
        says = "That has not happened yet."
    else:
        says = f"Last on {reading.read[:16].replace('T', ' ')} UTC."
    if reading is not None and reading.told:
        return Check(what, False, f"{says} Nothing was taken over.", reading.told)
    return Check(what, True, says)


def _people(provider: IdentityProvider, known: int, domains: list[str]) -> list[Check]:
    leads = ", ".join(domains)
    return [
        Check(
            "People can use it",
            provider.on,
            f"Its button stands on the sign-in page; {known} came in with it so far."
            if provider.on
            else "It is switched off.",
            "" if provider.on else "Switch it on once the other checks are right.",
        ),
        Check(
            "Mail addresses lead to it",
            bool(domains),
            f"{leads} lead here." if domains else "No mail domain is proven yet.",
            "" if domains else "Claim your mail domain: then people find it by typing their address.",
        ),
    ]
