"""The reviewed tables: keys that vendors publish as public, their siblings that never are, and places that hold a secret.

`public_keys.toml` knows a key by its own form, `places_of_secrets.toml` by its place: in a file whose name says what is in
it, on a command line, in a call.
"""

from __future__ import annotations

import base64
import binascii
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any

import orjson

from greenlane.deploys.inspection.names import opens_nothing
from greenlane.deploys.inspection.passwords import JUDGED
from greenlane.deploys.inspection.text import around

_AROUND = 400

_LONGEST = 8192
"""Letters of the longest key on either side of the word in it."""


@dataclass(frozen=True, slots=True)
class KnownKey:
    """One entry of a table: how a kind of key looks, and what must or must not stand around it.

    ``judged`` is what the value itself must pass. ``files`` are the names of the only files in which it is looked for.
    """

    kind: str
    word: str
    pattern: re.Pattern[str]
    near: re.Pattern[str] | None
    not_near: re.Pattern[str] | None
    files: re.Pattern[str] | None
    claims: dict[str, str]
    judged: Callable[[str], bool]
    source: str
    why: str

    def find(self, text: str) -> Iterator[tuple[str, int]]:
        """Every key of this kind in a text, with its place."""
        parts = around(text, self.word, _LONGEST) if self.word else ((0, len(text)),)
        for match in (one for start, end in parts for one in self.pattern.finditer(text, start, end)):
            if "name" in self.pattern.groupindex and opens_nothing(match["name"]):
                continue
            group = "key" if "key" in self.pattern.groupindex else 0
            beside = text[max(0, match.start() - _AROUND) : match.end() + _AROUND]
            if self.near is not None and not self.near.search(beside):
                continue
            if self.not_near is not None and self.not_near.search(beside):
                continue
            if self.claims and not self.claims.items() <= claims_of(match[group]).items():
                continue
            if not self.judged(match[group]):
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
            word=one.get("word", ""),
            pattern=re.compile(one["pattern"]),
            near=_pattern(one.get("near")),
            not_near=_pattern(one.get("not_near")),
            files=_pattern(one.get("files")),
            claims=one.get("claims", {}),
            judged=JUDGED[one.get("value", "any")],
            source=one["source"],
            why=one.get("why", ""),
        )
        for one in entries
    )


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files("greenlane.deploys.data").joinpath(name).read_text("utf-8"))


_KEYS = _table("public_keys.toml")

PUBLIC = _read(_KEYS["public"])
"""Keys that may stand in a page."""
SECRET = _read(_KEYS["secret"])
"""Keys that may not."""
UNCLEAR = frozenset(one["rule"] for one in _KEYS["unclear"])
"""Rules of the scanners that cannot tell a public key from a secret one."""
PLACES = _read(_table("places_of_secrets.toml")["place"])
"""Values that are secret because of where they stand."""
