"""What is inlined in a request as Base64: texts are opened and looked at, everything else cannot be."""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple
from urllib.parse import quote_from_bytes, unquote_to_bytes

_TEXTS = ("text/", "application/json", "application/xml", "application/csv", "application/yaml", "application/x-yaml")
_ALSO_TEXTS = ("+json", "+xml")


class Attached(NamedTuple):
    """Inlined media. ``text`` is what it says where it is a text, None otherwise; ``size`` is in bytes, decoded;
    ``head`` is what stands before the data, empty for bare Base64.
    """

    text: str | None
    size: int
    head: str = ""

    def written(self, text: str) -> str:
        """Another text, inlined in the same way."""
        raw = text.encode("utf-8", "surrogatepass")
        if self.head and not self.head.lower().endswith(";base64,"):
            return self.head + quote_from_bytes(raw, safe="")
        return self.head + base64.b64encode(raw).decode()


def attached(inlined: str, media_type: str = "") -> Attached:
    """Open what is inlined as bare Base64 or as a ``data:`` URL (RFC 2397)."""
    head, data = "", inlined
    if inlined[:5].lower() == "data:":
        before, comma, data = inlined.partition(",")
        head, media_type = before + comma, before[5:].partition(";")[0] or "text/plain"
    plain = bool(head) and not head.lower().endswith(";base64,")
    if not media_type.lower().startswith(_TEXTS) and not media_type.lower().partition(";")[0].endswith(_ALSO_TEXTS):
        return Attached(None, len(data) if plain else len(data) * 3 // 4, head)
    try:
        raw = unquote_to_bytes(data) if plain else base64.b64decode(data)
        return Attached(raw.decode(), len(raw), head)
    except (binascii.Error, UnicodeDecodeError):
        return Attached(None, len(data), head)
