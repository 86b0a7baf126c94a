"""Public keys that agents and workloads sign with: which are taken, and what is kept of them.

RFC 7517 for their form. RSA from 2048 bits (NIST SP 800-131A), the curves P-256 and P-384, and Ed25519: what the
algorithms of ``ALGORITHMS`` sign with. Nothing symmetric, so that what is kept here signs nothing.
"""

from __future__ import annotations

import json
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey, import_key

from greenlane.govern.errors import WrongInput

ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "Ed25519")
"""How a token of somebody else's may be signed. Never ``none``, nothing symmetric, nothing with SHA-1."""

_KINDS = frozenset({"RSA", "EC", "OKP"})
_CURVES = {"P-256", "P-384", "Ed25519"}
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_SMALLEST_RSA = 2048


def public_key(text: str) -> dict[str, Any]:
    """One public key from its JSON. Raises ``WrongInput`` for what is none of those that are taken."""
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    return checked(given)


def checked(given: Any) -> dict[str, Any]:
    """A public key as JSON values, checked. Raises ``WrongInput``."""
    if not isinstance(given, dict) or given.get("kty") not in _KINDS:
        raise _wrong("This is no public key in JSON (a JWK of the type RSA, EC or OKP).")
    if _PRIVATE & given.keys():
        raise _wrong("This is a private key, which nobody but its owner may have.")
    try:
        key = import_key(given)
        curve = given.get("crv", "")
        small = isinstance(key, RSAKey) and key.raw_value.key_size < _SMALLEST_RSA
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise _wrong("This public key cannot be read.") from error
    if small or (curve and curve not in _CURVES):
        raise _wrong("This public key is too weak, or of a curve that is not taken here.")
    return dict(given)


def key_set(text: str) -> dict[str, Any]:
    """A set of public keys from its JSON. Raises ``WrongInput`` when a key that could be used is not one of those taken."""
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    found = given.get("keys") if isinstance(given, dict) else None
    if not isinstance(found, list) or not found:
        raise _wrong("This is no set of public keys (a JWK set).")
    return {"keys": [checked(one) for one in found]}


def imported(keys: dict[str, Any]) -> KeySet:
    """Keys that were checked, ready to verify with."""
    return KeySet.import_key_set({"keys": keys.get("keys", [keys])})


def _wrong(message: str) -> WrongInput:
    next_step = "Give the public half of an RSA (2048 bits), P-256, P-384 or Ed25519 key."
    return WrongInput(message, next_step=next_step, field="public_key")
