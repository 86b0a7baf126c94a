"""Who is here. Names and mail addresses stand in ``person`` alone, so that erasing them is one update; what people call
their tokens and passkeys, and what they sign in with, is erased beside them.

Secrets that we make are random, 100 bits or more, so a plain SHA-256 (64 hexadecimal letters) is all that is kept of
them; of a password, an argon2id hash. Times are stamps of ``kit.clock``.

``vouched_by`` of a credential is another person who made a way in for somebody who was here already, and so might be
the one who uses it; it passes on to every credential made with that one, and such a credential cannot approve what
that person asked for.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, LargeBinary, Table, Text, UniqueConstraint

from greenlane.kit.database import METADATA

PERSON = Table(
    "person",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text, unique=True),
    Column("state", Text, nullable=False),  # invited, active, suspended or erased
    Column("source", Text, nullable=False),  # local; a directory's name once one provisions people
    Column("external_id", Text),  # the directory's own immutable id
    Column("created", Text, nullable=False),
    UniqueConstraint("source", "external_id"),
)
"""People. Never deleted: receipts refer to their ids."""

TEAM = Table(
    "team",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("source", Text, nullable=False),
    Column("external_id", Text),
    Column("created", Text, nullable=False),
    UniqueConstraint("source", "external_id"),
)
"""Teams of people."""

MEMBERSHIP = Table(
    "membership",
    METADATA,
    Column("person", Text, ForeignKey("person.id"), primary_key=True),
    Column("team", Text, ForeignKey("team.id"), primary_key=True),
    Column("since", Text, nullable=False),
    Index("membership_by_team", "team"),
)
"""Who is in which team. A person's first team is the one they have been in the longest."""

ROLE_GRANT = Table(
    "role_grant",
    METADATA,
    Column("person", Text, ForeignKey("person.id"), primary_key=True),
    Column("role", Text, primary_key=True),
    Column("scope", Text, primary_key=True),  # organisation, team:t_… or app:NAME
    Column("action", Text, nullable=False),
    Column("since", Text, nullable=False),
)
"""Roles, each with the id of the action that gave it, so that a right can say where it comes from."""

CREATION = Table(
    "creation",
    METADATA,
    Column("app", Text, primary_key=True),
    Column("scope", Text, nullable=False),  # app:NAME
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("action", Text, nullable=False),
    Column("since", Text, nullable=False),
    Column("theirs", Boolean, nullable=False),
    Index("creation_by_person", "person"),
)
"""Who created which app, by which action. ``theirs``: they own it still, so that they may work on it."""

ORGANISATION_NAME = Table(
    "organisation_name",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("action", Text, nullable=False),
    Column("since", Text, nullable=False),
)
"""What the organisation is called: one row, or none."""

INVITATION = Table(
    "invitation",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("secret", Text, nullable=False, unique=True),
    Column("team", Text, ForeignKey("team.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("created", Text, nullable=False),
    Column("expires", Text, nullable=False),
    Column("used", Text),
    Column("used_by", Text, ForeignKey("person.id")),
)
"""Links that let one person join."""

TOKEN = Table(
    "token",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("secret", Text, nullable=False, unique=True),
    Column("shown", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("agent", Text, nullable=False),
    Column("vouched_by", Text),
    Column("scopes", JSON, nullable=False),
    Column("created", Text, nullable=False),
    Column("expires", Text),
    Column("revoked", Text),
    Column("last_used", Text),
    Index("token_by_person", "person"),
)
"""API tokens. ``shown`` is the beginning that people recognise; ``agent`` is empty for a person's own use."""

SESSION = Table(
    "session",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("secret", Text, nullable=False, unique=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("through", Text, nullable=False),
    Column("vouched_by", Text),
    Column("scopes", JSON, nullable=False),
    Column("created", Text, nullable=False),
    Column("expires", Text, nullable=False),
    Column("ended", Text),
    Column("ends", Text),
    Column("device", Text),
    Column("address", Text),
    Column("browser", Text),
    Column("last_seen", Text),
    Index("session_by_person", "person"),
    Index("session_by_through", "through"),
)
"""Browsers that are signed in. ``through`` is the id of what opened it: a link, a token, an invitation, a password, a
passkey, a recovery code or a company account. ``device`` says in words what kind of browser it is, ``address`` where it
was, ``browser`` which one it was (SHA-256 of what it keeps for that). It ends at ``expires``, which moves on as somebody
works with it, up to ``ends``."""

SIGN_IN_LINK = Table(
    "sign_in_link",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("secret", Text, nullable=False, unique=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("made_by", Text, nullable=False),
    Column("vouched_by", Text),
    Column("created", Text, nullable=False),
    Column("expires", Text, nullable=False),
    Column("used", Text),
    Index("sign_in_link_by_person", "person"),
)
"""Links that sign one person in, once."""

PASSWORD = Table(
    "password",
    METADATA,
    Column("person", Text, ForeignKey("person.id"), primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("hash", Text, nullable=False),
    Column("vouched_by", Text),
    Column("created", Text, nullable=False),
)
"""Passwords, one a person at most. A new one has a new id, so that what the old one opened can be told apart."""

PASSKEY = Table(
    "passkey",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("credential", Text, nullable=False, unique=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("uses", BigInteger, nullable=False),
    Column("verifies", Boolean, nullable=False),
    Column("synced", Boolean, nullable=False),
    Column("name", Text, nullable=False),
    Column("vouched_by", Text),
    Column("created", Text, nullable=False),
    Column("last_used", Text),
    Index("passkey_by_person", "person"),
)
"""Passkeys. ``credential`` is the authenticator's own id for it (base64url), ``uses`` its counter, ``verifies`` whether
it looks at who uses it, ``synced`` whether it lives on several devices."""

PASSKEY_CHALLENGE = Table(
    "passkey_challenge",
    METADATA,
    Column("challenge", Text, primary_key=True),
    Column("person", Text, ForeignKey("person.id")),
    Column("expires", Text, nullable=False),
    Index("passkey_challenge_by_expires", "expires"),
)
"""Questions that browsers were asked and have not answered: SHA-256 of the challenge, and who wants to enrol a passkey
(nobody: somebody wants to sign in). The first answer takes its row away."""

RECOVERY_CODE = Table(
    "recovery_code",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("secret", Text, nullable=False, unique=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("vouched_by", Text),
    Column("created", Text, nullable=False),
    Column("used", Text),
    Index("recovery_code_by_person", "person"),
)
"""Codes that each open one session."""

SIGN_IN_ATTEMPT = Table(
    "sign_in_attempt",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("failures", BigInteger, nullable=False),
    Column("last", Text, nullable=False),
    Column("free", Text, nullable=False),
    Index("sign_in_attempt_by_last", "last"),
)
"""Wrong attempts in a row by account and by address (keyed digests), and from when on the next one is looked at."""
