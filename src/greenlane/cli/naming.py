"""Guessing an app's name when nobody said one. Whatever is guessed is said."""

from __future__ import annotations

import re
import unicodedata
from html import unescape
from pathlib import Path

from greenlane.cli.folder import NOTES

LONGEST = 40
"""Letters of a guessed name; with a deploy's id before it, it still fits into one part of a host's name."""

_TELLS_NOTHING = frozenset(
    [
        "site",
        "dist",
        "build",
        "public",
        "out",
        "output",
        "www",
        "html",
        "htdocs",
        "app",
        "web",
        "docs",
        "src",
        "static",
        "index",
        "home",
        "stdin",
        "tmp",
        "temp",
        "download",
        "downloads",
        "desktop",
        "untitled",
        "new-folder",
        "website",
    ]
)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_ENDINGS = (".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".tar", ".zip", ".html", ".htm")


def remembered(folder: Path) -> str:
    """The app as which this folder was deployed before; empty for none."""
    try:
        return (folder / NOTES / "app").read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def remember(folder: Path, app: str) -> None:
    """Note in a folder as which app it is deployed. A folder that cannot be written to is left as it is."""
    try:
        (folder / NOTES).mkdir(exist_ok=True)
        (folder / NOTES / "app").write_text(f"{app}\n", "utf-8")
    except OSError:  # the note only spares typing --app the next time
        return


def guess(path: Path | None, page: str) -> tuple[str, str]:
    """A name and where it is from, in words; two empty texts when nothing tells. ``page`` is the HTML of the first page.

    Asked in turn: what was noted at the last deploy, the folder's or file's name, the page's title, the folder above.
    """
    if path is not None and path.is_dir() and (before := remembered(path)):
        return before, "as it was deployed before"
    own = "" if path is None else _plain(path.resolve().name)
    if own and own not in _TELLS_NOTHING:
        return own, "after the folder" if path is not None and path.is_dir() else "after the file"
    if (title := _plain(title_of(page))) and title not in _TELLS_NOTHING:
        return title, "after the page's title"
    above = "" if path is None else _plain(path.resolve().parent.name)
    if above and above not in _TELLS_NOTHING:
        return above, "after the folder that it lies in"
    return "", ""


def title_of(page: str) -> str:
    """The title of an HTML page as people read it, at most 100 letters; empty for none."""
    found = _TITLE.search(page)
    return " ".join(unescape(found[1]).split())[:100] if found else ""


def _plain(text: str) -> str:
    """Small letters, digits and hyphens, or nothing."""
    lowered = text.strip().casefold()
    for ending in _ENDINGS:
        lowered = lowered.removesuffix(ending)
    letters = unicodedata.normalize("NFKD", lowered).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "-", letters).strip("-")
    return name if len(name) <= LONGEST else name[:LONGEST].rpartition("-")[0] or name[:LONGEST]
