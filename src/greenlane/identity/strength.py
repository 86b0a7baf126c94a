"""Whether a password would be guessed: by its length, by what others use, and by what is known about its owner.

The estimate follows zxcvbn (D. Wheeler, "zxcvbn: Low-Budget Password Strength Estimation", USENIX Security 2016) in its
idea, not in its size: a password is cut into the pieces that cost a guesser the least, and the sum of what the pieces
cost, in bits, must be enough. Pieces are passwords that others used, the owner's own words, runs of one letter, rows of
letters, years, and single letters. ``common_passwords.txt.gz`` holds the 20,000 that were found most often in breaches,
the most frequent first (from @zxcvbn-ts/language-common 4.1.3, MIT).

No rule asks for digits or signs: they make passwords hard to remember and no harder to guess (NIST SP 800-63B-4, 3.1.1).
"""

from __future__ import annotations

import gzip
import math
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from greenlane.govern.errors import WrongInput

SHORTEST = 12
"""Characters that a password needs. NIST asks for 15 where nothing slows a guesser down; here attempts are throttled."""

LONGEST = 256
"""Characters that are hashed at most: room for every sentence, and no work for nothing."""

ENOUGH = 42.0
"""Bits. At the throttle's pace of one attempt in 15 minutes that is out of reach; of a stolen table, argon2 makes it
years of many machines."""

_LETTER = 4.0  # bits of a letter that belongs to nothing known; less than random letters have, because people chose it
_RUN = 5.0  # "aaaa": which letter and how many
_ROW = 6.0  # "abcdef", "987654": where it begins and how long it is
_YEAR = 6.0
_OWN = 2.0  # a word that belongs to the owner or to this place
_LONGEST_WORD = 24
_LEET = str.maketrans("4@8316+7!|0$5", "aabelgttiloss")
_YEARS = re.compile(r"(?:19|20)\d\d")


def check(password: str, about: Iterable[str] = ()) -> None:
    """Raise ``WrongInput`` for a password that would be guessed. ``about`` is what is known about its owner."""
    if len(password) < SHORTEST:
        raise WrongInput(
            f"A password needs at least {SHORTEST} characters.",
            next_step="Four words that do not belong together are long enough and easy to keep.",
            field="password",
        )
    if len(password) > LONGEST:
        raise WrongInput(f"A password has at most {LONGEST} characters.", next_step="Shorten it.", field="password")
    if bits(password, about) < ENOUGH:
        raise WrongInput(
            "This password would be guessed soon: it is made of what many people use, or of your own name.",
            next_step="Add words that have nothing to do with each other or with you, or let your browser suggest one.",
            field="password",
        )


def normal(password: str) -> str:
    """One form for what looks the same, whatever keyboard typed it (NIST SP 800-63B-4: NFKC)."""
    return unicodedata.normalize("NFKC", password)


def bits(password: str, about: Iterable[str] = ()) -> float:
    """What the cheapest way to guess a password costs, in bits."""
    text = normal(password).lower()[:LONGEST]
    plain = text.translate(_LEET)
    own = {part for words in (*about, "greenlane") for part in re.split(r"[\W_]+", words.lower()) if len(part) > 2}
    cheapest = [0.0] + [math.inf] * len(text)
    for start in range(len(text)):
        pieces = [(start + 1, _LETTER), *_rows(text, start), *_words(text, plain, start, own)]
        for end, cost in pieces:
            cheapest[end] = min(cheapest[end], cheapest[start] + cost)
    return cheapest[len(text)]


def _rows(text: str, start: int) -> Iterable[tuple[int, float]]:
    """Runs of one letter, rows of neighbours in either direction, and years, each with where it ends and its cost."""
    if _YEARS.match(text, start):
        yield start + 4, _YEAR
    for step, cost in ((0, _RUN), (1, _ROW), (-1, _ROW)):
        end = start + 1
        while end < len(text) and ord(text[end]) - ord(text[end - 1]) == step:
            end += 1
        if end - start > 2:
            yield end, cost


def _words(text: str, plain: str, start: int, own: set[str]) -> Iterable[tuple[int, float]]:
    """Known words that begin here, as they are typed or with digits for letters; repeating one costs little more."""
    for end in range(start + 3, min(len(text), start + _LONGEST_WORD) + 1):
        for word in {text[start:end], plain[start:end]}:
            rank = _common().get(word)
            cost = _OWN if word in own else None if rank is None else 1 + math.log2(rank)
            if cost is not None:
                yield end, cost
                again = end
                while text.startswith(text[start:end], again):
                    again += end - start
                    yield again, cost + 1


@cache
def _common() -> dict[str, int]:
    """Common passwords and how common each is, 1 being the most frequent."""
    packed = (files("greenlane.identity") / "common_passwords.txt.gz").read_bytes()
    return {word: rank for rank, word in enumerate(gzip.decompress(packed).decode().split(), start=1)}
