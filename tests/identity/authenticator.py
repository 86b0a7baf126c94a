"""An authenticator in software, which can also be dishonest: what a passkey's device and browser answer together."""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

_PRESENT, _VERIFIED, _MAY_SYNC, _SYNCED, _HAS_KEY = 0x01, 0x04, 0x08, 0x10, 0x40


def text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def data(encoded: str) -> bytes:
    return urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))


@dataclass
class Authenticator:
    """One passkey. ``origin`` is where its browser believes to be."""

    origin: str = "http://localhost:4180"
    host: str = "localhost"
    verifies: bool = True
    counts: bool = True
    uses: int = 0
    person: str = ""
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def enrol(self, options: str, **instead: Any) -> str:
        """The answer to a question about making a passkey."""
        asked = json.loads(options)
        self.person = data(asked["user"]["id"]).decode()
        numbers = self.key.public_key().public_numbers()
        key = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + key
        spoken = self._spoken(_HAS_KEY) + attested
        made = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": spoken})
        response = {"clientDataJSON": self._client("webauthn.create", asked, instead), "attestationObject": text(made)}
        return self._answer(response)

    def sign_in(self, options: str, **instead: Any) -> str:
        """The answer to a question about signing in."""
        client = self._client("webauthn.get", json.loads(options), instead)
        spoken = self._spoken(0)
        signature = self.key.sign(spoken + hashlib.sha256(data(client)).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": client,
            "authenticatorData": text(spoken),
            "signature": text(signature),
            "userHandle": text(self.person.encode()),
        }
        return self._answer(response)

    def _spoken(self, flags: int) -> bytes:
        self.uses += self.counts
        flags |= _PRESENT | (_VERIFIED if self.verifies else 0) | (0 if self.counts else _MAY_SYNC | _SYNCED)
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.uses.to_bytes(4, "big")

    def _client(self, kind: str, asked: dict[str, Any], instead: dict[str, Any]) -> str:
        said = {"type": kind, "challenge": asked["challenge"], "origin": self.origin, "crossOrigin": False, **instead}
        return text(json.dumps(said).encode())

    def _answer(self, response: dict[str, str]) -> str:
        return json.dumps({"id": text(self.id), "rawId": text(self.id), "type": "public-key", "response": response})
