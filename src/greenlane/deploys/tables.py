"""Uploads, deploys, where they were placed, and what was learnt about them."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table

from greenlane.kit.database import METADATA

UPLOAD = Table(
    "upload",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("person", String(40), nullable=False),
    Column("state", String(16), nullable=False),
    Column("files", JSON, nullable=False),
    Column("archive", JSON),
    Column("inspection", JSON),
    Column("created_at", String(32), nullable=False),
    Column("noted_at", String(32)),
    Index("upload_by_state", "state", "created_at"),
)
"""What somebody is sending. state: open, complete, used, abandoned. ``inspection`` holds facts, never content."""

DEPLOY = Table(
    "deploy",
    METADATA,
    Column("id", String(20), primary_key=True),
    Column("app", ForeignKey("app.name"), nullable=False),
    Column("artifact", String(80), nullable=False),
    Column("passport", String(80), nullable=False),
    Column("sbom", String(80), nullable=False),
    Column("process", String(40), nullable=False),
    Column("action", String(40), nullable=False),
    Column("author", String(40)),
    Column("made_by_agent", Boolean, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("reach", JSON, nullable=False),
    Column("findings", JSON, nullable=False),
    Column("files", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("created_at", String(32), nullable=False),
    Index("deploy_by_app", "app", "created_at"),
)
"""Immutable. ``artifact`` is the manifest's digest, ``passport`` the digest of its provenance statement."""

PLACEMENT = Table(
    "placement",
    METADATA,
    Column("action", String(40), primary_key=True),
    Column("app", ForeignKey("app.name"), nullable=False),
    Column("environment", String(20), nullable=False),
    Column("deploy", ForeignKey("deploy.id"), nullable=False),
    Column("at", String(32), nullable=False),
    Index("placement_by_app", "app", "environment", "at"),
)
"""Which deploy each publish and rollback put where: never changed, so a rollback knows where it came from."""

PREVIEW_TOKEN = Table(
    "preview_token",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("secret", String(64), nullable=False),
    Column("app", ForeignKey("app.name"), nullable=False),
    Column("deploy", ForeignKey("deploy.id"), nullable=False),
    Column("made_by", String(40), nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("expires_at", String(32), nullable=False),
    Column("revoked_at", String(32)),
    Index("preview_token_by_app", "app"),
    Index("preview_token_by_deploy", "deploy"),
)
"""Who may open a preview without an account. ``secret`` is the SHA-256 of the token, in hexadecimal."""

WANTED_HOST = Table(
    "wanted_host",
    METADATA,
    Column("deploy", ForeignKey("deploy.id"), primary_key=True),
    Column("directive", String(20), primary_key=True),
    Column("host", String(255), primary_key=True),
    Column("first_seen", String(32), nullable=False),
)
"""Hosts that a preview tried to call, as browsers reported them."""

LOOK = Table(
    "look",
    METADATA,
    Column("about", String(40), primary_key=True),
    Column("app", ForeignKey("app.name"), nullable=False),
    Column("asked", JSON, nullable=False),
    Column("asked_at", String(32), nullable=False),
    Column("verdict", String(16)),
    Column("answered_by", String(40)),
    Column("answered_at", String(32)),
)
"""Sampled looks at changes that went through."""

INSPECTED = Table(
    "inspected",
    METADATA,
    Column("key", String(120), primary_key=True),
    Column("facts", JSON, nullable=False),
)
"""What inspecting a file found, by its digest, the way it is read and the inspector's version: a pure function's cache."""

PASSPORT_FILE = Table(
    "passport_file",
    METADATA,
    Column("deploy", ForeignKey("deploy.id"), primary_key=True),
    Column("blob", String(80), nullable=False),
)
"""The newest passport of a deploy, stored as a file that the edge serves by itself."""
