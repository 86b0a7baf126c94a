"""Schedules as they stand, and runs."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from greenlane.kit.database import METADATA

SCHEDULE = Table(
    "schedule",
    METADATA,
    Column("app", ForeignKey("app.name"), primary_key=True),
    Column("environment", String(20), primary_key=True),
    Column("function", String(64), primary_key=True),
    Column("expression", String(200), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("next_at", String(32)),
    Column("paused_by", String(40)),
    Column("failures", Integer, nullable=False),
    Column("told", Boolean, nullable=False),
    Index("schedule_by_next", "next_at"),
)
"""When functions run by themselves. ``next_at`` is empty while the function is not live; ``paused_by`` is the action that
paused it, ``failures`` how many runs failed in a row, ``told`` whether the owner heard of these."""

RUN = Table(
    "run",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("app", ForeignKey("app.name"), nullable=False),
    Column("environment", String(20), nullable=False),
    Column("function", String(64), nullable=False),
    Column("deploy", ForeignKey("deploy.id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("process", String(40), nullable=False),
    Column("cause", String(40)),
    Column("person", String(40)),
    Column("request", String(80)),
    Column("due_at", String(32), nullable=False),
    Column("next_at", String(32)),
    Column("try_at", String(32), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("missed", Integer, nullable=False),
    Column("began_at", String(32)),
    Column("ended_at", String(32)),
    Column("status", Integer, nullable=False),
    Column("ms", Integer, nullable=False),
    Column("why", Text, nullable=False),
    Index("run_by_app", "app", "due_at"),
    Index("run_by_state", "state", "try_at"),
)
"""Runs. kind: schedule, asked, background. state: waiting, going, and how it ended: done, failed, late, unstarted,
interrupted, skipped. ``request`` is the digest of what a visitor sent, kept sealed until the run is over; ``person`` is
on whose behalf it runs, ``cause`` the action that lets it; ``missed`` counts moments that this run makes up for."""
