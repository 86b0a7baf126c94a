"""What is deployed: a folder, a file (an archive or a single page), or whatever comes in at standard input."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from greenlane.cli.errors import FileTrouble
from greenlane.cli.folder import Folder, LocalFile, read_file, read_folder
from greenlane.deploys.set_aside import SetAside
from greenlane.govern.errors import WrongInput

_PAGE_AT_MOST = 64 * 1024


@dataclass(frozen=True, slots=True)
class Source:
    """What will be sent. ``asked`` is what the server is told of it; ``contents`` are its files by digest.

    ``place`` is the folder or file that the person named, None for standard input. ``page`` is the beginning of the
    first page, for its title.
    """

    asked: Mapping[str, Any]
    contents: Mapping[str, LocalFile]
    place: Path | None
    page: str
    set_aside: tuple[SetAside, ...] = ()
    variables: tuple[str, ...] = field(default=())


@contextmanager
def opened(path: str) -> Iterator[Source]:
    """What a path names; ``-`` is standard input. Raises ``WrongInput`` or ``FileTrouble``."""
    if path == "-":
        with TemporaryDirectory(prefix="greenlane-") as folder:
            yield _whole(_spooled(Path(folder) / "stdin"), None)
        return
    place = Path(path)
    if place.is_dir():
        yield _folder(place, read_folder(place))
    elif place.is_file():
        yield _whole(place, place)
    else:
        raise WrongInput(
            f"There is no folder or file {path!r}.",
            next_step="Name a folder, a .zip, a .tar.gz, an HTML file, or - for standard input.",
        )


def _folder(place: Path, folder: Folder) -> Source:
    first = folder.files.get("index.html")
    return Source(
        asked={"files": {name: {"sha256": one.sha256, "size": one.size} for name, one in folder.files.items()}},
        contents={one.sha256: one for one in folder.files.values()},
        place=place,
        page="" if first is None else _beginning(first.path),
        set_aside=folder.set_aside,
        variables=folder.variables,
    )


def _whole(file: Path, place: Path | None) -> Source:
    """A file as it is: the server recognises by its content what it is, and says so when it is nothing it takes."""
    one = read_file(file)
    archive = {"sha256": one.sha256, "size": one.size, "name": file.name}
    return Source(asked={"archive": archive}, contents={one.sha256: one}, place=place, page=_beginning(file))


def _spooled(file: Path) -> Path:
    if sys.stdin.isatty():
        raise WrongInput(
            "Nothing comes in.", next_step="Pipe something in, such as `cat site.zip | greenlane deploy -`."
        )
    try:
        with file.open("wb") as out:
            shutil.copyfileobj(sys.stdin.buffer, out)
    except OSError as error:
        raise FileTrouble(
            "Standard input could not be kept.",
            next_step="Make room in the folder for temporary files, or name a file.",
            detail=str(error),
        ) from error
    return file


def _beginning(file: Path) -> str:
    """The first letters of a page. What is no text has no title; what is gone meanwhile is missed when it is sent."""
    try:
        with file.open("rb") as opened_file:
            return opened_file.read(_PAGE_AT_MOST).decode("utf-8", "ignore")
    except OSError:
        return ""
