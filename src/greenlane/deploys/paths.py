"""Paths inside an upload: which are taken, and what is wrong with the others.

A path that is taken is relative, in Unicode normal form C, with `/` between its parts, and means the same file on every
system that people use. Whatever one system would read differently from another is refused, never repaired.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from greenlane.deploys.limits import DEFAULT_LIMITS, Limits
from greenlane.govern.errors import TooLarge, WrongInput
from greenlane.kit.text import shown

WINDOWS_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"]
)
"""Names that Windows takes for a device, with any extension (Microsoft: Naming Files, Paths, and Namespaces)."""

_DRIVE = re.compile(r"^[A-Za-z]:")
_UNSEEN = {
    "Cc": "a control character",
    "Zl": "a line separator",
    "Zp": "a paragraph separator",
    "Cs": "half a character",
}
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def check_path(name: str, limits: Limits = DEFAULT_LIMITS) -> str:
    """The path under which a member is kept; empty for the folder `./` itself.

    Raises ``WrongInput`` for a path that is unsafe or unclear, ``TooLarge`` for one that is too long or too deep.
    """
    if "\\" in name:
        raise _wrong(name, "has a backslash, which some systems take for a folder", "Pack it with `/` between folders")
    if name.startswith("/") or _DRIVE.match(name):
        raise _wrong(name, "is an absolute path", "Pack the folder itself, with paths that start inside it")
    path = unicodedata.normalize("NFC", name).removesuffix("/")
    while path.startswith("./"):
        path = path.removeprefix("./")
    if path in ("", "."):
        return ""
    parts = path.split("/")
    for part in parts:
        _check_part(name, part, limits)
    if len(parts) > limits.depth:
        raise TooLarge(
            f"{shown(name)} lies more than {limits.depth} folders deep.", next_step="Move it nearer to the top."
        )
    if len(path.encode()) > limits.path:
        raise TooLarge(
            f"The path {shown(name)} is longer than {limits.path} bytes.", next_step="Shorten its folders' names."
        )
    return path


def _check_part(name: str, part: str, limits: Limits) -> None:
    if part == "..":
        raise _wrong(name, "points outside of the upload", "Pack the folder again from inside it, without `..`")
    if part in ("", "."):
        raise _wrong(name, "has an empty part", "Pack the folder again; every folder on the way needs a name")
    for letter in part:
        if why := _unseen(letter):
            raise _wrong(name, f"has {why} in it", "Rename the file with characters that can be seen")
    if part != part.strip(" ") or part.endswith("."):
        raise _wrong(name, "has a part that starts or ends with a space, or ends with a dot", "Rename it")
    if part.partition(".")[0].rstrip(" ").casefold() in WINDOWS_DEVICES:
        raise _wrong(name, "has a name that Windows keeps for a device", "Rename it")
    if len(part.encode()) > limits.name:
        raise TooLarge(
            f"A name in {shown(name)} is longer than {limits.name} bytes.", next_step="Shorten it and deploy again."
        )


def _unseen(letter: str) -> str:
    """What is wrong with a character that people cannot see or that turns others around; empty for a good one."""
    if letter.isascii():
        return "" if " " <= letter <= "~" else "a control character"
    if letter in _BIDI:
        return "a character that turns the writing direction around"
    category = unicodedata.category(letter)
    if category == "Cf":
        return "a character of no width"
    if category in ("Co", "Cn"):
        return "a character that has no agreed meaning"
    return _UNSEEN.get(category, "")


def _wrong(name: str, why: str, instead: str) -> WrongInput:
    return WrongInput(f"{shown(name)} {why}.", next_step=f"{instead}.")


class Names:
    """The files seen so far. Tells two names apart from two spellings of one."""

    def __init__(self) -> None:
        self._files: dict[str, str] = {}
        self._folders: dict[str, str] = {}

    def add(self, path: str) -> None:
        """Note one file. Raises ``WrongInput`` when another file or folder has the same name, or nearly the same."""
        key = _folded(path)
        other = self._files.get(key)
        if other == path:
            raise _wrong(path, "is there twice", "Keep one of the two")
        if other is not None:
            raise _wrong(path, f"and {shown(other)} are the same name on many systems", "Rename one of the two")
        if key in self._folders:
            raise _wrong(path, "is there as a file and as a folder", "Rename one of the two")
        for folder in _folders(key):
            if folder in self._files:
                raise _wrong(self._files[folder], "is there as a file and as a folder", "Rename one of the two")
            self._folders[folder] = path
        self._files[key] = path


def _folded(path: str) -> str:
    """The key under which spellings meet: case folded, then normal form C again, since folding can undo it."""
    return (
        path.lower() if path.isascii() else unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
    )


def _folders(path: str) -> Iterable[str]:
    place = path.rfind("/")
    while place > 0:
        yield path[:place]
        place = path.rfind("/", 0, place)
