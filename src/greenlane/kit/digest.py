"""Digests, and the one way in which this code turns a value into bytes before hashing it."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no spaces. The bytes are stored and hashed as they are, never made a second time."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def sha256(data: bytes) -> str:
    """``sha256:`` and 64 hexadecimal letters."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def of(value: Any) -> str:
    """The digest of a value's canonical JSON."""
    return sha256(canonical(value))


def bare(digest: str) -> str:
    """The hexadecimal part of a digest, without its algorithm."""
    return digest.removeprefix("sha256:")
