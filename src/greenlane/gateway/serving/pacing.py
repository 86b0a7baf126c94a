"""Limits by the minute for each account: how many calls, and how many tokens.

A worker has its part of each limit: with four workers, a fourth. Tokens are taken by an estimate when a call comes and
corrected when it is known what it used, so that a limit may be owed to for a while and is kept over time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from time import monotonic_ns

from greenlane.gateway.budgets.pace import Bucket
from greenlane.gateway.serving.standing import Limit

BYTES_IN_A_TOKEN = 4
"""Of plain text, about (OpenAI, "What are tokens and how to count them"). For the estimate alone: money never uses it."""
_SECOND = 10**9


@dataclass(slots=True)
class Paced:
    """What a call took of the limits on tokens, until it is known what it used."""

    tokens: int
    buckets: tuple[Bucket, ...]

    def used(self, tokens: int) -> None:
        """It used that many."""
        now = monotonic_ns()
        for one in self.buckets:
            one.correct(tokens - self.tokens, now)


@dataclass(frozen=True, slots=True)
class TooFast:
    """A limit is reached: whose, of what, and the seconds to wait."""

    account: str
    limit: int
    what: str
    seconds: int


class Pacing:
    """The buckets of one worker; ``parts`` is how many workers there are."""

    def __init__(self, parts: int) -> None:
        self._parts = parts
        self._limits: Mapping[str, Limit] = {}
        self._buckets: dict[tuple[str, str], tuple[int, Bucket]] = {}

    def changed(self, limits: Mapping[str, Limit]) -> None:
        """Other limits hold from now on. Those that stay the same go on as they are."""
        self._limits = limits
        now = monotonic_ns()
        fresh: dict[tuple[str, str], tuple[int, Bucket]] = {}
        for account, limit in limits.items():
            for what, number in (("requests", limit.requests), ("tokens", limit.tokens)):
                if number is None:
                    continue
                known = self._buckets.get((account, what))
                part = max(1, number // self._parts)
                fresh[account, what] = known if known is not None and known[0] == part else (part, Bucket(part, now))
        self._buckets = fresh

    def take(self, accounts: Iterable[str], estimate: int) -> Paced | TooFast | None:
        """Take one call with that many tokens from every limit, or nothing from any. None where no limit concerns it."""
        limits = self._limits
        if not limits:
            return None
        now = monotonic_ns()
        taken: list[tuple[Bucket, int]] = []
        tokens: list[Bucket] = []
        for account in accounts:
            limit = limits.get(account)
            if limit is None:
                continue
            for what, number, amount in (("requests", limit.requests, 1), ("tokens", limit.tokens, max(1, estimate))):
                if number is None:
                    continue
                bucket = self._buckets[account, what][1]
                wait = bucket.take(amount, now)
                if wait:
                    for one, gave in taken:
                        one.correct(-gave, now)
                    return TooFast(account, number, what, -(-wait // _SECOND))
                taken.append((bucket, amount))
                if what == "tokens":
                    tokens.append(bucket)
        return Paced(max(1, estimate), tuple(tokens)) if taken else None
