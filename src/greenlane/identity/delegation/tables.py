"""Agents, what people lend them, and what was used up. Of an agent's secret its SHA-256 is all that is kept."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, false

from greenlane.kit.database import METADATA

AGENT = Table(
    "agent",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("verbs", JSON, nullable=False),
    Column("key", JSON),
    Column("secret", Text, unique=True),
    Column("shown", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("action", Text, nullable=False),
    Column("created", Text, nullable=False),
    Column("retired", Text),
    Column("unanswered", Boolean, nullable=False, server_default=false()),
    Column("source", Text),
    Column("switched_off", Text),
    Column("let_go", Text),
    Index("agent_by_person", "person"),
)
"""Registered agents, each with the person who answers for it. ``scopes`` and ``verbs`` are its ceiling; no verbs means
all of the scopes. It has a public key (a JWK) or a secret. ``epoch`` grows when that is replaced: tokens that were made
before it are worth nothing from then on. A name is never given twice.

``source`` is the name of the directory that brought it: such a one may be ``unanswered``, and then does nothing, and
``person`` is whoever the directory acts for. ``switched_off`` and ``let_go`` are when that directory did so; it may take both back, unlike ``retired``."""

DELEGATION = Table(
    "delegation",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("agent", Text, ForeignKey("agent.name"), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("apps", JSON, nullable=False),
    Column("environments", JSON, nullable=False),
    Column("budget", BigInteger, nullable=False),
    Column("used", BigInteger, nullable=False),
    Column("money", BigInteger, nullable=False, server_default="0"),  # pico-dollars
    Column("depth", Integer, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("signed_in", Text),
    Column("action", Text, nullable=False),
    Column("created", Text, nullable=False),
    Column("expires", Text, nullable=False),
    Column("ended", Text),
    Index("delegation_by_person", "person"),
    Index("delegation_by_agent", "agent"),
)
"""What a person lends an agent. No apps means every app of the person; ``budget`` is how many actions it carries out, 0
for no bound, and ``used`` how many it did. ``money`` is what model calls under it may cost, in pico-dollars; 0 lends
no calls at all. What they did cost stands in the gateway's books. ``depth`` is how many agents may stand in a chain. ``signed_in`` is the
session or token that it was given with."""

SPENT_PROOF = Table(
    "spent_proof",
    METADATA,
    Column("digest", Text, primary_key=True),
    Column("until", Text, nullable=False),
    Index("spent_proof_by_time", "until"),
)
"""Signed proofs that were shown once, until they expire by themselves: SHA-256 of who made it and its id."""

CONFIRMATION = Table(
    "confirmation",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("actor", JSON, nullable=False),
    Column("credential", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("inputs", JSON, nullable=False),
    Column("digest", Text, nullable=False),
    Column("created", Text, nullable=False),
    Column("expires", Text, nullable=False),
    Column("confirmed", Text),
    Column("used", Text),
    Index("confirmation_by_digest", "digest"),
    Index("confirmation_by_time", "expires"),
)
"""What an agent wants to do and its person is asked to confirm: one action by its digest, once, for a short time."""

TOKEN_KEY = Table(
    "token_key",
    METADATA,
    Column("kid", Text, primary_key=True),
    Column("sealed", LargeBinary),
    Column("action", Text, nullable=False),
    Column("since", Text, nullable=False),
    Column("until", Text),
)
"""Keys that our tokens are signed with, by their thumbprints (RFC 7638). No rows: the first key signs. ``sealed`` is the
seed, none for the first key, which lies in a file, and empty once nobody believes it. ``until`` is how long one is believed
that signs no more."""
