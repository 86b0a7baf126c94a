"""The two who talk: we, the service provider, and the company's sign-in provider. Plain data that settings can hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from greenlane.kit.certificates import self_signed


@dataclass(frozen=True)
class Key:
    """A key of ours: it signs what we ask and opens what is encrypted for us. PEM, and a certificate in base64."""

    private: str
    certificate: str

    @classmethod
    def made(cls, name: str, now: datetime) -> Key:
        """A new one, for ten years: RSA, for providers encrypt with nothing else."""
        return cls(*self_signed(name, now, days=3650))

    @cached_property
    def rsa(self) -> rsa.RSAPrivateKey:
        """The private half, ready for use. We made it: to look again whether it is sound takes 0.1 s of each sign-in."""
        loaded = load_pem_private_key(self.private.encode(), None, unsafe_skip_rsa_key_validation=True)
        assert isinstance(loaded, rsa.RSAPrivateKey)
        return loaded


@dataclass(frozen=True)
class ServiceProvider:
    """We: our name, where answers come to, where logouts come to, and our keys; the first signs, each opens."""

    entity_id: str
    acs: str
    slo: str
    keys: tuple[Key, ...] = ()


@dataclass(frozen=True)
class SamlProvider:
    """The company's: its name, where browsers are sent to sign in and out, and the certificates that are believed.

    ``signed_requests``: it takes signed questions alone. ``until``: when its metadata end, RFC 3339, or empty.
    ``cached``: seconds after which they want to be read again; 0 where they do not say.
    """

    entity_id: str
    sso: str
    slo: str
    certificates: tuple[str, ...]
    slo_answers: str = ""
    signed_requests: bool = False
    until: str = ""
    cached: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom a provider means, as it named them: a logout has to repeat all of it.

    ``qualifiers``: by whom and for whom the name was given.
    """

    name_id: str
    format: str = ""
    qualifiers: tuple[str, str] = ("", "")
    session_index: str = ""


@dataclass(frozen=True)
class Expected:
    """What an answer has to fit. ``request`` is the question's identifier, as the browser that brings the answer was
    given it; None where no question was asked. ``repeating`` names attributes that may come more than once (groups).

    For a step-up: ``since``, before which nobody may have signed in, and ``contexts``, of which one must have been used.
    """

    service: ServiceProvider
    provider: SamlProvider
    request: str | None
    started_by_provider: bool = False
    skew: timedelta = timedelta(minutes=2)
    repeating: frozenset[str] = frozenset()
    since: datetime | None = None
    contexts: frozenset[str] = frozenset()
