"""How the words of a call lie at rest: packed, and sealed for that call alone.

AES-256-GCM (NIST SP 800-38D) with a fresh nonce, bound to the call's id.
"""

from __future__ import annotations

import secrets
import zlib

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from greenlane.kit.errors import GreenlaneError

_NONCE = 12


def seal(key: bytes, call: str, prompt: bytes, answer: bytes) -> bytes:
    """The words of a call, sealed."""
    nonce = secrets.token_bytes(_NONCE)
    said = {"prompt": prompt.decode("utf-8", "replace"), "answer": answer.decode("utf-8", "replace")}
    return nonce + AESGCM(key).encrypt(nonce, zlib.compress(orjson.dumps(said), 1), call.encode())


def opened(key: bytes, call: str, sealed: bytes) -> dict[str, str]:
    """``prompt`` and ``answer``. Raises a ``GreenlaneError`` where the key is another, or the bytes are of another call."""
    try:
        packed = AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], call.encode())
    except (InvalidTag, ValueError) as error:
        raise GreenlaneError(
            "The words of this call do not open.",
            next_step="Bring back the file keys/content.key that belongs to this database.",
            detail=call,
        ) from error
    found: dict[str, str] = orjson.loads(zlib.decompress(packed))
    return found
