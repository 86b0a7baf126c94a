"""The trust root: the public keys that everything else is checked against, as one small JSON file.

It must reach whoever verifies by another way than what it verifies: pinned at first contact, or handed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

import orjson

from greenlane.kit.errors import GreenlaneError
from greenlane.ledger.note import SignatureDoesNotHold, VerifierKey, b64, unb64


class NoTrust(GreenlaneError):
    """There is no trust root, or it cannot be read."""

    code = "no-trust"


@dataclass(frozen=True, slots=True)
class Trust:
    """The log's origin and key, the witness's key if there is a witness, and the attestation keys by key id.

    Attestation keys are DER SubjectPublicKeyInfo; a key id is the hexadecimal SHA-256 of it.
    """

    origin: str
    log: VerifierKey
    witness: VerifierKey | None = None
    attestation: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, public: Mapping[str, str], witness: VerifierKey | None = None) -> Self:
        """From what a signer says of itself (``Signer.public``)."""
        log = VerifierKey.parse(public["log"])
        spki = unb64(public["attestation"])
        return cls(log.name, log, witness, {key_id(spki): spki})

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "origin": self.origin,
            "log": str(self.log),
            "witness": None if self.witness is None else str(self.witness),
            "attestation": {name: b64(spki) for name, spki in sorted(self.attestation.items())},
        }

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Self:
        """From JSON values. Raises ``NoTrust``."""
        try:
            witness = document.get("witness")
            keys = {name: unb64(spki) for name, spki in document.get("attestation", {}).items()}
            if any(key_id(spki) != name for name, spki in keys.items()):
                raise ValueError("an attestation key has another's name")
            return cls(
                document["origin"],
                VerifierKey.parse(document["log"]),
                None if witness is None else VerifierKey.parse(witness),
                keys,
            )
        except (KeyError, ValueError, TypeError, AttributeError, SignatureDoesNotHold) as error:
            raise NoTrust(
                "This is not a trust root.",
                next_step="`greenlane trust export` on a machine that knows the server writes one.",
                detail=str(error),
            ) from error

    def write(self, path: Path) -> None:
        """Write the file, all or nothing."""
        draft = path.with_suffix(".new")
        draft.write_bytes(orjson.dumps(self.document(), option=orjson.OPT_INDENT_2) + b"\n")
        draft.rename(path)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file. Raises ``NoTrust``."""
        try:
            document = orjson.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise NoTrust(
                f"There is no trust root in {path.name}.",
                next_step="Name one with --trust, made by `greenlane trust export`.",
                detail=str(error),
            ) from error
        return cls.parse(document)


def key_id(spki: bytes) -> str:
    """The name of an attestation key: the hexadecimal SHA-256 of its SubjectPublicKeyInfo."""
    return sha256(spki).hexdigest()
