"""Signing out everywhere: we ask the provider, or the provider asks us. Every such message is signed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from greenlane.identity.saml.form import every, first, moment, read, tag, unwrapped, words
from greenlane.identity.saml.parties import Expected, SamlProvider, ServiceProvider, Subject
from greenlane.identity.saml.redirecting import Asked, received, sent
from greenlane.identity.saml.refusals import refuse
from greenlane.identity.saml.response import comes_from, succeeded, within
from greenlane.identity.saml.signature import signed

ON_ITS_WAY = timedelta(minutes=5)
"""How long a browser may take to carry a message about a logout."""


@dataclass(frozen=True, slots=True)
class Logout:
    """The provider asks to end somebody's sessions: those of ``session_indexes``, or all where it names none."""

    id: str
    name_id: str
    session_indexes: tuple[str, ...]


def ask_logout(
    service: ServiceProvider, provider: SamlProvider, now: datetime, whom: Subject, *, state: str = ""
) -> Asked:
    """Ask the provider to end somebody's session everywhere."""
    return sent("LogoutRequest", provider.slo, now, state, service, provider=provider, whom=whom)


def answer_logout(
    service: ServiceProvider, provider: SamlProvider, now: datetime, *, request: str, state: str = ""
) -> Asked:
    """Tell the provider that the sessions are ended."""
    return sent("LogoutResponse", provider.slo_answers or provider.slo, now, state, service, request=request)


def read_logout(expected: Expected, now: datetime, *, query: str = "", posted: str = "") -> Logout | None:
    """What the provider wants: a ``Logout``, or None where it answers our ``expected.request``. ``query`` is the raw text
    of an address; ``posted`` a form's field. Raises ``SamlRefused``.
    """
    names = ("samlp:LogoutRequest", "samlp:LogoutResponse")
    if posted:
        said = signed(read(unwrapped(posted), *names), expected.provider.certificates)
        said = refuse("unsigned") if said is None else said
    else:
        field, document = received(query, expected.provider)
        said = read(document, names[field == "SAMLResponse"])
    comes_from(said, expected.provider)
    if said.get("Destination") != expected.service.slo:
        refuse("destination", said.get("Destination"))
    within(now, expected.skew, said.get("IssueInstant"), said.get("NotOnOrAfter"))
    if now - expected.skew > moment(said.get("IssueInstant")) + ON_ITS_WAY:
        refuse("late", said.get("IssueInstant"))
    if said.tag == tag(names[0]):
        indexes = tuple(map(words, every(said, "samlp:SessionIndex")))
        return Logout(said.get("ID"), first(said, "saml:NameID").text or "", indexes)
    if said.get("InResponseTo") != expected.request:
        refuse("request", said.get("InResponseTo"))
    succeeded(said)
    return None
