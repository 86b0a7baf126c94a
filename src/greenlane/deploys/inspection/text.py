"""Bytes as text for reading, whatever they are."""

from __future__ import annotations

import codecs


def decoded(data: bytes) -> str:
    """UTF-8 or marked UTF-16 as text; other bytes letter by letter, so that plain words in them are still found."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def line_of(text: str, place: int) -> int:
    """The line, from 1, of a character."""
    return text.count("\n", 0, place) + 1
