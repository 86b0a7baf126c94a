"""Counting what a model reads, while a reader walks over a request."""

from __future__ import annotations

from typing import Any, Literal

import orjson

from greenlane.gateway.wires.asked import Media, NotUnderstood
from greenlane.gateway.wires.images import decoded_length, of_data_url, size

Kind = Literal["image", "document", "audio", "video"]


class Tally:
    """What was met so far: bytes of text, media, and fields that hide something from us."""

    __slots__ = ("_hidden", "media", "text_bytes")

    def __init__(self) -> None:
        self.text_bytes = 0
        self.media: list[Media] = []
        self._hidden: dict[str, None] = {}

    @property
    def hidden(self) -> tuple[str, ...]:
        """Names of hiding fields, each once, in the order in which they were met."""
        return tuple(self._hidden)

    def text(self, value: Any) -> None:
        """Count a text, or whatever else stands where a text may stand, as it is written."""
        if type(value) is str:
            self.text_bytes += len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))
        elif value is not None:
            self.text_bytes += len(orjson.dumps(value))

    def members(self, value: dict[str, Any], apart: frozenset[str]) -> None:
        """Count every member of an object but those named ``apart``."""
        for name, member in value.items():
            if name not in apart:
                self.text(member)

    def hide(self, name: str) -> None:
        """Note that a field refers to what only the provider can see, or changes the price of a call."""
        self._hidden[name] = None

    def hide_given(self, value: dict[str, Any], names: tuple[str, ...]) -> None:
        """Note those of the fields that say something."""
        for name in names:
            if value.get(name) not in (None, False, [], {}, ""):
                self.hide(name)

    def inline(self, kind: Kind, type_: str, data: Any, detail: str = "", *, field: str) -> None:
        """Note media whose base64 stands in the request."""
        if type(data) is not str:
            raise NotUnderstood(f"'{field}' is not base64.", field=field)
        width, height = size(data) if kind == "image" else (None, None)
        self.media.append(Media(kind, type_, decoded_length(data), width, height, detail=detail))

    def linked(self, kind: Kind, url: Any, detail: str = "", *, field: str) -> None:
        """Note media at a URL, which may be a ``data:`` URL."""
        if type(url) is not str:
            raise NotUnderstood(f"'{field}' is not a URL.", field=field)
        if (inlined := of_data_url(url)) is not None:
            self.inline(kind, inlined[0], inlined[1], detail, field=field)
        else:
            self.media.append(Media(kind, url=True, detail=detail))
