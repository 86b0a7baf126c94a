"""Our question: please sign this person in. It travels in an address; the provider answers to our ``acs``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from greenlane.identity.saml.parties import SamlProvider, ServiceProvider
from greenlane.identity.saml.redirecting import Asked, sent
from greenlane.identity.saml.refusals import refuse


def request(
    service: ServiceProvider,
    provider: SamlProvider,
    now: datetime,
    *,
    state: str = "",
    fresh: bool = False,
    contexts: Iterable[str] = (),
) -> Asked:
    """A question, signed where we have a key. ``fresh``: the person must sign in anew; ``contexts``: in one of these
    ways, the best first. Raises ``SamlRefused`` where only signed questions are taken and we have no key.
    """
    if provider.signed_requests and not service.keys:
        refuse("unsigned", "the provider takes signed questions alone")
    return sent("AuthnRequest", provider.sso, now, state, service, provider=provider, fresh=fresh, contexts=contexts)
