"""The app that a folder is deployed as: what was noted there before, or else a guess. Either is said."""

from __future__ import annotations

from pathlib import Path

from greenlane.catalog.names import suggest, title_of
from greenlane.cli.folder import NOTES

_NOTHING = suggest("")
"""What is suggested where nothing tells a name; nobody means it."""


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


def guess(path: Path | None, page: str) -> str:
    """A name after the folder or file, after the first page's title, or after the folder above; empty when none tells."""
    place = None if path is None else path.resolve()
    own = suggest("" if place is None else place.name, title_of(page))
    if own == _NOTHING and place is not None:
        own = suggest(place.parent.name)
    return "" if own == _NOTHING else own
