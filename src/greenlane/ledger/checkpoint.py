"""Checkpoints after C2SP tlog-checkpoint, and a witness's word on one after C2SP tlog-cosignature (v1).

A checkpoint says: the log of this origin has ``size`` records, and this is the root over all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from greenlane.ledger.note import Algorithm, Note, Signature, SignatureDoesNotHold, VerifierKey, b64, unb64


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The size and root of a log at one moment."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{b64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read those lines. Raises ``SignatureDoesNotHold`` when they are no checkpoint."""
        try:
            origin, size, root, *_extensions = text.splitlines()
            found = cls(origin, int(size), unb64(root))
            if str(found.size) != size or found.size < 0 or len(found.root) != 32:
                raise ValueError("not a size and a root")
        except ValueError as error:
            raise SignatureDoesNotHold("This is not a checkpoint of a log.", detail=text) from error
        return found


def public_key(name: str, key: Ed25519PrivateKey, algorithm: Algorithm) -> VerifierKey:
    """What others check the key's signatures with."""
    return VerifierKey(name, algorithm, key.public_key().public_bytes_raw())


def sign(checkpoint: Checkpoint, name: str, key: Ed25519PrivateKey) -> Note:
    """The log's own signature on its checkpoint."""
    text = checkpoint.text()
    verifier = public_key(name, key, Algorithm.ED25519)
    return Note(text, (Signature(name, verifier.id, key.sign(text.encode())),))


def open_note(note: str, log: VerifierKey) -> Checkpoint:
    """The checkpoint in a note that the log signed. Raises ``SignatureDoesNotHold``."""
    parsed = Note.parse(note)
    log.check(parsed.text.encode(), parsed.by(log))
    checkpoint = Checkpoint.parse(parsed.text)
    if checkpoint.origin != log.name:
        raise SignatureDoesNotHold(f"This checkpoint is of the log {checkpoint.origin}, not of {log.name}.")
    return checkpoint


def cosign(note: Note, name: str, key: Ed25519PrivateKey, seconds: int) -> Signature:
    """A witness's signature: 8 bytes of POSIX time, then Ed25519 over the time and the checkpoint's text."""
    verifier = public_key(name, key, Algorithm.COSIGNATURE_V1)
    return Signature(name, verifier.id, seconds.to_bytes(8) + key.sign(_cosigned(seconds, note.text)))


def cosigned_at(note: str, witness: VerifierKey) -> int:
    """When the witness saw this checkpoint, in seconds since 1970. Raises ``SignatureDoesNotHold``."""
    parsed = Note.parse(note)
    data = parsed.by(witness)
    seconds = int.from_bytes(data[:8])
    witness.check(_cosigned(seconds, parsed.text), data[8:])
    return seconds


def _cosigned(seconds: int, text: str) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()
