"""What a provider still knows of earlier prompts: OpenAI and Google by themselves, Anthropic where it is told to keep."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from tests.gateway.provider.tokens import pieces

LEAST = 1024
"""Tokens of the shortest prompt that is kept (OpenAI "Prompt caching", Anthropic "Prompt caching")."""
STEP = 128
"""Tokens by which OpenAI's hits grow."""


class Cache:
    """Digests of beginnings of prompts, by model and credential."""

    def __init__(self) -> None:
        self._known: set[bytes] = set()

    def of_itself(self, whose: str, text: str) -> int:
        """Tokens that were known already, in steps; from now on all of them are."""
        tokens = pieces(text)
        digest = sha256(whose.encode())
        found = 0
        for end in range(STEP, len(tokens) + 1, STEP):
            digest.update("".join(tokens[end - STEP : end]).encode())
            if end < LEAST:
                continue
            if digest.digest() in self._known:
                found = end
            self._known.add(digest.digest())
        return found

    def as_told(self, whose: str, parts: Sequence[tuple[str, int, str]]) -> tuple[int, int, int]:
        """Tokens read, written for minutes, and written for an hour. A part is its text, its tokens, and ``5m``, ``1h`` or
        nothing where the caller marked its end.
        """
        digest = sha256(whose.encode())
        at = read = 0
        ends: list[tuple[int, str]] = []
        for text, tokens, life in parts:
            digest.update(text.encode() + b"\0")
            at += tokens
            if life and at >= LEAST:
                known = digest.digest() + life.encode()
                if known in self._known:
                    read, ends = at, []
                else:
                    ends.append((at, life))
                    self._known.add(known)
        written = {"5m": 0, "1h": 0}
        before = read
        for end, life in ends:
            written[life] += end - before
            before = end
        return read, written["5m"], written["1h"]
