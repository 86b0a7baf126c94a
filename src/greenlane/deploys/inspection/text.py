"""Bytes as text for reading, whatever they are."""

from __future__ import annotations

import codecs
from collections.abc import Iterator


def decoded(data: bytes) -> str:
    """UTF-8 or marked UTF-16 as text; other bytes letter by letter, so that plain words in them are still found."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def around(text: str, word: str, near: int) -> Iterator[tuple[int, int]]:
    """The parts of a text that have a word in them or near: a slow expression is asked about those alone.

    ``near`` is how many letters on either side belong to it. Parts that touch are one.
    """
    place = text.find(word)
    while place >= 0:
        start, last = max(0, place - near), place
        while 0 <= (place := text.find(word, last + 1)) <= last + 2 * near:
            last = place
        yield start, min(len(text), last + len(word) + near)
