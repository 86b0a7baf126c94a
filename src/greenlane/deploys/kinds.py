"""What kind of content a file is, and the media type it is served with, by its name.

A table of our own: what the operating system believes about extensions differs from machine to machine, and a manifest
must come out the same everywhere.
"""

from __future__ import annotations

from typing import Final

PAGE: Final = "page"
STYLE: Final = "style"
SCRIPT: Final = "script"
IMAGE: Final = "image"
FONT: Final = "font"
MEDIA: Final = "media"
DATA: Final = "data"
DOCUMENT: Final = "document"
CODE: Final = "code"

_TEXT = "; charset=utf-8"
_TABLE: dict[str, tuple[str, str]] = {
    # extension: (kind, media type); media types as registered with IANA
    "html": (PAGE, "text/html" + _TEXT),
    "htm": (PAGE, "text/html" + _TEXT),
    "xhtml": (PAGE, "application/xhtml+xml"),
    "css": (STYLE, "text/css" + _TEXT),
    "js": (SCRIPT, "text/javascript" + _TEXT),
    "mjs": (SCRIPT, "text/javascript" + _TEXT),
    "cjs": (SCRIPT, "text/javascript" + _TEXT),
    "wasm": (SCRIPT, "application/wasm"),
    "map": (SCRIPT, "application/json"),
    "png": (IMAGE, "image/png"),
    "jpg": (IMAGE, "image/jpeg"),
    "jpeg": (IMAGE, "image/jpeg"),
    "gif": (IMAGE, "image/gif"),
    "webp": (IMAGE, "image/webp"),
    "avif": (IMAGE, "image/avif"),
    "svg": (IMAGE, "image/svg+xml"),
    "ico": (IMAGE, "image/x-icon"),
    "bmp": (IMAGE, "image/bmp"),
    "tif": (IMAGE, "image/tiff"),
    "tiff": (IMAGE, "image/tiff"),
    "woff": (FONT, "font/woff"),
    "woff2": (FONT, "font/woff2"),
    "ttf": (FONT, "font/ttf"),
    "otf": (FONT, "font/otf"),
    "eot": (FONT, "application/vnd.ms-fontobject"),
    "mp3": (MEDIA, "audio/mpeg"),
    "m4a": (MEDIA, "audio/mp4"),
    "ogg": (MEDIA, "audio/ogg"),
    "wav": (MEDIA, "audio/wav"),
    "mp4": (MEDIA, "video/mp4"),
    "webm": (MEDIA, "video/webm"),
    "mov": (MEDIA, "video/quicktime"),
    "vtt": (MEDIA, "text/vtt" + _TEXT),
    "json": (DATA, "application/json"),
    "jsonl": (DATA, "application/x-ndjson"),
    "ndjson": (DATA, "application/x-ndjson"),
    "geojson": (DATA, "application/geo+json"),
    "webmanifest": (DATA, "application/manifest+json"),
    "csv": (DATA, "text/csv" + _TEXT),
    "tsv": (DATA, "text/tab-separated-values" + _TEXT),
    "xml": (DATA, "application/xml"),
    "rss": (DATA, "application/rss+xml"),
    "atom": (DATA, "application/atom+xml"),
    "yaml": (DATA, "application/yaml"),
    "yml": (DATA, "application/yaml"),
    "toml": (DATA, "application/toml"),
    "parquet": (DATA, "application/vnd.apache.parquet"),
    "sqlite": (DATA, "application/vnd.sqlite3"),
    "db": (DATA, "application/octet-stream"),
    "zip": (DATA, "application/zip"),
    "gz": (DATA, "application/gzip"),
    "xlsx": (DATA, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "txt": (DOCUMENT, "text/plain" + _TEXT),
    "md": (DOCUMENT, "text/markdown" + _TEXT),
    "pdf": (DOCUMENT, "application/pdf"),
    "docx": (DOCUMENT, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "pptx": (DOCUMENT, "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    "py": (CODE, "text/plain" + _TEXT),
    "rb": (CODE, "text/plain" + _TEXT),
    "php": (CODE, "text/plain" + _TEXT),
    "go": (CODE, "text/plain" + _TEXT),
    "rs": (CODE, "text/plain" + _TEXT),
    "java": (CODE, "text/plain" + _TEXT),
    "cs": (CODE, "text/plain" + _TEXT),
    "sh": (CODE, "text/plain" + _TEXT),
    "ps1": (CODE, "text/plain" + _TEXT),
    "sql": (CODE, "text/plain" + _TEXT),
    "ipynb": (CODE, "application/json"),
    "ts": (CODE, "text/plain" + _TEXT),
    "tsx": (CODE, "text/plain" + _TEXT),
    "jsx": (CODE, "text/plain" + _TEXT),
    "vue": (CODE, "text/plain" + _TEXT),
    "svelte": (CODE, "text/plain" + _TEXT),
    "astro": (CODE, "text/plain" + _TEXT),
}


def _known(path: str) -> tuple[str, str] | None:
    name = path.rpartition("/")[2].lower()
    return _TABLE.get(name.rpartition(".")[2]) if "." in name else None


def kind_of(path: str) -> str:
    """Page, style, script, image, font, media, data, document or code; a name that says nothing is data."""
    if path.rpartition("/")[2].lower() in ("dockerfile", "makefile", "procfile"):
        return CODE
    known = _known(path)
    return known[0] if known else DATA


def media_type_of(path: str) -> str:
    """The media type for ``Content-Type``; ``application/octet-stream``, which browsers save, for unknown names."""
    known = _known(path)
    return known[1] if known else "application/octet-stream"
