"""Notices, how far the ledger was read for them, and the messages that carry them out of here."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from greenlane.kit.database import METADATA

NOTICE = Table(
    "notice",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),  # the receipt that it tells of
    Column("person", Text, ForeignKey("person.id"), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("at", String(32), nullable=False),
    Column("read_at", String(32)),
    Index("notice_by_person", "person", "seq"),
)
"""One row for each person who hears of a receipt. The words are made when it is read."""

NOTICES_HEARD = Table(
    "notices_heard",
    METADATA,
    Column("reader", String(16), primary_key=True),
    Column("seq", BigInteger, nullable=False),
)
"""The last receipt that was read, in one row."""

MAIL_CHOICE = Table(
    "mail_choice",
    METADATA,
    Column("person", Text, ForeignKey("person.id"), primary_key=True),
    Column("what", String(16), nullable=False),
    Column("since", String(32), nullable=False),
)
"""What somebody chose to hear of by mail. Whoever chose nothing yet has no row."""

WEBHOOK = Table(
    "webhook",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("host", String(255), nullable=False),
    Column("about", JSON, nullable=False),
    Column("sealed_url", LargeBinary),
    Column("sealed_secret", LargeBinary),
    Column("action", Text, nullable=False),
    Column("created", String(32), nullable=False),
    Column("removed", String(32)),
)
"""Addresses that are told of what happens. Address and secret are sealed, and destroyed when it is removed."""

MESSAGE = Table(
    "message",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("way", String(8), nullable=False),  # mail or webhook
    Column("person", Text, ForeignKey("person.id")),
    Column("webhook", String(40), ForeignKey("webhook.id")),
    Column("seq", BigInteger),  # the receipt that it tells of; none for a test
    Column("kind", String(16), nullable=False),
    Column("state", String(8), nullable=False),  # waiting, sent, given-up or dropped
    Column("tries", Integer, nullable=False),
    Column("next_at", String(32), nullable=False),
    Column("trouble", String(200), nullable=False),
    Column("at", String(32), nullable=False),
    Column("ended_at", String(32)),
    Column("noted", Boolean, nullable=False),
    Index("message_by_state", "state", "noted", "next_at"),
    Index("message_by_webhook", "webhook", "at"),
)
"""What leaves, or left. It holds neither an address nor a word: both are found when it is sent.

The id is made of the way, whom it is for and what it tells of: it is the idempotency key of every try, and there is
one message for one notice and way, whoever asks for it how often.
"""
