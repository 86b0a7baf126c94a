"""Checking an export of the ledger with nothing but the file and the public keys. Its form is told in ``export``."""

from __future__ import annotations

from pathlib import Path

import orjson

from greenlane.ledger.checkpoint import Checkpoint, cosigned_at, open_note
from greenlane.ledger.note import Note, SignatureDoesNotHold, unb64
from greenlane.ledger.report import Fault, Report
from greenlane.ledger.tree import ProofDoesNotHold, check_inclusion, leaf_hash
from greenlane.ledger.trust import Trust

FORMAT = "export/1"


def verify_export(path: Path, trust: Trust) -> Report:
    """Verify an export without a database. Names the first receipt that does not hold."""
    with path.open("rb") as lines:
        try:
            header = orjson.loads(next(lines))
            if header["greenlane"] != FORMAT:
                raise ValueError("another format")
            checkpoint = open_note(header["checkpoint"], trust.log)
            witnessed = _witnessed(header["checkpoint"], trust)
        except (ValueError, KeyError, TypeError, StopIteration) as error:
            return Report(0, 0, None, None, Fault(0, f"this is not an export of a ledger ({error})"))
        except SignatureDoesNotHold as error:
            return Report(0, 0, None, None, Fault(0, error.message.rstrip(".")))
        expected = 0
        for line in lines:
            try:
                index = _checked(line, checkpoint)
            except (ValueError, KeyError, TypeError, ProofDoesNotHold) as error:
                return Report(expected, checkpoint.size, witnessed, None, Fault(expected, str(error)))
            if index < expected or (index > expected and header["complete"]):
                reason = "it is missing" if index > expected else f"receipt {index} stands in its place"
                return Report(expected, checkpoint.size, witnessed, None, Fault(expected, reason))
            expected = index + 1
    if header["complete"] and expected < checkpoint.size:
        fault = Fault(expected, f"it is missing: {checkpoint.size} receipts were signed")
        return Report(expected, checkpoint.size, witnessed, None, fault)
    return Report(expected, checkpoint.size, witnessed, None, None)


def _checked(line: bytes, checkpoint: Checkpoint) -> int:
    """The index of a line that holds."""
    found = orjson.loads(line)
    index, leaf = found["index"], leaf_hash(unb64(found["bytes"]))
    if leaf != unb64(found["leaf"]):
        raise ValueError("its bytes are not those that were recorded: the leaf hash is another")
    check_inclusion(index, checkpoint.size, leaf, [unb64(one) for one in found["proof"]], checkpoint.root)
    return int(index)


def _witnessed(note: str, trust: Trust) -> int | None:
    """The checkpoint's size if the witness signed it too. An export made before the witness spoke is still signed."""
    if trust.witness is None or len(Note.parse(note).signatures) < 2:
        return None
    cosigned_at(note, trust.witness)
    return open_note(note, trust.log).size
