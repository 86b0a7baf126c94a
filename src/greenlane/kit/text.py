"""Text as it can be shown to a person, whoever wrote it."""

from __future__ import annotations


def shown(name: str | bytes) -> str:
    """A name as it can be printed anywhere: quoted, everything invisible written out, cut at 120 characters."""
    text = name.decode("utf-8", "backslashreplace") if isinstance(name, bytes) else name
    return repr(text if len(text) <= 120 else f"{text[:80]}…{text[-30:]}")
