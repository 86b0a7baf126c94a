"""What stands behind a record of the gateway: the batch that holds it, and that batch's receipt, checked when looked at."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from greenlane.insights.seals import last_word
from greenlane.kit.blobs import Blobs
from greenlane.kit.errors import GreenlaneError
from greenlane.ledger import proving
from greenlane.ledger import queries as ledger
from greenlane.ledger.batches import read_batch
from greenlane.ledger.journal import prove_record
from greenlane.ledger.trust import Trust


@dataclass(frozen=True, slots=True)
class Recorded:
    """One record: its place in its batch, the batch's receipt, and the very bytes that were kept.

    ``holds`` when the record is in the batch, and the batch's receipt in the ledger that the log's key signed;
    ``witnessed`` when the witness signed that as well. Where it does not hold ``trouble`` says why; it is empty while
    nobody has signed for the batch yet.
    """

    seq: int
    place: int
    of: int
    holds: bool
    witnessed: bool
    trouble: str
    text: str


def recorded(connection: Connection, blobs: Blobs, trust: Trust, where: str) -> Recorded | None:
    """The record that lies ``where``: the batch's action and a place, ``models-0_000000000012/4``. None without its batch."""
    action, _, number = where.rpartition("/")
    found = ledger.by_action(connection, action) if number.isdecimal() else []
    if not found:
        return None
    entry, place = found[0], int(number)
    happened = entry.receipt.happened
    try:
        data = blobs.get(happened["blob"])
        record = read_batch(data).records[place]
    except (GreenlaneError, IndexError):
        return Recorded(entry.seq, place, happened["records"], False, False, "The batch is not kept any more.", "")
    text = record.decode(errors="replace")
    if ledger.newest_checkpoint(connection, at_least=entry.seq + 1) is None:
        return Recorded(entry.seq, place, happened["records"], False, False, "", text)
    try:
        stored = ledger.stored_bytes(connection, entry.seq) or b""
        prove_record(data, place, stored, proving.prove(connection, entry.seq)).check(record, trust.log)
    except GreenlaneError as error:
        return Recorded(entry.seq, place, happened["records"], False, False, error.message, text)
    word = last_word(connection, trust)
    return Recorded(entry.seq, place, happened["records"], True, word is not None and word.size > entry.seq, "", text)
