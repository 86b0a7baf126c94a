"""Who is here. Names and mail addresses stand in ``person`` alone, so that erasing them is one update.

Secrets are 256 random bits, so a plain SHA-256 (64 hexadecimal letters) is all that is kept of them. Times are stamps
of ``kit.clock``.

``vouched_by`` of a credential is another person who made a way in for somebody who was here already, and so might be
the one who uses it; it passes on to every credential made with that one, and such a credential cannot approve what
that person asked for.
"""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Table, Text, UniqueConstraint

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
    Index("session_by_person", "person"),
    Index("session_by_through", "through"),
)
"""Browsers that are signed in. ``through`` is the id of the link, token or invitation that opened it."""

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
