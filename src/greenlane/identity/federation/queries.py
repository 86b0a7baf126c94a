"""Reads about workloads that are trusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from greenlane.govern.errors import NotFound
from greenlane.identity.federation.tables import TRUSTED_WORKLOAD


@dataclass(frozen=True, slots=True)
class Workload:
    """A trust rule. ``keys`` is None where the issuer's own are fetched."""

    id: str
    name: str
    person: str
    issuer: str
    audience: str
    claims: dict[str, str]
    keys: dict[str, Any] | None
    scopes: tuple[str, ...]
    apps: tuple[str, ...]
    environments: tuple[str, ...]
    created: str


def workloads(connection: Connection) -> list[Workload]:
    """Every rule in force, by name."""
    return _read(connection, TRUSTED_WORKLOAD.c.ended.is_(None))


def of_issuer(connection: Connection, issuer: str) -> list[Workload]:
    """The rules in force about an issuer."""
    return _read(connection, (TRUSTED_WORKLOAD.c.issuer == issuer) & TRUSTED_WORKLOAD.c.ended.is_(None))


def workload(connection: Connection, name: str) -> Workload:
    """The rule in force of that name. Raises ``NotFound``."""
    found = _read(connection, (TRUSTED_WORKLOAD.c.name == name) & TRUSTED_WORKLOAD.c.ended.is_(None))
    if not found:
        raise NotFound(f"No workload {name} is trusted.", next_step="`greenlane trust workloads` lists them.")
    return found[0]


def _read(connection: Connection, where: ColumnElement[bool]) -> list[Workload]:
    rows = connection.execute(select(TRUSTED_WORKLOAD).where(where).order_by(TRUSTED_WORKLOAD.c.name))
    return [
        Workload(
            row.id,
            row.name,
            row.person,
            row.issuer,
            row.audience,
            dict(row.claims),
            row.keys,
            tuple(row.scopes),
            tuple(row.apps),
            tuple(row.environments),
            row.created,
        )
        for row in rows
    ]
