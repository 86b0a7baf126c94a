"""Carrying a provider's seal through another provider's place for its own.

A caller sends seals back as it got them, without looking into them. A seal that is not of the wire's own maker is marked
with its maker's name, so that it reaches that maker again, and nobody else.
"""

from __future__ import annotations

import re
from base64 import b64decode, urlsafe_b64encode

from greenlane.gateway.wires.neutral import Maker, Seal

_FOREIGN = re.compile(r"greenlane\.(openai|anthropic|gemini)\.([^.]*)\.(.*)", re.DOTALL)


def written(seal: Seal | None, own: Maker | None) -> str:
    """The text for a wire's place for seals; empty for no seal. ``own`` is None where the wire itself has no such place."""
    if seal is None:
        return ""
    native = seal.maker == own and not (own == "gemini" and seal.name)
    return seal.value if native else f"greenlane.{seal.maker}.{seal.name}.{seal.value}"


def read(text: str, own: Maker | None, name: str = "") -> Seal | None:
    """The seal that a wire's place for seals holds."""
    if not text:
        return None
    match = _FOREIGN.fullmatch(text)
    if match is None:
        return None if own is None else Seal(own, text, name)
    maker: Maker = match[1]  # type: ignore[assignment]  # the expression names nothing else
    return Seal(maker, match[3], match[2])


def packed(text: str) -> str:
    """A marked text where only base64 may stand, as in Gemini's ``thoughtSignature``, which is bytes."""
    return urlsafe_b64encode(text.encode()).decode() if text.startswith("greenlane.") else text


def unpacked(text: str) -> str:
    """The marked text that was packed, in either alphabet of base64; anything else as it is."""
    if not text.startswith("Z3JlZW5sYW5l"):  # base64 of "greenlane"
        return text
    try:
        return b64decode(text.replace("-", "+").replace("_", "/") + "==").decode()
    except ValueError:
        return text
