"""The company's identity providers, whom they vouch for, and sign-ins that are under way."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from greenlane.kit.database import METADATA

IDENTITY_PROVIDER = Table(
    "identity_provider",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),  # oidc or saml
    Column("title", Text, nullable=False),
    Column("settings", JSON, nullable=False),
    Column("sealed_secret", LargeBinary),
    Column("running", Boolean, nullable=False),
    Column("creates", Boolean, nullable=False),
    Column("groups", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("created", Text, nullable=False),
)
"""Providers. ``settings`` is what its kind needs (``providers.Oidc``, ``saml.parties.SamlProvider``), ``groups`` the claim or
attribute that names groups, or empty. ``creates``: whoever arrives and is not known becomes a person here."""

IDENTITY = Table(
    "identity",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("provider", Text, ForeignKey("identity_provider.id"), nullable=False),
    Column("external", Text, nullable=False),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("created", Text, nullable=False),
    Column("last_used", Text),
    UniqueConstraint("provider", "external"),
    Index("identity_by_person", "person"),
)
"""Which account at a provider is which person. The only link there is, by the provider's own unchanging id."""

PENDING_SIGN_IN = Table(
    "pending_sign_in",
    METADATA,
    Column("state", Text, primary_key=True),
    Column("provider", Text, ForeignKey("identity_provider.id"), nullable=False),
    Column("browser", Text, nullable=False),
    Column("purpose", Text, nullable=False),  # sign-in, link, join or test
    Column("person", Text, ForeignKey("person.id")),
    Column("place", Text, nullable=False),
    Column("page", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("fresh", Text),
    Column("expires", Text, nullable=False),
    Index("pending_sign_in_by_expires", "expires"),
)
"""Sign-ins that were sent to a provider: SHA-256 of the state and of the browser's own secret, from which nonce and
verifier follow, so that none of them is kept. ``place`` is an app's address to go on to, ``page`` one of the console's,
``request`` the id of a SAML request, ``fresh`` since when the person must have signed in there."""

SPENT_MESSAGE = Table(
    "spent_message",
    METADATA,
    Column("digest", Text, primary_key=True),
    Column("until", Text, nullable=False),
    Index("spent_message_by_until", "until"),
)
"""Messages of providers that were used, by digest, for as long as they would still be believed."""

PROVIDER_SESSION = Table(
    "provider_session",
    METADATA,
    Column("session", Text, ForeignKey("session.id"), primary_key=True),
    Column("identity", Text, ForeignKey("identity.id"), nullable=False),
    Column("sid", Text),
    Column("name_id", Text),
    Column("format", Text),
    Column("qualifiers", JSON),
    Column("hint", LargeBinary),
    Index("provider_session_by_identity", "identity"),
)
"""Which session of a provider's a session of ours came from, so that it can end with it. ``sid`` is what the provider
calls its own session, ``name_id`` what it calls the person when it tells of a logout, ``format`` and ``qualifiers`` what
kind of name that is in SAML, which a logout has to repeat. ``hint`` is the sealed ID token that OpenID Connect wants back
when somebody signs out there; it goes with the session."""

METADATA_READING = Table(
    "metadata_reading",
    METADATA,
    Column("provider", Text, ForeignKey("identity_provider.id"), primary_key=True),
    Column("read", Text),
    Column("due", Text, nullable=False),
    Column("missed", Integer, nullable=False),
    Column("told", Text, nullable=False),
)
"""When a SAML provider's metadata were last read by themselves and will be again, how often in a row they were not
reached, and what administrators were told is wrong with them; empty while nothing is."""

MAIL_DOMAIN = Table(
    "mail_domain",
    METADATA,
    Column("domain", Text, primary_key=True),
    Column("provider", Text, ForeignKey("identity_provider.id"), nullable=False),
    Column("proof", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("verified", Text),
)
"""Domains of mail addresses, and the provider that their people sign in with once the domain is proven."""
