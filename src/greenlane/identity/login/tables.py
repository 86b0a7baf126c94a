"""What terminals ask for, until it is answered or over. Of their secrets the SHA-256 is all that is kept."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, Table, Text

from greenlane.kit.database import METADATA

LOGIN = Table(
    "login",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("secret", Text, unique=True),
    Column("user_code", Text, unique=True),
    Column("redirect", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("challenge", Text, nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("days", Integer, nullable=False),
    Column("machine", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("created", Text, nullable=False),
    Column("expires", Text, nullable=False),
    Column("person", Text, ForeignKey("person.id")),
    Column("session", Text),
    Column("action", Text),
    Column("allowed", Text),
    Column("refused", Text),
    Column("fetched", Text),
    Column("polled", Text),
    Column("every", Integer, nullable=False),
    Index("login_by_expires", "expires"),
    Index("login_by_address", "address"),
)
"""Sign-ins of terminals. ``secret`` is what the token is fetched with: of a device its own code, of a browser the code
that its redirect carried. ``user_code`` is what a person types; ``redirect``, ``state`` and ``challenge`` (PKCE) are a
browser's. ``machine`` is what the terminal says of itself, ``address`` where it asked from. ``person`` is who may answer,
and once ``allowed`` who did, in the ``session`` and by the ``action`` named. ``polled`` is when the terminal asked last,
and ``every`` how many seconds it has to wait in between."""
