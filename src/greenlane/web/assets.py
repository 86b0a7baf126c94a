"""The console's own files: one stylesheet, the scripts, the mark. Read at start, kept by browsers for good.

Stylesheets lie in ``static/css``, a file a room of the console, and are sent as one: the foundation in a fixed order,
the rooms by name, print at the end. ``static/vendor`` holds htmx as its registry has it (``tests/laws/vendored.py``
checks each digest); its three parts are sent as one script.
"""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from greenlane.web.packing import Packed

_STATIC = files("greenlane.web") / "static"

_FOUNDATION = ("tokens", "elements", "frame", "forms", "pieces")
_LAST = ("print",)
_HTMX = ("htmx.min.js", "hx-sse.min.js", "hx-csp.min.js")


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent: its media type, its bytes in every encoding, and what changes with them."""

    kind: str
    packed: Packed
    version: str

    @classmethod
    def of(cls, kind: str, body: bytes) -> Asset:
        """An asset with the beginning of its SHA-256 as its version."""
        return cls(kind, Packed.of(body, thorough=True), hashlib.sha256(body).hexdigest()[:12])


def _text(kind: str) -> str:
    return f"{kind}; charset=utf-8"


def _stylesheet() -> bytes:
    found = {one.name.removesuffix(".css"): one for one in (_STATIC / "css").iterdir() if one.name.endswith(".css")}
    rooms = sorted(found.keys() - {*_FOUNDATION, *_LAST})
    return b"\n".join(found[name].read_bytes() for name in (*_FOUNDATION, *rooms, *_LAST))


def _scripts() -> dict[str, Traversable]:
    return {one.name: one for one in (_STATIC / "js").iterdir() if one.name.endswith(".js")}


def _pictures() -> dict[str, Asset]:
    shown = [one for one in _STATIC.iterdir() if one.name.endswith((".svg", ".png"))]
    return {one.name: Asset.of(mimetypes.guess_type(one.name)[0] or "", one.read_bytes()) for one in shown}


ASSETS: dict[str, Asset] = {
    "greenlane.css": Asset.of(_text("text/css"), _stylesheet()),
    "htmx.js": Asset.of(
        _text("text/javascript"), b";\n".join((_STATIC / "vendor" / name).read_bytes() for name in _HTMX)
    ),
    **{name: Asset.of(_text("text/javascript"), one.read_bytes()) for name, one in _scripts().items()},
    **_pictures(),
}
"""Every file of the console by the name at which ``/static/`` serves it."""


def address(name: str) -> str:
    """Where a file is served, with its version, so that a browser asks once for each version."""
    return f"/static/{name}?v={ASSETS[name].version}"
