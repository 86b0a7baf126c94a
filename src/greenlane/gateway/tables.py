"""The gateway's tables: providers and their keys, who may call what, budgets, and every call. Amounts are pico-dollars
(1e-12 USD).
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    false,
    text,
)

from greenlane.kit.database import METADATA

ACCOUNT = Table(
    "budget_account",
    METADATA,
    Column(
        "id", String(160), primary_key=True
    ),  # organisation, team:t_…, app:name, environment:app/…, person:p_…, run:…
    Column("kind", String(16), nullable=False),
    Column("parent", String(160), ForeignKey("budget_account.id")),
    Column("name", String(80)),  # what people call it: of a run, that nothing else knows
    Column("created", String(32), nullable=False),
)
"""Who can have a budget, as a tree."""

BUDGET = Table(
    "budget",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("account", String(160), ForeignKey("budget_account.id"), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("period", String(8), nullable=False),  # day, week, month or total
    Column("zone", String(64), nullable=False),  # a name of the time zone database
    Column("hard", Boolean, nullable=False),
    Column("instead", String(120)),  # what calls go on with once a soft one is spent
    Column("action", String(40), nullable=False),  # that set it last
    Column("created", String(32), nullable=False),
    Column("ended", String(32)),  # holds no longer since
    Index("budget_by_account", "account"),
)
"""What an account may spend in each period. Amount and hardness may change; what they were before, receipts tell."""

LEASE = Table(
    "budget_lease",
    METADATA,
    Column("budget", String(40), ForeignKey("budget.id"), primary_key=True),
    Column("since", String(32), primary_key=True),  # when the period began
    Column("worker", String(40), primary_key=True),  # one life of a worker
    Column("granted", BigInteger, nullable=False),
    Column("spent", BigInteger, nullable=False),
    Column("released", BigInteger, nullable=False),
    Column("buried", Boolean, nullable=False),  # its journal was read: nothing of it is outstanding
    Index("budget_lease_by_worker", "worker"),
)
"""Running totals of each slice. What was spent in a period is the sum over its slices; what is held by a slice is what was
granted, less what was spent and released, until it is buried.
"""

HOUR = Table(
    "budget_hour",
    METADATA,
    Column("budget", String(40), ForeignKey("budget.id"), primary_key=True),
    Column("hour", String(32), primary_key=True),  # when it began, UTC
    Column("spent", BigInteger, nullable=False),
)
"""What was spent in each hour, as it became known: for telling when a budget will run out."""

PROVIDER = Table(
    "model_provider",
    METADATA,
    Column("name", String(40), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("base_url", Text, nullable=False),
    Column("region", String(40), nullable=False),
    Column("keeps_nothing", Boolean, nullable=False),
    Column("running", Boolean, nullable=False),
    Column("prices", String(40), nullable=False),  # the provider's name in the price list; empty for none
    Column("networks", JSON, nullable=False),
    Column("responses", Boolean, nullable=False, server_default=false()),  # it serves them, where its kind need not
    Column("timeout", Integer, nullable=False, server_default="0"),  # seconds of silence, then the next one; 0 for any
    Column("action", String(40), nullable=False),  # that set it last
    Column("created", String(32), nullable=False),
)
"""Where models are. Calls go to these addresses and to no others."""

CREDENTIAL = Table(
    "model_credential",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("provider", String(40), nullable=False),
    Column("sealed", LargeBinary),
    Column(
        "ending", String(8), nullable=False
    ),  # the last characters of a long one, so that people can tell them apart
    Column("action", String(40), nullable=False),
    Column("created", String(32), nullable=False),
    Column("ended", String(32)),
    Index("model_credential_by_provider", "provider", "created"),
)
"""Keys that providers gave. One that ended has lost its bytes."""

KEY = Table(
    "gateway_key",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("hash", String(64), nullable=False, unique=True),  # SHA-256 of the key, hex
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("app", String(80), nullable=False),  # empty for the person's own work
    Column("run", String(40)),  # the run of an agent that it is for
    Column("action", String(40), nullable=False),
    Column("created", String(32), nullable=False),
    Column("expires", String(32)),
    Column("ended", String(32)),
    Index("gateway_key_by_person", "person"),
)
"""Keys of people for the gateway. Those of running apps are kept nowhere."""

ROUTE = Table(
    "model_route",
    METADATA,
    Column("alias", String(120), primary_key=True),
    Column("targets", JSON, nullable=False),  # [{"provider", "model", "weight"}]
    Column("otherwise", JSON, nullable=False),  # [{"provider", "model"}]
    Column("when_spent", String(120)),  # asked for instead, once a soft budget is spent
    Column("timeout", Integer, nullable=False, server_default="0"),  # before that of the providers; 0 for theirs
    Column("action", String(40), nullable=False),
)
"""What an alias, or the name of a model, leads to."""

ACCOUNT_RULE = Table(
    "model_account_rule",
    METADATA,
    Column("account", String(160), primary_key=True),
    Column("kind", String(16), primary_key=True),  # models, rate or hidden
    Column("says", JSON, nullable=False),
    Column("action", String(40), nullable=False),
)
"""What holds for an account and all that spends for it: which models, how much a minute, what a hidden call may cost."""

DATA_RULE = Table(
    "model_data_rule",
    METADATA,
    Column("data", String(40), primary_key=True),
    Column("action_taken", String(8), nullable=False),  # allow, mask, ask or refuse
    Column("regions", JSON),  # null for all
    Column("keeps_nothing", Boolean, nullable=False),
    Column("answers", String(8)),  # what is done with it in answers; null for nothing
    Column("countries", JSON),  # whose bare numbers count too
    Column("pattern", Text, nullable=False),  # of a class of the organisation's own; empty for a known class
    Column("action", String(40), nullable=False),
)
"""What is done with a class of data in prompts, and where it may go."""

PRICE = Table(
    "model_price",
    METADATA,
    Column("provider", String(40), primary_key=True),
    Column("model", String(120), primary_key=True),
    Column("prices", JSON, nullable=False),  # pico-dollars by kind of token
    Column("since", String(10), nullable=False),
    Column("action", String(40), nullable=False),
)
"""Prices that administrators set over those of the list."""

SETTING = Table(
    "model_setting",
    METADATA,
    Column("name", String(40), primary_key=True),
    Column("says", String(120), nullable=False),
    Column("action", String(40), nullable=False),
)
"""What was chosen for all calls; what nobody chose has no row."""

CALL = Table(
    "model_call",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("state", String(8), nullable=False),  # open, settled or refused
    Column("slot", Integer, nullable=False),
    Column("worker", String(40), nullable=False),
    Column("at", String(32), nullable=False),
    Column("day", String(10), nullable=False),  # UTC
    Column("key", String(40), nullable=False),
    Column("app", String(80), nullable=False),
    Column("environment", String(16), nullable=False),
    Column("deploy", String(40), nullable=False),
    Column("use", String(8), nullable=False),
    Column("team", String(40), nullable=False),
    Column("person", String(40), nullable=False),
    Column("run", String(40), nullable=False, server_default=text("''")),  # the run of an agent
    Column("wire", String(40), nullable=False),
    Column("asked", String(200), nullable=False),
    Column("provider", String(40), nullable=False),
    Column("model", String(200), nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("pico", BigInteger, nullable=False),  # what it cost; what was reserved while it is open
    Column("micro_cents", BigInteger, nullable=False),
    Column("read", BigInteger, nullable=False),  # tokens
    Column("written", BigInteger, nullable=False),
    Column("ms", Integer, nullable=False),
    Column("first_ms", Integer, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("status", Integer, nullable=False),
    Column("code", String(40), nullable=False),  # why it was refused
    Column("budgets", JSON, nullable=False),
    Column("begun", JSON, nullable=False),  # the rest of the first record
    Column("ended", JSON, nullable=False),  # the rest of the last one
    Column("corrected", JSON(none_as_null=True)),  # what it was charged at first, once it was priced anew
    Column("begun_in", String(40), nullable=False),  # the batch and the place in it: models-0_000000000012/4
    Column("ended_in", String(40), nullable=False),
    Index("model_call_by_day", "day", "app"),
    Index("model_call_by_time", "at", "id"),
    Index("model_call_by_app", "app", "at"),
    Index("model_call_by_person", "person", "at"),
    Index("model_call_by_run", "run", "at"),
    Index("model_call_by_worker", "worker", "state"),
)
"""Every call that a known key asked for: a projection of the journal's batches."""

RULES = Table(
    "model_rules",
    METADATA,
    Column("digest", String(71), primary_key=True),
    Column("rules", JSON, nullable=False),
    Column("told_in", Text, nullable=False),
)
"""Rules by which calls were decided, as the gateway told them: by the digest of their canonical JSON, and the record (a
batch's action, a slash, a place) that told them first."""

CALL_DAY = Table(
    "model_call_day",
    METADATA,
    Column("day", String(10), primary_key=True),  # UTC
    Column("app", String(80), primary_key=True),
    Column("environment", String(16), primary_key=True),
    Column("team", String(40), primary_key=True),
    Column("person", String(40), primary_key=True),
    Column("run", String(40), primary_key=True),
    Column("provider", String(40), primary_key=True),
    Column("model", String(200), primary_key=True),
    Column("calls", BigInteger, nullable=False),  # that were let through
    Column("refused", BigInteger, nullable=False),
    Column("open", BigInteger, nullable=False),  # of those let through: without an end yet
    Column("pico", BigInteger, nullable=False),
    Column("read", BigInteger, nullable=False),
    Column("written", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Sums over calls, so that a million of them are told as fast as a few: a projection of the calls' rows.

They lie in the order of their key, and not beside it: most questions read all rows of some days.
"""

LIFE = Table(
    "model_worker_life",
    METADATA,
    Column("worker", String(40), primary_key=True),
    Column("slot", Integer, nullable=False),
    Column("began", String(32), nullable=False),
    Column("over", Boolean, nullable=False),
    Index("model_worker_life_by_slot", "slot", "over"),
)
"""Lives of the gateway's processes, as their journals tell them. One ended where the next one of its slot began."""

LIFE_SPENT = Table(
    "model_worker_spent",
    METADATA,
    Column("worker", String(40), primary_key=True),
    Column("budget", String(40), primary_key=True),
    Column("since", String(32), primary_key=True),
    Column("settled", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),  # by calls that have no end yet
)
"""What a life spent of each budget, by its journal."""
