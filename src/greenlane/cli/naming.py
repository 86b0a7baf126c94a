"""The app that a folder is deployed as: what was noted there before, or else a guess. Either is said."""

from __future__ import annotations

from pathlib import Path

from greenlane.catalog import names
from greenlane.cli.folder import NOTES


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
    own = names.guess("" if place is None else place.name, names.title_of(page))
    return own if own or place is None else names.guess(place.parent.name)
