"""How the table names a request that a person let through."""

from __future__ import annotations


def entry(key: str, prompt: str) -> str:
    """The name in the table of a request (by the digest of its bytes) that came with a key (by its id)."""
    return f"{key}|{prompt}"
