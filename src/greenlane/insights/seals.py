"""What stands behind a receipt: its proof, checked at the moment of looking, the witness's last word, the stored words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from greenlane.kit.errors import GreenlaneError
from greenlane.ledger import proving
from greenlane.ledger import queries as ledger
from greenlane.ledger.checkpoint import cosigned_at, open_note
from greenlane.ledger.note import SignatureDoesNotHold
from greenlane.ledger.payload import Payloads
from greenlane.ledger.receipt import Entry, Receipt
from greenlane.ledger.trust import Trust


@dataclass(frozen=True, slots=True)
class LastWord:
    """What the witness saw last: how many receipts, and when."""

    size: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Seal:
    """A receipt's proof. ``holds`` when its bytes are in the tree of ``size`` receipts that the log's key signed.

    ``witnessed`` when the witness signed a tree that holds it too. ``text`` is the proof file, empty without one. Where it
    does not hold, ``trouble`` says why; it is empty while nobody has signed for the receipt yet.
    """

    holds: bool
    size: int
    witnessed: bool
    trouble: str
    text: str


def last_word(connection: Connection, trust: Trust) -> LastWord | None:
    """The witness's newest signature that is stored; None where there is no witness, or it did not speak yet."""
    note = ledger.newest_checkpoint(connection, with_witness=True)
    if note is None or trust.witness is None:
        return None
    try:
        return LastWord(open_note(note, trust.log).size, datetime.fromtimestamp(cosigned_at(note, trust.witness), UTC))
    except SignatureDoesNotHold:
        return None


def seal_of(connection: Connection, entry: Entry, stored: bytes, trust: Trust, note: str | None = None) -> Seal:
    """The proof of a receipt, held against its stored bytes and the log's public key.

    ``note`` is a signed note that was known before the connection was opened; without one that covers the receipt, the
    newest stored note is taken.
    """
    try:
        if note is not None and open_note(note, trust.log).size > entry.seq:
            found = proving.prove_under(connection, entry.seq, note)
        elif ledger.newest_checkpoint(connection, at_least=entry.seq + 1) is None:
            return Seal(False, 0, False, "", "")
        else:
            found = proving.prove(connection, entry.seq)
        size = found.check(stored, trust.log).size
    except GreenlaneError as error:
        return Seal(False, 0, False, error.message, "")
    word = last_word(connection, trust)
    return Seal(True, size, word is not None and word.size > entry.seq, "", str(found))


def words_of(connection: Connection, payloads: Payloads, one: Receipt) -> Mapping[str, Any] | None:
    """What somebody typed and the receipt holds only the digest of; empty when nothing was, None when it was erased."""
    return {} if one.payload is None else payloads.open(connection, one.payload)
