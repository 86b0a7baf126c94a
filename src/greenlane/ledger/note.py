"""Signed notes after C2SP signed-note: a text, an empty line, and one line for each signature.

    — <key name> <base64 of a 4-byte key id and the signature>

The algorithm is a byte of the key, so that another one (ML-DSA-44 is coming in C2SP) is another ``Algorithm``.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from greenlane.kit.errors import GreenlaneError


class SignatureDoesNotHold(GreenlaneError):
    """A note is malformed, or was not signed by the key that was expected."""

    code = "signature"


class Algorithm(IntEnum):
    """Signature types of C2SP signed-note."""

    ED25519 = 0x01
    COSIGNATURE_V1 = 0x04


def b64(data: bytes) -> str:
    """Standard base64 with padding, as all C2SP formats use it."""
    return base64.b64encode(data).decode()


def unb64(text: str) -> bytes:
    """Read standard base64 strictly. ValueError for anything else."""
    return base64.b64decode(text, validate=True)


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with its name: what a note is checked against. As text it is a C2SP *vkey*."""

    name: str
    algorithm: Algorithm
    public: bytes

    @property
    def id(self) -> bytes:
        """The first 4 bytes of SHA-256(name || 0x0A || algorithm || public key)."""
        return sha256(self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64(bytes([self.algorithm]) + self.public)}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a vkey. Raises ``SignatureDoesNotHold`` when it is none, or its id is not its own."""
        try:
            name, identity, rest = text.split("+", 2)
            data = unb64(rest)
            key = cls(name, Algorithm(data[0]), data[1:])
        except (ValueError, IndexError) as error:
            raise SignatureDoesNotHold("This is not a public key of a log or a witness.", detail=text) from error
        if key.id.hex() != identity or len(key.public) != 32:
            raise SignatureDoesNotHold("This public key was altered: its id is another's.", detail=text)
        return key

    def check(self, message: bytes, signature: bytes) -> None:
        """Whether this key made that Ed25519 signature. Raises ``SignatureDoesNotHold``."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature as error:
            raise SignatureDoesNotHold(f"The signature of {self.name} does not hold.") from error


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line."""

    name: str
    key_id: bytes
    data: bytes

    def __str__(self) -> str:
        return f"— {self.name} {b64(self.key_id + self.data)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends with a newline, and its signatures. ``str()`` is the whole note."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(str(one) for one in self.signatures)}"

    @classmethod
    def parse(cls, note: str) -> Self:
        """Read a note without believing it. Raises ``SignatureDoesNotHold`` when it is none."""
        text, found, lines = note.rpartition("\n\n")
        try:
            if not found or not lines.endswith("\n"):
                raise ValueError("a note has a text, an empty line and signatures")
            return cls(text + "\n", tuple(_signature(line) for line in lines.splitlines()))
        except (ValueError, binascii.Error) as error:
            raise SignatureDoesNotHold("This is not a signed note.", detail=str(error)) from error

    def by(self, key: VerifierKey) -> bytes:
        """What that key is said to have signed with. Raises ``SignatureDoesNotHold`` when it did not sign."""
        for one in self.signatures:
            if one.name == key.name and one.key_id == key.id:
                return one.data
        raise SignatureDoesNotHold(f"{key.name} did not sign this, or signed it with another key.")


def _signature(line: str) -> Signature:
    dash, name, data = line.split(" ")
    if dash != "—":
        raise ValueError("a signature line begins with a dash")
    whole = unb64(data)
    return Signature(name, whole[:4], whole[4:])
