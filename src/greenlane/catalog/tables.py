"""Apps and what belongs to them. Other tables refer to an app by its name, which never changes and is never reused."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, String, Table, Text

from greenlane.kit.database import METADATA

APP = Table(
    "app",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("owner", Text, ForeignKey("person.id"), nullable=False),
    Column("team", Text, ForeignKey("team.id"), nullable=False),
    Column("rung", Text, nullable=False),  # me, named, team, everyone or public
    Column("named_people", JSON, nullable=False),  # ids, for the rung named
    Column("named_teams", JSON, nullable=False),
    Column("named_groups", JSON(none_as_null=True)),  # the company's groups; none where none is named
    Column("everyone_before", Boolean, nullable=False),
    Column("public_before", Boolean, nullable=False),
    Column("state", Text, nullable=False),  # live, asleep or archived
    Column("quota", BigInteger, nullable=False),  # bytes
    Column("created", Text, nullable=False),
    Index("app_by_team", "team"),
    Index("app_by_owner", "owner", "state"),
    Index("app_by_kind", "state", "rung", "team"),
)
"""Apps. Never deleted: their receipts and their address outlive them."""

ENVIRONMENT = Table(
    "environment",
    METADATA,
    Column("app", Text, ForeignKey("app.name"), primary_key=True),
    Column("name", Text, primary_key=True),  # staging or production
    Column("live_deploy", Text),
    Column("previous", Text),
    Column("changed_at", Text),
    Column("changed_by", Text),  # the action that moved it last
    Column("locked_by", Text),  # the action that locked it
    Column("lock_who", Text),
    Column("lock_why", Text),  # somebody's words: kept here, where they can be erased
    Column("lock_until", Text),
)
"""What stands still between publishes. Previews have no row: each deploy is its own."""

APP_HOST = Table(
    "app_host",
    METADATA,
    Column("app", Text, ForeignKey("app.name"), primary_key=True),
    Column("host", Text, primary_key=True),
    Column("environment", String(20), primary_key=True),
    Column("directives", JSON, nullable=False),
    Column("declared_by", Text, nullable=False),
)
"""Hosts outside the platform that an app may call, and for what: in one environment, or everywhere (empty)."""

DOMAIN = Table(
    "domain",
    METADATA,
    Column("host", Text, primary_key=True),
    Column("app", Text, ForeignKey("app.name"), primary_key=True),
    Column("proof", Text, nullable=False),
    Column("claimed_by", Text, nullable=False),
    Column("verified_at", Text),
    Index("domain_by_app", "app"),
)
"""Domains of their own. Several apps may claim one; the first to prove it has it."""

WIDENING = Table(
    "widening",
    METADATA,
    Column("app", Text, ForeignKey("app.name"), primary_key=True),
    Column("rung", String(16), nullable=False),
    Column("due_at", String(32), nullable=False),
    Column("action", String(40), nullable=False),  # the action that asked for it
)
"""Audiences that open by themselves after a narrower first hour."""

OPENED = Table(
    "opened",
    METADATA,
    Column("app", Text, ForeignKey("app.name"), primary_key=True),
    Column("last_at", String(32), nullable=False),
    Column("asked_at", String(32)),  # when its owner was asked whether it is still needed
    Column("expires_unused", Boolean, nullable=False),
)
"""When an app was opened last, and whether it falls asleep when nobody opens it."""

GUEST = Table(
    "guest",
    METADATA,
    Column("app", Text, ForeignKey("app.name"), primary_key=True),
    Column("person", Text, ForeignKey("person.id"), primary_key=True),
    Column("since", Text, nullable=False),
    Column("action", Text, nullable=False),  # the action that let them in
)
"""People let in one by one, on top of an app's audience."""

SHARE_LINK = Table(
    "share_link",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("secret", Text, nullable=False, unique=True),  # SHA-256 in hexadecimal
    Column("app", Text, ForeignKey("app.name"), nullable=False),
    Column("meant_for", Text, nullable=False),  # somebody's words: kept here, where they can be erased
    Column("made_by", Text, nullable=False),
    Column("created", Text, nullable=False),
    Column("expires", Text, nullable=False),
    Index("share_link_by_app", "app"),
)
"""Links that open an app's production to whoever holds them. One that is ended is gone; the ledger remembers it."""
