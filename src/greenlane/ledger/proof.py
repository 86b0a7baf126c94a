"""Proof files after C2SP tlog-proof: index, inclusion path and (co)signed checkpoint in one small text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from greenlane.kit.errors import GreenlaneError
from greenlane.ledger.checkpoint import Checkpoint, cosigned_at, open_note
from greenlane.ledger.note import VerifierKey, b64, unb64
from greenlane.ledger.tree import ProofDoesNotHold, check_inclusion, leaf_hash

MAGIC = "c2sp.org/tlog-proof@v1"


class NotProven(GreenlaneError):
    """A record cannot be shown to be in the log."""

    code = "not-proven"


@dataclass(frozen=True, slots=True)
class Proof:
    """That a record is in the log, at this index, under this signed checkpoint."""

    index: int
    path: tuple[bytes, ...]
    note: str

    def __str__(self) -> str:
        lines = [MAGIC, f"index {self.index}", *(b64(one) for one in self.path)]
        return "\n".join(lines) + "\n\n" + self.note

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a proof file; extra data in it is passed over. Raises ``NotProven`` when it is none."""
        try:
            head, note = text.split("\n\n", 1)
            magic, *lines = head.split("\n")
            if magic != MAGIC:
                raise ValueError(f"it does not begin with {MAGIC}")
            if lines and lines[0].startswith("extra "):
                lines.pop(0)
            word, index = lines[0].split(" ")
            if word != "index":
                raise ValueError("the index is missing")
            return cls(int(index), tuple(unb64(line) for line in lines[1:]), note)
        except (ValueError, IndexError) as error:
            raise NotProven("This is not a proof file.", detail=str(error)) from error

    def check(self, data: bytes, log: VerifierKey, witness: VerifierKey | None = None) -> Checkpoint:
        """Whether these bytes are in the log; by the witness's word too, if its key is given.

        Returns the checkpoint that says so. Raises ``NotProven`` or ``SignatureDoesNotHold``.
        """
        checkpoint = open_note(self.note, log)
        if witness is not None:
            cosigned_at(self.note, witness)
        try:
            check_inclusion(self.index, checkpoint.size, leaf_hash(data), self.path, checkpoint.root)
        except ProofDoesNotHold as error:
            raise NotProven(f"Record {self.index} is not what the log holds: {error}.") from error
        return checkpoint
