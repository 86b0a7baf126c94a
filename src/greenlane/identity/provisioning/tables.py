"""Directories that bring people, their tokens, what they said, and what they asked us.

What a directory says about a person stands in ``directory_user`` alone, beside name and mail address in ``person``, and
is erased with them. The log of requests names attributes and ids, never their values.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, Table, Text, UniqueConstraint

from greenlane.kit.database import METADATA

DIRECTORY = Table(
    "directory",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("made_by", Text, ForeignKey("person.id"), nullable=False),
    Column("action", Text, nullable=False),
    Column("since", Text, nullable=False),
    Column("ended", Text),
)
"""Directories. One that was disconnected stays, because people and groups came from it; its name is free again."""

DIRECTORY_TOKEN = Table(
    "directory_token",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("directory", Text, ForeignKey("directory.id"), nullable=False),
    Column("secret", Text, nullable=False, unique=True),
    Column("shown", Text, nullable=False),
    Column("made_by", Text, ForeignKey("person.id"), nullable=False),
    Column("created", Text, nullable=False),
    Column("expires", Text, nullable=False),
    Column("revoked", Text),
    Column("last_used", Text),
    Index("directory_token_by_directory", "directory"),
)
"""What directories come in with: at most two at once, so that one can be changed for another without a gap."""

DIRECTORY_USER = Table(
    "directory_user",
    METADATA,
    Column("person", Text, ForeignKey("person.id"), primary_key=True),
    Column("directory", Text, ForeignKey("directory.id"), nullable=False),
    Column("user_name", Text, nullable=False),
    Column("external_id", Text),
    Column("resource", JSON, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("switched_off", Text),
    Column("released", Text),
    Column("version", BigInteger, nullable=False),
    Column("created", Text, nullable=False),
    Column("changed", Text, nullable=False),
    UniqueConstraint("directory", "user_name"),
    Index("directory_user_by_external_id", "directory", "external_id"),
)
"""People as their directory describes them. ``user_name`` is in small letters. ``active`` is what the directory says;
``switched_off`` the action by which that shut the person out, so that switching on undoes this and nothing else;
``released`` when the directory let go of them."""

DIRECTORY_JOIN = Table(
    "directory_join",
    METADATA,
    Column("person", Text, ForeignKey("person.id"), primary_key=True),
    Column("directory", Text, ForeignKey("directory.id"), nullable=False),
    Column("known_as", Text, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("made_by", Text, ForeignKey("person.id"), nullable=False),
    Column("action", Text, nullable=False),
    Column("since", Text, nullable=False),
    Column("proven_by", Text),
    UniqueConstraint("directory", "user_name"),
)
"""People who were here before, and whom a directory takes over: ``known_as`` is its userName or externalId for them, as
somebody here gave it; ``user_name`` the same in small letters. ``proven_by`` is the provider (its name then) that vouched
for ``known_as`` when the person signed in there; then it is the directory's immutable id and never a name."""

DIRECTORY_AGENT = Table(
    "directory_agent",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("directory", Text, ForeignKey("directory.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("agent", Text),
    Column("external_id", Text),
    Column("resource", JSON, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("created", Text, nullable=False),
    Column("changed", Text, nullable=False),
    UniqueConstraint("directory", "name"),
)
"""Agents as a directory describes them. ``agent`` is the name of the registered agent that each is, whatever the directory
calls it later; none for one of before, until the directory speaks of it again."""

DIRECTORY_REQUEST = Table(
    "directory_request",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("directory", Text, ForeignKey("directory.id"), nullable=False),
    Column("at", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("sent", JSON, nullable=False),
    Column("status", BigInteger, nullable=False),
    Column("did", JSON, nullable=False),
    Column("why", Text, nullable=False),
    Index("directory_request_by_time", "directory", "at"),
)
"""The newest requests of each directory: what it sent (names of attributes), and what we did (actions), in words."""
