"""What the effects of deploys work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from greenlane.catalog.addresses import Addresses
from greenlane.govern.approvals import Reviewers
from greenlane.govern.effect import Context, GatherFacts, Outcome, Rows
from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import Clock
from greenlane.kit.database import Database
from greenlane.secrets.actions import PutVariable


@dataclass(frozen=True, slots=True)
class Works:
    """What the effects work with. ``origin`` is the ledger's name, which provenance gives as the builder.

    ``put`` keeps a value as a variable, ``key`` is what the marks of found values are under, ``rights`` says what an actor
    may do. ``write`` is the ledger's writer for rows without a receipt, ``fetch`` brings what an address has into a file.
    ``keep`` makes a snapshot of what an app stores in an environment.
    """

    database: Database
    blobs: Blobs
    addresses: Addresses
    origin: str
    app_facts: GatherFacts
    reviewers: Reviewers
    put: Callable[[PutVariable, Context], Outcome]
    key: bytes
    rights: GatherFacts
    clock: Clock
    write: Callable[[Rows], None]
    fetch: Callable[[str, Path], None]
    keep: Callable[[str, str, Context], Outcome]
