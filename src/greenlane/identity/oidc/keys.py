"""A provider's public keys (RFC 7517), and which of them may have made a signature."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from greenlane.identity.oidc.discovery import LARGEST
from greenlane.identity.oidc.driver import Wire
from greenlane.identity.oidc.refusals import OidcRefused

SMALLEST_RSA = 2048
"""Bits (RFC 7518, 3.3)."""

MOST = 100
"""Keys of one provider."""

_KINDS: Mapping[str, type[RSAKey] | type[ECKey] | type[OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
_SIGNS = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
_OK = 200


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys that a provider shows at one moment."""

    all: tuple[tuple[str, str, Key], ...]
    """Each with its id (empty without one) and its kind."""

    def fitting(self, algorithm: str, key_id: str) -> Sequence[Key]:
        """The keys that may have made a signature; with an id only that one."""
        kind = _SIGNS.get(algorithm[:2], "")
        return [key for one, of, key in self.all if of == kind and (not key_id or one == key_id)]


def ask(wire: Wire, url: str, networks: Sequence[str]) -> Keys:
    """Fetch and read keys. Raises ``OidcRefused``, ``NotReached``."""
    answer = wire.ask("GET", url, {"Accept": "application/json"}, b"", networks)
    if answer.status != _OK:
        raise OidcRefused("keys-unreadable", f"status {answer.status}")
    return read(answer.body)


def read(document: bytes) -> Keys:
    """The keys for signatures in a set. One that cannot be read is left out. Raises ``OidcRefused`` where none is left."""
    try:
        found = orjson.loads(document[: LARGEST + 1])
        listed = found["keys"][:MOST]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise OidcRefused("keys-unreadable") from error
    keys = tuple(_readable(listed))
    if not keys:
        raise OidcRefused("keys-unreadable", "no key for signatures")
    return Keys(keys)


def _readable(listed: Iterable[Any]) -> Iterable[tuple[str, str, Key]]:
    for one in listed:
        if not isinstance(one, dict) or one.get("use", "sig") != "sig" or one.get("kty") not in _KINDS:
            continue
        public = {name: value for name, value in one.items() if name in _PUBLIC}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of short keys, which the next line refuses
                key = _KINDS[one["kty"]].import_key(public)
                if isinstance(key, RSAKey) and key.raw_value.key_size < SMALLEST_RSA:
                    continue
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        yield str(one.get("kid", "")), one["kty"], key


_PUBLIC = frozenset({"kty", "n", "e", "crv", "x", "y"})
