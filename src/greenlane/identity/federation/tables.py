"""Which workloads elsewhere are trusted."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Table, Text

from greenlane.kit.database import METADATA

TRUSTED_WORKLOAD = Table(
    "trusted_workload",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("issuer", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("claims", JSON, nullable=False),
    Column("keys", JSON),
    Column("scopes", JSON, nullable=False),
    Column("apps", JSON, nullable=False),
    Column("environments", JSON, nullable=False),
    Column("signed_in", Text),
    Column("action", Text, nullable=False),
    Column("created", Text, nullable=False),
    Column("ended", Text),
    Index("trusted_workload_by_issuer", "issuer"),
    Index("trusted_workload_by_person", "person"),
)
"""Rules: whoever shows a token of ``issuer`` for ``audience`` with exactly these claims acts for ``person`` within the
rest. ``keys`` is a JWK set where the issuer's own is not fetched. A name is never given twice."""
