"""The reviewed file of keys that vendors publish as public, and of their siblings that never are."""

from __future__ import annotations

import base64
import binascii
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any

import orjson

from greenlane.deploys.inspection.randomness import is_random
from greenlane.deploys.inspection.text import around

_AROUND = 400

_LONGEST = 8192
"""Letters of the longest key on either side of the word in it."""


@dataclass(frozen=True, slots=True)
class KnownKey:
    """One entry of the file: how a kind of key looks, and what must or must not stand around it."""

    kind: str
    word: str
    pattern: re.Pattern[str]
    near: re.Pattern[str] | None
    not_near: re.Pattern[str] | None
    claims: dict[str, str]
    random: bool
    source: str
    why: str

    def find(self, text: str) -> Iterator[tuple[str, int]]:
        """Every key of this kind in a text, with its place."""
        parts = around(text, self.word, _LONGEST)
        for match in (one for start, end in parts for one in self.pattern.finditer(text, start, end)):
            group = "key" if "key" in self.pattern.groupindex else 0
            beside = text[max(0, match.start() - _AROUND) : match.end() + _AROUND]
            if self.near is not None and not self.near.search(beside):
                continue
            if self.not_near is not None and self.not_near.search(beside):
                continue
            if self.claims and not self.claims.items() <= claims_of(match[group]).items():
                continue
            if self.random and not is_random(match[group]):
                continue
            yield match[group], match.start(group)


def claims_of(token: str) -> dict[str, Any]:
    """The payload of a JSON Web Token, unverified; empty when it is none."""
    part = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        payload = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return payload if isinstance(payload, dict) else {}


def _pattern(text: str | None) -> re.Pattern[str] | None:
    return None if text is None else re.compile(text)


def _read(entries: list[dict[str, Any]]) -> tuple[KnownKey, ...]:
    return tuple(
        KnownKey(
            kind=one["kind"],
            word=one["word"],
            pattern=re.compile(one["pattern"]),
            near=_pattern(one.get("near")),
            not_near=_pattern(one.get("not_near")),
            claims=one.get("claims", {}),
            random=one.get("random", False),
            source=one["source"],
            why=one["why"],
        )
        for one in entries
    )


_FILE = tomllib.loads(resources.files("greenlane.deploys.data").joinpath("public_keys.toml").read_text("utf-8"))

PUBLIC = _read(_FILE["public"])
"""Keys that may stand in a page."""
SECRET = _read(_FILE["secret"])
"""Keys that may not."""
UNCLEAR = frozenset(one["rule"] for one in _FILE["unclear"])
"""Rules of the scanners that cannot tell a public key from a secret one."""
