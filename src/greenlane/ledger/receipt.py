"""A receipt: one record of what was decided, what happened, what it used, and what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import orjson

from greenlane.kit import digest
from greenlane.kit.errors import GreenlaneError

FORMAT = "receipt/1"

Half = Literal["decided", "settled", "noted"]
"""An action leaves two receipts, *decided* before and *settled* after it; a *noted* one stands alone."""


class NotAReceipt(GreenlaneError):
    """These bytes are no receipt that this version can read."""

    code = "not-a-receipt"


class Keys(NamedTuple):
    """What a receipt is looked up by: copies of parts of its bytes, in the order of the table's columns."""

    action: str | None
    verb: str | None
    subject: str | None
    person: str | None
    process: str | None
    lane: str | None
    half: str
    at: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """One record. It holds opaque ids and digests, nothing personal or secret.

    ``action`` = id, verb, subject, inputs, digest, effect; ``actor`` = the chain from the accountable person to the one
    who acted; ``used`` = edges ``{"as": "used" | "made", "kind", "id", "digest"?}``; ``cost`` = micros (millionths of the
    organisation's currency), ms (time spent) and what else was counted; ``payload`` = the digest of the erasable part.
    ``at`` tells people the time (``kit.clock.stamp``); order comes from the ledger's sequence alone.
    """

    id: str
    half: Half
    action: Mapping[str, Any]
    process: str
    cause: str | None
    actor: list[dict[str, Any]]
    at: str
    happened: Mapping[str, Any] = field(default_factory=dict)
    used: list[dict[str, Any]] = field(default_factory=list)
    decided: Mapping[str, Any] = field(default_factory=dict)
    cost: Mapping[str, int] = field(default_factory=dict)
    payload: str | None = None

    def document(self) -> dict[str, Any]:
        """The receipt as JSON values."""
        return {
            "greenlane": FORMAT,
            "id": self.id,
            "half": self.half,
            "action": self.action,
            "process": self.process,
            "cause": self.cause,
            "actor": self.actor,
            "at": self.at,
            "happened": self.happened,
            "used": self.used,
            "decided": self.decided,
            "cost": self.cost,
            "payload": self.payload,
        }

    def encode(self) -> bytes:
        """The bytes that are stored and hashed: canonical JSON, made once. TypeError for what JSON cannot hold."""
        return digest.canonical(self.document())

    @classmethod
    def decode(cls, data: bytes) -> Receipt:
        """Read stored bytes. Raises ``NotAReceipt``."""
        try:
            document = orjson.loads(data)
            if document.pop("greenlane") != FORMAT:
                raise NotAReceipt("This record was written in a format that this version does not know.")
            return cls(**document)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise NotAReceipt("This record is not a receipt.", detail=str(error)) from error

    def keys(self) -> Keys:
        """What the receipt is looked up by."""
        return keys_of(self.document())


def keys_of(document: Mapping[str, Any]) -> Keys:
    """The look-up keys of a receipt's JSON. The person is the first one in the actor's chain."""
    action = document["action"]
    person = next((link["id"] for link in document["actor"] if link["kind"] == "person"), None)
    return Keys(
        action.get("id"),
        action.get("verb"),
        action.get("subject"),
        person,
        document["process"],
        document["decided"].get("lane"),
        document["half"],
        document["at"],
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """A receipt in its place. ``size`` is that of a signed tree that covers it, 0 while none is stored."""

    seq: int
    receipt: Receipt
    size: int
