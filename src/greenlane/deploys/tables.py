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

PICTURE = Table(
    "picture",
    METADATA,
    Column("deploy", ForeignKey("deploy.id"), primary_key=True),
    Column("blob", String(80)),
    Column("why", String(200), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("at", String(32), nullable=False),
)
"""What a preview looks like: the digest of a PNG, or why there is none. ``at`` is when it was last tried."""

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

BUILD = Table(
    "build",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("app", ForeignKey("app.name"), nullable=False),
    Column("upload", ForeignKey("upload.id"), nullable=False),
    Column("person", String(40), nullable=False),
    Column("process", String(40), nullable=False),
    Column("action", String(40), nullable=False),
    Column("plan", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("made", String(40)),
    Column("outcome", JSON),
    Column("log", String(80)),
    Column("created_at", String(32), nullable=False),
    Column("ended_at", String(32)),
    Index("build_by_app", "app", "created_at"),
    Index("build_by_state", "state"),
)
"""Builds. state: asked, building, done, failed, stopped, interrupted. ``made`` is the upload that came of it, ``log`` the
digest of its log, ``outcome`` how it went: its steps, what it reached, why it failed."""

PASSPORT_FILE = Table(
    "passport_file",
    METADATA,
    Column("deploy", ForeignKey("deploy.id"), primary_key=True),
    Column("blob", String(80), nullable=False),
)
"""The newest passport of a deploy, stored as a file that the edge serves by itself."""

FALSE_ALARM = Table(
    "false_alarm",
    METADATA,
    Column("app", ForeignKey("app.name"), primary_key=True),
    Column("mark", String(64), primary_key=True),
    Column("kind", String(200), primary_key=True),
    Column("action", String(40), nullable=False),
    Column("person", String(40)),
    Column("reviewed", Boolean, nullable=False),
    Column("at", String(32), nullable=False),
)
"""Findings that somebody called false alarms, by the mark of the value. Taken back, the row is gone and the receipts stay.

``reviewed`` is whether a second person agreed.
"""

ADVISORY = Table(
    "advisory",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("ecosystem", String(16), primary_key=True),
    Column("package", String(214), primary_key=True),
    Column("modified", String(40), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("vector", String(200), nullable=False),
    Column("summary", String(300), nullable=False),
    Column("aliases", JSON, nullable=False),
    Column("ranges", JSON, nullable=False),
    Column("versions", JSON, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Index("advisory_by_package", "ecosystem", "package"),
)
"""Known flaws of packages, from lists in the OSV format: a row for each package that an advisory is about."""

ADVISORY_LIST = Table(
    "advisory_list",
    METADATA,
    Column("action", String(40), primary_key=True),
    Column("came", String(32), nullable=False),
    Column("source", String(300), nullable=False),
    Column("whole", Boolean, nullable=False),
    Column("advisories", JSON, nullable=False),
    Column("newest", JSON, nullable=False),
)
"""Lists that were imported. By ecosystem, how many advisories each had and the moment of its newest entry."""

FLAW_TOLD = Table(
    "flaw_told",
    METADATA,
    Column("deploy", ForeignKey("deploy.id"), primary_key=True),
    Column("advisory", String(64), primary_key=True),
    Column("package", String(214), primary_key=True),
)
"""Flaws of live deploys that somebody was told of."""

FLAWS_LOOKED_AT = Table(
    "flaws_looked_at",
    METADATA,
    Column("deploy", ForeignKey("deploy.id"), primary_key=True),
    Column("list", String(40), nullable=False),
)
"""Which import a live deploy was last held against."""
