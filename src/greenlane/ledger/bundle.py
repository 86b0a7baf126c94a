"""Signed statements that others can check without us: in-toto Statement v1 in DSSE in a sigstore bundle v0.3.

The bundle names its public key by a hint (the key's id in the trust root); there is no certificate and no outside log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from greenlane.kit import digest as digests
from greenlane.ledger.note import SignatureDoesNotHold, b64, unb64

STATEMENT = "https://in-toto.io/Statement/v1"
PAYLOAD = "application/vnd.in-toto+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"


class Attester(Protocol):
    """Who holds the attestation key: the signer."""

    def sign_attestation(self, pae: bytes) -> bytes:
        """An Ed25519 signature over a DSSE pre-authentication encoding."""
        ...


def statement(kind: str, predicate: Mapping[str, Any], subjects: Mapping[str, str]) -> bytes:
    """An in-toto Statement v1 about the named subjects (name -> SHA-256 digest), as the bytes that are signed."""
    return digests.canonical(
        {
            "_type": STATEMENT,
            "subject": [
                {"name": name, "digest": {"sha256": digests.bare(digest)}} for name, digest in sorted(subjects.items())
            ],
            "predicateType": kind,
            "predicate": predicate,
        }
    )


def pae(payload: bytes, payload_type: str = PAYLOAD) -> bytes:
    """DSSE's pre-authentication encoding: what is signed (DSSE v1, protocol.md)."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign_bundle(payload: bytes, attester: Attester, key: str) -> dict[str, Any]:
    """A sigstore bundle around a statement's bytes. ``key`` is the attestation key's id."""
    signature = attester.sign_attestation(pae(payload))
    return {
        "mediaType": BUNDLE,
        "verificationMaterial": {"publicKey": {"hint": key}, "tlogEntries": []},
        "dsseEnvelope": {
            "payload": b64(payload),
            "payloadType": PAYLOAD,
            "signatures": [{"sig": b64(signature), "keyid": key}],
        },
    }


def open_bundle(bundle: Mapping[str, Any], keys: Mapping[str, bytes]) -> bytes:
    """The statement's bytes, once a trusted key is found to have signed them. Raises ``SignatureDoesNotHold``.

    ``keys`` are DER SubjectPublicKeyInfo by key id. The hint only selects among trusted keys; it is not believed.
    """
    try:
        envelope = bundle["dsseEnvelope"]
        payload = unb64(envelope["payload"])
        signed = pae(payload, envelope["payloadType"])
        signatures: Sequence[Mapping[str, str]] = envelope["signatures"]
        hint = bundle["verificationMaterial"]["publicKey"]["hint"]
        if bundle["mediaType"] != BUNDLE or envelope["payloadType"] != PAYLOAD:
            raise ValueError("another kind of bundle")
        if hint not in keys:
            raise SignatureDoesNotHold("This was signed by a key that the trust root does not know.", detail=hint)
        key = load_der_public_key(keys[hint])
        if not isinstance(key, Ed25519PublicKey):
            raise TypeError("not an Ed25519 key")
        key.verify(unb64(signatures[0]["sig"]), signed)
    except InvalidSignature as error:
        raise SignatureDoesNotHold("A statement was changed after it was signed.") from error
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise SignatureDoesNotHold("This is not a signed statement.", detail=str(error)) from error
    return payload


def read_statement(payload: bytes, kind: str) -> dict[str, Any]:
    """A statement's JSON, if it is of that kind. Raises ``SignatureDoesNotHold``."""
    document: dict[str, Any] = orjson.loads(payload)
    if document.get("_type") != STATEMENT or document.get("predicateType") != kind:
        raise SignatureDoesNotHold(f"A statement is not of the kind {kind}.")
    return document
